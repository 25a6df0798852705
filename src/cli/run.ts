/**
 * `sandglass run`: the options, and the main thread's half of a run. The program itself runs in a worker
 * (`run-worker.ts`) with a 64 MB stack, for language runtimes recurse deeper than a main thread's 984 KB allow. This
 * thread only waits: so signals work, and the time limit is kept from here.
 */
import { Worker } from 'node:worker_threads';
import { Command } from 'commander';
import { TimeoutError } from '../../runtime/errors.ts';
import { conclude, type Outcome, outcomeOf, STATUS, unexpected } from './exit-status.ts';
import { collectDir, collectEnv, parseFuel, parsePages, parseTimeout } from './options.ts';

/** Everything the worker has to know. */
export interface RunRequest {
  readonly file: string;
  readonly args: readonly string[];
  readonly invoke: string | undefined;
  readonly fuel: bigint | undefined;
  readonly timeout: number | undefined;
  readonly maxMemory: number | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly dirs: Readonly<Record<string, string>>;
  readonly stats: boolean;
  readonly trace: boolean;
}

interface RunOptions {
  readonly invoke?: string;
  readonly fuel?: bigint;
  readonly timeout?: number;
  readonly maxMemory?: number;
  readonly env?: Record<string, string>;
  readonly envInherit?: true;
  readonly dir?: Record<string, string>;
  readonly stats?: true;
  readonly trace?: true;
}

const STACK_MB = 64;
/** How long after the deadline the worker may take to stop by itself, before this thread ends the process. */
const GRACE_MS = 250;

const EXIT_STATUS = `
Exit status: that of the program; 134 after a trap, 124 when the time is up, 125 when the fuel is used up,
1 for any other error, 2 for wrong usage.`;

export function runCommand(): Command {
  return new Command('run')
    .description('run a WASI program, or one exported function of a module')
    .usage('[options] <file.wasm|file.wat> [args...]')
    .argument('<file>', 'the module; options end here')
    .argument('[args...]', "the program's arguments, or the function's with --invoke")
    .option('--invoke <name>', 'call this export instead of _start; print each result on its own line')
    .option('--fuel <n>', 'stop after n instructions', parseFuel)
    .option('--timeout <ms>', 'stop after so many milliseconds', parseTimeout)
    .option('--max-memory <pages>', 'refuse memories larger than so many pages of 64 KiB', parsePages)
    .option('--env <name=value>', 'set an environment variable of the program (repeatable)', collectEnv)
    .option('--env-inherit', "give the program all of this process's environment; --env overrides")
    .option(
      '--dir <host[::guest]>',
      'let the program use a directory, under its own name or guest (repeatable)',
      collectDir,
    )
    .option('--stats', 'tell on stderr what was compiled and consumed')
    .option('--trace', "after a trap, print the program's call stack")
    .passThroughOptions()
    .addHelpText('after', EXIT_STATUS)
    .action(run);
}

function request(file: string, args: readonly string[], options: RunOptions): RunRequest {
  const inherited = options.envInherit === true ? (process.env as Record<string, string>) : {};
  return {
    file,
    args,
    invoke: options.invoke,
    fuel: options.fuel,
    timeout: options.timeout,
    maxMemory: options.maxMemory,
    env: { ...inherited, ...options.env },
    dirs: options.dir ?? {},
    stats: options.stats === true,
    trace: options.trace === true,
  };
}

async function run(file: string, args: readonly string[], options: RunOptions): Promise<void> {
  process.exitCode = conclude(await runInWorker(request(file, args, options)));
}

/** What the worker posts: first the word that interrupts its runtime, in the end the outcome. */
export type WorkerMessage =
  | { readonly interruptWord: Int32Array<SharedArrayBuffer> }
  | { readonly outcome: Outcome };

function runInWorker(workerData: RunRequest): Promise<Outcome> {
  const worker = new Worker(new URL('./run-worker.js', import.meta.url), {
    workerData,
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  const timers: NodeJS.Timeout[] = [];
  return new Promise<Outcome>((resolve) => {
    worker.on('message', (message: WorkerMessage) => {
      if ('outcome' in message) resolve(message.outcome);
      else if (workerData.timeout !== undefined)
        timers.push(...arm(workerData.timeout, message.interruptWord));
    });
    worker.once('error', (error) => resolve(workerFailure(error)));
    worker.once('exit', () =>
      resolve({ status: STATUS.error, lines: ['sandglass: the run ended without a result'] }),
    );
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

function workerFailure(error: Error & { code?: string }): Outcome {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return {
      status: STATUS.error,
      lines: ["sandglass: out of memory: the JavaScript engine's heap is full"],
    };
  }
  return { status: unexpected(error), lines: [] };
}
