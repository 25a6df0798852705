/**
 * Runs an export of a module with source maps while debugger-worker.mjs is attached, and prints where it stopped, as JSON. Not a
 * test.
 *
 *   node debugged.mjs FILE.wasm EXPORT ARGUMENT KIND SOURCE LINE…
 *
 * KIND: `source`, `wat`, or `file`, for a precompiled FILE.mjs.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Runtime } from '../../dist/src/index.js';

const [file, name, argument, kind, source, ...lines] = process.argv.slice(2);
const wanted = lines.map((line) => ({ source, line: Number(line) }));
const worker = new Worker(new URL('./debugger-worker.mjs', import.meta.url), { workerData: { wanted } });
await once(worker, 'message');
const { exports } =
  kind === 'file'
    ? await (await import(pathToFileURL(file).href)).instantiate()
    : new Runtime({ sourceMaps: kind === 'wat' ? 'wat' : true }).instantiateSync(readFileSync(file));
const result = exports[name](Number(argument));
worker.postMessage('done');
const [pauses] = await once(worker, 'message');
console.log(JSON.stringify({ result, pauses }));
