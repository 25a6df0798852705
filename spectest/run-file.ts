/** Runs one file of the suite and counts. */
import { readFile } from 'node:fs/promises';
import type { Convert } from './convert.ts';
import type { Engine } from './engine.ts';
import { Execution, type Outcome } from './execute.ts';
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
  readonly convert: Convert;
  readonly startEngine: () => Engine;
}

/** A file that is due: every command counts. */
export async function runFile(task: FileTask, listed: ReadonlyMap<number, string>): Promise<FileResult> {
  const counts = { passed: 0, failed: 0, skipped: 0, text: 0 };
  const failures: Outcome[] = [];
  await attempt(task, new Set(listed.keys()), async (engine, commands) => {
    for await (const outcome of new Execution(engine, task.convert, listed).run(commands)) {
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
  await attempt(task, new Set(), async (engine, commands) => {
    skipped = commands.length;
    for await (const { status } of new Execution(engine, task.convert).run(commands)) {
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
  { path, startEngine }: FileTask,
  cutLines: ReadonlySet<number>,
  use: (engine: Engine, commands: readonly Command[]) => Promise<void>,
): Promise<void> {
  const commands = parseScript(await readFile(path, 'utf8'), cutLines);
  const engine = startEngine();
  try {
    await use(engine, commands);
  } finally {
    engine.close();
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
