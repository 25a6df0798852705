/**
 * `npm run spectest -- [--mode jit] [--report out.json] [pattern]`: runs the official WebAssembly suite.
 *
 * Reads the arguments, chooses the files, prints counts and failures. Exit status: 0 all passed, 1 something failed,
 * 2 nothing could be run (wrong usage, no suite, no parser, no matching file).
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConverter, SetupProblem } from './convert.ts';
import { globMatches, linesNotDue, reasonNotDue } from './expectations.ts';
import { suiteFolder } from './home.ts';
import { MODES, type Mode } from './modes.ts';
import { type FileResult, type FileTask, runFile, skipFile } from './run-file.ts';

interface Options {
  readonly mode: Mode;
  readonly report: string | undefined;
  readonly suite: string;
  readonly files: readonly string[];
}

const USAGE = 'usage: npm run spectest -- [--mode NAME] [--report FILE] [pattern]';

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const convert = await loadConverter();
  const start = await options.mode.load(convert);
  const results: FileResult[] = [];
  for (const file of options.files) {
    const path = join(options.suite, file);
    const task: FileTask = { path, file, start: () => start(file) };
    const result = await runOrSkip(task, options.mode);
    print(result);
    results.push(result);
  }
  return summarize(results, options);
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parsed(args);
  const mode = MODES[values.mode];
  const modes = Object.entries(MODES).map(([name, { summary }]) => `${name} (${summary})`);
  if (mode === undefined)
    throw new SetupProblem(`spectest: unknown mode ${values.mode}; there are: ${modes.join(', ')}`);
  const suite = suiteFolder(process.env);
  if (suite === undefined) {
    const wrong = process.env.SPECTEST_DIR ? ` in ${process.env.SPECTEST_DIR}` : '';
    throw new SetupProblem(
      `spectest: no test suite${wrong}: set SPECTEST_DIR, or run npm run spectest:fetch`,
    );
  }
  return { mode, report: values.report, suite, files: matchingFiles(suite, positionals[0]) };
}

function parsed(args: readonly string[]) {
  try {
    const result = parseArgs({
      args: [...args],
      options: { mode: { type: 'string', default: 'jit' }, report: { type: 'string' } },
      allowPositionals: true,
    });
    if (result.positionals.length > 1) throw new Error('one pattern at most');
    return result;
  } catch (error) {
    throw new SetupProblem(`spectest: ${(error as Error).message}; ${USAGE}`);
  }
}

/** A pattern with `*` matches the whole name (without `.wast`), any other a part of it. */
function matchingFiles(suite: string, pattern: string | undefined): readonly string[] {
  const names = readdirSync(suite, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.wast'))
    .sort();
  if (names.length === 0) throw new SetupProblem(`spectest: ${suite} holds no .wast files`);
  if (pattern === undefined) return names;
  const glob = pattern.includes('*') ? pattern : `*${pattern}*`;
  const found = names.filter(
    (name) => globMatches(glob, name.slice(0, -'.wast'.length)) || globMatches(glob, name),
  );
  if (found.length === 0) throw new SetupProblem(`spectest: no file of ${suite} matches ${pattern}`);
  return found;
}

function runOrSkip(task: FileTask, { expectations }: Mode): Promise<FileResult> {
  const reason = reasonNotDue(expectations, task.file);
  return reason === undefined ? runFile(task, linesNotDue(expectations, task.file)) : skipFile(task, reason);
}

const counted = ({ passed, failed, skipped }: Pick<FileResult, 'passed' | 'failed' | 'skipped'>) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

function print(result: FileResult): void {
  const { notDue, text } = result;
  const note = notDue ?? (text > 0 ? `${text} texts refused by their parser` : undefined);
  console.log(`${result.file}: ${counted(result)}${note === undefined ? '' : ` (${note})`}`);
  for (const { line, kind, detail } of result.failures)
    console.log(`  ${result.file}:${line}: ${kind}: ${detail}`);
}

function summarize(results: readonly FileResult[], options: Options): number {
  const sum = (key: 'passed' | 'failed' | 'skipped' | 'text') =>
    results.reduce((total, result) => total + result[key], 0);
  const totals = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
  if (options.report !== undefined) {
    const files = results.map(({ file, passed, failed, skipped }) => ({ file, passed, failed, skipped }));
    writeReport(options.report, { files, ...totals });
  }
  if (sum('text') > 0) {
    console.log(
      `${sum('text')} malformed texts refused by the parser of the text format, as asserted; in no other count, since it is not ours`,
    );
  }
  if (totals.skipped > 0)
    console.log(`${totals.skipped} skipped, for the reasons in spectest/expectations.ts`);
  console.log(counted({ ...totals, skipped: 0 }));
  return totals.failed > 0 ? 1 : 0;
}

function writeReport(path: string, report: object): void {
  try {
    writeFileSync(path, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (error) {
    throw new SetupProblem(`spectest: cannot write the report: ${(error as Error).message}`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
