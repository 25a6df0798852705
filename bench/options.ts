/**
 * The command line of `npm run bench`. What is wrong with it is said in one line, by commander; nothing is measured here.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { EngineName } from './engines/engine.ts';
import { ENGINE_NAMES, ENGINES } from './engines.ts';

export interface Options {
  readonly filter: RegExp | undefined;
  readonly engines: readonly EngineName[];
  readonly rounds: number;
  /** Milliseconds per peer and program; undefined: as long as it takes. */
  readonly budget: number | undefined;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly list: boolean;
  readonly convert: boolean;
}

interface Raw {
  readonly filter?: RegExp;
  readonly engines: readonly EngineName[];
  readonly rounds?: number;
  readonly quick?: true;
  readonly json?: string;
  readonly html?: string;
  readonly list?: true;
  readonly convert?: true;
}

const NORMAL = { rounds: 5, budget: undefined };
const QUICK = { rounds: 2, budget: 2000 };
const MOST_ROUNDS = 1000;

const ENGINES_OPTION = new Option(
  '--engines <names>',
  'separated by commas; native always runs, it is the reference',
)
  .default(ENGINE_NAMES, 'all')
  .argParser(parseEngines);

const NOTES = `
Engines:
${ENGINES.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

Every program is run once to warm up, then once a round under each engine in turn. The table shows medians, in
relation to native's; ±n% is half the distance between the quartiles.`;

export function parseOptions(args: readonly string[]): Options {
  const command = new Command('bench')
    .description(
      'Times programs under native WebAssembly, under Sandglass, and under other ways of running wasm.',
    )
    .option(
      '--filter <regex>',
      'only benchmarks whose name or tag matches, such as fib, ^fib$, cpython, kernel',
      parseFilter,
    )
    .addOption(ENGINES_OPTION)
    .option('--rounds <n>', `how often every engine is timed (default: ${NORMAL.rounds})`, parseRounds)
    .option('--quick', `${QUICK.rounds} rounds, and less patience with slow engines`)
    .option('--json <file>', 'write everything measured to a file', parseOutput)
    .option('--html <file>', 'write a report with charts, one self-contained page', parseOutput)
    .option('--list', 'print the names of the benchmarks, and stop')
    .option('--convert', 'let wasm2js translate CPython and Ruby, which takes minutes, once')
    .addHelpText('after', NOTES)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bench: ')) });
  const raw = command.parse(args, { from: 'user' }).opts<Raw>();
  const { rounds, budget } = raw.quick ? QUICK : NORMAL;
  return {
    filter: raw.filter,
    engines: raw.engines,
    rounds: raw.rounds ?? rounds,
    budget,
    json: raw.json,
    html: raw.html,
    list: raw.list === true,
    convert: raw.convert === true,
  };
}

function parseFilter(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** In the suite's own order, native among them. */
function parseEngines(text: string): EngineName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(ENGINE_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`no engine "${unknown}"; there are: ${ENGINE_NAMES.join(', ')}.`);
  return ENGINE_NAMES.filter((name) => name === 'native' || names.includes(name));
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!/^\d+$/.test(text) || rounds < 1 || rounds > MOST_ROUNDS)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_ROUNDS}.`);
  return rounds;
}

/** Said before the measuring, which takes minutes. */
function parseOutput(path: string): string {
  if (!existsSync(dirname(path))) throw new InvalidArgumentError(`There is no folder "${dirname(path)}".`);
  if (existsSync(path) && statSync(path).isDirectory()) throw new InvalidArgumentError('It is a folder.');
  return path;
}
