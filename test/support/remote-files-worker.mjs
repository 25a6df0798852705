/**
 * The user's side in python/files/remote.test.ts: calls methods of a RemoteFileSystem, step by step, and posts their results in plain
 * form, errors as their code. Plain JavaScript on `dist/`, because a worker does not go through vitest's transformation.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { RemoteFileSystem } from '../../dist/python/files/remote.js';

const { end, steps, stopAfterMs, keep } = workerData;
const stopAt = stopAfterMs === undefined ? Infinity : performance.now() + stopAfterMs;
let stopped = false;
/** Stops one wait, the first that lasts too long. */
const waiter = {
  poll() {
    if (stopped || performance.now() < stopAt) return;
    stopped = true;
    throw Object.assign(new Error('stopped'), { code: 'stopped' });
  },
};
const files = new RemoteFileSystem(end, waiter);

const kindOf = (entry) => (entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'symlink');

function plain(value) {
  if (Array.isArray(value)) return value.map((entry) => `${entry.name} ${kindOf(entry)}`);
  if (typeof value !== 'object') return value;
  return { kind: kindOf(value), size: value.size };
}

function perform(method, args) {
  if (method !== 'readTextSync') return plain(files[method](...args));
  const [fd, length, position] = args;
  const buffer = new Uint8Array(length);
  return Buffer.from(buffer.subarray(0, files.readvSync(fd, [buffer], position))).toString();
}

const results = [];
for (const [method, ...args] of steps) {
  const given = args.map((arg) => (/^\$\d/.test(arg) ? results[Number(arg.slice(1))] : arg));
  try {
    results.push(perform(method, given));
  } catch (error) {
    results.push(error.code ?? error.message);
  }
}
parentPort.postMessage(results);
if (keep) setInterval(() => {}, 1000);
