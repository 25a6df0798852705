/**
 * One run in its worker: asks the guest to execute, waits with it, passes on what it writes and calls, and ends it in time.
 *
 *   soft   at the deadline, or when asked to stop, Python's next signal check raises KeyboardInterrupt
 *   hard   GRACE_MS later the engine stops the code wherever it is; the interpreter is of no use then
 *
 * While the guest computes, its hooks (`Hooks`) are called: there the clock is looked at and output sent. While it waits, either it is
 * at rest and so is this thread (`#rest`), or it blocks in an event loop of its own and so does this thread (`pause`).
 */
import { performance } from 'node:perf_hooks';
import { AbortError, TimeoutError as EngineTimeout, ExitError, OutOfFuelError } from '../runtime/errors.ts';
import type { Channel } from './emscripten/devices.ts';
import type { Guest } from './guest.ts';
import {
  type Answer,
  GRACE_MS,
  type OutputChunk,
  type RunOutcome,
  type RunRequest,
  type RunStatus,
  WORDS,
  type Words,
  type WorkerMessage,
} from './messages.ts';
import {
  type ChannelMessage,
  type Outcome,
  ProtocolError,
  parseChannelLine,
  type TraceEvent,
} from './protocol.ts';
import type { Meter } from './worker-engine.ts';

/** What an interpreter's host calls, whichever run it is in. */
export interface Hooks {
  write(descriptor: 1 | 2, bytes: Uint8Array): void;
  readonly channel: Channel;
  /** The signal that is due, which then is not any more; 0: none. */
  takeSignal(): number;
  pendingSignal(): number;
  pause(ms: number): void;
}

export interface RunContext {
  readonly number: number;
  readonly request: RunRequest;
  /** The interpreter is thrown away after it. */
  readonly final: boolean;
  readonly words: Words;
  readonly meter: Meter;
  readonly post: (message: WorkerMessage) => void;
  /** Takes in what the host has posted meanwhile. */
  readonly receive: () => void;
  readonly memoryBytes: () => number;
}

export interface RunEnd {
  readonly outcome: RunOutcome;
  /** The interpreter was cut off and cannot go on. */
  readonly broken: boolean;
}

const SIGINT = 2;
/** Output is sent after so long, or so many bytes. */
const FLUSH_MS = 10;
const FLUSH_BYTES = 65_536;
const FLUSH_EVENTS = 500;
/** More than these at once are no program's business. */
const MOST_PENDING_CALLS = 100_000;
/** Of their arguments, which the host keeps in its memory: characters of JSON. */
const MOST_PENDING_TEXT = 2 ** 25;
/** Of a result's JSON, which becomes many times that in the host's memory; more if there may be more output. */
const LONGEST_RESULT = 2 ** 24;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

export class Run implements Hooks {
  readonly #context: RunContext;
  readonly #started = performance.now();
  readonly #softDeadline: number;
  /** The moment when it is over; set once the signal was given. */
  #hardDeadline: number;
  #signalled = false;
  #reason: 'timeout' | 'stopped' | undefined;
  // Output that waits to be sent.
  #chunks: OutputChunk[] = [];
  #chunkBytes = 0;
  #events: TraceEvent[] = [];
  #flushed = 0;
  #outputLeft: number;
  #truncated = false;
  // Callbacks.
  #answers: Answer[] = [];
  /** How long the arguments are of each that is not answered, by number. */
  readonly #pendingCalls = new Map<number, number>();
  #pendingText = 0;
  /** When the guest, blocked in its loop, wants to be woken; undefined: it does not block there. */
  #wakeAt: number | undefined;
  #onNews: (() => void) | undefined;

  constructor(context: RunContext) {
    this.#context = context;
    const { timeoutMs, maxOutputBytes } = context.request.limits;
    this.#softDeadline = this.#started + (timeoutMs ?? Infinity);
    this.#hardDeadline = this.#softDeadline + GRACE_MS;
    this.#outputLeft = maxOutputBytes ?? Infinity;
  }

  async complete(guest: Guest): Promise<RunEnd> {
    const { meter, request } = this.#context;
    const before = meter.consumed;
    meter.limit(request.limits.maxFuel);
    let status: RunStatus;
    let broken = false;
    try {
      status = await this.#execute(guest);
    } catch (error) {
      status = this.#statusOf(error);
      broken = true;
    }
    const fuelConsumed = meter.consumed - before;
    meter.limit(null);
    this.flush();
    const kept = !broken && status.status !== 'ok' && status.status !== 'raised';
    const outcome: RunOutcome = {
      ...status,
      durationMs: performance.now() - this.#started,
      peakMemoryBytes: this.#context.memoryBytes(),
      fuelConsumed,
      truncated: this.#truncated,
      recovery: kept ? 'kept' : undefined,
    };
    return { outcome, broken };
  }

  async #execute(guest: Guest): Promise<RunStatus> {
    const { limits, filename, argv, ...rest } = this.#context.request;
    const named = { ...(filename !== undefined && { filename }), ...(argv !== undefined && { argv }) };
    const request = { ...rest, ...named, final: this.#context.final };
    let outcome = this.#guarded(() => guest.execute(request));
    while (outcome.status === 'wait') {
      await this.#rest(outcome.timeoutMs);
      const interrupt = this.takeSignal() !== 0;
      const answers = this.#takeAnswers();
      outcome = this.#guarded(() => guest.resume(answers, interrupt));
    }
    // However the program took its interrupt.
    if (this.#signalled) return { status: this.#reason! };
    const { maxOutputBytes } = limits;
    return statusOfOutcome(
      outcome,
      maxOutputBytes === null ? Infinity : Math.max(maxOutputBytes, LONGEST_RESULT),
    );
  }

  #guarded(call: () => Outcome): Outcome {
    return this.#context.meter.within(Math.max(0, this.#hardDeadline - performance.now()), call);
  }

  #statusOf(error: unknown): RunStatus {
    if (error instanceof OutOfFuelError) return { status: 'fuel' };
    if (error instanceof EngineTimeout) return { status: this.#reason ?? 'timeout' };
    if (error instanceof AbortError) return { status: this.#reason ?? 'stopped' };
    if (error instanceof ExitError) return exitStatus(error.code);
    return {
      status: 'failed',
      message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  }

  // ------------------------------------------------------------------ stopping

  #isDue(): boolean {
    if (this.#signalled) return false;
    if (Atomics.load(this.#context.words, WORDS.stop) === this.#context.number) this.#reason = 'stopped';
    else if (performance.now() >= this.#softDeadline) this.#reason = 'timeout';
    return this.#reason !== undefined;
  }

  takeSignal(): number {
    this.#flushIfLate();
    if (!this.#isDue()) return 0;
    this.#signalled = true;
    this.#hardDeadline = Math.min(this.#hardDeadline, performance.now() + GRACE_MS);
    return SIGINT;
  }

  pendingSignal(): number {
    return this.#isDue() ? SIGINT : 0;
  }

  /** Has a run that waits look again: answers have come, or it has to stop. */
  news(): void {
    this.#onNews?.();
  }

  // ------------------------------------------------------------------ waiting

  /** Blocks the thread: a sleep, or an event loop that the program runs itself. */
  pause(ms: number): void {
    this.flush();
    const { words, receive } = this.#context;
    const seen = Atomics.load(words, WORDS.wake);
    receive();
    if (this.#answers.length > 0 && this.#wakeAt !== undefined) return;
    const now = performance.now();
    if (now >= this.#hardDeadline) throw new EngineTimeout(Math.round(this.#hardDeadline - this.#started));
    if (Atomics.load(this.#context.meter.interruptWord, 0) !== 0) throw new AbortError('interrupted');
    const soft = this.#signalled ? Infinity : this.#softDeadline - now;
    const wait = Math.min(ms, soft, this.#hardDeadline - now, (this.#wakeAt ?? Infinity) - now);
    if (wait > 0) Atomics.wait(words, WORDS.wake, seen, wait);
  }

  /** The guest is at rest: so is this thread, until there is something for it. */
  async #rest(timeoutMs: number | null): Promise<void> {
    this.flush();
    const now = performance.now();
    const until = now + (timeoutMs ?? Infinity);
    while (this.#answers.length === 0 && !this.#isDue()) {
      const left =
        Math.min(until, this.#signalled ? this.#hardDeadline : this.#softDeadline) - performance.now();
      if (left <= 0) break;
      await this.#newsWithin(left);
    }
    if (performance.now() >= this.#hardDeadline) throw new EngineTimeout(0);
  }

  #newsWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms > LONGEST_TIMER_MS ? undefined : setTimeout(resolve, Math.ceil(ms));
      this.#onNews = () => {
        clearTimeout(timer);
        this.#onNews = undefined;
        resolve();
      };
    });
  }

  answered(answers: readonly Answer[]): void {
    for (const answer of answers) {
      this.#pendingText -= this.#pendingCalls.get(answer.id) ?? 0;
      this.#pendingCalls.delete(answer.id);
      this.#answers.push(answer);
    }
    this.news();
  }

  #takeAnswers(): Answer[] {
    const answers = this.#answers;
    this.#answers = [];
    return answers;
  }

  // ------------------------------------------------------------------ the channel

  readonly channel: Channel = {
    receive: (message) => {
      for (const line of DECODER.decode(message).split('\n')) if (line !== '') this.#told(line);
    },
    next: () => {
      if (this.#wakeAt === undefined) return undefined;
      if (this.#answers.length === 0 && performance.now() < this.#wakeAt) return undefined;
      this.#wakeAt = undefined;
      return ENCODER.encode(`${JSON.stringify({ answers: this.#takeAnswers() })}\n`);
    },
  };

  #told(line: string): void {
    const message = parseChannelLine(line);
    const run = this.#context.number;
    switch (message.t) {
      case 'call':
        this.#called(message);
        break;
      case 'cancel':
        this.#context.post({ type: 'uncall', run, id: message.id });
        break;
      case 'trace':
        if (!this.#context.request.trace) break;
        this.#events.push(message.event);
        if (this.#events.length >= FLUSH_EVENTS) this.flush();
        break;
      case 'wait':
        this.#wakeAt = message.timeoutMs === null ? Infinity : performance.now() + message.timeoutMs;
    }
  }

  #called({ id, name, json }: Extract<ChannelMessage, { t: 'call' }>): void {
    const pending = this.#pendingCalls;
    if (pending.has(id)) throw new ProtocolError('the guest uses the number of a call twice');
    if (pending.size >= MOST_PENDING_CALLS) throw new ProtocolError('the guest calls too much at once');
    if (this.#pendingText + json.length > MOST_PENDING_TEXT) {
      const message = `arguments of callbacks are too large: more than ${MOST_PENDING_TEXT} bytes at once`;
      this.#answers.push({ id, ok: false, message });
      return;
    }
    pending.set(id, json.length);
    this.#pendingText += json.length;
    this.flush();
    const run = this.#context.number;
    this.#context.post({ type: 'calls', run, calls: [{ id, name, json }] });
  }

  // ------------------------------------------------------------------ output

  write(descriptor: 1 | 2, bytes: Uint8Array): void {
    const kept = bytes.length <= this.#outputLeft ? bytes : bytes.subarray(0, this.#outputLeft);
    if (kept.length < bytes.length) this.#truncated = true;
    if (kept.length === 0) return;
    this.#outputLeft -= kept.length;
    this.#chunks.push([descriptor, kept]);
    this.#chunkBytes += kept.length;
    if (this.#chunkBytes >= FLUSH_BYTES) this.flush();
    else this.#flushIfLate();
  }

  #flushIfLate(): void {
    if (this.#chunks.length + this.#events.length === 0) return;
    if (performance.now() - this.#flushed >= FLUSH_MS) this.flush();
  }

  flush(): void {
    const run = this.#context.number;
    this.#flushed = performance.now();
    if (this.#events.length > 0) this.#context.post({ type: 'trace', run, events: this.#events });
    if (this.#chunks.length > 0) this.#context.post({ type: 'output', run, chunks: this.#chunks });
    this.#events = [];
    this.#chunks = [];
    this.#chunkBytes = 0;
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

function statusOfOutcome(outcome: Outcome, longestResult: number): RunStatus {
  if (outcome.status === 'wait') throw new ProtocolError('the guest waits at its end');
  if (!outcome.ok) return { status: 'raised', exception: outcome.error };
  const { resultJson, resultError } = outcome;
  if (resultJson === undefined || resultJson.length <= longestResult)
    return { status: 'ok', resultJson, resultError };
  const tooLarge = `result is too large: ${resultJson.length} bytes of JSON, at most ${longestResult} are passed on`;
  return { status: 'ok', resultJson: undefined, resultError: tooLarge };
}

/** `os._exit`: the end of a process, though not a clean one. */
function exitStatus(code: number): RunStatus {
  if (code === 0) return { status: 'ok', resultJson: undefined, resultError: undefined };
  const exception = {
    type: 'SystemExit',
    message: String(code),
    traceback: `SystemExit: ${code}`,
    exitCode: code,
  };
  return { status: 'raised', exception };
}
