import { expect, test } from 'vitest';
import { F32, F64, floatBits, integerBits } from './float-literals.ts';

function bitsOf(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0]!;
}

test.each([
  ['0', 0n],
  ['-0.0', 0x8000_0000n],
  ['1', 0x3f80_0000n],
  ['0x1.8p+1', 0x4040_0000n],
  ['-0x1p-149', 0x8000_0001n],
  // The largest subnormal, and the smallest normal by rounding up to it.
  ['0x1.fffffcp-127', 0x007f_ffffn],
  ['0x1.ffffffp-127', 0x0080_0000n],
  // Halfway: to even, both ways.
  ['0x1.000001p+0', 0x3f80_0000n],
  ['0x1.000003p+0', 0x3f80_0002n],
  ['0x1.00000100000000001p+0', 0x3f80_0001n],
  ['0x1p-150', 0n],
  ['0x1.1p-150', 1n],
  ['0x1.ffffffp+127', 0x7f80_0000n],
  ['0x1.fffffe_ffp+127', 0x7f7f_ffffn],
  // Just above halfway: rounded to f64 first, it would be halfway, and one lower.
  ['1.0000000596046447753906251', 0x3f80_0001n],
  ['inf', 0x7f80_0000n],
  ['-nan', 0xffc0_0000n],
  ['nan:0x200000', 0x7fa0_0000n],
])('f32 %s', (literal, bits) => {
  expect(floatBits(literal, F32)).toBe(bits);
});

test.each([
  '0.1',
  '1e308',
  '1.7976931348623157e308',
  '5e-324',
  '2.2250738585072011e-308',
  '9007199254740993',
  '1e-400',
  '1e400',
])('f64 %s is as JavaScript reads it', (literal) => {
  expect(floatBits(literal, F64)).toBe(bitsOf(Number(literal)));
});

test('what is no literal is undefined', () => {
  for (const literal of ['', 'x', '0x', '1.2.3', 'nan:canonical', '1p3'])
    expect(floatBits(literal, F64)).toBeUndefined();
  for (const literal of ['', '1.0', '0xg', '--1']) expect(integerBits(literal, 32)).toBeUndefined();
});

test.each([
  ['-1', 32, 0xffff_ffffn],
  ['0x8000_0000', 32, 0x8000_0000n],
  ['+12', 64, 12n],
  ['-0x8000000000000000', 64, 0x8000_0000_0000_0000n],
])('integer %s', (literal, width, bits) => {
  expect(integerBits(literal, width)).toBe(bits);
});
