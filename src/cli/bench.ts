/**
 * `sandglass bench`: the options, and the report of a measurement: one exported function under native WebAssembly and
 * under Sandglass, metered and not. What is measured, and how, stands in `bench-worker.ts`.
 *
 * Not the benchmark suite: that is `bench/`, with programs of its own and other engines.
 */
import { Command } from 'commander';
import type { FeatureOptions } from '../../compiler/features.ts';
import { conclude, type Outcome, oneLine } from './exit-status.ts';
import {
  addFeatureOption,
  addGuestOptions,
  type Guest,
  type GuestOptions,
  guestOf,
  parseRounds,
} from './options.ts';
import { columns } from './table.ts';
import { inWorker } from './worker.ts';

/** Everything the worker has to know. */
export interface BenchRequest extends Guest {
  readonly file: string;
  readonly invoke: string;
  readonly args: readonly string[];
  readonly rounds: number;
  readonly features: FeatureOptions;
}

interface BenchOptions extends GuestOptions {
  readonly invoke: string;
  readonly rounds: number;
  readonly features?: FeatureOptions;
  readonly json?: true;
}

/** What was measured. Times are those of one call, in milliseconds. */
export interface BenchReport {
  /** In every round, of each engine. */
  readonly calls: number;
  /** Of the first call, as text. */
  readonly results: readonly string[];
  /** Consumed by the first call. */
  readonly fuel: number;
  readonly engines: readonly EngineReport[];
  /** Why there is no native WebAssembly to compare with. */
  readonly note: string | undefined;
}

export interface EngineReport {
  readonly engine: EngineName;
  readonly times: readonly number[];
}

export type EngineName = 'native' | 'metered' | 'unmetered';

export type BenchMessage = { readonly report: BenchReport } | { readonly outcome: Outcome };

const DETAILS = `
Each engine has an instance of its own. After one warm-up call each, every round visits all engines in turn; short
functions are called as often as makes 10 ms. What the program writes is discarded, its stdin is empty. Results are
compared; should they differ, the exit status is 1. Put -- before arguments such as -inf or -0x1.`;

export function benchCommand(): Command {
  const command = new Command('bench')
    .description('time an exported function: native WebAssembly, Sandglass metered, Sandglass unmetered')
    .usage('<file.wasm|file.wat> --invoke <name> [options] [args...]')
    .argument('<file>', 'the module')
    .argument('[args...]', "the function's arguments")
    .requiredOption('--invoke <name>', 'the exported function')
    .option('--rounds <n>', 'how often every engine is measured', parseRounds, 5)
    .option('--json', 'print the measurements as JSON');
  return addFeatureOption(addGuestOptions(command)).addHelpText('after', DETAILS).action(bench);
}

async function bench(file: string, args: readonly string[], options: BenchOptions): Promise<void> {
  const { invoke, rounds, json, features = {} } = options;
  const request: BenchRequest = { file, args, invoke, rounds, features, ...guestOf(options) };
  const outcome = await inWorker('./bench-worker.js', request, (message: BenchMessage) => {
    if ('outcome' in message) return message.outcome;
    const text = json
      ? JSON.stringify(asJson(request, message.report), null, 2)
      : asText(request, message.report);
    process.stdout.write(`${text}\n`);
    return undefined;
  });
  process.exitCode = conclude(outcome);
}

// -------------------------------------------------------------------- the report

/** Of one engine: times, and the ratio of its median to native's. */
interface Row {
  readonly engine: EngineName;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly ratio: number | undefined;
}

function rowsOf({ engines }: BenchReport): Row[] {
  const native = engines.find(({ engine }) => engine === 'native');
  return engines.map(({ engine, times }) => ({
    engine,
    median: median(times),
    min: Math.min(...times),
    max: Math.max(...times),
    ratio: native && median(times) / median(native.times),
  }));
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function asText({ file, invoke, args, rounds }: BenchRequest, report: BenchReport): string {
  const call = oneLine(`${file}: ${invoke}(${args.join(', ')})`);
  const results = report.results.length === 0 ? '' : ` = ${report.results.join(' ')}`;
  const rows = rowsOf(report).map(({ engine, median, min, max, ratio }) => [
    engine,
    ...[median, min, max].map(duration),
    ratio?.toFixed(2) ?? '',
    engine === 'metered' ? `${report.fuel}` : '',
  ]);
  const how = `${plural(rounds, 'round')} of ${plural(report.calls, 'call')}; ${engineText()}`;
  const table = columns([['engine', 'median', 'min', 'max', 'ratio to native', 'fuel per call'], ...rows], 1);
  const note = report.note === undefined ? [] : [`native: left out: ${report.note}`];
  return [`${call}${results}`, how, '', ...table, ...note].join('\n');
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const engineText = () => `Node ${process.versions.node}, V8 ${process.versions.v8}`;

const UNITS = [
  ['s', 1000],
  ['ms', 1],
  ['µs', 1e-3],
] as const;

/** Three digits or more, in the unit that fits: `812 ns`, `4.61 ms`, `12.5 s`. */
function duration(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => milliseconds >= size) ?? ['ns', 1e-6];
  const value = milliseconds / size;
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`;
}

function asJson({ file, invoke, args, rounds }: BenchRequest, report: BenchReport): unknown {
  const { calls, results, fuel, engines, note } = report;
  const { node, v8 } = process.versions;
  const rows = rowsOf(report).map(({ engine, median, min, max, ratio }, i) => ({
    engine,
    medianMs: median,
    minMs: min,
    maxMs: max,
    toNative: ratio ?? null,
    timesMs: engines[i]!.times,
  }));
  return { file, invoke, args, node, v8, rounds, calls, results, fuel, engines: rows, note };
}
