/**
 * A session: programs that run one after another in one interpreter, and find there what those before left. It stays in one
 * worker thread; programs given while one is running wait for it.
 *
 * Not here: the interpreter's life in its thread, and after it (session-core.ts).
 */
import { wrongType } from '../runtime/errors.ts';
import { type Callbacks, callbacksOf } from './callbacks.ts';
import { checkCode } from './execution.ts';
import { factoryOf } from './factory-core.ts';
import type { SandboxFiles } from './files/sandbox-files.ts';
import type { VfsStorage } from './files/vfs-storage.ts';
import type { ResourceLimits, ResourceLimitsOptions } from './limits.ts';
import { bigCount, checkKeys, count, namingOf, signalOf } from './options.ts';
import {
  configOf,
  filesOf,
  PROGRAM_OPTIONS,
  type ProgramOptions,
  type Settings,
  settingsOf,
} from './program.ts';
import type { ExecuteResult } from './result.ts';
import { type ExecuteOptions, ExecutionHandle } from './sandbox.ts';
import { SessionCore } from './session-core.ts';

export interface SessionOptions extends ProgramOptions {
  /** As `resourceLimits.executionTimeoutMs`. */
  readonly executionTimeoutMs?: number | null | undefined;
  /** As `resourceLimits.maxFuel`. */
  readonly maxFuel?: bigint | number | null | undefined;
}

const OPTIONS: readonly (keyof SessionOptions)[] = [...PROGRAM_OPTIONS, 'executionTimeoutMs', 'maxFuel'];

export interface SessionExecuteOptions extends ExecuteOptions {
  /** Instead of the session's. */
  readonly callbacks?: Callbacks | undefined;
  /** Changes to the session's limits, for this run. */
  readonly resourceLimits?: ResourceLimitsOptions | undefined;
  /** `single`: as at Python's prompt, the values of expressions are printed. Default `exec`. */
  readonly mode?: 'exec' | 'single' | undefined;
}

const EXECUTE_OPTIONS: readonly (keyof SessionExecuteOptions)[] = [
  'signal',
  'filename',
  'argv',
  'callbacks',
  'resourceLimits',
  'mode',
];

/** Interpreters of sessions that nobody has any more. */
const dropped = new FinalizationRegistry<SessionCore>((core) => void core.close());

export class Session {
  readonly #core: SessionCore;
  readonly #files: SandboxFiles;
  #settings: Settings;
  #executionCount = 0;

  constructor(options: SessionOptions = {}) {
    checkKeys('option of Session', options, OPTIONS);
    const { executionTimeoutMs, maxFuel } = options;
    const settings = settingsOf(options);
    this.#settings = { ...settings, limits: settings.limits.with({ executionTimeoutMs, maxFuel }) };
    const factory = factoryOf(options.factory, options.cache);
    this.#files = filesOf(options, factory, true);
    this.#core = new SessionCore(factory, configOf(options), this.#files);
    dropped.register(this, this.#core, this);
  }

  async execute(code: string, options: SessionExecuteOptions = {}): Promise<ExecuteResult> {
    checkKeys('option of execute', options, EXECUTE_OPTIONS);
    const { mode = 'exec', callbacks, resourceLimits = {} } = options;
    const signal = signalOf(options.signal);
    const naming = namingOf(options);
    checkCode(code);
    if (mode !== 'exec' && mode !== 'single') throw new TypeError('mode is "exec" or "single"');
    const program = {
      ...this.#settings,
      ...naming,
      ...(callbacks !== undefined && { callbacks: callbacksOf(callbacks) }),
      limits: this.#settings.limits.with(resourceLimits),
      code,
      signal,
      mode,
    };
    return this.#core.run(program, () => {
      this.#executionCount++;
    });
  }

  executeCancellable(code: string): ExecutionHandle {
    return new ExecutionHandle((signal) => this.execute(code, { signal }));
  }

  /** Programs that were begun since the session was, or was reset. */
  get executionCount(): number {
    return this.#executionCount;
  }

  /** Its files: those of the option `vfs`, or its own. */
  get vfs(): VfsStorage {
    return this.#files.storage!;
  }

  /** Where programs see them. */
  get vfsMountPath(): string {
    return this.#files.dataPath;
  }

  get resourceLimits(): ResourceLimits {
    return this.#settings.limits;
  }

  get executionTimeoutMs(): number | null {
    return this.#settings.limits.executionTimeoutMs;
  }

  set executionTimeoutMs(value: number | null) {
    this.#limit({ executionTimeoutMs: count('executionTimeoutMs', value) });
  }

  get fuelLimit(): bigint | null {
    return this.#settings.limits.maxFuel;
  }

  set fuelLimit(value: bigint | number | null) {
    this.#limit({ maxFuel: bigCount('fuelLimit', value) });
  }

  #limit(changes: ResourceLimitsOptions): void {
    this.#settings = { ...this.#settings, limits: this.#settings.limits.with(changes) };
  }

  /** A new interpreter; files, limits and callbacks stay. */
  async reset(): Promise<void> {
    await this.#core.reset();
    this.#executionCount = 0;
  }

  /** Forgets all variables; modules stay imported. */
  async clearState(): Promise<void> {
    await this.#core.ask((interpreter) => ({ op: 'clear', interpreter }), this.executionTimeoutMs);
  }

  /** All of the interpreter's memory, exactly; files are not in it. It is what the session goes back to if it must. */
  snapshotState(): Promise<Uint8Array> {
    return this.#core.snapshot();
  }

  /** What `snapshotState` answered, of this or another session with the same Python and imports. */
  restoreState(state: Uint8Array): Promise<void> {
    return this.#core.restore(state);
  }

  /** The variables that can be pickled, for other sessions, processes and versions; and which could not. */
  async exportState(): Promise<ExportedState> {
    return (await this.#core.ask(
      (interpreter) => ({ op: 'export', interpreter }),
      this.executionTimeoutMs,
    )) as ExportedState;
  }

  /** Adds the variables of `exportState`. They are pickles: Python may do anything there that a program may. */
  async importState(state: Uint8Array | ExportedState): Promise<void> {
    const bytes = state instanceof Uint8Array ? state : state?.bytes;
    if (!(bytes instanceof Uint8Array)) throw wrongType('what exportState answered, or its bytes', state);
    await this.#core.ask((interpreter) => ({ op: 'import', interpreter, bytes }), this.executionTimeoutMs);
  }

  /** For a prompt: whether these lines can be run (`invalid`: running them will say why). */
  async isComplete(source: string): Promise<'complete' | 'incomplete' | 'invalid'> {
    if (typeof source !== 'string') throw wrongType('source to be a string', source);
    const answer = await this.#core.ask(
      (interpreter) => ({ op: 'complete', interpreter, source }),
      this.executionTimeoutMs,
    );
    return answer as 'complete' | 'incomplete' | 'invalid';
  }

  async close(): Promise<void> {
    dropped.unregister(this);
    await this.#core.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export interface ExportedState {
  readonly bytes: Uint8Array;
  readonly names: readonly string[];
  /** Variables that are not in it, and why. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}
