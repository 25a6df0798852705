/**
 * `sandglass run`: the options, and the main thread's half of a run. The program itself runs in a worker
 * (`run-worker.ts`). This thread only waits: so signals work, and the time limit is kept from here.
 */
import { Command, Option } from 'commander';
import type { FeatureOptions } from '../../compiler/features.ts';
import { TimeoutError } from '../../runtime/errors.ts';
import type { CacheMode } from '../index.ts';
import { CliError, conclude, type Outcome, outcomeOf } from './exit-status.ts';
import {
  addFeatureOption,
  addGuestOptions,
  cacheFrom,
  type Guest,
  type GuestOptions,
  guestOf,
  parseFuel,
  parsePages,
  parseTimeout,
} from './options.ts';
import { inWorker } from './worker.ts';

/** Everything the worker has to know. */
export interface RunRequest extends Guest {
  readonly file: string;
  readonly args: readonly string[];
  readonly invoke: string | undefined;
  readonly fuel: bigint | undefined;
  readonly timeout: number | undefined;
  readonly maxMemory: number | undefined;
  readonly features: FeatureOptions;
  /** The directory of the cache. */
  readonly cache: string | undefined;
  readonly cacheMode: CacheMode | undefined;
  readonly stats: boolean;
  readonly trace: boolean;
  readonly sourceMaps: boolean;
  readonly profileFuel: string | undefined;
}

interface RunOptions extends GuestOptions {
  readonly invoke?: string;
  readonly fuel?: bigint;
  readonly timeout?: number;
  readonly maxMemory?: number;
  readonly features?: FeatureOptions;
  readonly cache?: string;
  readonly cacheMode?: CacheMode;
  readonly stats?: true;
  readonly trace?: true;
  readonly sourceMaps?: true;
  readonly profileFuel?: string;
}

/** How long after the deadline the worker may take to stop by itself, before this thread ends the process. */
const GRACE_MS = 250;

const EXIT_STATUS = `
Exit status: that of the program; 134 after a trap, 124 when the time is up, 125 when the fuel is used up,
1 for any other error, 2 for wrong usage.`;

export function runCommand(): Command {
  const command = new Command('run')
    .description('run a WASI program, or one exported function of a module')
    .usage('[options] <file.wasm|file.wat> [args...]')
    .argument('<file>', 'the module; options end here')
    .argument('[args...]', "the program's arguments, or the function's with --invoke")
    .option('--invoke <name>', 'call this export instead of _start; print each result on its own line')
    .option('--fuel <n>', 'stop after n instructions', parseFuel)
    .option('--timeout <ms>', 'stop after so many milliseconds', parseTimeout)
    .option('--max-memory <pages>', 'refuse memories larger than so many pages of 64 KiB', parsePages);
  return addFeatureOption(addGuestOptions(command))
    .option('--cache <dir>', 'keep compiled code in this directory (default: $SANDGLASS_CACHE, or no cache)')
    .addOption(
      new Option('--cache-mode <mode>', 'read-only: write nothing, fail if the module is not there').choices([
        'read-write',
        'read-only',
      ]),
    )
    .option('--stats', 'tell on stderr what was compiled and consumed')
    .option('--trace', "after a trap, print the program's call stack")
    .option(
      '--source-maps',
      'debuggers and profilers of JavaScript see the source, or the text, of the program',
    )
    .option('--profile-fuel <file>', 'write where the fuel went, by function and line (.cpuprofile)')
    .passThroughOptions()
    .addHelpText('after', EXIT_STATUS)
    .action(run);
}

function request(file: string, args: readonly string[], options: RunOptions): RunRequest {
  const cache = cacheFrom(options);
  if (cache === undefined && options.cacheMode !== undefined)
    throw new CliError('--cache-mode needs a cache');
  return {
    cache,
    cacheMode: options.cacheMode,
    file,
    args,
    invoke: options.invoke,
    fuel: options.fuel,
    timeout: options.timeout,
    maxMemory: options.maxMemory,
    features: options.features ?? {},
    ...guestOf(options),
    stats: options.stats === true,
    trace: options.trace === true,
    sourceMaps: options.sourceMaps === true,
    profileFuel: options.profileFuel,
  };
}

async function run(file: string, args: readonly string[], options: RunOptions): Promise<void> {
  process.exitCode = conclude(await runInWorker(request(file, args, options)));
}

/** What the worker posts: first the word that interrupts its runtime, in the end the outcome. */
export type WorkerMessage =
  | { readonly interruptWord: Int32Array<SharedArrayBuffer> }
  | { readonly outcome: Outcome };

function runInWorker(request: RunRequest): Promise<Outcome> {
  const timers: NodeJS.Timeout[] = [];
  return inWorker('./run-worker.js', request, (message: WorkerMessage) => {
    if ('outcome' in message) return message.outcome;
    if (request.timeout !== undefined) timers.push(...arm(request.timeout, message.interruptWord));
    return undefined;
  }).finally(() => timers.forEach(clearTimeout));
}

/**
 * At the deadline the runtime is interrupted, wherever it is: running, waiting, in a start function. What is stuck
 * where no check runs (compiling, say) ends with the process, a little later.
 */
function arm(timeout: number, interruptWord: Int32Array<SharedArrayBuffer>): NodeJS.Timeout[] {
  const interrupt = () => {
    Atomics.store(interruptWord, 0, 1);
    Atomics.notify(interruptWord, 0);
  };
  const end = () => process.exit(conclude(outcomeOf(new TimeoutError(timeout))));
  return [setTimeout(interrupt, timeout), setTimeout(end, timeout + GRACE_MS)];
}
