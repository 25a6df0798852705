/** Runs one file of the suite and counts. */
import { readFile } from 'node:fs/promises';
import type { Outcome } from './execute.ts';
import { type Command, parseScript } from './script.ts';

export interface FileResult {
  /** Relative to the suite's folder, with `/`. */
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Claims about the text format, in no other count. */
  readonly text: number;
  readonly failures: readonly Outcome[];
  /** Why the whole file is skipped. */
  readonly notDue?: string;
}

export interface FileTask {
  readonly path: string;
  readonly file: string;
  readonly start: () => Runner;
}

/** Serves one file, here or in another process. */
export interface Runner {
  run(commands: readonly Command[], listed: ReadonlyMap<number, string>): AsyncIterable<Outcome>;
  close(): void;
}

/** A file that is due: every command counts. */
export async function runFile(task: FileTask, listed: ReadonlyMap<number, string>): Promise<FileResult> {
  const counts = { passed: 0, failed: 0, skipped: 0, text: 0 };
  const failures: Outcome[] = [];
  await attempt(task, new Set(listed.keys()), async (runner, commands) => {
    for await (const outcome of runner.run(commands, listed)) {
      counts[outcome.status]++;
      if (outcome.status === 'failed') failures.push(outcome);
    }
  }).catch((error: unknown) => {
    counts.failed++;
    failures.push(crash(error));
  });
  return { file: task.file, ...counts, failures };
}

/** A file that is not due: all of it is skipped. It is run up to its first failure, and must have one. */
export async function skipFile(task: FileTask, reason: string): Promise<FileResult> {
  let skipped = 0;
  let fails = false;
  await attempt(task, new Set(), async (runner, commands) => {
    skipped = commands.length;
    for await (const { status } of runner.run(commands, new Map())) {
      fails = status === 'failed';
      if (fails) break;
    }
  }).catch(() => {
    fails = true;
  });
  const result = { file: task.file, passed: 0, failed: 0, skipped, text: 0, failures: [], notDue: reason };
  if (fails) return result;
  const detail = `passes, though listed as not due (${reason}): take it off the list`;
  return { ...result, failed: 1, failures: [{ line: 1, kind: 'file', status: 'failed', detail }] };
}

async function attempt(
  { path, start }: FileTask,
  cutLines: ReadonlySet<number>,
  use: (runner: Runner, commands: readonly Command[]) => Promise<void>,
): Promise<void> {
  const commands = parseScript(await readFile(path, 'utf8'), cutLines);
  const runner = start();
  try {
    await use(runner, commands);
  } finally {
    runner.close();
  }
}

function crash(error: unknown): Outcome {
  return {
    line: 1,
    kind: 'file',
    status: 'failed',
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
