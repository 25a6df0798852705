/**
 * Timing: one warm-up call of every engine, then rounds. A round visits every engine, beginning with another one each
 * time, so that a machine that slows down or speeds up does so for all of them. benchmark.js times each visit: one
 * sample of one call, which takes tens of milliseconds.
 *
 * `--quick` gives peers a budget: one that has spent it sits out all but the first two rounds, is marked `cut`, and is in
 * no mean. Engines get faster for several calls (polywasm runs CPython's fib in 9 s, 9 s, then 0.5 s), so that few rounds
 * say little of them. Native and Sandglass are never cut, and without `--quick` nobody is.
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
  /** Milliseconds per peer, the warm-up included; undefined: as long as it takes. */
  readonly budget?: number | undefined;
}

/** What a benchmark of the suite is asked to do. */
export interface Order extends Settings {
  readonly engines: readonly EngineName[];
  /** Is told what goes on. */
  readonly progress: (what: string) => void;
}

const LEAST_ROUNDS = 2;
const NEVER_CUT: readonly EngineName[] = ['native', 'metered', 'unmetered'];

export async function measure(
  contenders: readonly Contender[],
  { rounds, budget = Infinity }: Settings,
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
      if (!each.worthwhile || (round >= LEAST_ROUNDS && each.overdrawn(budget))) continue;
      progress(`round ${round + 1} of ${rounds}, ${each.engine}`);
      await each.visit();
    }
  }
  const reference = timed.find(({ engine }) => engine === 'native')?.results.at(-1);
  return timed.map((each) => each.cell(reference, rounds));
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

  overdrawn(budget: number): boolean {
    return this.spent > budget && !NEVER_CUT.includes(this.engine);
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

  cell(reference: string | undefined, rounds: number): Cell {
    const { engine } = this;
    if (this.#failure !== undefined)
      return { engine, outcome: 'fails', reason: reasonOf(this.#failure), times: [] };
    const result = this.results.at(-1)!;
    const wrong = reference === undefined ? undefined : this.results.find((each) => each !== reference);
    return {
      engine,
      ...this.#verdict(wrong, reference, rounds),
      times: this.#times,
      result: wrong ?? result,
      ...(this.#fuel !== undefined && { fuel: String(this.#fuel) }),
    };
  }

  #verdict(
    wrong: string | undefined,
    reference: string | undefined,
    rounds: number,
  ): Pick<Cell, 'outcome' | 'reason'> {
    if (wrong !== undefined) return { outcome: 'wrong', reason: `${wrong} instead of ${reference}` };
    const count = this.#times.length;
    if (count < rounds) return { outcome: 'cut', reason: `it took part in ${count} of ${rounds} rounds` };
    return { outcome: 'ok' };
  }
}
