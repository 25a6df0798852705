/**
 * Timing: one warm-up call of every engine, then rounds. A round visits every engine, beginning with another one each
 * time, so that a machine that slows down or speeds up does so for all of them. benchmark.js times each visit: one
 * sample of one call, which takes tens of milliseconds.
 *
 * An engine that has spent its budget (by default 10 seconds, the warm-up included) sits out the remaining rounds but
 * for the first two: a peer that is 200 times slower than native would take most of the day otherwise.
 */
import Benchmark from 'benchmark';
import type { EngineName } from './engines/engine.ts';
import { type Cell, reasonOf } from './results.ts';

export interface Contender {
  readonly engine: EngineName;
  /** One run: its result as text. */
  call(): string | Promise<string>;
  /** Consumed so far. */
  fuel?(): bigint | undefined;
}

export interface Settings {
  readonly rounds: number;
  /** Milliseconds per engine. */
  readonly budget: number;
}

/** What a benchmark of the suite is asked to do. */
export interface Order extends Settings {
  readonly engines: readonly EngineName[];
  /** Is told what goes on. */
  readonly progress: (what: string) => void;
}

const LEAST_ROUNDS = 2;

export async function measure(
  contenders: readonly Contender[],
  { rounds, budget }: Settings,
  progress: (what: string) => void = () => {},
): Promise<Cell[]> {
  const timed = contenders.map((contender) => new Timed(contender));
  for (const each of timed) {
    progress(`warm-up ${each.engine}`);
    await each.visit();
  }
  for (const each of timed) each.forgetTimes();
  for (let round = 0; round < rounds; round++) {
    for (const each of rotated(timed, round)) {
      if (!each.worthwhile || (round >= LEAST_ROUNDS && each.spent > budget)) continue;
      progress(`round ${round + 1} of ${rounds}, ${each.engine}`);
      await each.visit();
    }
  }
  const reference = timed.find(({ engine }) => engine === 'native')?.results.at(-1);
  return timed.map((each) => each.cell(reference));
}

export function rotated<T>(items: readonly T[], by: number): T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** A contender and what is known of it. */
class Timed {
  readonly engine: EngineName;
  readonly results: string[] = [];
  spent = 0;
  readonly #contender: Contender;
  readonly #benchmark: Benchmark;
  #times: number[] = [];
  #failure: unknown;
  #fuel: bigint | undefined;
  #completed: () => void = () => {};

  constructor(contender: Contender) {
    this.engine = contender.engine;
    this.#contender = contender;
    this.#benchmark = new Benchmark(contender.engine, {
      defer: true,
      fn: (deferred) => this.#call(() => deferred.resolve()),
      // A sample is one call, and a run is one sample.
      initCount: 1,
      minTime: 1e-9,
      maxTime: -1,
      minSamples: 1,
      delay: 0.001,
      onComplete: () => this.#completed(),
    });
  }

  /** Whether there is any use in calling it again. */
  get worthwhile(): boolean {
    return this.#failure === undefined;
  }

  forgetTimes(): void {
    this.#times = [];
  }

  async visit(): Promise<void> {
    const before = this.#contender.fuel?.();
    await new Promise<void>((resolve) => {
      this.#completed = resolve;
      this.#benchmark.run({ async: true });
    });
    this.#failure ??= this.#benchmark.error;
    if (this.#failure !== undefined) return;
    const after = this.#contender.fuel?.();
    if (before !== undefined && after !== undefined) this.#fuel = after - before;
    const milliseconds = this.#benchmark.stats.sample[0]! * 1000;
    this.#times.push(milliseconds);
    this.spent += milliseconds;
  }

  /** Must not throw: benchmark.js would call again. */
  #call(done: () => void): void {
    const succeed = (result: string) => {
      this.results.push(result);
      done();
    };
    const fail = (error: unknown) => {
      this.#failure = error ?? new Error('unknown');
      done();
    };
    try {
      const result = this.#contender.call();
      if (typeof result === 'string') succeed(result);
      else result.then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  }

  cell(reference: string | undefined): Cell {
    const { engine } = this;
    if (this.#failure !== undefined)
      return { engine, outcome: 'fails', reason: reasonOf(this.#failure), times: [] };
    const result = this.results.at(-1)!;
    const wrong = reference === undefined ? undefined : this.results.find((each) => each !== reference);
    return {
      engine,
      ...(wrong === undefined
        ? { outcome: 'ok' as const }
        : { outcome: 'wrong' as const, reason: `${wrong} instead of ${reference}` }),
      times: this.#times,
      result: wrong ?? result,
      ...(this.#fuel !== undefined && { fuel: String(this.#fuel) }),
    };
  }
}
