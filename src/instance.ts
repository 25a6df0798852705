/**
 * A running module: its exports, and calls under a deadline or a signal.
 */
import { callRaw } from '../runtime/boundary.ts';
import { quoteName, unknownKey, wrongType } from '../runtime/errors.ts';
import { referenceOf } from '../runtime/function-reference.ts';
import type { Instantiated } from '../runtime/instance.ts';
import type { Control } from '../runtime/interrupt.ts';
import { capture } from '../runtime/snapshot/capture.ts';
import { release, reset } from '../runtime/snapshot/restore.ts';
import { Snapshot } from '../runtime/snapshot/snapshot.ts';
import type { Store } from '../runtime/store.ts';
import type { BaseRuntime } from './base-runtime.ts';

export interface InvokeOptions {
  /** Counts if it has fired before the call, or a host function fires it during the call. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from now. */
  readonly deadlineMs?: number | undefined;
}

/** By name; what each is, only the module knows. */
// biome-ignore lint/suspicious/noExplicitAny: so that `exports.add(5, 37)` type-checks without a cast
export type Exports = Readonly<Record<string, any>>;

export const INVOKE_OPTIONS = ['signal', 'deadlineMs'];

export class Instance {
  readonly exports: Exports;
  /** Whose fuel it burns. */
  readonly runtime: BaseRuntime;
  readonly #instantiated: Instantiated;
  #closed = false;

  constructor(instantiated: Instantiated, runtime: BaseRuntime) {
    this.exports = instantiated.exports;
    this.runtime = runtime;
    this.#instantiated = instantiated;
  }

  /** Calls an exported function; several results are an array. Throws `TimeoutError`, `AbortError`, traps. */
  invoke(name: string, args: readonly unknown[] = [], options: InvokeOptions = {}): unknown {
    const { fn } = this.#function(name, args);
    return this.#controlled(options, () => fn(...args));
  }

  /** The same with bits: numbers as unsigned bigints, references as JavaScript values; always an array. */
  invokeRaw(name: string, args: readonly unknown[] = [], options: InvokeOptions = {}): unknown[] {
    const { reference } = this.#function(name, args);
    return this.#controlled(options, () => callRaw(reference, args));
  }

  /**
   * Its state, for `runtime.restore` and `reset`: memories, mutable globals, tables, dropped segments, its own and those that it imports,
   * and the state of host modules that have one. Throws a `SnapshotError` while its Runtime's code runs, and for what cannot
   * be saved: shared memories, objects, values of the host and functions of other instances.
   */
  snapshot(): Snapshot {
    this.#requireOpen();
    const { environment, modules } = this.#instantiated;
    return capture(environment, modules);
  }

  /** Back to the state of a snapshot of the same module, in place. Throws a `SnapshotError`, and has changed nothing then. */
  reset(snapshot: Snapshot): void {
    this.#requireOpen();
    if (!(snapshot instanceof Snapshot)) throw wrongType('a Snapshot', snapshot);
    reset(this.#instantiated, snapshot);
  }

  /**
   * When it is not used any more: its own memories are empty from now on, whoever else has them, and their bytes serve the next instance
   * that is restored in this thread, three times as fast.
   */
  close(): void {
    if (this.#closed) return;
    release(this.#instantiated);
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #requireOpen(): void {
    if (this.#closed) throw new TypeError('the instance is closed');
  }

  #function(name: string, args: readonly unknown[]) {
    this.#requireOpen();
    if (typeof name !== 'string') throw wrongType('the name of an export', name);
    if (!Array.isArray(args)) throw wrongType('an array of arguments', args);
    const count = args.length;
    const fn: unknown = this.exports[name];
    if (fn === undefined) throw new TypeError(`there is no export ${quoteName(name)}`);
    const reference = referenceOf(fn);
    if (reference === undefined) throw new TypeError(`export ${quoteName(name)} is not a function`);
    const expected = reference.type.params.length;
    if (count !== expected) {
      throw new TypeError(
        `${quoteName(name)} takes ${expected} argument${expected === 1 ? '' : 's'}, found ${count}`,
      );
    }
    return { fn: fn as (...args: unknown[]) => unknown, reference };
  }

  #controlled<Result>(options: InvokeOptions, run: () => Result): Result {
    checkKeys('option of invoke', options, INVOKE_OPTIONS);
    return controlled(this.#instantiated.environment.S, options, run);
  }
}

/** Runs under a deadline and a signal. */
export function controlled<Result>(
  { interrupt, metering }: Pick<Store, 'interrupt' | 'metering'>,
  { signal, deadlineMs }: InvokeOptions,
  run: () => Result,
): Result {
  if (signal === undefined && deadlineMs === undefined) return run();
  if (!metering) throw new TypeError('a signal or deadline needs metering: this Runtime has metering: false');
  const control: Control = { signal, deadlineMs };
  const token = interrupt.enter(control);
  try {
    return run();
  } finally {
    interrupt.leave(token);
  }
}

/** A misspelt option would be a limit that does not hold: refused. */
export function checkKeys(what: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw wrongType(`an object (${what})`, options);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw unknownKey(what, unknown);
}
