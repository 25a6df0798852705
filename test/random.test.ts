/**
 * Random valid modules behave as under native WebAssembly: results, traps, globals, tables, memories and what the host
 * is told, step by step; and they cost what the reference interpreter counts. Modules that this host's WebAssembly
 * cannot validate (Node 20: `try_table`, several memories) are compared with the interpreter alone.
 *
 * RANDOM_MODULES sets the number of modules (2000), RANDOM_SEED the first seed. A failure names its seed:
 * `RANDOM_SEED=1234 RANDOM_MODULES=1 npx vitest run test/random.test.ts`.
 */
import { describe, expect, it } from 'vitest';
import { OPCODES } from '../compiler/opcodes.ts';
import { decode } from './support/decode.ts';
import { nativeWorld, referenceWorld } from './support/engines.ts';
import { ReferenceStore } from './support/interpreter.ts';
import { native } from './support/native.ts';
import { firstDifference, fuelDifference } from './support/random-differences.ts';
import { type Observation, observe, type RandomModule, randomModule } from './support/random-module.ts';
import { isGenerated, RandomReport } from './support/random-report.ts';
import { largestRegion } from './support/regions.ts';
import { type EmitShape, type RuntimeOptions, sandglassWorld } from './support/sandglass-engine.ts';

const COUNT = Number(process.env.RANDOM_MODULES ?? 2000);
const FIRST = Number(process.env.RANDOM_SEED ?? 1);
/** Modules per test, so that progress and failures are seen early. */
const BATCH = 100;

const report = new RandomReport();

function check(module: RandomModule): string | undefined {
  const store = new ReferenceStore({ maxDepth: 400 });
  const expected = observe(referenceWorld(store), module, report.host);
  report.add(store, expected);
  const oracles = native.validate(module.bytes) ? [observe(nativeWorld(), module)] : [];
  if (oracles.length === 0) report.notNative++;
  const metered = observe(sandglassWorld(), module);
  for (const oracle of oracles) {
    const different = firstDifference(oracle, expected) ?? firstDifference(oracle, metered);
    if (different !== undefined) return `against native: ${different}`;
  }
  const region = largestRegion(decode(module.bytes));
  return (
    firstDifference(expected, metered) ??
    fuelDifference(expected, metered, region) ??
    otherModeDifference(expected, module)
  );
}

/** Other code is generated without a meter, under a limit of fuel or of call depth, and for interpreters; samples of each are enough. */
const OTHER_MODES: readonly (readonly [RuntimeOptions, EmitShape?])[] = [
  [{ metering: false }],
  [{}, { target: 'jitless' }],
  [{ fuel: 10n ** 15n }],
  [{ limits: { callDepth: 400 } }],
  [{ metering: false }, { target: 'jitless' }],
];
function otherModeDifference(expected: readonly Observation[], module: RandomModule): string | undefined {
  const [options, shape = {}] = OTHER_MODES[module.seed % OTHER_MODES.length]!;
  const actual = observe(sandglassWorld(options, shape), module);
  const region = options.metering === false ? undefined : largestRegion(decode(module.bytes));
  const different =
    firstDifference(expected, actual) ??
    (region === undefined ? undefined : fuelDifference(expected, actual, region));
  return different === undefined
    ? undefined
    : `with ${[...Object.keys(options), ...Object.values(shape)]}: ${different}`;
}

describe(`${COUNT} random modules`, () => {
  for (let first = FIRST; first < FIRST + COUNT; first += BATCH) {
    const end = Math.min(first + BATCH, FIRST + COUNT);
    it(`seeds ${first} to ${end - 1}`, { timeout: 120_000 }, () => {
      const failures: string[] = [];
      for (let seed = first; seed < end; seed++) {
        const failure = check(randomModule(seed));
        if (failure !== undefined) failures.push(`seed ${seed}: ${failure}`);
      }
      expect(failures.slice(0, 5), `${failures.length} modules differ`).toEqual([]);
    });
  }

  it.runIf(COUNT >= 1000)('are no toys', () => {
    console.log(report.text());
    const seldom = OPCODES.filter(isGenerated).filter((row) => report.executed(row.name) < 50);
    expect(
      seldom.map((row) => row.name),
      'opcodes executed fewer than 50 times',
    ).toEqual([]);
    expect(report.missingTraps()).toEqual([]);
    expect(report.median()).toBeGreaterThanOrEqual(100);
    expect(report.trapShare()).toBeGreaterThanOrEqual(0.15);
    for (const [what, count] of Object.entries(report.features())) expect(count, what).toBeGreaterThan(100);
  });
});
