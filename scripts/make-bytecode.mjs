/**
 * A step of `npm run build`, where the package `pyodide` is at hand (installed, or fetched by `npm run fetch:runtimes`): bytecode of
 * Python's standard library, so that the first image of a sandbox is built in half the time. CPython compiles it, under this Node's
 * own WebAssembly, on our host; what comes out is the same on any engine. Where pyodide or WebAssembly is missing, nothing is made, and
 * Python compiles what it imports.
 */
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';

const root = fileURLToPath(new URL('..', import.meta.url));
const OUTPUTS = ['dist/python/bytecode.bin', 'dist/lib/bytecode.bin'].map((path) => join(root, path));
const dist = (path) => import(new URL(`../dist/${path}`, import.meta.url));

/** Compiles what programs import; not what is for windows, tests, terminals, other processes. */
const COMPILE = `
import os, py_compile
LEFT_OUT = {'_pyrepl', 'antigravity.py', 'this.py', '__hello__.py', '__phello__', 'ctypes', 'ensurepip', 'idlelib', 'lib2to3',
            'multiprocessing', 'pydoc_data', 'test', 'tkinter', 'turtledemo', 'turtle.py', 'venv', 'site-packages',
            'pdb.py', 'pydoc.py', 'doctest.py', 'unittest', 'wsgiref', 'xmlrpc', 'webbrowser.py', 'dbm', 'curses',
            'imaplib.py', 'poplib.py', 'smtplib.py', 'ftplib.py', 'mailbox.py', '_pydecimal.py', '_pyio.py', '_pydatetime.py'}
def compile_all(request):
    for folder, folders, files in os.walk('/lib/python3.14'):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in sorted(files):
            if name.endswith('.py') and name not in LEFT_OUT and not name.startswith('_sysconfigdata'):
                py_compile.compile(f'{folder}/{name}', doraise=True,
                                   invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
    return b''
`;

async function pythonFiles() {
  const { findPythonFiles } = await dist('python/pyodide-files.js');
  for (const from of [undefined, process.env.SANDGLASS_RUNTIMES, join(root, '.cache/runtimes')]) {
    if (from !== undefined && !existsSync(from)) continue;
    try {
      return findPythonFiles(from);
    } catch {
      // Not there, or another version: the next place may have it.
    }
  }
  return undefined;
}

function pathsOf(fileSystem, folder = '') {
  return fileSystem.readdirSync(folder || '/', { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return pathsOf(fileSystem, path);
    return path.endsWith('.pyc') ? [path] : [];
  });
}

function contentOf(fileSystem, path) {
  const fd = fileSystem.openSync(path, 'r');
  const bytes = Buffer.alloc(Number(fileSystem.fstatSync(fd, { bigint: true }).size));
  fileSystem.readvSync(fd, [bytes], 0);
  fileSystem.closeSync(fd);
  return bytes;
}

async function compile(files, key) {
  const { Interpreter } = await dist('python/interpreter.js');
  const { standardLibrary } = await dist('python/standard-library.js');
  const { nativePythonEngine } = await dist('bench/native-python.js');
  const { encodeBytecode } = await dist('python/bytecode.js');
  const library = { ...standardLibrary(files.library, []), readOnly: false };
  const interpreter = Interpreter.boot(nativePythonEngine(files.wasm), {
    library,
    env: { PYTHONHASHSEED: '0' },
  });
  interpreter.call(interpreter.load(COMPILE, '<make-bytecode>', 'compile_all'), new Uint8Array(0));
  const paths = pathsOf(library.fileSystem).sort();
  return encodeBytecode(
    key,
    paths.map((path) => [path, contentOf(library.fileSystem, path)]),
  );
}

async function main() {
  const files = await pythonFiles();
  if (files === undefined || typeof WebAssembly === 'undefined') return;
  const { bytecodeKey, decodeBytecode } = await dist('python/bytecode.js');
  const key = bytecodeKey(files.library);
  const isMade = (file) => existsSync(file) && decodeBytecode(readFileSync(file), key).length > 0;
  if (OUTPUTS.every(isMade)) return;
  for (const file of OUTPUTS) rmSync(file, { force: true });
  writeFileSync(OUTPUTS[0], await compile(files, key));
  for (const file of OUTPUTS.slice(1)) copyFileSync(OUTPUTS[0], file);
}

// In a thread, for its stack: the compiler recurses.
if (isMainThread) new Worker(new URL(import.meta.url), { resourceLimits: { stackSizeMb: 64 } });
else await main();
