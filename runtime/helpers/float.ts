/**
 * Floats to the bit: NaNs, signs, rounding to even. Called by generated code on its slow paths (which take the result
 * from the register file's cell 0), and by the runtime where values cross to raw bits.
 *
 * How an f32 lives in a JavaScript number: it is `Math.fround`-closed, or a NaN. A quiet f32 NaN is the f64 NaN that
 * hardware would widen it to. A *signalling* one would be quieted by widening, so it is carried as a quiet f64 NaN with
 * its payload, and marked by the lowest bit, which no widened f32 has set:
 *
 *   f32  s 11111111 qpppppppppppppppppppppp          q = 0: signalling
 *   f64  s 11111111111 1pppppppppppppppppppppp 0000000000000000000000000000m    m = 1: was signalling
 *
 * Arithmetic rounds its result with `fround`, which drops the mark: so a signalling NaN becomes quiet exactly where
 * the specification asks for it. Not here: conversion to integers (truncate.ts).
 */
import { F32, F64, I32, I64 } from './bits.ts';

/** The number that carries an f32 with these bits (an int32). */
export function f32_from_bits(bits: number): number {
  if ((bits & 0x7fffffff) <= 0x7f800000) {
    I32[0] = bits;
    return F32[0]!;
  }
  const signalling = (bits & 0x400000) === 0;
  I32[1] = (bits & 0x80000000) | 0x7ff80000 | ((bits & 0x3fffff) >>> 3);
  I32[0] = (bits << 29) | (signalling ? 1 : 0);
  return F64[0]!;
}

/** The bits, as an int32, of the f32 that a number carries. */
export function f32_to_bits(value: number): number {
  if (!Number.isNaN(value)) {
    F32[0] = value;
    return I32[0]!;
  }
  F64[0] = value;
  const high = I32[1]!;
  const payload = ((high & 0x7ffff) << 3) | (I32[0]! >>> 29);
  const signalling = (I32[0]! & 1) !== 0 && payload !== 0;
  return (high & 0x80000000) | (signalling ? 0x7f800000 : 0x7fc00000) | payload;
}

/** The f64 with these bits (signed). */
export function f64_from_bits(bits: bigint): number {
  I64[0] = bits;
  return F64[0]!;
}

/** An f64's bits, signed. */
export function f64_to_bits(value: number): bigint {
  F64[0] = value;
  return I64[0]!;
}

/** `f32.load` and `f32.reinterpret_i32` of a NaN's bits, into cell 0. */
export function f32_widen_nan(cells: Float64Array, bits: number): void {
  cells[0] = f32_from_bits(bits);
}

/** `f32.neg` and `f64.neg` of a NaN (both carry their sign in the same place), into cell 0. */
export function f64_neg_nan(cells: Float64Array, value: number): void {
  F64[0] = value;
  I32[1] = I32[1]! ^ 0x80000000;
  cells[0] = F64[0]!;
}

/** `f32.copysign` and `f64.copysign` to a NaN, into cell 0, from the sign of what is there. */
export function f64_copysign_nan(cells: Float64Array, value: number): void {
  F64[0] = cells[0]!;
  const sign = I32[1]! & 0x80000000;
  F64[0] = value;
  I32[1] = (I32[1]! & 0x7fffffff) | sign;
  cells[0] = F64[0]!;
}

/** From here on every f64 is an integer; adding it to a smaller one rounds that one to an integer, ties to even. */
const INTEGERS = 2 ** 52;

/** `f64.nearest`; of an f32 as well, whose nearest integer is an f32. −0.3 gives −0. */
export function f64_nearest(value: number): number {
  if (value > 0) return value < INTEGERS ? value + INTEGERS - INTEGERS : value;
  if (value < 0) return value > -INTEGERS ? -(INTEGERS - value - INTEGERS) : value;
  return value + value;
}

/**
 * `f32.convert_i64_s` of the value in register-file cell 0. Rounding to f64 first would round twice; so where 53 bits
 * are too few, all bits below the eleventh are gathered in that one, where they still break ties.
 */
export function f32_convert_i64_s(cells: Int32Array): number {
  return f32_convert_halves(cells[1]!, cells[0]!);
}

/** `f32.convert_i64_u` of the value in register-file cell 0. */
export function f32_convert_i64_u(cells: Int32Array): number {
  return f32_convert_halves(cells[1]! >>> 0, cells[0]!);
}

function f32_convert_halves(high: number, low: number): number {
  const exact = high >= -0x200000 && high < 0x200000;
  const gathered = exact || (low & 0x7ff) === 0 ? low : (low & ~0x7ff) | 0x800;
  return Math.fround(high * 0x1_0000_0000 + (gathered >>> 0));
}
