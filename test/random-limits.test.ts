/**
 * Random modules under random limits of fuel: the run stops, at most one region (or one bulk operation) beyond the
 * limit, whether the limit was there from the start or set later. The programs of fuel-programs.ts are run under every
 * limit; these are larger and wilder.
 */
import { expect, it } from 'vitest';
import { OutOfFuelError } from '../src/index.ts';
import { decode } from './support/decode.ts';
import { referenceWorld } from './support/engines.ts';
import { ReferenceStore } from './support/interpreter.ts';
import { Random } from './support/random.ts';
import { observe, type RandomModule, randomModule } from './support/random-module.ts';
import { largestRegion } from './support/regions.ts';
import { sandglassWorld } from './support/sandglass-engine.ts';

const MODULES = 150;

function check(module: RandomModule, limit: number, overdraft: number, fromTheStart: boolean): void {
  const world = sandglassWorld(fromTheStart ? { fuel: BigInt(limit) } : {});
  const { fuel } = world.runtime;
  if (!fromTheStart) fuel.set(BigInt(limit));
  const stopped = observe(world, module)
    .map(({ outcome }) => outcome.kind === 'error' && outcome.error)
    .find((error) => error instanceof OutOfFuelError);
  const at = `seed ${module.seed}, limit ${limit}`;
  expect(stopped, at).toBeDefined();
  const over = Number(stopped!.consumed - stopped!.limit);
  expect(over, at).toBeGreaterThanOrEqual(1);
  expect(over, at).toBeLessThanOrEqual(overdraft);
  expect(fuel.remaining, at).toBe(0n);
}

it(`${MODULES} random modules under random limits`, () => {
  for (let seed = 1; seed <= MODULES; seed++) {
    const module = randomModule(seed, 90);
    if (module.spins) continue;
    const store = new ReferenceStore({ maxDepth: 400 });
    observe(referenceWorld(store), module);
    const overdraft = Math.max(largestRegion(decode(module.bytes)), store.largestExtra);
    const random = new Random(seed);
    for (const fromTheStart of [true, false]) {
      const limit = random.between(1, store.consumed - 1);
      check(module, limit, overdraft, fromTheStart);
    }
  }
});
