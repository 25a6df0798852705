/**
 * `npm run bench`: chooses benchmarks and engines, has them measured one after the other, reports. Exit status: 0; 1 if
 * Sandglass was wrong or failed somewhere; 2 for wrong usage or if there is nothing to run.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { CommanderError } from 'commander';
import type { EngineName } from './engines/engine.ts';
import { engineNamed } from './engines.ts';
import { type Options, parseOptions } from './options.ts';
import { howToInstall, packageFile, packageVersion } from './packages.ts';
import { Progress } from './progress.ts';
import type { Report, Row } from './results.ts';
import { type Benchmark, perform, SUITE } from './suite.ts';
import { asText } from './text.ts';

const LOAD_BEFORE = loadavg()[0]!;

/** A file of the user's choice cannot be written. */
class OutputProblem extends Error {}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const chosen = SUITE.filter(({ id, tags }) =>
    [id, ...tags].some((name) => options.filter?.test(name) ?? true),
  );
  if (chosen.length === 0) return refuse(`no benchmark matches ${options.filter}; --list names them`);
  if (options.list) {
    console.log(chosen.map(({ id, tags }) => [id, ...tags].join(' ')).join('\n'));
    return 0;
  }
  const present = chosen.filter(({ file }) => file !== undefined);
  if (present.length === 0) return refuse(missingPrograms(chosen)[0]!);
  if (options.html !== undefined && packageFile('vega', 'package.json') === undefined)
    return refuse(`--html: ${howToInstall('vega')}`);
  if (options.convert) process.env.SANDGLASS_BENCH_CONVERT = '1';
  const report = reportOf(options, chosen, await measureAll(present, options));
  console.log(asText(report));
  await writeFiles(report, options);
  return report.rows.some(oursIsBad) ? 1 : 0;
}

async function writeFiles(report: Report, { json, html }: Options): Promise<void> {
  if (json !== undefined) write(json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (html === undefined) return;
  const { asHtml } = await import('./html.ts');
  write(html, await asHtml(report));
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new OutputProblem((error as Error).message);
  }
}

async function measureAll(benchmarks: readonly Benchmark[], options: Options): Promise<Row[]> {
  const { engines, rounds, budget } = options;
  const progress = new Progress(benchmarks.length);
  const rows: Row[] = [];
  for (const benchmark of benchmarks) {
    progress.begin(benchmark.id);
    rows.push(await perform(benchmark, { engines, rounds, budget, progress: progress.step }));
  }
  progress.clear();
  return rows;
}

function reportOf({ engines, rounds }: Options, chosen: readonly Benchmark[], rows: readonly Row[]): Report {
  const { node, v8 } = process.versions;
  return {
    node,
    v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    date: new Date().toISOString(),
    rounds,
    loadBefore: LOAD_BEFORE,
    cores: cpus().length,
    versions: versionsOf(engines, chosen),
    engines,
    rows,
    notes: [...missingPrograms(chosen), ...absences(rows)],
  };
}

function versionsOf(engines: readonly EngineName[], chosen: readonly Benchmark[]): Record<string, string> {
  const names = [...engines.map((name) => engineNamed(name).package), ...chosen.map((each) => each.package)];
  const found = [...new Set(names)].flatMap((name) => {
    const version = name === undefined ? undefined : packageVersion(name);
    return version === undefined ? [] : [[name!, version] as const];
  });
  return Object.fromEntries(found);
}

/** One line per package that is not there. */
function missingPrograms(chosen: readonly Benchmark[]): string[] {
  const packages = chosen.filter(({ file }) => file === undefined).map((each) => each.package!);
  return [...new Set(packages)].map((name) => `left out: ${howToInstall(name)}`);
}

/** One line per engine and reason. */
function absences(rows: readonly Row[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { id, cells } of rows) {
    for (const { engine, outcome, reason } of cells) {
      if (outcome !== 'absent') continue;
      const line = `${engine} left out: ${reason}`;
      lines.set(line, [...(lines.get(line) ?? []), id]);
    }
  }
  return [...lines].map(([line, ids]) => (ids.length === rows.length ? line : `${line} (${ids.join(', ')})`));
}

const oursIsBad = ({ cells }: Row) =>
  cells.some(
    ({ engine, outcome }) =>
      (engine === 'metered' || engine === 'unmetered') && (outcome === 'wrong' || outcome === 'fails'),
  );

function refuse(why: string): number {
  console.error(`bench: ${why}`);
  return 2;
}

try {
  process.exitCode = await main();
} catch (error) {
  // Commander has said what is wrong, or has printed the help.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof OutputProblem) process.exitCode = refuse(error.message);
  else throw error;
}
