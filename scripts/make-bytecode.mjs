/**
 * A step of `npm run build`, where `pyodide` is found: the standard library's modules that programs commonly import, compiled by
 * the very interpreter that will run them, as `dist/lib/python-bytecode.zip` (python/bytecode.ts says who reads it). Without it
 * all works, but CPython parses its library from source: ten seconds more for the first image.
 *
 * In a thread, for its stack; under the engine's own WebAssembly, for a build need not wait. Not done again for the same library.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';

const root = fileURLToPath(new URL('..', import.meta.url));
const OUTPUTS = ['dist/lib', 'dist/python'].map((folder) => join(root, folder, 'python-bytecode.zip'));
/** Where `npm run fetch:runtimes` puts it. */
const FETCHED = process.env.SANDGLASS_RUNTIMES ?? join(root, '.cache/runtimes');

/** By first name of the path: what hardly any program imports, or what is there in C. */
const LEFT_OUT = `
  _pydatetime _pydecimal _pyio _pylong _pyrepl _py_abc antigravity bdb cProfile cmd code compileall ctypes curses dbm doctest
  ensurepip filecmp fileinput ftplib getpass idlelib imaplib lib2to3 mailbox modulefinder multiprocessing netrc nturl2path optparse
  pdb pickletools plistlib poplib profile pstats pty py_compile pyclbr pydoc pydoc_data pyodide _pyodide rlcompleter runpy
  site-packages smtplib socketserver sre_compile sre_constants sre_parse symtable tabnanny this tkinter trace tracemalloc tty
  turtle turtledemo venv wave webbrowser wsgiref xmlrpc zipapp`
  .split(/\s+/)
  .filter(Boolean);

const COMPILER = `
import io, json, marshal, sys, zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source

# Hash-based and unchecked: neither times nor sources are looked at.
HEADER = MAGIC_NUMBER + (1).to_bytes(4, 'little') + bytes(8)

def main(request):
    library, names, key = json.loads(request)
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        def add(name, data):
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        add('KEY', key)
        add('COPYRIGHT', 'Compiled from the standard library of CPython, PSF License Version 2, '
            'https://docs.python.org/3/license.html\\n\\n' + sys.copyright)
        for name in names:
            path = library + '/' + name
            with open(path, 'rb') as source:
                code = compile(source.read(), path, 'exec', dont_inherit=True)
            add(cache_from_source(name), HEADER + marshal.dumps(code))
    return file.getvalue()
`;

async function find() {
  const { findPythonFiles } = await import('../dist/python/pyodide-files.js');
  for (const from of [undefined, FETCHED]) {
    try {
      return findPythonFiles(from);
    } catch {
      // Not there, or not one of ours: the next place.
    }
  }
  return undefined;
}

async function make() {
  const files = await find();
  if (files === undefined) return;
  const load = (name) => import(`../dist/${name}.js`);
  const { bytecodeKey, readBytecode } = await load('python/bytecode');
  const key = bytecodeKey(files);
  const made = OUTPUTS.find(
    (path) => existsSync(path) && readBytecode(readFileSync(path), key) !== undefined,
  );
  const bytes = made === undefined ? await compile(files, key, load) : readFileSync(made);
  for (const path of OUTPUTS) {
    if (made !== undefined && existsSync(path) && readFileSync(path).equals(bytes)) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

async function compile(files, key, load) {
  const [{ nativePythonEngine }, { Interpreter }, { LIBRARY_PATH, standardLibrary }, { readZip }] =
    await Promise.all(
      ['bench/native-python', 'python/interpreter', 'python/standard-library', 'python/zip'].map(load),
    );
  const names = readZip(files.library, 'python_stdlib.zip')
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.py') && !LEFT_OUT.includes(name.split(/[/.]/)[0]))
    .filter(
      (name) =>
        !name.startsWith('encodings/') ||
        /\/(__init__|aliases|utf_8|ascii|latin_1|idna|punycode)\./.test(name),
    );
  const interpreter = Interpreter.boot(nativePythonEngine(files.wasm), {
    library: standardLibrary(files.library),
  });
  const main = interpreter.load(COMPILER, '<bytecode>', 'main');
  const request = new TextEncoder().encode(JSON.stringify([LIBRARY_PATH, names, key]));
  return interpreter.call(main, request);
}

if (isMainThread) new Worker(new URL(import.meta.url), { resourceLimits: { stackSizeMb: 64 } });
else await make();
