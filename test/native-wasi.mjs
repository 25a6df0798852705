/**
 * The oracle of the end-to-end tests: runs a WASI program under the engine's own WebAssembly with our WASI, so that a
 * difference in output can only come from the compiled code. Plain JavaScript, started as a process:
 *
 *     node test/native-wasi.mjs program.wasm [args…]
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Wasi } from '../dist/wasi/index.js';

const [file, ...args] = process.argv.slice(2);
const wasi = new Wasi({ args: [basename(file), ...args], env: { PYTHONHASHSEED: '0' } });
const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), wasi.imports);
process.exitCode = wasi.start(instance);
