/**
 * Float bits that a JavaScript number must carry; every instruction's results are compared in compiler/opcodes-native.
 */
import { expect, test } from 'vitest';
import { f32_from_bits, f32_to_bits, f64_from_bits, f64_to_bits } from './float.ts';

const F32_BITS = [
  0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7f800008, 0x7fa00000,
  0x7fbfffff, 0x7fc00000, 0x7fc00001, 0x7fffffff,
].flatMap((bits) => [bits, bits | 0x80000000]);

test.each(F32_BITS)('f32 %i survives being a number', (bits) => {
  expect(f32_to_bits(f32_from_bits(bits))).toBe(bits);
});

test('a signalling f32 is a quiet f64 with its payload and a mark; a quiet one has no mark', () => {
  expect(f64_to_bits(f32_from_bits(0x7f800001)).toString(16)).toBe('7ff8000020000001');
  expect(f64_to_bits(f32_from_bits(0x7fc00001)).toString(16)).toBe('7ff8000020000000');
});

test('rounding removes the mark', () => {
  expect(f32_to_bits(Math.fround(f32_from_bits(0x7f800001)))).toBe(0x7fc00001);
});

test('a NaN that no f32 gave has no infinity for bits', () => {
  expect(f32_to_bits(f64_from_bits(0x7ff8000000000001n))).toBe(0x7fc00000);
});

test.each([0n, 1n, 0x3ff0000000000000n, 0x7ff8000000000001n, -1n, -(1n << 63n)])(
  'f64 %i survives',
  (bits) => {
    expect(f64_to_bits(f64_from_bits(bits))).toBe(bits);
  },
);
