/**
 * The thread that a program runs in: a worker with a 64 MB stack, for language runtimes recurse deeper than a main
 * thread's 984 KB allow. The main thread only waits. What the program is, the worker's own file knows.
 */
import { parentPort, Worker } from 'node:worker_threads';
import { type Outcome, STATUS, unexpected } from './exit-status.ts';

const STACK_MB = 64;

const started = new Map<string, Worker>();

/** Lets `script` (a built file of this folder) load ahead of its request; if none comes, it is no reason to stay. */
export function startWorker(script: string): Worker {
  const worker = new Worker(new URL(script, import.meta.url), { resourceLimits: { stackSizeMb: STACK_MB } });
  worker.unref();
  started.set(script, worker);
  return worker;
}

/**
 * Hands `script` its request, which is the first message that it gets. `receive` sees all that it posts, and answers the
 * outcome once it has come.
 */
export function inWorker<Message>(
  script: string,
  request: unknown,
  receive: (message: Message) => Outcome | undefined,
): Promise<Outcome> {
  const worker = started.get(script) ?? startWorker(script);
  worker.ref();
  worker.postMessage(request);
  return new Promise<Outcome>((resolve) => {
    worker.on('message', (message: Message) => {
      const outcome = receive(message);
      if (outcome !== undefined) resolve(outcome);
    });
    worker.once('error', (error) => resolve(workerFailure(error)));
    worker.once('exit', () =>
      resolve({ status: STATUS.error, lines: ['sandglass: the run ended without a result'] }),
    );
  });
}

/** In the worker: waits for its request. */
export function takeRequest<Request>(): Promise<Request> {
  return new Promise((resolve) => parentPort!.once('message', resolve));
}

function workerFailure(error: Error & { code?: string }): Outcome {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return {
      status: STATUS.error,
      lines: ["sandglass: out of memory: the JavaScript engine's heap is full"],
    };
  }
  return { status: unexpected(error), lines: [] };
}
