/**
 * Random modules go on from snapshots as if nothing had happened: before every call the state is saved, everything in reach is
 * scrambled, and the state restored, in place or in a new instance. Outcomes, state and fuel must be those of an uninterrupted run.
 *
 * SNAPSHOT_MODULES sets the number of modules (100), RANDOM_SEED the first seed.
 */
import { describe, expect, it } from 'vitest';
import {
  Global,
  type Imports,
  type Instance,
  Memory,
  Runtime,
  Snapshot,
  SnapshotError,
  Table,
} from '../src/index.ts';
import type { World } from './support/engines.ts';
import { firstDifference } from './support/random-differences.ts';
import { observe, type RandomModule, randomModule } from './support/random-module.ts';
import { sandglassWorld } from './support/sandglass-engine.ts';

const COUNT = Number(process.env.SNAPSHOT_MODULES ?? 100);
const FIRST = Number(process.env.RANDOM_SEED ?? 1);
const BATCH = 50;

type Way = 'reset' | 'restore';

/** How often what happened. */
const tally = { reset: 0, restore: 0, refused: 0 };

/** A world whose instances are interrupted whenever an exported function is about to be called. */
class InterruptedWorld {
  readonly world: World;
  readonly #runtime = new Runtime({ registerCells: 1 << 16 });
  readonly #way: Way;

  constructor(way: Way) {
    this.#way = way;
    this.world = {
      ...sandglassWorld(),
      consumed: () => Number(this.#runtime.fuel.consumed),
      instantiate: (bytes, imports = {}) => this.#instantiate(bytes, imports as Imports),
    };
  }

  #instantiate(bytes: Uint8Array<ArrayBuffer>, imports: Imports) {
    const module = this.#runtime.compileSync(bytes);
    let instance = this.#runtime.instantiateSync(module, imports);
    const interrupt = () => {
      const snapshot = savedAndLoaded(instance);
      if (snapshot === undefined) return;
      scramble(instance, imports);
      tally[this.#way]++;
      if (this.#way === 'reset') instance.reset(snapshot);
      else instance = this.#runtime.restore(module, snapshot, imports);
    };
    // Who lists the exports asks for a property's descriptor before its value: that is no call.
    let listed: string | symbol | undefined;
    return new Proxy<Record<string, unknown>>(
      { ...instance.exports },
      {
        getOwnPropertyDescriptor: (names, name) => {
          listed = name;
          return Object.getOwnPropertyDescriptor(names, name);
        },
        get: (_, name) => {
          if (listed !== name && typeof instance.exports[name as string] === 'function') interrupt();
          listed = undefined;
          return instance.exports[name as string];
        },
      },
    );
  }
}

/** Undefined: it is not at rest, or holds values of the host. */
function savedAndLoaded(instance: Instance): Snapshot | undefined {
  try {
    return Snapshot.load(instance.snapshot().save());
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    if (/not at rest/.test(error.message)) return undefined;
    expect(error.message).toMatch(
      /holds (a value of the host|a function of the host|function \d+ of another)/,
    );
    tally.refused++;
    return undefined;
  }
}

function scramble({ exports }: Instance, imports: Imports): void {
  const reached = [exports, ...Object.values(imports)].flatMap((module) => Object.values(module));
  for (const thing of reached) {
    if (thing instanceof Memory) scrambleMemory(thing);
    else if (thing instanceof Table) for (let i = 0; i < Number(thing.length); i++) scrambleEntry(thing, i);
    else if (thing instanceof Global && thing.type.mutable && typeof thing.type.type === 'string')
      thing.raw = { i32: 77, i64: 77n, f32: 0.5, f64: 0.1, v128: Int32Array.of(1, 2, 3, 4) }[thing.type.type];
  }
}

function scrambleMemory(memory: Memory): void {
  if (memory.mayGrow(1)) memory.tryGrow(1);
  memory.bytes.fill(0xa5);
}

function scrambleEntry(table: Table, index: number): void {
  table.elements[index] = null;
  if (index === 0 && table.mayGrow(3)) table.tryGrow(3, null);
}

/** References that the host keeps stay those of the instance that was. */
const keepsNothing = ({ calls }: RandomModule) => calls.every(({ args }) => !args.includes('function'));

function check(module: RandomModule, way: Way): string | undefined {
  const expected = observe(sandglassWorld(), module);
  const actual = observe(new InterruptedWorld(way).world, module);
  const fuel = expected.findIndex((step, i) => step.fuel !== actual[i]?.fuel);
  return firstDifference(expected, actual) ?? (fuel < 0 ? undefined : `step ${fuel}: other fuel`);
}

describe.each<Way>(['reset', 'restore'])('%s: random modules go on', (way) => {
  for (let first = FIRST; first < FIRST + COUNT; first += BATCH) {
    const end = Math.min(first + BATCH, FIRST + COUNT);
    it(`seeds ${first} to ${end - 1}`, { timeout: 120_000 }, () => {
      const failures: string[] = [];
      for (let seed = first; seed < end; seed++) {
        const module = randomModule(seed);
        if (way === 'restore' && !keepsNothing(module)) continue;
        const failure = check(module, way);
        if (failure !== undefined) failures.push(`seed ${seed}: ${failure}`);
      }
      expect(failures.slice(0, 5), `${failures.length} modules differ`).toEqual([]);
    });
  }

  it.runIf(COUNT >= 100)('most of the time', () => {
    expect(tally[way]).toBeGreaterThan(3 * COUNT);
    expect(tally.refused).toBeLessThan(tally.reset + tally.restore);
  });
});
