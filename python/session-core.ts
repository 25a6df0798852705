/**
 * A session's interpreter, wherever it is: opened in a thread at the first use, restored from its last snapshot in another
 * one if that thread has gone. What uses it takes turns.
 */
import { SandboxError, WorkerLostError } from './errors.ts';
import { Execution, type Program } from './execution.ts';
import type { FactoryCore } from './factory-core.ts';
import type { FilesLease, SandboxFiles } from './files/sandbox-files.ts';
import { shared } from './image.ts';
import type { InterpreterConfig, InterpreterId, Question, SharedBytes } from './messages.ts';
import type { ExecuteResult } from './result.ts';
import type { PythonThread } from './thread.ts';
import type { Lease } from './worker-group.ts';

let nextInterpreter: InterpreterId = 1;

export class SessionCore {
  /** Kept: its threads end when nobody has it. */
  readonly #factory: FactoryCore;
  readonly #config: InterpreterConfig;
  readonly #files: SandboxFiles;
  /** The interpreter's part of them. */
  #filesLease: FilesLease | undefined;
  #thread: PythonThread | undefined;
  #interpreter: InterpreterId = 0;
  /** What it goes back to; undefined: the image. */
  #snapshot: SharedBytes | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** Stops what is running when the session is closed. */
  readonly #closing = new AbortController();

  constructor(factory: FactoryCore, config: InterpreterConfig, files: SandboxFiles) {
    this.#factory = factory;
    this.#config = config;
    this.#files = files;
  }

  /** `begin`: the run really starts. */
  run(program: Program, begin: () => void): Promise<ExecuteResult> {
    const { signal: closing } = this.#closing;
    const signal = program.signal === undefined ? closing : AbortSignal.any([program.signal, closing]);
    return this.#use(async ({ thread }) => {
      begin();
      try {
        return await new Execution(thread, { ...program, signal }).complete(this.#interpreter);
      } catch (error) {
        throw error instanceof SandboxError && !thread.alive ? this.#lost(error) : error;
      }
    }, program.signal);
  }

  /** `timeoutMs`: for what Python has to do. */
  ask(question: (interpreter: InterpreterId) => Question, timeoutMs?: number | null): Promise<unknown> {
    return this.#use(({ thread }) => thread.ask(question(this.#interpreter), timeoutMs ?? undefined));
  }

  async snapshot(): Promise<Uint8Array> {
    const answer = await this.ask((interpreter) => ({ op: 'snapshot', interpreter }));
    this.#snapshot = answer as SharedBytes;
    return this.#snapshot.slice();
  }

  async restore(state: Uint8Array): Promise<void> {
    if (!(state instanceof Uint8Array)) throw new TypeError('expected the bytes of a snapshot (Uint8Array)');
    const bytes = shared(state);
    await this.ask((interpreter) => ({ op: 'restore', interpreter, bytes }));
    this.#snapshot = bytes;
  }

  async reset(): Promise<void> {
    this.#snapshot = undefined;
    await this.ask((interpreter) => ({ op: 'reset', interpreter }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing.abort(new TypeError('the session is closed'));
    const thread = this.#thread;
    this.#thread = undefined;
    this.#snapshot = undefined;
    if (thread === undefined) return;
    thread.sessions--;
    if (thread.alive) await thread.ask({ op: 'close', interpreter: this.#interpreter }).catch(() => {});
    this.#filesLease?.close();
  }

  // ------------------------------------------------------------------ turns

  #use<Result>(use: (lease: Lease) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const turn = this.#turn.then(async () => {
      const lease = await this.#open(signal);
      try {
        return await use(lease);
      } finally {
        lease.release();
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #open(signal?: AbortSignal): Promise<Lease> {
    if (this.#closed) throw new TypeError('the session is closed');
    const { group } = this.#factory;
    if (this.#thread?.alive) return group.lease(this.#thread, signal);
    const lease = await group.leaseForSession(signal);
    try {
      const interpreter = nextInterpreter++;
      this.#filesLease?.close();
      this.#filesLease = this.#files.lease();
      const config = { ...this.#config, files: this.#filesLease.spec };
      await lease.thread.ask({ op: 'open', interpreter, config });
      if (this.#snapshot !== undefined)
        await lease.thread.ask({ op: 'restore', interpreter, bytes: this.#snapshot });
      this.#interpreter = interpreter;
      this.#thread = lease.thread;
      lease.thread.sessions++;
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /** The same error, saying what the next run will find. */
  #lost(error: SandboxError): SandboxError {
    const recovery = this.#snapshot === undefined ? 'image' : 'snapshot';
    if (error instanceof WorkerLostError || error.recovery === undefined)
      Object.defineProperty(error, 'recovery', { value: recovery, enumerable: true });
    return error;
  }
}
