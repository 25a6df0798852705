/**
 * `sandglass python`: the options, and which program they ask for. The program runs in a sandbox (src/python.ts), which has its own
 * thread; without a program there is a prompt (python-prompt.ts). How it ends becomes an exit status in python-outcome.ts.
 */
import { readFileSync, writeSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ExecuteStats, SandboxOptions } from '../python.ts';
import { CliError, conclude, type Outcome } from './exit-status.ts';
import { collectEnv, parseBytes, parseFuel, parseTimeout } from './options.ts';
import { outcomeOfPython, statsLines } from './python-outcome.ts';

interface PythonOptions {
  readonly c?: string;
  readonly timeout?: number;
  readonly maxMemory?: number;
  readonly fuel?: bigint;
  readonly volume?: readonly Volume[];
  readonly package?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly seed?: string;
  /** False: `--no-cache`. */
  readonly cache: string | boolean;
  readonly history?: string;
  readonly stats?: true;
}

interface Volume {
  readonly hostPath: string;
  readonly guestPath: string;
  readonly readOnly: boolean;
}

/** What is to be run, and how it is called. */
interface Program {
  readonly code: string;
  /** In tracebacks. */
  readonly filename: string;
  readonly argv: readonly string[];
}

const NOTES = `
The program sees nothing of the host but what is given: no environment, no network, no files. "/data" is a directory in memory.
Options end at the program's first argument, or at "--".

Exit status: the program's (sys.exit); 1 after an uncaught exception, 124 when the time is up, 125 when the fuel is used up,
1 for any other error, 2 for wrong usage.`;

export function pythonCommand(): Command {
  return new Command('python')
    .description('run a Python program in a sandbox, or a prompt')
    .usage('[options] [-c <code> | <file.py> | -] [args...]')
    .argument('[file]', 'the program; "-" is standard input; none: a prompt')
    .argument('[args...]', "the program's arguments, in sys.argv")
    .option('-c <code>', 'run this code')
    .option('--timeout <ms>', 'stop after so many milliseconds', parseTimeout)
    .option('--max-memory <bytes>', "of the interpreter's memory (default: 128 MiB)", parseBytes)
    .option('--fuel <n>', 'stop after n instructions', parseFuel)
    .option(
      '-v, --volume <src:dst[:ro|rw]>',
      'let the program use a directory or file as dst (repeatable)',
      collectVolume,
    )
    .option('--package <path>', 'a wheel, .tar.gz or folder to import from (repeatable)', collect)
    .option('--env <name=value>', 'set an environment variable of the program (repeatable)', collectEnv)
    .option('--seed <text>', 'make random numbers, and so runs, repeatable')
    .addOption(
      new Option('--cache <dir>', 'keep the started interpreter here ($SANDGLASS_CACHE)').default(true, ''),
    )
    .option('--no-cache', 'start it anew')
    .option('--history <file>', "keep the prompt's history in this file")
    .option('--stats', 'tell on stderr what was consumed')
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', NOTES)
    .action(python);
}

/** `-v SRC:DST[:ro|rw]`, repeatable; DST is absolute, and so found even where SRC holds colons. */
function collectVolume(text: string, previous: readonly Volume[] = []): Volume[] {
  const { host, guest, mode } =
    /^(?<host>.+?):(?<guest>\/[^:]*)(?::(?<mode>ro|rw))?$/.exec(text)?.groups ?? {};
  if (host === undefined || guest === undefined)
    throw new InvalidArgumentError('It must be SRC:DST, SRC:DST:ro or SRC:DST:rw, with an absolute DST.');
  return [...previous, { hostPath: host, guestPath: guest, readOnly: mode === 'ro' }];
}

const collect = (text: string, previous: readonly string[] = []) => [...previous, text];

async function python(
  file: string | undefined,
  args: readonly string[],
  _options: PythonOptions,
  command: Command,
): Promise<void> {
  const program = programOf(file, args, command);
  const options = command.opts<PythonOptions>();
  const outcome = program === undefined ? promptFor(options) : run(program, options);
  process.exitCode = conclude(await outcome.catch(outcomeOfPython));
}

async function run({ code, filename, argv }: Program, options: PythonOptions): Promise<Outcome> {
  const { Sandbox } = await import('../python.ts');
  const sandbox = new Sandbox({ ...sandboxOptions(options), stdin: 'inherit' });
  let stats: ExecuteStats | undefined;
  try {
    ({ stats } = await sandbox.execute(code, { filename, argv }));
    return { status: 0, lines: [] };
  } catch (error) {
    ({ stats } = error as { readonly stats?: ExecuteStats });
    return outcomeOfPython(error);
  } finally {
    if (options.stats && stats !== undefined) conclude({ status: 0, lines: statsLines(stats) });
    await sandbox.close();
  }
}

async function promptFor(options: PythonOptions): Promise<Outcome> {
  const [{ Session }, { prompt }] = await Promise.all([import('../python.ts'), import('./python-prompt.ts')]);
  const session = new Session(sandboxOptions(options));
  try {
    const { result } = await session.execute('result = __import__("sys").version.split()[0]');
    const banner = `Python ${result} in a sandbox. Ctrl-D or exit() leaves it.`;
    return await prompt(session, { banner, history: options.history });
  } finally {
    await session.close();
  }
}

/** A program may take its time here, and write as much as it likes: what it writes is passed on, and not kept. */
function sandboxOptions(options: PythonOptions): SandboxOptions {
  const { timeout, maxMemory, fuel, volume, package: packages, env, seed, cache } = options;
  return {
    resourceLimits: {
      executionTimeoutMs: timeout ?? null,
      maxFuel: fuel ?? null,
      maxOutputBytes: null,
      ...(maxMemory !== undefined && { maxMemoryBytes: maxMemory }),
    },
    volumes: volume ?? [],
    packages: packages ?? [],
    env: env ?? {},
    ...(seed !== undefined && { seed }),
    ...(cache !== true && { cache }),
    keepOutput: false,
    onStdout: (_, bytes) => writeTo(1, bytes),
    onStderr: (_, bytes) => writeTo(2, bytes),
  };
}

const RETRY_MS = 5;
const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** At once and completely: a program that is faster than who reads its output waits. */
function writeTo(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, RETRY_MS);
    }
  }
}

/**
 * Undefined: the prompt. Options may follow the program, until its arguments begin; Commander left those behind a file name, and
 * those that it does not know, in `args`.
 */
function programOf(file: string | undefined, args: readonly string[], command: Command): Program | undefined {
  const { c } = command.opts<PythonOptions>();
  if (c !== undefined) {
    const argv = ['-c', ...(file === undefined ? [] : [file, ...args])];
    return { code: c, filename: '<string>', argv };
  }
  if (file?.startsWith('-') && file !== '-') command.error(`error: unknown option '${file}'`);
  const { operands, unknown } = command.parseOptions([...args]);
  if (command.opts<PythonOptions>().c !== undefined)
    command.error('error: a program may be given as code or as a file, not both');
  if (file === undefined && process.stdin.isTTY) return undefined;
  const argv = [file ?? '-', ...operands, ...unknown];
  if (file === undefined || file === '-') return { code: readInput(), filename: '<stdin>', argv };
  return { code: readProgram(file), filename: file, argv };
}

function readInput(): string {
  return readFileSync(0, 'utf8');
}

function readProgram(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'No such file or directory' : message;
    throw new CliError(`can't open file ${JSON.stringify(file)}: ${why}`);
  }
}
