/**
 * What programs are run with: the options that sandboxes and sessions have in common, checked and made ready for a run.
 */
import { wrongType } from '../runtime/errors.ts';
import { type Callbacks, callbacksOf } from './callbacks.ts';
import type { Program } from './execution.ts';
import type { FactoryCore, FactoryOptions } from './factory-core.ts';
import { FILE_OPTIONS, type FileOptions, SandboxFiles } from './files/sandbox-files.ts';
import { limitsOf, type ResourceLimits, type ResourceLimitsOptions } from './limits.ts';
import type { InterpreterConfig } from './messages.ts';
import { optional } from './options.ts';
import type { OutputHandler, TraceHandler } from './output.ts';

export interface ProgramOptions extends FileOptions {
  readonly resourceLimits?: ResourceLimits | ResourceLimitsOptions | undefined;
  /** Host functions that programs may call. */
  readonly callbacks?: Callbacks | undefined;
  /** Called with each piece of output as it is written, as text and as bytes. What it throws is reported and ignored. */
  readonly onStdout?: OutputHandler | undefined;
  readonly onStderr?: OutputHandler | undefined;
  /** False: handlers see all output, and the result has none of it. Default true. */
  readonly keepOutput?: boolean | undefined;
  /** What the program reads: text or bytes; `inherit`: the process's own input. Default nothing. */
  readonly stdin?: 'inherit' | string | Uint8Array | undefined;
  /** Called for lines, calls, returns, exceptions and callbacks of the program. */
  readonly onTrace?: TraceHandler | undefined;
  /** Trace without a handler, for `result.trace`. Default: whether there is `onTrace`. */
  readonly trace?: boolean | undefined;
  /** The variable whose value is the result. Default `result`. */
  readonly resultVariable?: string | undefined;
  /** What `random`, `os.urandom` and their like begin with; by default each interpreter is different. */
  readonly seed?: string | undefined;
  /** Environment variables, besides Python's own. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly factory?: FactoryCore | undefined;
  /** Of the shared factory; see `SandboxFactory`. */
  readonly cache?: FactoryOptions['cache'];
}

export const PROGRAM_OPTIONS: readonly (keyof ProgramOptions)[] = [
  ...FILE_OPTIONS,
  'resourceLimits',
  'callbacks',
  'onStdout',
  'onStderr',
  'keepOutput',
  'stdin',
  'onTrace',
  'trace',
  'resultVariable',
  'seed',
  'env',
  'factory',
  'cache',
];

/** All of a program but its code. */
export type Settings = Omit<Program, 'code' | 'signal' | 'mode' | 'filename' | 'argv'>;

export function settingsOf(options: ProgramOptions): Settings {
  const { resultVariable = 'result' } = options;
  if (typeof resultVariable !== 'string') throw wrongType('resultVariable to be a string', resultVariable);
  const onTrace = optional('function', 'onTrace', options.onTrace);
  return {
    callbacks: callbacksOf(options.callbacks),
    handlers: {
      onStdout: optional('function', 'onStdout', options.onStdout),
      onStderr: optional('function', 'onStderr', options.onStderr),
      onTrace,
      keepOutput: optional('boolean', 'keepOutput', options.keepOutput),
    },
    limits: limitsOf(options.resourceLimits),
    resultVariable,
    trace: optional('boolean', 'trace', options.trace) ?? onTrace !== undefined,
  };
}

export function configOf({ env = {}, seed, stdin }: ProgramOptions): InterpreterConfig {
  if (typeof env !== 'object' || env === null) throw wrongType('env to be an object', env);
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== 'string') throw wrongType(`env.${name} to be a string`, value);
    if (name === '' || /[=\0]/.test(name) || value.includes('\0'))
      throw new TypeError(`env: ${JSON.stringify(name)} cannot be an environment variable`);
  }
  return {
    env: { ...env },
    files: undefined,
    seed: optional('string', 'seed', seed) ?? null,
    stdin: inputOf(stdin),
  };
}

function inputOf(stdin: unknown): InterpreterConfig['stdin'] {
  if (stdin === undefined || stdin === 'inherit') return stdin;
  if (typeof stdin === 'string') return new TextEncoder().encode(stdin);
  if (stdin instanceof Uint8Array) return stdin;
  throw wrongType('stdin to be "inherit", a text or a Uint8Array', stdin);
}

/** Its files, checked. `ownStorage`: see `FilesSettings`. */
export function filesOf(
  options: ProgramOptions,
  { packages }: FactoryCore,
  ownStorage = false,
): SandboxFiles {
  const { maxVfsBytes } = limitsOf(options.resourceLimits);
  return new SandboxFiles(options, { maxBytes: maxVfsBytes, packages, ownStorage });
}
