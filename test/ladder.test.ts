/**
 * Ladders of blocks that cannot become one `switch` without a jump to the end of what encloses them: found by reviewers, wrong
 * once in one shape or another of the generated code. Compared with native WebAssembly; fuel must be the same in every shape.
 */
import { describe, expect, test } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { Runtime } from '../src/index.ts';
import { nativeWorld } from './support/engines.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const I = 0; // parameter
const X = 1; // i64
const N = 2; // i32
const set = (value: bigint): Instruction[] => [
  ['i64.const', value],
  ['local.set', X],
];
const add = (value: bigint): Instruction[] => [
  ['local.get', X],
  ['i64.const', value],
  'i64.add',
  ['local.set', X],
];

/** A block left by a branch of its own between the `br_table` and the block whose end has `behind` after it. */
const ladder = (behind: readonly Instruction[]): Instruction[] => [
  ['block'],
  ['block'],
  ['block'],
  ['local.get', I],
  ['br_table', 0, 2],
  'end',
  ...set(7n),
  ['local.get', I],
  ['br_if', 0],
  ['local.get', X],
  'return',
  'end',
  'unreachable',
  'end',
  ...behind,
];
const count: Instruction[] = [
  ['local.get', N],
  ['i32.const', 1],
  'i32.add',
  ['local.set', N],
  ['local.get', N],
  ['i32.const', 20],
  'i32.gt_s',
  ['if'],
  ['i64.const', -1n],
  'return',
  'end',
];
const again = (limit: number): Instruction[] => [
  ['local.get', N],
  ['i32.const', limit],
  'i32.lt_s',
  ['br_if', 0],
];

const PROGRAMS: Readonly<Record<string, readonly Instruction[]>> = {
  'an i64 local where paths meet': [
    ...set(5n),
    ['block'],
    ...ladder(set(9n)),
    'end',
    ['local.get', I],
    ['if'],
    ...add(100n),
    'end',
    ['local.get', X],
  ],
  'a loop that never goes round': [['loop'], ...count, ...ladder(add(9n)), 'end', ['local.get', X]],
  'a loop with its back edge behind the ladder': [
    ['loop'],
    ...count,
    ...ladder([...add(9n), ...again(3)]),
    'end',
    ['local.get', X],
  ],
  'a loop with its back edge before the ladder': [
    ['loop'],
    ...count,
    ...again(2),
    ...ladder(add(9n)),
    'end',
    ['local.get', X],
  ],
};

const SHAPES: readonly (() => Runtime)[] = [
  () => new Runtime(),
  () => new Runtime({ fuel: 10n ** 9n }),
  () => new Runtime({}, { outline: SPLIT_ALL }),
  () => new Runtime({ fuel: 10n ** 9n }, { outline: SPLIT_ALL }),
];

type Run = (i: number) => unknown;

describe.each(Object.entries(PROGRAMS))('%s', (_, body) => {
  const m = new ModuleBuilder();
  m.func('i32 -> i64', body, { export: 'f', locals: ['i64', 'i32'] });
  const bytes = m.build();
  const native = nativeWorld().instantiate(bytes, {}).f as Run;

  test.each([0, 1, 2])('f(%d)', (i) => {
    const fuel = SHAPES.map((make) => {
      const runtime = make();
      expect((runtime.instantiateSync(bytes).exports.f as Run)(i)).toBe(native(i));
      return runtime.fuel.consumed;
    });
    expect(new Set(fuel).size).toBe(1);
    const unmetered = new Runtime({ metering: false }).instantiateSync(bytes);
    expect((unmetered.exports.f as Run)(i)).toBe(native(i));
  });
});
