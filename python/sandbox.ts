/**
 * A sandbox: runs programs, each in a fresh interpreter, so that no program finds anything of another.
 *
 *   const { stdout, result } = await new Sandbox().execute('print("hi")\nresult = 1 + 1');
 */
import { checkCode, Execution } from './execution.ts';
import { type FactoryCore, factoryOf } from './factory-core.ts';
import type { SandboxFiles } from './files/sandbox-files.ts';
import type { ResourceLimits } from './limits.ts';
import { type InterpreterConfig, TRANSIENT } from './messages.ts';
import { checkKeys, namingOf, signalOf } from './options.ts';
import {
  configOf,
  filesOf,
  PROGRAM_OPTIONS,
  type ProgramOptions,
  type Settings,
  settingsOf,
} from './program.ts';
import type { ExecuteResult } from './result.ts';

export interface SandboxOptions extends ProgramOptions {}

export interface ExecuteOptions {
  /** Stops the program; the promise is rejected with a `CancelledError`. */
  readonly signal?: AbortSignal | undefined;
  /** How tracebacks call the code. Default `<user>`. */
  readonly filename?: string | undefined;
  /** `sys.argv`. Default `['']`. */
  readonly argv?: readonly string[] | undefined;
}

const EXECUTE_OPTIONS: readonly (keyof ExecuteOptions)[] = ['signal', 'filename', 'argv'];

/** A run that can be stopped. */
export class ExecutionHandle {
  readonly #controller = new AbortController();
  readonly #result: Promise<ExecuteResult>;
  #running = true;

  constructor(start: (signal: AbortSignal) => Promise<ExecuteResult>) {
    this.#result = start(this.#controller.signal).finally(() => {
      this.#running = false;
    });
    // Whoever does not wait, does not want to know.
    this.#result.catch(() => {});
  }

  /** Stops it. A second time, or after its end, nothing happens. */
  cancel(): void {
    this.#controller.abort();
  }

  get isRunning(): boolean {
    return this.#running;
  }

  wait(): Promise<ExecuteResult> {
    return this.#result;
  }
}

export class Sandbox {
  readonly #factory: FactoryCore;
  readonly #settings: Settings;
  readonly #config: InterpreterConfig;
  readonly #files: SandboxFiles;
  #closed = false;

  constructor(options: SandboxOptions = {}) {
    checkKeys('option of Sandbox', options, PROGRAM_OPTIONS);
    this.#settings = settingsOf(options);
    this.#config = configOf(options);
    this.#factory = factoryOf(options.factory, options.cache);
    this.#files = filesOf(options, this.#factory);
  }

  get resourceLimits(): ResourceLimits {
    return this.#settings.limits;
  }

  /** Runs a program in a fresh interpreter. Several at once run in several threads, or wait for one. */
  async execute(code: string, options: ExecuteOptions = {}): Promise<ExecuteResult> {
    checkKeys('option of execute', options, EXECUTE_OPTIONS);
    const signal = signalOf(options.signal);
    const naming = namingOf(options);
    checkCode(code);
    if (this.#closed) throw new TypeError('the sandbox is closed');
    const lease = await this.#factory.group.lease(undefined, signal);
    const files = this.#files.lease();
    try {
      const program = { ...this.#settings, ...naming, code, signal, mode: 'exec' } as const;
      const config = { ...this.#config, files: files.spec };
      return await new Execution(lease.thread, program).complete(TRANSIENT, config);
    } finally {
      files.close();
      lease.release();
    }
  }

  /** The same, with a handle. */
  executeCancellable(code: string): ExecutionHandle {
    return new ExecutionHandle((signal) => this.execute(code, { signal }));
  }

  /** It executes nothing more; what runs, runs on. Its factory stays. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
