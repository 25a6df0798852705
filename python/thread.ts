/**
 * A worker thread as the host sees it: one run at a time, questions between runs, and what becomes of both when the thread
 * dies. It keeps the process alive only while somebody waits for it.
 *
 * Not here: which thread gets what (worker-group.ts), and what a run's messages mean (execution.ts).
 */
import type { MessagePort } from 'node:worker_threads';
import { InitializationError, SandboxError, TimeoutError, WorkerLostError } from './errors.ts';
import {
  type Answer,
  ASK_MS,
  type CallRequest,
  GRACE_MS,
  type Image,
  type InterpreterConfig,
  type InterpreterId,
  LAST_RESORT_MS,
  newWords,
  type OutputChunk,
  type Question,
  type RunOutcome,
  type RunRequest,
  WORDS,
  type WorkerCounts,
  type WorkerData,
  type WorkerMessage,
  wake,
} from './messages.ts';
import type { TraceEvent } from './result.ts';

/** What of a `node:worker_threads` Worker is used. */
export interface WorkerLike {
  postMessage(message: unknown, transfer?: readonly MessagePort[]): void;
  on(event: 'message', listener: (message: WorkerMessage) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

/** What is not copied to a worker, but goes there. */
function transferOf(config: InterpreterConfig | undefined): MessagePort[] {
  const data = config?.files?.data;
  return data === undefined ? [] : [data.port];
}

export type StartWorker = (data: WorkerData) => WorkerLike;

/** Told what a run does. */
export interface RunListener {
  output(chunks: readonly OutputChunk[]): void;
  trace(events: readonly TraceEvent[]): void;
  calls(calls: readonly CallRequest[]): void;
  uncall(id: number): void;
}

interface Running {
  readonly number: number;
  readonly listener: RunListener;
  readonly resolve: (outcome: RunOutcome) => void;
  readonly reject: (error: SandboxError) => void;
}

interface Asked {
  readonly timer: NodeJS.Timeout;
  readonly timeoutMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: SandboxError) => void;
}

export interface Ready {
  readonly image: Image | undefined;
  readonly warnings: readonly string[];
}

/** What `setTimeout` can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const NO_COUNTS: WorkerCounts = { boots: 0, generated: 0, unsaved: 0, restores: 0 };

export class PythonThread {
  /** Resolved once its interpreter can run. */
  readonly ready: Promise<Ready>;
  /** Interpreters of sessions in it. */
  sessions = 0;
  /** Somebody uses it. */
  leased = false;
  /** Since when nobody has, on the clock of `performance.now()`. */
  idleSince = performance.now();
  counts = NO_COUNTS;
  /** It is there, and will answer. */
  alive = true;
  /** Called once, when it has gone. */
  onLost: (() => void) | undefined;

  readonly #worker: WorkerLike;
  readonly #words = newWords();
  #interruptWord: Int32Array<SharedArrayBuffer> | undefined;
  #starting: { resolve(ready: Ready): void; reject(error: SandboxError): void } | undefined;
  #running: Running | undefined;
  readonly #asked = new Map<number, Asked>();
  #nextId = 1;
  #reason: SandboxError | undefined;

  constructor(start: StartWorker, data: Omit<WorkerData, 'words'>) {
    this.ready = new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
    });
    this.ready.catch(() => {});
    this.#worker = start({ ...data, words: this.#words });
    this.#worker.on('message', (message) => this.#receive(message));
    this.#worker.on('error', (error) => this.#failed(error));
    this.#worker.on('exit', (code) => this.#lost(code));
  }

  /** Runs a program; the thread must be ready, and leased by who calls. */
  run(
    interpreter: InterpreterId,
    config: InterpreterConfig | undefined,
    request: RunRequest,
    listener: RunListener,
  ): { readonly number: number; readonly outcome: Promise<RunOutcome> } {
    const number = this.#nextId++;
    const outcome = new Promise<RunOutcome>((resolve, reject) => {
      if (!this.alive) return reject(this.#lostError());
      this.#running = { number, listener, resolve, reject };
      Atomics.store(this.#words, WORDS.stop, 0);
      this.#hold();
      const message = { type: 'run', run: number, interpreter, config, request };
      this.#worker.postMessage(message, transferOf(config));
    });
    return { number, outcome };
  }

  answer(run: number, answers: readonly Answer[]): void {
    if (this.#running?.number !== run) return;
    this.#worker.postMessage({ type: 'answers', run, answers });
    wake(this.#words);
  }

  /** Asks the run to stop; it gets a `KeyboardInterrupt`. */
  stop(run: number): void {
    if (this.#running?.number !== run) return;
    Atomics.store(this.#words, WORDS.stop, run);
    this.#worker.postMessage({ type: 'stop', run });
    wake(this.#words);
  }

  /** Stops the run wherever it is. */
  stopHard(run: number): void {
    if (this.#running?.number !== run || this.#interruptWord === undefined) return;
    Atomics.store(this.#interruptWord, 0, 1);
    Atomics.notify(this.#interruptWord, 0);
    wake(this.#words);
  }

  /** `timeoutMs`: for what Python has to do. */
  ask(question: Question, timeoutMs = ASK_MS): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (!this.alive) return reject(this.#lostError());
      const patience = Math.min(timeoutMs + GRACE_MS + LAST_RESORT_MS, LONGEST_TIMER_MS);
      const tooLate = () => void this.terminate(new WorkerLostError('the worker does not answer'));
      // One that only waits for its turn is not late: see who leases.
      const timer = setTimeout(tooLate, patience);
      this.#asked.set(id, { resolve, reject, timer, timeoutMs });
      this.#hold();
      const transfer = question.op === 'open' ? transferOf(question.config) : [];
      this.#worker.postMessage({ type: 'ask', id, question, timeoutMs }, transfer);
    });
  }

  /** Whatever it is doing, it is over; `reason` is what those are told who wait for it. */
  async terminate(reason?: SandboxError): Promise<void> {
    this.#reason ??= reason;
    this.#gone();
    await this.#worker.terminate();
  }

  // ------------------------------------------------------------------ messages

  #receive(message: WorkerMessage): void {
    switch (message.type) {
      case 'ready':
        this.#started(message);
        break;
      case 'failed':
        void this.terminate(new InitializationError(message.message));
        break;
      case 'reply':
        this.#replied(message);
        break;
      case 'done':
        this.counts = message.counts;
        this.#done(message.run, message.outcome);
        break;
      default:
        this.#told(message);
    }
  }

  #started({ counts, interruptWord, image, warnings }: Extract<WorkerMessage, { type: 'ready' }>): void {
    this.counts = counts;
    this.#interruptWord = interruptWord;
    this.#starting?.resolve({ image, warnings });
    this.#starting = undefined;
    this.#hold();
  }

  #told(message: Extract<WorkerMessage, { run: number }>): void {
    const running = this.#running;
    if (running === undefined || running.number !== message.run) return;
    if (message.type === 'output') running.listener.output(message.chunks);
    else if (message.type === 'trace') running.listener.trace(message.events);
    else if (message.type === 'calls') running.listener.calls(message.calls);
    else if (message.type === 'uncall') running.listener.uncall(message.id);
  }

  #done(run: number, outcome: RunOutcome): void {
    const running = this.#running;
    if (running === undefined || running.number !== run) return;
    this.#running = undefined;
    this.#hold();
    running.resolve(outcome);
  }

  #replied(reply: Extract<WorkerMessage, { type: 'reply' }>): void {
    const { id, ok, value, message, timedOut, recovery } = reply;
    this.counts = reply.counts;
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    this.#hold();
    if (asked === undefined) return;
    clearTimeout(asked.timer);
    if (ok) asked.resolve(value);
    else if (timedOut) asked.reject(new TimeoutError(asked.timeoutMs, { recovery }));
    else asked.reject(new SandboxError(message, { recovery }));
  }

  // ------------------------------------------------------------------ ends

  #failed(error: Error & { code?: string }): void {
    this.#reason ??=
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new WorkerLostError("the worker's JavaScript heap is full", { cause: error })
        : new WorkerLostError(`the worker failed: ${error.message}`, { cause: error });
    this.#gone();
  }

  #lost(code: number): void {
    this.#reason ??= new WorkerLostError(`the worker has gone (exit code ${code})`);
    this.#gone();
  }

  #lostError(): SandboxError {
    return this.#reason ?? new WorkerLostError('the worker has gone');
  }

  #gone(): void {
    if (!this.alive) return;
    this.alive = false;
    const error = this.#lostError();
    this.#starting?.reject(
      error instanceof WorkerLostError
        ? new InitializationError(`the worker did not start: ${error.message}`, { cause: error })
        : error,
    );
    this.#running?.reject(error);
    for (const { reject, timer } of this.#asked.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#starting = undefined;
    this.#running = undefined;
    this.#asked.clear();
    this.onLost?.();
  }

  /** The process stays as long as somebody waits. */
  #hold(): void {
    const waited = this.#starting ?? this.#running ?? (this.#asked.size > 0 || undefined);
    if (waited !== undefined) this.#worker.ref();
    else this.#worker.unref();
  }
}
