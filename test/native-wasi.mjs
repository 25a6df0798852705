/**
 * The oracle of the end-to-end tests: runs a WASI program under the engine's own WebAssembly with our WASI, so that a
 * difference in output can only come from the compiled code. Plain JavaScript, started as a process:
 *
 *     node test/native-wasi.mjs program.wasm [args…]
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ExitError } from '../dist/runtime/errors.js';
import { isRuby, rubyImports, runRuby } from '../dist/src/cli/ruby.js';
import { Wasi } from '../dist/wasi/index.js';

const [file, ...args] = process.argv.slice(2);
const wasi = new Wasi({ args: [basename(file), ...args], env: { PYTHONHASHSEED: '0' } });
const module = new WebAssembly.Module(readFileSync(file));
const description = {
  imports: WebAssembly.Module.imports(module),
  exports: WebAssembly.Module.exports(module),
};

function run() {
  if (!isRuby(description)) return wasi.start(new WebAssembly.Instance(module, wasi.imports));
  const instance = new WebAssembly.Instance(module, { ...wasi.imports, ...rubyImports(description) });
  wasi.initialize(instance);
  return runRuby(instance.exports, args);
}

try {
  process.exitCode = run();
} catch (error) {
  if (!(error instanceof ExitError)) throw error;
  process.exitCode = error.code;
}
