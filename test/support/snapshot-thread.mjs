/**
 * A thread that gets a snapshot of the words program (test/fixtures/snapshot/words.c), or of CPython, goes on from there, and posts what was
 * printed. Of the built program, since threads do not run TypeScript. Not a test.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { Interpreter } from '../../dist/python/interpreter.js';
import { findPythonFiles } from '../../dist/python/pyodide-files.js';
import { standardLibrary } from '../../dist/python/standard-library.js';
import { Runtime, Snapshot } from '../../dist/src/index.js';
import { pythonEngine } from '../../dist/src/python-engine.js';
import { Wasi } from '../../dist/wasi/index.js';

const BOOTSTRAP = `
import sys
variables = {}

def main(request):
    exec(request.decode(), variables)
    sys.stdout.flush()
    return b''
`;

const { handle, wasm, python, snapshot, folder, programs } = workerData;
const runtime = new Runtime();
let output = '';
const write = (bytes) => {
  output += new TextDecoder().decode(bytes);
};

function words() {
  const wasi = new Wasi({ stdout: write });
  const instance = runtime.restore(runtime.compileSync(wasm), Snapshot.from(handle), wasi.imports);
  instance.exports.list();
  return { output, consumed: runtime.fuel.consumed };
}

/** Boots, or goes on from what another thread has sent; runs the programs, and answers what is needed to go on. */
function runPython() {
  const files = findPythonFiles(folder);
  const module = runtime.compileSync(files.wasm, { copy: false });
  const options = {
    library: standardLibrary(files.library),
    stdout: write,
    stderr: write,
    env: { PYTHONHASHSEED: '1' },
  };
  const restored = (imports) => runtime.restore(module, Snapshot.load(readFileSync(snapshot)), imports);
  const interpreter =
    python === undefined
      ? Interpreter.boot(pythonEngine(runtime, module), options)
      : Interpreter.resume(pythonEngine(runtime, module, restored), python.state, options);
  const main = python?.main ?? interpreter.load(BOOTSTRAP, '<bootstrap>', 'main');
  for (const source of programs) interpreter.call(main, new TextEncoder().encode(source));
  const state = interpreter.suspend();
  const saved = python === undefined ? interpreter.instance.snapshot().save() : undefined;
  return { output, python: { state, main }, saved, consumed: runtime.fuel.consumed };
}

parentPort.postMessage(folder === undefined ? words() : runPython());
