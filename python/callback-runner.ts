/**
 * Runs the callbacks that a program asks for, as many at once as it asks for, within its limits. What goes wrong is answered
 * as a message: in Python it is a `RuntimeError`.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Callback } from './callbacks.ts';
import { parseJson, toJson } from './json.ts';
import type { ResourceLimits } from './limits.ts';
import type { Answer, CallRequest } from './messages.ts';
import { InvalidArguments } from './schema.ts';

/** Set while a callback runs: what it executes itself must not wait for the run that waits for it. */
const inside = new AsyncLocalStorage<CallbackRunner>();

export const isInsideCallback = () => inside.getStore() !== undefined;

export class CallbackRunner {
  readonly #callbacks: ReadonlyMap<string, Callback>;
  readonly #limits: Pick<ResourceLimits, 'callbackTimeoutMs' | 'maxCallbackInvocations'>;
  readonly #answer: (answer: Answer) => void;
  readonly #pending = new Map<number, AbortController>();
  #invocations = 0;
  #over = false;

  constructor(
    callbacks: ReadonlyMap<string, Callback>,
    limits: Pick<ResourceLimits, 'callbackTimeoutMs' | 'maxCallbackInvocations'>,
    answer: (answer: Answer) => void,
  ) {
    this.#callbacks = callbacks;
    this.#limits = limits;
    this.#answer = answer;
  }

  /** Calls that were let through. */
  get invocations(): number {
    return this.#invocations;
  }

  start(call: CallRequest): void {
    if (this.#over) return;
    const admitted = this.#admit(call);
    if (typeof admitted === 'string') this.#answer({ id: call.id, ok: false, message: admitted });
    else void this.#run(call.id, admitted.callback, admitted.args);
  }

  /** What to call with what, or why not. */
  #admit({ name, json }: CallRequest): { callback: Callback; args: Record<string, unknown> } | string {
    const callback = this.#callbacks.get(name);
    if (callback === undefined) return `Callback '${name}' not found`;
    const { maxCallbackInvocations: most } = this.#limits;
    if (most !== null && this.#invocations >= most) return `Callback limit exceeded (${most} invocations)`;
    const args = objectOf(json);
    if (args === undefined) return 'Invalid arguments JSON';
    this.#invocations++;
    return { callback, args };
  }

  async #run(id: number, callback: Callback, args: Record<string, unknown>): Promise<void> {
    const controller = new AbortController();
    this.#pending.set(id, controller);
    const { callbackTimeoutMs } = this.#limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Answer>((resolve) => {
      if (callbackTimeoutMs === null) return;
      timer = setTimeout(
        () => {
          resolve({
            id,
            ok: false,
            message: `callback timeout: '${callback.name}' took longer than ${callbackTimeoutMs} ms`,
          });
        },
        Math.min(callbackTimeoutMs, LONGEST_TIMER_MS),
      );
    });
    const answer = await Promise.race([this.#called(id, callback, args, controller.signal), late]);
    clearTimeout(timer);
    const isWanted = this.#pending.get(id) === controller;
    if (isWanted) this.#pending.delete(id);
    if (isWanted && !this.#over) this.#answer(answer);
    controller.abort();
  }

  async #called(
    id: number,
    callback: Callback,
    args: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<Answer> {
    try {
      const result = await inside.run(this, () => callback.call(args, { signal }));
      return { id, ok: true, json: toJson(result) };
    } catch (error) {
      const kind = error instanceof InvalidArguments ? 'invalid arguments' : 'execution failed';
      return { id, ok: false, message: `${kind}: ${messageOf(error)}` };
    }
  }

  /** Nobody waits for that one any more. */
  cancel(id: number): void {
    this.#pending.get(id)?.abort();
    this.#pending.delete(id);
  }

  /** The run has ended: who still runs is told, and answers nobody. */
  end(): void {
    this.#over = true;
    for (const controller of this.#pending.values()) controller.abort();
    this.#pending.clear();
  }
}

/** What `setTimeout` can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function objectOf(json: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(json);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Anything can be thrown, also what has no text. */
function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message || error.name : error);
  } catch {
    return 'an error without a message';
  }
}
