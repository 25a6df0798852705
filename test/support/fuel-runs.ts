/**
 * Runs of fuel programs in any world, and what the reference interpreter says they cost.
 */
import { expect } from 'vitest';
import type { FuelProgram } from '../fuel-programs/program.ts';
import { decode } from './decode.ts';
import { difference, type Outcome, outcomeOf, referenceWorld, type World } from './engines.ts';
import { ReferenceStore } from './interpreter.ts';
import { native } from './native.ts';
import { largestRegion } from './regions.ts';

export interface Step {
  readonly outcome: Outcome;
  /** What this step alone cost; instantiation is the first step. */
  readonly cost: number;
}

/** Instantiates and makes all calls; each step with its cost. */
export function run(world: World, program: FuelProgram): Step[] {
  const steps: Step[] = [];
  const step = (action: () => unknown): void => {
    const before = world.consumed();
    const outcome = outcomeOf(world, action);
    steps.push({ outcome, cost: world.consumed() - before });
  };
  let calls: readonly (() => unknown)[] = [];
  step(() => {
    calls = program.setup(world);
  });
  for (const call of calls) step(call);
  return steps;
}

/** The reference run, and the most that one charge can be: a region, or a bulk operation's size. */
export function reference(program: FuelProgram): { steps: Step[]; overdraft: number; valid: boolean } {
  const store = new ReferenceStore();
  const world = referenceWorld(store);
  let overdraft = 1;
  let valid = true;
  const watched: World = {
    ...world,
    instantiate(bytes, imports) {
      overdraft = Math.max(overdraft, largestRegion(decode(bytes)));
      valid &&= native.validate(bytes);
      return world.instantiate(bytes, imports);
    },
  };
  const steps = run(watched, program);
  return { steps, overdraft: Math.max(overdraft, store.largestExtra), valid };
}

/** Costs are equal, except that a trap may be charged the rest of its region. */
export function expectSameSteps(expected: readonly Step[], actual: readonly Step[], region: number): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((step, i) => {
    const { outcome, cost } = actual[i]!;
    expect(difference(step.outcome, outcome), `step ${i}`).toBeUndefined();
    if (step.outcome.kind !== 'trap') expect(cost, `cost of step ${i}`).toBe(step.cost);
    else {
      expect(cost, `cost of step ${i}, which traps`).toBeGreaterThanOrEqual(step.cost);
      expect(cost, `cost of step ${i}, which traps`).toBeLessThan(step.cost + region);
    }
  });
}
