/**
 * The suite as a list of benchmarks, each of which knows how to measure itself: C programs, programs of language
 * runtimes, start-up. Which engines take part, and why one does not, is decided here too.
 */
import { join } from 'node:path';
import type { EngineName } from './engines/engine.ts';
import { engineNamed } from './engines.ts';
import { PROGRAMS } from './home.ts';
import { KERNELS, type Kernel, WITHOUT_SIMD } from './kernels.ts';
import { measureKernel, Session } from './processes.ts';
import { type Cell, type Row, reasonOf, type Section } from './results.ts';
import { type Contender, measure, type Order } from './rounds.ts';
import { LANGUAGES, type Language, type RuntimeProgram, runtimeFile, sessionArguments } from './runtimes.ts';
import { measureCached, measureCold, measureWarm } from './startup.ts';

export interface Benchmark {
  readonly id: string;
  readonly section: Section;
  readonly tags: readonly string[];
  /** The wasm; undefined with a reason if it is not there. */
  readonly file: string | undefined;
  readonly package?: string;
  /** Those that can take part; default: all. */
  readonly engines?: readonly EngineName[] | undefined;
  measure(order: Order): Promise<readonly Cell[]>;
}

export const SUITE: readonly Benchmark[] = [
  ...KERNELS.map(kernelBenchmark),
  ...LANGUAGES.flatMap((language) => language.programs.map((program) => runtimeBenchmark(language, program))),
  startupBenchmark('cold', measureCold),
  startupBenchmark('cached', measureCached),
  startupBenchmark('warm', measureWarm),
];

/** Runs a benchmark with the engines that can take part. */
export async function perform(benchmark: Benchmark, order: Order): Promise<Row> {
  const { id, section, tags } = benchmark;
  const others: Cell[] = [];
  const engines: EngineName[] = [];
  for (const engine of order.engines) {
    const cell = await notReady(engine, benchmark, order);
    if (cell === undefined) engines.push(engine);
    else others.push(cell);
  }
  const cells = await measured(benchmark, { ...order, engines });
  return { id, section, tags, cells: [...cells, ...others] };
}

/** What is to be said of an engine that does not take part; undefined once it is prepared. */
async function notReady(
  engine: EngineName,
  { engines, file }: Benchmark,
  { progress }: Order,
): Promise<Cell | undefined> {
  const { obstacle, prepare } = engineNamed(engine);
  const able = engines === undefined || engines.includes(engine);
  const reason = able ? obstacle?.(file!) : 'it cannot run this module';
  if (reason !== undefined) return { engine, outcome: 'absent', reason, times: [] };
  try {
    progress(`preparing ${engine}`);
    await prepare?.(file!);
    return undefined;
  } catch (error) {
    return { engine, outcome: 'fails', reason: reasonOf(error), times: [] };
  }
}

async function measured(benchmark: Benchmark, order: Order): Promise<readonly Cell[]> {
  try {
    return await benchmark.measure(order);
  } catch (error) {
    const reason = reasonOf(error);
    return order.engines.map((engine) => ({ engine, outcome: 'fails', reason, times: [] }));
  }
}

function kernelBenchmark({ name, n, tags }: Kernel): Benchmark {
  return {
    id: name,
    section: sectionOf(name, tags),
    tags,
    file: join(PROGRAMS, `${name}.wasm`),
    measure: ({ engines, rounds, budget, progress }) =>
      measureKernel({ program: name, n, engines, rounds, budget }, progress),
  };
}

function sectionOf(name: string, tags: Kernel['tags']): Section {
  if (tags.includes('simd')) return 'simd';
  if (name.endsWith(WITHOUT_SIMD)) return 'scalar';
  return tags.includes('kernel') ? 'kernels' : 'programs';
}

function runtimeBenchmark(language: Language, program: RuntimeProgram): Benchmark {
  const { section } = language;
  const file = runtimeFile(language);
  return {
    id: `${section}/${program.name}`,
    section,
    tags: program.tags,
    file,
    package: language.package,
    engines: language.engines,
    measure: (order) => measureSessions(language, program, file!, order),
  };
}

/** Every engine runs the program in a process of its own; they start one after the other, then take turns. */
async function measureSessions(
  language: Language,
  program: RuntimeProgram,
  file: string,
  { engines, progress, ...settings }: Order,
): Promise<readonly Cell[]> {
  const args = sessionArguments(language, program);
  const sessions: Session[] = [];
  const contenders: Contender[] = [];
  const failed: Cell[] = [];
  try {
    for (const engine of engines) {
      progress(`starting ${engine}`);
      const task = {
        engine,
        file,
        language: language.language,
        args,
        purpose: 'session',
        deep: true,
      } as const;
      const session = new Session(task);
      sessions.push(session);
      try {
        await session.answer();
        contenders.push({ engine, call: () => session.run(), fuel: () => session.fuel });
      } catch (error) {
        failed.push({ engine, outcome: 'fails', reason: reasonOf(error), times: [] });
      }
    }
    return [...(await measure(contenders, settings, progress)), ...failed];
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

function startupBenchmark(
  name: string,
  measureStart: (file: string, order: Order) => Promise<readonly Cell[]>,
): Benchmark {
  const python = LANGUAGES.find(({ language }) => language === 'python')!;
  const file = runtimeFile(python);
  return {
    id: `startup/${name}`,
    section: 'startup',
    tags: [],
    file,
    package: python.package,
    measure: (order) => measureStart(file!, order),
  };
}
