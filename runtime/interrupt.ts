/**
 * Stopping a run from outside: a shared word that any thread may set, deadlines, abort signals. `poll` is called once
 * a slice of fuel (`fuel.ts`), and `wait` is how a host function blocks (a WASI sleep) and still obeys.
 *
 * A blocked thread runs no event loop, so a signal counts only if it fired before the call or a host function fires it;
 * from other threads, set the word.
 */
import { AbortError, outOfRange, TimeoutError, wrongType } from './errors.ts';

/** What of an `AbortSignal` is looked at. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
}

export interface Control {
  readonly deadlineMs?: number | undefined;
  readonly signal?: Signal | undefined;
}

/** One call's control, linked to those of the calls around it. */
interface Entered {
  readonly outer: Entered | undefined;
  /** The earliest deadline of this call and those around it, on the clock of `performance.now()`. */
  readonly deadline: number;
  /** As the user gave that deadline. */
  readonly deadlineMs: number;
  readonly signal: Signal | undefined;
}
export type InterruptToken = Entered;

const now = () => performance.now();

/** A web page that is not isolated from others has no shared memory, and no other thread that could set the word. */
function wordBuffer(): SharedArrayBuffer {
  const size = Int32Array.BYTES_PER_ELEMENT;
  if (typeof SharedArrayBuffer !== 'undefined') return new SharedArrayBuffer(size);
  return new ArrayBuffer(size) as unknown as SharedArrayBuffer;
}

export class Interrupt {
  /** Not zero: an interrupt is requested. Shared: send it to other threads. */
  readonly word: Int32Array<SharedArrayBuffer> = new Int32Array(wordBuffer());
  #innermost: Entered | undefined;

  /** Asks whatever runs, or runs next, to stop with an `AbortError`; from any thread that has the word, do the same. */
  request(): void {
    Atomics.store(this.word, 0, 1);
    Atomics.notify(this.word, 0);
  }

  /** Begins a call under `control`, unless it must not even start: then throws. Pair with `leave`. */
  enter(control: Control): InterruptToken {
    const outer = this.#innermost;
    const { deadlineMs = Infinity, signal } = control;
    checkControl(deadlineMs, signal);
    const deadline = now() + deadlineMs;
    const entered =
      outer !== undefined && outer.deadline <= deadline
        ? { outer, deadline: outer.deadline, deadlineMs: outer.deadlineMs, signal }
        : { outer, deadline, deadlineMs, signal };
    this.#innermost = entered;
    try {
      this.poll();
    } catch (error) {
      this.leave(entered);
      throw error;
    }
    return entered;
  }

  /** Ends the call that `enter` began, and any inside it. */
  leave(token: InterruptToken): void {
    this.#innermost = token.outer;
  }

  /** Throws if the run has to stop. */
  poll(): void {
    if (Atomics.load(this.word, 0) !== 0) {
      Atomics.store(this.word, 0, 0);
      throw new AbortError('interrupted');
    }
    const innermost = this.#innermost;
    if (innermost === undefined) return;
    for (let call: Entered | undefined = innermost; call !== undefined; call = call.outer) {
      if (call.signal?.aborted) throw new AbortError(call.signal.reason);
    }
    if (now() >= innermost.deadline) throw new TimeoutError(innermost.deadlineMs);
  }

  /** Milliseconds until the deadline; `Infinity` if there is none. */
  remaining(): number {
    return this.#innermost === undefined ? Infinity : Math.max(0, this.#innermost.deadline - now());
  }

  /**
   * `Atomics.wait` on cells of a memory, or throws as `poll` does. A thread can wait in one place only, so it looks at the
   * word now and then. Who notifies meanwhile has changed the cell before, or could as well have come too early: what is
   * found changed counts as notified.
   */
  waitAt(
    cells: Int32Array | BigInt64Array,
    index: number,
    expected: number | bigint,
    ms: number,
  ): 'ok' | 'not-equal' | 'timed-out' {
    const until = now() + ms;
    this.poll();
    for (let round = 0; ; round++) {
      const left = until - now();
      const slice = Math.max(0, Math.min(left, PATIENCE_MS, this.remaining()));
      const result = Atomics.wait(cells as Int32Array, index, expected as number, slice);
      if (result === 'not-equal') return round === 0 ? result : 'ok';
      if (result === 'ok') return result;
      this.poll();
      if (left <= slice) return result;
    }
  }

  /** Blocks this thread for `ms` milliseconds (`Infinity`: for ever), or throws as `poll` does. */
  wait(ms: number): void {
    const until = now() + ms;
    this.poll();
    for (let left = ms; left > 0; left = until - now()) {
      Atomics.wait(this.word, 0, 0, Math.min(left, this.remaining()));
      this.poll();
    }
  }
}

/** So long a thread that waits at a memory's cell may take to notice an interruption. */
const PATIENCE_MS = 20;

function checkControl(deadlineMs: unknown, signal: unknown): void {
  if (typeof deadlineMs !== 'number') throw wrongType('deadlineMs to be a number', deadlineMs);
  if (!(deadlineMs >= 0)) throw outOfRange('deadlineMs', deadlineMs, 0, Infinity);
  if (signal !== undefined && typeof (signal as Signal | null)?.aborted !== 'boolean') {
    throw wrongType('signal to be an AbortSignal', signal);
  }
}
