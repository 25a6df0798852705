import { expect, test } from 'vitest';
import type { FunctionReference } from './abi.ts';
import { evaluate } from './const-expr.ts';
import { type ConstExpr, FUNCREF } from './types.ts';

const f = { index: 3 } as FunctionReference;
const i32 = (value: number) => ({ op: 'i32.const', value }) as const;
const i64 = (value: bigint) => ({ op: 'i64.const', value }) as const;

const CASES: readonly [expression: ConstExpr, value: unknown][] = [
  [[i32(-7)], -7],
  [[i64(-7n)], -7n],
  [[{ op: 'f32.const', bits: 0x3f800000 }], 1],
  [[{ op: 'f64.const', bits: 0x3ff0000000000000n }], 1],
  [[{ op: 'ref.null', type: FUNCREF }], null],
  [[{ op: 'ref.func', index: 3 }], f],
  [[{ op: 'global.get', index: 2 }], 20],
  [[i32(0x7fffffff), i32(1), { op: 'i32.add' }], -0x80000000],
  [[i32(-0x80000000), i32(1), { op: 'i32.sub' }], 0x7fffffff],
  [[i32(0x7fffffff), i32(0x7fffffff), { op: 'i32.mul' }], 1],
  [[i64(2n ** 63n - 1n), i64(1n), { op: 'i64.add' }], -(2n ** 63n)],
  [[i64(-(2n ** 63n)), i64(1n), { op: 'i64.sub' }], 2n ** 63n - 1n],
  [[i64(2n ** 32n), i64(2n ** 32n), { op: 'i64.mul' }], 0n],
  [[i32(10), { op: 'global.get', index: 1 }, i32(3), { op: 'i32.mul' }, { op: 'i32.sub' }], -20],
];

test.each(CASES)('%o', (expression, value) => {
  let charged = 0;
  const context = {
    E: undefined as never,
    global: (index: number) => index * 10,
    func: () => f,
    charge: (fuel: number) => {
      charged += fuel;
    },
  };
  expect(evaluate(expression, context)).toBe(value);
  expect(charged).toBe(expression.length + 1);
});

test('what validation let slip is our bug', () => {
  const context = { E: undefined as never, global: () => 0, func: () => f, charge: () => undefined };
  expect(() => evaluate([], context)).toThrow('internal error: a constant expression left 0 values');
});
