/**
 * What a sandbox's promises are rejected with. Every error carries what the program had written and used up by then, so
 * that nothing is lost by failing. The only file that words them.
 *
 * Not here: errors of usage (`TypeError`, `RangeError`), which the classes that check their options throw.
 */
import type { ExecuteStats, TraceEvent } from './result.ts';

/** What is known of a run that did not complete. */
export interface PartialResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly rawStdout: string;
  readonly rawStderr: string;
  readonly truncated: boolean;
  readonly stats: ExecuteStats;
  readonly trace: readonly TraceEvent[];
}

/**
 * What became of a session's interpreter: `kept`: it goes on with all variables; `snapshot`, `image`: it was stopped in the
 * middle and restored from the session's last snapshot, or as it was at first; its files are kept in any case.
 */
export type Recovery = 'kept' | 'snapshot' | 'image';

const NOTHING: PartialResult = Object.freeze({
  stdout: '',
  stderr: '',
  rawStdout: '',
  rawStderr: '',
  truncated: false,
  stats: Object.freeze({
    durationMs: 0,
    callbackInvocations: 0,
    peakMemoryBytes: undefined,
    fuelConsumed: undefined,
  }),
  trace: Object.freeze([]),
});

export interface SandboxErrorOptions extends ErrorOptions {
  readonly partial?: PartialResult | undefined;
  readonly recovery?: Recovery | undefined;
}

/** The class of all of them. */
export class SandboxError extends Error {
  readonly stdout: string;
  readonly stderr: string;
  readonly rawStdout: string;
  readonly rawStderr: string;
  readonly truncated: boolean;
  readonly stats: ExecuteStats;
  readonly trace: readonly TraceEvent[];
  /** Of a session: what became of its interpreter. */
  readonly recovery: Recovery | undefined;

  constructor(message: string, { partial = NOTHING, recovery, ...options }: SandboxErrorOptions = {}) {
    super(message, options);
    this.stdout = partial.stdout;
    this.stderr = partial.stderr;
    this.rawStdout = partial.rawStdout;
    this.rawStderr = partial.rawStderr;
    this.truncated = partial.truncated;
    this.stats = partial.stats;
    this.trace = partial.trace;
    this.recovery = recovery;
  }
}

/** As Python tells of it. */
export interface PythonException {
  /** `ValueError`. */
  readonly type: string;
  readonly message: string;
  /** As Python itself prints it. */
  readonly traceback: string;
  /** Of a `SystemExit`. */
  readonly exitCode?: number | undefined;
}

/** The Python code raised an exception, or could not be run at all. */
export class ExecutionError extends SandboxError {
  /** The exception's class; undefined where the code never reached Python. */
  readonly type: string | undefined;
  /** As Python prints it; of code that never reached Python, the message. */
  readonly traceback: string;
  /** Of a `SystemExit`: what a process would end with. */
  readonly exitCode: number | undefined;

  constructor(exception: PythonException | string, options: SandboxErrorOptions = {}) {
    super(typeof exception === 'string' ? exception : exceptionText(exception), options);
    this.type = typeof exception === 'string' ? undefined : exception.type;
    this.traceback = typeof exception === 'string' ? exception : exception.traceback;
    this.exitCode = typeof exception === 'string' ? undefined : exception.exitCode;
  }
}

/** `ValueError: boom`, and `KeyError` alone where nothing more is said. */
function exceptionText({ type, message }: PythonException): string {
  return message === '' ? type : `${type}: ${message}`;
}

/** The interpreter did not start: no package, a damaged image, a module to import that there is not. */
export class InitializationError extends SandboxError {}

export type LimitedResource = 'fuel' | 'memory';

/** A limit ended the run. (Where Python can be told of it, as of most memory, it is told by a `MemoryError` instead.) */
export class ResourceLimitError extends SandboxError {
  readonly resource: LimitedResource;
  readonly limit: bigint;

  constructor(resource: LimitedResource, limit: bigint, options: SandboxErrorOptions = {}) {
    const used = resource === 'fuel' ? options.partial?.stats.fuelConsumed : undefined;
    const consumed = used === undefined ? '' : `: consumed ${used} of ${limit}`;
    super(
      resource === 'fuel'
        ? `fuel exhausted${consumed}`
        : `the worker ran out of memory; the limit is ${limit} bytes`,
      options,
    );
    this.resource = resource;
    this.limit = limit;
  }
}

export class TimeoutError extends SandboxError {
  readonly timeoutMs: number;

  constructor(timeoutMs: number, options: SandboxErrorOptions = {}, what = 'execution') {
    super(`${what} timed out after ${timeoutMs} ms`, options);
    this.timeoutMs = timeoutMs;
  }
}

export class CancelledError extends SandboxError {
  /** What the signal was aborted with. */
  readonly reason: unknown;

  constructor(reason?: unknown, options: SandboxErrorOptions = {}) {
    super('execution was cancelled', options);
    this.reason = reason;
  }
}

/** The thread that ran the program has gone: killed from outside, or out of memory of the JavaScript engine. */
export class WorkerLostError extends SandboxError {}

/** A pool that gave nothing: `exhausted` and `timeout` while others hold everything, `closed` after `close()`. */
export class PoolError extends SandboxError {
  readonly reason: 'exhausted' | 'closed' | 'creation';

  constructor(reason: PoolError['reason'], message: string, options: SandboxErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
  }
}

/** The name of each class, also where it was minified. */
for (const [name, type] of Object.entries({
  SandboxError,
  ExecutionError,
  InitializationError,
  ResourceLimitError,
  TimeoutError,
  CancelledError,
  WorkerLostError,
  PoolError,
})) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
