/**
 * What programs are run with: the options that sandboxes and sessions have in common, checked and made ready for a run.
 */
import { wrongType } from '../runtime/errors.ts';
import { type Callbacks, callbacksOf } from './callbacks.ts';
import type { Program } from './execution.ts';
import type { FactoryCore, FactoryOptions } from './factory-core.ts';
import { limitsOf, type ResourceLimits, type ResourceLimitsOptions } from './limits.ts';
import type { InterpreterConfig } from './messages.ts';
import { optional } from './options.ts';
import type { OutputHandler, TraceHandler } from './output.ts';

export interface ProgramOptions {
  readonly resourceLimits?: ResourceLimits | ResourceLimitsOptions | undefined;
  /** Host functions that programs may call. */
  readonly callbacks?: Callbacks | undefined;
  /** Called with each piece of output as it is written. What it throws is reported and ignored. */
  readonly onStdout?: OutputHandler | undefined;
  readonly onStderr?: OutputHandler | undefined;
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
  'resourceLimits',
  'callbacks',
  'onStdout',
  'onStderr',
  'onTrace',
  'trace',
  'resultVariable',
  'seed',
  'env',
  'factory',
  'cache',
];

/** All of a program but its code. */
export type Settings = Omit<Program, 'code' | 'signal' | 'mode'>;

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
    },
    limits: limitsOf(options.resourceLimits),
    resultVariable,
    trace: optional('boolean', 'trace', options.trace) ?? onTrace !== undefined,
  };
}

export function configOf({ env = {}, seed }: ProgramOptions): InterpreterConfig {
  if (typeof env !== 'object' || env === null) throw wrongType('env to be an object', env);
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== 'string') throw wrongType(`env.${name} to be a string`, value);
    if (name === '' || /[=\0]/.test(name) || value.includes('\0'))
      throw new TypeError(`env: ${JSON.stringify(name)} cannot be an environment variable`);
  }
  return { env: { ...env }, files: undefined, seed: optional('string', 'seed', seed) ?? null };
}
