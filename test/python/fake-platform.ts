/** The sandbox without an interpreter: workers are fake-worker.mjs, programs are lists of steps. */
import { Worker } from 'node:worker_threads';
import { SandboxFactory } from '../../python/factory.ts';
import { providePlatform } from '../../python/platform.ts';

/** All that were started. */
export const workers: Worker[] = [];
const factories: SandboxFactory[] = [];

providePlatform({
  defaultCache: () => undefined,
  defaultPyodide: () => undefined,
  startWorker: (workerData) => {
    const worker = new Worker(new URL('./fake-worker.mjs', import.meta.url), { workerData });
    workers.push(worker);
    return worker;
  },
});

export function factoryWith(options: ConstructorParameters<typeof SandboxFactory>[0] = {}): SandboxFactory {
  const factory = new SandboxFactory({ cache: false, workers: 2, ...options });
  factories.push(factory);
  return factory;
}

export async function closeFactories(): Promise<void> {
  for (const factory of factories.splice(0)) await factory.close();
}

export const steps = (...list: unknown[][]) => JSON.stringify(list);
