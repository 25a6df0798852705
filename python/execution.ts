/**
 * One run of a program, from the host's side: hands the worker its request, feeds output and callbacks, and ends it in time
 * if the worker itself does not. Made of it: an `ExecuteResult`, or the error that says what went wrong.
 */
import { CallbackRunner } from './callback-runner.ts';
import { type Callback, infoOf } from './callbacks.ts';
import {
  CancelledError,
  ExecutionError,
  type PartialResult,
  type Recovery,
  ResourceLimitError,
  SandboxError,
  TimeoutError,
  WorkerLostError,
} from './errors.ts';
import type { ResourceLimits } from './limits.ts';
import {
  GRACE_MS,
  type InterpreterConfig,
  type InterpreterId,
  LAST_RESORT_MS,
  type RunOutcome,
  type RunRequest,
} from './messages.ts';
import { type Handlers, Output } from './output.ts';
import { ExecuteResult, withoutNewlines } from './result.ts';
import type { PythonThread } from './thread.ts';

/** What is to be run, and how. */
export interface Program {
  readonly code: string;
  readonly callbacks: ReadonlyMap<string, Callback>;
  readonly handlers: Handlers;
  readonly limits: ResourceLimits;
  readonly resultVariable: string;
  readonly trace: boolean;
  readonly mode: 'exec' | 'single';
  /** In tracebacks; undefined: `<user>`. */
  readonly filename: string | undefined;
  /** `sys.argv`; undefined: as it was. */
  readonly argv: readonly string[] | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Refuses what cannot be handed to Python. */
export function checkCode(code: unknown): asserts code is string {
  if (typeof code !== 'string') throw new TypeError(`expected code to be a string, found ${typeof code}`);
  if (code.includes('\0')) throw new ExecutionError('code contains NUL bytes, which cannot be executed');
}

export class Execution {
  readonly #thread: PythonThread;
  readonly #program: Program;
  readonly #output: Output;
  readonly #callbacks: CallbackRunner;
  readonly #started = performance.now();
  #run = 0;
  #cancelled = false;
  #timer: NodeJS.Timeout | undefined;
  #stopTimer: NodeJS.Timeout | undefined;

  constructor(thread: PythonThread, program: Program) {
    this.#thread = thread;
    this.#program = program;
    this.#output = new Output(program.handlers);
    this.#callbacks = new CallbackRunner(program.callbacks, program.limits, (answer) =>
      thread.answer(this.#run, [answer]),
    );
  }

  async complete(interpreter: InterpreterId, config?: InterpreterConfig): Promise<ExecuteResult> {
    const { signal } = this.#program;
    const cancel = () => this.#cancel();
    if (signal?.aborted) throw new CancelledError(signal.reason);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const { number, outcome } = this.#thread.run(interpreter, config, this.#request(), this.#listener());
      this.#run = number;
      this.#startTimer();
      return this.#conclude(await outcome);
    } catch (error) {
      throw error instanceof WorkerLostError ? this.#afterLoss(error) : error;
    } finally {
      clearTimeout(this.#timer);
      clearTimeout(this.#stopTimer);
      signal?.removeEventListener('abort', cancel);
      this.#callbacks.end();
    }
  }

  #request(): RunRequest {
    const { code, callbacks, limits, resultVariable, trace, mode, filename, argv } = this.#program;
    const { executionTimeoutMs: timeoutMs, maxMemoryBytes, maxFuel, maxOutputBytes } = limits;
    return {
      code,
      resultVariable,
      callbacks: [...callbacks.values()].map(infoOf),
      trace,
      mode,
      filename,
      argv,
      limits: { timeoutMs, maxMemoryBytes, maxFuel, maxOutputBytes },
    };
  }

  #listener() {
    return {
      output: (chunks: Parameters<Output['write']>[0]) => this.#output.write(chunks),
      trace: (events: Parameters<Output['traced']>[0]) => this.#output.traced(events),
      calls: (calls: readonly Parameters<CallbackRunner['start']>[0][]) => {
        for (const call of calls) this.#callbacks.start(call);
      },
      uncall: (id: number) => this.#callbacks.cancel(id),
    };
  }

  // ------------------------------------------------------------------ stopping

  /** The worker keeps the time itself; here is who looks whether it does. */
  #startTimer(): void {
    const { executionTimeoutMs: timeoutMs } = this.#program.limits;
    if (timeoutMs === null) return;
    const patience = timeoutMs + GRACE_MS + LAST_RESORT_MS;
    if (patience > LONGEST_TIMER_MS) return;
    this.#timer = setTimeout(() => {
      void this.#thread.terminate(
        new WorkerLostError('the worker did not keep the time', { cause: TIMEOUT }),
      );
    }, patience);
  }

  #cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#thread.stop(this.#run);
    this.#stopTimer = setTimeout(() => {
      this.#thread.stopHard(this.#run);
      this.#stopTimer = setTimeout(() => {
        void this.#thread.terminate(new WorkerLostError('the worker did not stop'));
      }, LAST_RESORT_MS);
    }, GRACE_MS);
  }

  // ------------------------------------------------------------------ ends

  #conclude(outcome: RunOutcome): ExecuteResult {
    this.#output.end();
    const partial = this.#partial(outcome);
    const options = { partial, recovery: outcome.recovery };
    // Whatever the program made of its KeyboardInterrupt.
    if (outcome.status === 'stopped' && this.#cancelled) throw this.#cancelledError(options);
    switch (outcome.status) {
      case 'ok':
        return new ExecuteResult({
          ...partial,
          resultJson: outcome.resultJson,
          resultError: outcome.resultError,
        });
      case 'raised':
        throw new ExecutionError(outcome.exception, options);
      case 'timeout':
        throw new TimeoutError(this.#program.limits.executionTimeoutMs ?? 0, options);
      case 'fuel':
        throw new ResourceLimitError('fuel', this.#program.limits.maxFuel ?? 0n, options);
      case 'stopped':
        throw new SandboxError('the interpreter was interrupted', options);
      case 'failed':
        throw new SandboxError(`the interpreter failed: ${outcome.message}`, options);
    }
  }

  #afterLoss(error: WorkerLostError): SandboxError {
    this.#output.end();
    const partial = this.#partial();
    if (this.#cancelled) return this.#cancelledError({ partial });
    if (error.cause === TIMEOUT)
      return new TimeoutError(this.#program.limits.executionTimeoutMs ?? 0, { partial });
    return new WorkerLostError(error.message, { partial, cause: error.cause });
  }

  #cancelledError(options: { partial: PartialResult; recovery?: Recovery | undefined }): CancelledError {
    return new CancelledError(this.#program.signal?.reason, options);
  }

  #partial(outcome?: RunOutcome): PartialResult {
    const { rawStdout, rawStderr, trace } = this.#output;
    return {
      rawStdout,
      rawStderr,
      stdout: withoutNewlines(rawStdout),
      stderr: withoutNewlines(rawStderr),
      truncated: outcome?.truncated ?? false,
      trace,
      stats: {
        durationMs: outcome?.durationMs ?? performance.now() - this.#started,
        callbackInvocations: this.#callbacks.invocations,
        peakMemoryBytes: outcome?.peakMemoryBytes,
        fuelConsumed: outcome?.fuelConsumed,
      },
    };
  }
}

const TIMEOUT = Symbol('the time was up');
/** What `setTimeout` can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
