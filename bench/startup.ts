/**
 * How long CPython takes to start. Cold: the whole process of `print(1)`, for Sandglass metered that of the command
 * `sandglass run`, for the others that of a script which does as little as it can. Cached: the same command when its cache
 * has the module, next to native WebAssembly. Warm: five instances of one compiled
 * module in one process, each started to run a loop; the first has everything to compile, the fifth finds it done.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineName } from './engines/engine.ts';
import { guestOutput, output } from './processes.ts';
import { type Cell, reasonOf } from './results.ts';
import { measure, type Order, rotated } from './rounds.ts';
import { median } from './statistics.ts';

const CLI = fileURLToPath(new URL('../lib/main.js', import.meta.url));
const PRINT = 'print(1)';
const LOOP = 'print(sum(i * i & 0xff for i in range(20000)))';

export function measureCold(file: string, { engines, progress, ...settings }: Order): Promise<Cell[]> {
  const contenders = engines.map((engine) => ({ engine, call: () => printOne(engine, file) }));
  return measure(contenders, settings, progress);
}

function printOne(engine: EngineName, file: string): Promise<string> {
  if (engine === 'metered') return output(CLI, ['run', file, '-c', PRINT]);
  // The command has a deep stack, which costs it the start of a worker; `print(1)` does without.
  const deep = engine === 'unmetered';
  return guestOutput({ engine, file, language: 'python', args: ['-c', PRINT], purpose: 'once', deep });
}

/** With a cache that an earlier process has filled. */
export async function measureCached(file: string, order: Order): Promise<Cell[]> {
  const { engines, progress, ...settings } = order;
  const cache = mkdtempSync(join(tmpdir(), 'sandglass-bench-'));
  const cached = () => output(CLI, ['run', '--cache', cache, file, '-c', PRINT]);
  const contenders = engines
    .filter((engine) => engine === 'native' || engine === 'metered')
    .map((engine) => ({ engine, call: engine === 'metered' ? cached : () => printOne(engine, file) }));
  try {
    progress('filling the cache');
    await cached();
    return await measure(contenders, settings, progress);
  } finally {
    rmSync(cache, { recursive: true });
  }
}

/** `times` holds the five instances' times: medians over some processes. */
export async function measureWarm(file: string, { engines, progress, rounds }: Order): Promise<Cell[]> {
  const processes = Math.min(rounds, 3);
  const runs = new Map(engines.map((engine) => [engine, [] as Instances[]]));
  const failures = new Map<EngineName, string>();
  for (let round = 0; round < processes; round++) {
    for (const engine of rotated(engines, round)) {
      progress(`process ${round + 1} of ${processes}, ${engine}`);
      try {
        runs.get(engine)!.push(await fiveInstances(engine, file));
      } catch (error) {
        failures.set(engine, reasonOf(error));
      }
    }
  }
  const reference = runs.get('native')?.[0]?.result;
  return engines.map((engine) => warmCell(engine, runs.get(engine)!, failures.get(engine), reference));
}

interface Instances {
  readonly times: readonly number[];
  readonly result: string;
}

async function fiveInstances(engine: EngineName, file: string): Promise<Instances> {
  const task = {
    engine,
    file,
    language: 'python',
    args: ['-c', LOOP],
    purpose: 'repeat',
    deep: true,
  } as const;
  const lines = (await guestOutput(task)).split('\n').map((line) => line.split(' ') as [string, string]);
  return { times: lines.map(([time]) => Number(time)), result: lines.map(([, result]) => result).join(' ') };
}

function warmCell(
  engine: EngineName,
  runs: readonly Instances[],
  failure: string | undefined,
  reference: string | undefined,
): Cell {
  if (failure !== undefined) return { engine, outcome: 'fails', reason: failure, times: [] };
  const times = runs[0]!.times.map((_, instance) => median(runs.map((run) => run.times[instance]!)));
  const result = runs.find((run) => run.result !== reference)?.result ?? runs[0]!.result;
  return { engine, outcome: result === (reference ?? result) ? 'ok' : 'wrong', times, result };
}
