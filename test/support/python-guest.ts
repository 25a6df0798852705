/** A guest to test, in a thread of its own (`python-guest-worker.mjs`). Not a test. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type {
  CallbackEntry,
  ChannelMessage,
  Completeness,
  ExecuteRequest,
  Failed,
  SavedState,
  Succeeded,
  TraceEvent,
} from '../../python/protocol.ts';

export interface HostFunction extends Omit<CallbackEntry, 'name'> {
  readonly fn: 'echo' | 'add' | 'fail' | 'never';
}
/** By the names under which the program sees them. */
export type HostFunctions = Readonly<Record<string, HostFunction>>;

export interface Run {
  readonly outcome: Succeeded | Failed;
  readonly stdout: string;
  readonly stderr: string;
  /** All that came over the channel. */
  readonly messages: readonly ChannelMessage[];
  /** How often the program waited with nothing on the stack. */
  readonly rests: number;
}

export interface RunOptions extends Omit<ExecuteRequest, 'code' | 'callbacks'> {
  /** Milliseconds to a soft interrupt. */
  readonly interruptAfter?: number;
}

export class TestGuest {
  readonly #worker: Worker;

  /** `memoryLimit`: bytes. */
  constructor(folder: string, memoryLimit = 2 ** 31) {
    this.#worker = new Worker(new URL('python-guest-worker.mjs', import.meta.url), {
      workerData: { folder, memoryLimit },
      resourceLimits: { stackSizeMb: 64 },
    });
  }

  run(code: string, functions: HostFunctions = {}, options: RunOptions = {}): Promise<Run> {
    const { interruptAfter = Infinity, ...request } = options;
    const entries = Object.entries(functions);
    const callbacks = entries.map(([name, { fn: _, ...entry }]) => ({ ...entry, name }));
    const implementations = Object.fromEntries(entries.map(([name, { fn }]) => [name, fn]));
    return this.#ask('run', { ...request, code, callbacks }, implementations, interruptAfter) as Promise<Run>;
  }

  clear = () => this.#ask('clear');
  fresh = (path?: readonly string[]) => this.#ask('fresh', path);
  seal = () => this.#ask('seal');
  importModules = (names: readonly string[]) => this.#ask('importModules', names);
  complete = (source: string) => this.#ask('complete', source) as Promise<Completeness>;
  saveState = (limit?: number) => this.#ask('saveState', limit) as Promise<SavedState>;
  loadState = (bytes: Uint8Array) => this.#ask('loadState', bytes);

  close(): Promise<number> {
    return this.#worker.terminate();
  }

  async #ask(method: string, ...parameters: unknown[]): Promise<unknown> {
    this.#worker.postMessage({ method, parameters });
    const [{ value, error }] = await once(this.#worker, 'message');
    if (error !== undefined) throw Object.assign(new Error(error.message), { name: error.name });
    return value;
  }
}

export const traceOf = (run: Run): TraceEvent[] =>
  run.messages.flatMap((message) => (message.t === 'trace' ? [message.event] : []));
