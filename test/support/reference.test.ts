/**
 * The reference itself is checked: every numeric instruction of the interpreter against native WebAssembly, over edge
 * values, bit for bit (NaNs by class).
 */
import { expect, it } from 'vitest';
import { OPCODES, signatureOf } from '../../compiler/opcodes.ts';
import { typeText } from '../../runtime/types.ts';
import { difference, nativeWorld, outcomeOf, referenceWorld } from './engines.ts';
import { NUMERIC } from './numeric.ts';
import { Random } from './random.ts';
import { ModuleBuilder } from './wasm-builder.ts';

const random = new Random(7);
const EDGES: Readonly<Record<string, readonly unknown[]>> = {
  i32: [0, 1, -1, 31, 32, 33, 2 ** 31 - 1, -(2 ** 31), ...Array.from({ length: 8 }, () => random.i32())],
  i64: [
    0n,
    1n,
    -1n,
    63n,
    64n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    (1n << 53n) + 1n,
    (1n << 40n) + 0x7fn,
    0xffffff7fffffffffn,
    ...Array.from({ length: 8 }, () => random.i64()),
  ],
  f32: [
    0,
    -0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    NaN,
    Infinity,
    -Infinity,
    2 ** 31,
    -(2 ** 31),
    2 ** 63,
    1e-45,
    8388607.5,
    3.4e38,
  ].map(Math.fround),
  f64: [
    0,
    -0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    NaN,
    Infinity,
    -Infinity,
    2 ** 31,
    -(2 ** 31) - 0.5,
    2 ** 63,
    5e-324,
    4503599627370495.5,
    1e300,
  ],
};

const rows = OPCODES.filter((row) => row.name in NUMERIC);

it('has every numeric instruction', () => {
  const numeric = OPCODES.filter(
    ({ feature, immediate, name }) =>
      !['wide-arithmetic', 'gc'].includes(feature) && immediate === 'none' && /^[if]\d\d\./.test(name),
  );
  expect(numeric.map((row) => row.name).sort()).toEqual(Object.keys(NUMERIC).sort());
});

it.each(rows.map((row) => [row.name, row] as const))('%s', (name, row) => {
  const { params, results } = signatureOf(row)!;
  const types = params.map(typeText);
  const m = new ModuleBuilder();
  const operands = types.map((_, i) => ['local.get', i] as const);
  m.func(`${types.join(' ')} -> ${typeText(results[0]!)}`, [...operands, name], { export: 'f' });
  const [reference, host] = [referenceWorld(), nativeWorld()];
  const [expected, actual] = [host.instantiate(m.build()), reference.instantiate(m.build())];
  for (const a of EDGES[types[0]!]!) {
    for (const b of EDGES[types[1] ?? ''] ?? [undefined]) {
      const different = difference(
        outcomeOf(host, () => expected.f(a, b)),
        outcomeOf(reference, () => actual.f(a, b)),
      );
      expect(different, `${name} ${a} ${b}`).toBeUndefined();
    }
  }
});
