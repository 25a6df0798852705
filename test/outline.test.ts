/**
 * Functions split into regions (compiler/emit/outline.ts) behave as whole ones. Real splitting begins at thousands of
 * nodes; here the limits are so low that small programs are split, all their values in cells.
 *
 * `npm run spectest -- --mode regions` does the same to the official suite.
 */
import { describe, expect, it } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { FUEL_PROGRAMS } from './fuel-programs.ts';
import { decode } from './support/decode.ts';
import { difference, nativeWorld, referenceWorld, show } from './support/engines.ts';
import { expectSameSteps, reference, run } from './support/fuel-runs.ts';
import { ReferenceStore } from './support/interpreter.ts';
import { firstDifference, fuelDifference } from './support/random-differences.ts';
import { observe, randomModule } from './support/random-module.ts';
import { largestRegion } from './support/regions.ts';
import { type RuntimeOptions, sandglassWorld } from './support/sandglass-engine.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const MODES: readonly RuntimeOptions[] = [
  {},
  { metering: false },
  { fuel: 10n ** 15n },
  { limits: { callDepth: 400 } },
];
const modeName = (options: RuntimeOptions): string => Object.keys(options).join() || 'default';
const split = (options: RuntimeOptions, outline = SPLIT_ALL) => sandglassWorld(options, { outline });

/** Different limits cut at different places. */
const LIMITS = [
  SPLIT_ALL,
  { ...SPLIT_ALL, regionWeight: 25, smallestRun: 1 },
  { ...SPLIT_ALL, regionWeight: 200, nesting: 12 },
];

describe('fuel programs, split', () => {
  for (const program of FUEL_PROGRAMS) {
    const { steps, overdraft } = reference(program);
    it(program.name, () => {
      for (const limits of LIMITS) expectSameSteps(steps, run(split({}, limits), program), overdraft);
      expectSameSteps(steps, run(split({ fuel: 10n ** 15n }), program), overdraft);
      if (program.name.includes('consumed')) return;
      run(split({ metering: false }), program).forEach((step, i) => {
        expect(difference(steps[i]!.outcome, step.outcome), `unmetered, step ${i}`).toBeUndefined();
      });
    });
  }
});

const COUNT = Number(process.env.OUTLINE_MODULES ?? 160);
const FIRST = Number(process.env.OUTLINE_SEED ?? 5001);

describe(`${COUNT} random modules, split`, () => {
  for (const [i, options] of MODES.entries()) {
    it(modeName(options), { timeout: 120_000 }, () => {
      const failures: string[] = [];
      for (let seed = FIRST + i; seed < FIRST + COUNT; seed += MODES.length) {
        const module = randomModule(seed);
        const expected = observe(referenceWorld(new ReferenceStore({ maxDepth: 400 })), module);
        const actual = observe(split(options, LIMITS[seed % LIMITS.length]!), module);
        const region = largestRegion(decode(module.bytes));
        const different =
          firstDifference(expected, actual) ??
          (options.metering === false ? undefined : fuelDifference(expected, actual, region));
        if (different !== undefined) failures.push(`seed ${seed}: ${different}`);
      }
      expect(failures.slice(0, 5), `${failures.length} modules differ`).toEqual([]);
    });
  }
});

/** Statements that are not lost unseen: local 1 = 31 * local 1 + n. */
const mix = (...numbers: readonly number[]): Instruction[] =>
  numbers.flatMap((n): Instruction[] => [
    ...([['local.get', 1], ['i32.const', 31], 'i32.mul'] as const),
    ...([['i32.const', n], 'i32.add', ['local.set', 1]] as const),
  ]);

/** Each exports `f`, called with (5, 7) or with the arguments given. */
const PROGRAMS: Readonly<Record<string, (m: ModuleBuilder) => readonly unknown[] | undefined>> = {
  'results that are references'(m) {
    const gets = [0, 1, 2, 0].map((i): Instruction => ['local.get', i]);
    m.func('externref i64 externref -> externref i64 externref externref', gets, { export: 'f' });
    return ['a', 7n, 'b'];
  },
  'references from a callee'(m) {
    const type = 'i32 externref -> i32 externref externref';
    const swap = m.func(type, [
      ['local.get', 0],
      ['local.get', 1],
      ['local.get', 1],
    ]);
    m.func(
      type,
      [
        ['local.get', 0],
        ['local.get', 1],
        ['call', swap],
      ],
      { export: 'f' },
    );
    return [1, 'b'];
  },
  'a loop that ends in its only continue'(m) {
    const turn: Instruction[] = [['local.get', 0], ['i32.const', 1], 'i32.sub', ['local.tee', 0]];
    const body: Instruction[] = [
      ['loop'],
      ...mix(1, 2, 3, 4, 5, 6),
      ...turn,
      ['br_if', 0],
      'end',
      ...mix(7, 8),
    ];
    m.func('i32 i32 -> i32', [...body, ['local.get', 1]], { export: 'f' });
    return undefined;
  },
  'a dispatch in a loop, its cases large'(m) {
    const next = (n: number): Instruction[] => [
      ['i32.const', n],
      ['local.set', 0],
    ];
    const body: Instruction[] = [
      ...([
        ['i32.const', 7],
        ['local.set', 2],
        ['loop'],
        ['block'],
        ['block'],
        ['block'],
        ['block'],
      ] as const),
      ...([
        ['local.get', 0],
        ['br_table', 0, 1, 2, 3],
        'end',
        ...mix(1, 2, 3),
        ...next(1),
        ['br', 2],
        'end',
      ] as const),
      ...([...mix(4, 5, 6), ...next(2), 'end', ...mix(7, 8, 9), 'end', ...mix(10), ...next(0)] as const),
      ...([['local.get', 2], ['i32.const', 1], 'i32.sub', ['local.tee', 2], ['br_if', 0], 'end'] as const),
      ['local.get', 1],
    ];
    m.func('i32 i32 -> i32', body, { export: 'f', locals: ['i32'] });
    return undefined;
  },
  'a dispatch in a try, handlers large'(m) {
    const tag = m.tag('i32 ->');
    const body: Instruction[] = [
      ...([['try', 'i32'], ['block'], ['block'], ['local.get', 0], ['br_table', 0, 1], 'end'] as const),
      ...([...mix(1, 2, 3), ['local.get', 1], 'return', 'end', ...mix(4, 5, 6)] as const),
      ...([['local.get', 1], ['throw', tag], ['catch', tag], ...mix(7, 8, 9)] as const),
      ...([['local.get', 1], 'i32.add', 'end', ...mix(10, 11), ['local.get', 1], 'i32.add'] as const),
    ];
    m.func('i32 i32 -> i32', body, { export: 'f' });
    return undefined;
  },
};

describe('cut anywhere', () => {
  for (const [name, program] of Object.entries(PROGRAMS)) {
    it(name, () => {
      const m = new ModuleBuilder();
      const args = program(m) ?? [5, 7];
      const expected = show(
        nativeWorld()
          .instantiate(m.build())
          .f(...args),
      );
      for (let regionWeight = 10; regionWeight <= 300; regionWeight += 5) {
        for (const smallestRun of [1, 20, 60, 100]) {
          for (const options of MODES) {
            const world = split(options, { ...SPLIT_ALL, regionWeight, smallestRun });
            const found = show(world.instantiate(m.build()).f(...args));
            expect(found, `regions of ${regionWeight}, ${smallestRun} or more, ${modeName(options)}`).toBe(
              expected,
            );
          }
        }
      }
    });
  }
});
