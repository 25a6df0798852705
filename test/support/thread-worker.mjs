/**
 * One thread of test/threads.test.ts: a Runtime and an instance of its own over the shared memory that it is given, and one
 * call. Plain JavaScript on `dist/`, because a worker does not go through vitest's transformation.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Memory, Runtime } from '../../dist/src/index.js';

const { bytes, handle, name, args, options, control } = workerData;
const runtime = new Runtime(options);
const memory = Memory.fromShared(handle);
const instance = runtime.instantiateSync(bytes, { env: { memory } });
parentPort.postMessage({ interruptWord: runtime.interruptWord });
try {
  const result = instance.invoke(name, args, control);
  parentPort.postMessage({ result });
} catch (error) {
  parentPort.postMessage({ error: error.name, message: error.message });
}
