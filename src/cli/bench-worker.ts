/**
 * The worker's half of `sandglass bench`: calls the function under every engine, times it, compares results, and posts
 * a report (when all went well) and an outcome.
 *
 * All engines make the same calls in the same order, so that functions that change their instance can be compared, too.
 */
import { parentPort } from 'node:worker_threads';
import { ExitError } from '../../runtime/errors.ts';
import type { BenchMessage, BenchReport, BenchRequest, EngineName } from './bench.ts';
import { type Engine, type Engines, makeEngines } from './bench-engines.ts';
import { CliError, type Outcome, outcomeOf } from './exit-status.ts';
import { loadModule } from './load.ts';
import { takeRequest } from './worker.ts';

/** Short functions are called so often that a measurement takes at least this long. */
const SAMPLE_MS = 10;

/** The function threw under one of the engines. */
class Stopped extends Error {
  readonly reason: unknown;
  readonly engine: EngineName;

  constructor(reason: unknown, engine: EngineName) {
    super();
    this.reason = reason;
    this.engine = engine;
  }
}

interface Sample {
  readonly name: EngineName;
  /** Of one call, in milliseconds. */
  readonly time: number;
  /** Of the last call, as text. */
  readonly results: readonly string[];
}

class Measurement {
  readonly #engines: readonly Engine[];
  readonly #textOf: Engines['textOf'];
  /** The first of them, in words. */
  difference: string | undefined;

  constructor(engines: readonly Engine[], textOf: Engines['textOf']) {
    this.#engines = engines;
    this.#textOf = textOf;
  }

  /** Visits every engine in turn. */
  round(calls: number): Sample[] {
    const samples = this.#engines.map((engine) => this.#sample(engine, calls));
    const [first, ...others] = samples;
    for (const { name, results } of others) {
      if (results.join(' ') === first!.results.join(' ')) continue;
      const each = (name: string, results: readonly string[]) => `${name} returned ${results.join(' ')}`;
      this.difference ??= `results differ: ${each(first!.name, first!.results)}, ${each(name, results)}`;
    }
    return samples;
  }

  #sample({ name, call }: Engine, calls: number): Sample {
    try {
      const started = performance.now();
      let result: unknown;
      for (let i = 0; i < calls; i++) result = call();
      return { name, time: (performance.now() - started) / calls, results: this.#textOf(result) };
    } catch (error) {
      throw new Stopped(error, name);
    }
  }

  /** The first round that is long enough, and its number of calls. */
  calibrate(): { calls: number; samples: Sample[] } {
    for (let calls = 1; ; calls *= 2) {
      const samples = this.round(calls);
      if (samples.every(({ time }) => time * calls >= SAMPLE_MS)) return { calls, samples };
    }
  }
}

function measure(engines: Engines, rounds: number): { report: BenchReport; difference: string | undefined } {
  const { native, metered, unmetered, note, fuelConsumed, textOf } = engines;
  // Ours are first to be called: they tell where a trap strikes.
  const measurement = new Measurement([metered, unmetered, ...(native ? [native] : [])], textOf);
  const before = fuelConsumed();
  const results = measurement.round(1)[0]!.results;
  const fuel = Number(fuelConsumed() - before);
  const { calls, samples } = measurement.calibrate();
  const all = [samples];
  while (all.length < rounds) all.push(measurement.round(calls));
  const timesOf = (name: EngineName) => all.map((round) => round.find((each) => each.name === name)!.time);
  const present = native
    ? (['native', 'metered', 'unmetered'] as const)
    : (['metered', 'unmetered'] as const);
  const report = {
    calls,
    results,
    fuel,
    engines: present.map((engine) => ({ engine, times: timesOf(engine) })),
    note,
  };
  return { report, difference: measurement.difference };
}

/** A function that only one engine cannot end is a wrong result of one of them; the metered one was first. */
function outcomeOfStopped({ reason, engine }: Stopped): Outcome {
  const under = `in the benchmark, under ${engine}`;
  if (reason instanceof ExitError)
    return outcomeOf(new CliError(`the program ended with exit status ${reason.code} ${under}`));
  if (engine === 'native') {
    const message = reason instanceof Error ? reason.message : String(reason);
    return outcomeOf(new CliError(`results differ: native threw "${message}", metered returned`));
  }
  const { status, lines } = outcomeOf(reason);
  return { status, lines: [`${lines[0]}, ${under}`, ...lines.slice(1)] };
}

async function bench(request: BenchRequest): Promise<Outcome> {
  try {
    const engines = makeEngines(request, await loadModule(request.file));
    const { report, difference } = measure(engines, request.rounds);
    post({ report });
    if (difference === undefined) return { status: 0, lines: [] };
    return outcomeOf(new CliError(difference));
  } catch (error) {
    return error instanceof Stopped ? outcomeOfStopped(error) : outcomeOf(error);
  }
}

const post = (message: BenchMessage) => parentPort!.postMessage(message);

post({ outcome: await bench(await takeRequest<BenchRequest>()) });
