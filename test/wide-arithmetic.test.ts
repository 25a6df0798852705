/** Two results of one instruction, in the middle of other code: what is pending around them keeps its value and order. */
import { expect, test } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { Runtime } from '../src/index.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const features = { 'wide-arithmetic': true };
const get = (index: number): Instruction => ['local.get', index];

/** (a·b)·c + d with 128 bits each, as code for 256-bit products does it, beside what is on the stack. */
function program(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.memory(1, 1);
  m.func(
    'i64 i64 i64 -> i64 i64 i64 i32',
    [
      [get(0), get(1), 'i64.add'],
      [['i32.const', 8], get(0), ['i64.store', {}]],
      [get(0), get(1), 'i64.mul_wide_u'],
      [['i32.const', 8], ['i64.load', {}], get(2), 'i64.add128'],
      [['i64.const', 1], 'i64.shl', ['local.tee', 0], get(0), 'i64.mul_wide_s', 'i64.add'],
      [
        ['i32.const', 8],
        ['i32.load', {}],
      ],
    ].flat() as Instruction[],
    { export: 'f' },
  );
  return m.build();
}

function expected(a: bigint, b: bigint, c: bigint): unknown[] {
  const U = (value: bigint) => BigInt.asUintN(64, value);
  const A = (value: bigint) => BigInt.asIntN(64, value);
  const sum = U(a) * U(b) + (U(c) << 64n) + U(a);
  const shifted = A((sum >> 64n) << 1n);
  const square = shifted * shifted;
  return [A(a + b), A(sum), A(A(square) + A(square >> 64n)), Number(BigInt.asIntN(32, a))];
}

test.each([
  ['metered', () => new Runtime({ features })],
  ['unmetered', () => new Runtime({ features, metering: false })],
  ['in regions', () => new Runtime({ features }, { outline: SPLIT_ALL })],
] as const)('%s', (_, runtime) => {
  const { f } = runtime().instantiateSync(program()).exports;
  const values = [0n, 1n, -1n, 0x1234_5678_9abc_def0n, -(1n << 63n), (1n << 63n) - 1n];
  for (let round = 0; round < 30; round++)
    for (const a of values)
      for (const b of values) for (const c of values) expect(f(a, b, c)).toEqual(expected(a, b, c));
});

test('is off by default', () => {
  expect(() => new Runtime().compileSync(program())).toThrow(
    /^wide-arithmetic is disabled: i64\.mul_wide_u; /,
  );
});
