/**
 * What differs between two runs of a random module, in words.
 */
import { difference } from './engines.ts';
import type { Observation } from './random-module.ts';

/** The first step where two runs differ, in words. */
export function firstDifference(
  expected: readonly Observation[],
  actual: readonly Observation[],
): string | undefined {
  for (const [i, wanted] of expected.entries()) {
    const found = actual[i];
    if (found === undefined) return `step ${i} is missing`;
    const different = difference(wanted.outcome, found.outcome);
    if (different !== undefined) return `step ${i}: ${different}`;
    if (wanted.state !== found.state) {
      return `step ${i}: state\n  expected ${wanted.state}\n  found    ${found.state}`;
    }
  }
  return undefined;
}

/** Fuel is exact, except for the rest of a trap's region; a stack overflow's depth is the engine's own. */
export function fuelDifference(
  expected: readonly Observation[],
  actual: readonly Observation[],
  region: number,
): string | undefined {
  for (const [i, { outcome, fuel }] of expected.entries()) {
    const found = actual[i]!.fuel;
    if (outcome.kind !== 'trap' && found !== fuel) return `step ${i}: fuel ${found}, expected ${fuel}`;
    if (outcome.kind !== 'trap' || outcome.texts.includes('call stack exhausted')) continue;
    if (found < fuel || found >= fuel + region) return `step ${i} traps: fuel ${found}, expected ${fuel}`;
  }
  return undefined;
}
