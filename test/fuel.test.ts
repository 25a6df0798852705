/**
 * Fuel is exact: every program of fuel-programs.ts costs what the reference interpreter and instrumented native
 * WebAssembly count, and under every limit below its total it stops, at most one region beyond the limit.
 *
 * The account's interface, deadlines and interruption are in fuel-policy.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { OutOfFuelError } from '../src/index.ts';
import type { FuelProgram } from './fuel-programs/program.ts';
import { FUEL_PROGRAMS } from './fuel-programs.ts';
import { difference, nativeWorld, outcomeOf, type World } from './support/engines.ts';
import { expectSameSteps, reference, run, type Step } from './support/fuel-runs.ts';
import { type RuntimeOptions, type SandglassWorld, sandglassWorld } from './support/sandglass-engine.ts';

it('has at least 40 programs', () => {
  expect(FUEL_PROGRAMS.length).toBeGreaterThanOrEqual(40);
  expect(new Set(FUEL_PROGRAMS.map((program) => program.name)).size).toBe(FUEL_PROGRAMS.length);
});

describe('the reference agrees with instrumented native WebAssembly', () => {
  for (const program of FUEL_PROGRAMS) {
    const { steps, overdraft, valid } = reference(program);
    it.skipIf(!valid)(`${program.name}${valid ? '' : ' (this host cannot validate it)'}`, () => {
      expectSameSteps(steps, run(nativeWorld({ counting: true }), program), overdraft);
    });
  }
});

describe('totals equal the reference', () => {
  for (const program of FUEL_PROGRAMS) {
    it(program.name, () => {
      const { steps, overdraft } = reference(program);
      expectSameSteps(steps, run(sandglassWorld(), program), overdraft);
    });
  }
});

describe('without metering results are the same', () => {
  for (const program of FUEL_PROGRAMS) {
    if (program.name.includes('consumed')) continue;
    it(program.name, () => {
      const { steps } = reference(program);
      const unmetered = run(sandglassWorld({ metering: false }), program);
      unmetered.forEach((step, i) => {
        expect(difference(steps[i]!.outcome, step.outcome), `step ${i}`).toBeUndefined();
      });
    });
  }
});

/** Runs with a limit until something is out of fuel; undefined if nothing is. */
function exhaust(world: World, program: FuelProgram): { error: OutOfFuelError; step: number } | undefined {
  for (const [step, { outcome }] of run(world, program).entries()) {
    if (outcome.kind === 'error' && outcome.error instanceof OutOfFuelError) {
      return { error: outcome.error, step };
    }
  }
  return undefined;
}

function expectStopped(world: SandglassWorld, program: FuelProgram, limit: number, overdraft: number): void {
  const { fuel } = world.runtime;
  const before = fuel.consumed;
  fuel.set(BigInt(limit));
  const stopped = exhaust(world, program);
  expect(stopped, `limit ${limit}: the run must stop`).toBeDefined();
  const { error } = stopped!;
  expect(error.message).toBe(`fuel exhausted: consumed ${error.consumed} of ${error.limit}`);
  const over = Number(error.consumed - error.limit);
  expect(error.limit).toBe(before + BigInt(limit));
  expect(over, `limit ${limit}: overdraft`).toBeGreaterThanOrEqual(1);
  expect(over, `limit ${limit}: overdraft`).toBeLessThanOrEqual(overdraft);
  expect(fuel.remaining).toBe(0n);
}

const total = (steps: readonly Step[]): number => steps.reduce((sum, step) => sum + step.cost, 0);

/** Programs where the host swallows what ends its callee may go on after the fuel is gone, and stop at the next check. */
describe('every limit from 1 to the total', () => {
  for (const program of FUEL_PROGRAMS) {
    it(program.name, () => {
      const { overdraft } = reference(program);
      const world = sandglassWorld();
      const all = total(run(world, program));
      for (let limit = 1; limit < all; limit++) expectStopped(world, program, limit, overdraft);
      world.runtime.fuel.set(BigInt(all));
      expect(exhaust(world, program), 'with its total as limit it finishes').toBeUndefined();
      expect(world.runtime.fuel.remaining).toBe(0n);
    });
  }
});

/** The options of a Runtime make the same limit as `fuel.set`. */
it('a limit given to the Runtime', () => {
  const program = FUEL_PROGRAMS.find(({ name }) => name === 'nested loops')!;
  const { steps, overdraft } = reference(program);
  for (const limit of [1, 17, total(steps) - 1]) {
    const options: RuntimeOptions = { fuel: BigInt(limit) };
    const stopped = exhaust(sandglassWorld(options), program);
    expect(Number(stopped?.error.consumed) - limit).toBeGreaterThanOrEqual(1);
    expect(Number(stopped?.error.consumed) - limit).toBeLessThanOrEqual(overdraft);
  }
  expect(exhaust(sandglassWorld({ fuel: BigInt(total(steps)) }), program)).toBeUndefined();
});

describe('after running out, the same instance goes on', () => {
  for (const program of FUEL_PROGRAMS.filter(({ repeatable }) => repeatable)) {
    it(program.name, () => {
      const world = sandglassWorld();
      const calls = program.setup(world);
      calls.forEach((call, i) => {
        const expected = outcomeOf(world, call);
        const before = world.consumed();
        outcomeOf(world, call);
        const cost = world.consumed() - before;
        for (const limit of [0, 1, cost >> 1, cost - 1]) {
          if (limit < 0 || limit >= cost) continue;
          world.runtime.fuel.set(BigInt(limit));
          const stopped = outcomeOf(world, call);
          expect(stopped.kind === 'error' && stopped.error, `call ${i}`).toBeInstanceOf(OutOfFuelError);
          world.runtime.fuel.add(1_000_000n);
          expect(difference(expected, outcomeOf(world, call)), `call ${i} after ${limit}`).toBeUndefined();
        }
      });
    });
  }
});
