/**
 * A thread with a stack as large as Python needs: boots an interpreter of the built program on the engine that is asked for, runs
 * Python programs in it one after another, each in a namespace of its own, and posts what each wrote. `resume`: what is run then,
 * twice, each time in an interpreter resumed from a snapshot of the first. Not a test.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { nativePythonEngine } from '../../dist/bench/native-python.js';
import { Interpreter } from '../../dist/python/interpreter.js';
import { findPythonFiles } from '../../dist/python/pyodide-files.js';
import { standardLibrary } from '../../dist/python/standard-library.js';
import { Runtime } from '../../dist/src/index.js';
import { pythonEngine } from '../../dist/src/python-engine.js';

const BOOTSTRAP = `
import sys, traceback

def main(request):
    try:
        exec(compile(request.decode(), '<user>', 'exec'), {'__name__': '__main__'})
    except BaseException as error:
        traceback.print_exception(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
    sys.stdout.flush()
    sys.stderr.flush()
    return b''
`;

const { engine, folder, programs, resume } = workerData;
const files = findPythonFiles(folder);
const runtime = engine === 'native' ? undefined : new Runtime({});
const module = runtime?.compileSync(files.wasm, { copy: false });

let output = '';
const decoder = new TextDecoder();
const write = (bytes) => {
  output += decoder.decode(bytes);
};
const options = {
  library: standardLibrary(files.library),
  stdout: write,
  stderr: write,
  env: { PYTHONHASHSEED: '1' },
};

function run(interpreter, name, source) {
  output = '';
  const before = runtime?.fuel.consumed;
  interpreter.call(main, new TextEncoder().encode(source));
  parentPort.postMessage({ name, output, fuel: runtime && runtime.fuel.consumed - before });
}

const interpreter = Interpreter.boot(
  runtime === undefined ? nativePythonEngine(files.wasm) : pythonEngine(runtime, module),
  options,
);
const main = interpreter.load(BOOTSTRAP, '<bootstrap>', 'main');
for (const [name, source] of programs) run(interpreter, name, source);
if (resume !== undefined) {
  const state = JSON.parse(JSON.stringify(interpreter.suspend()));
  const snapshot = interpreter.instance.snapshot();
  interpreter.close();
  for (const name of ['first', 'second']) {
    const restore = (imports) => runtime.restore(module, snapshot, imports);
    const resumed = Interpreter.resume(pythonEngine(runtime, module, restore), state, options);
    run(resumed, name, resume);
    resumed.close();
  }
}
