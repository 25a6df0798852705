/**
 * Integer instructions that take more than an expression: division with its traps, shifts by a variable, bit counts.
 *
 * Small on purpose: V8 inlines them, and only then an i64 stays a machine integer on its way in and out. Bit counts of
 * an i64 read its halves from register-file cell 0 instead (`RL`).
 */
import { trap } from '../errors.ts';
import { I32, I64 } from './bits.ts';

const A = BigInt.asIntN;
const U = BigInt.asUintN;
const MIN = -(1n << 63n);

/** `1n << k`, closed: multiplying by it shifts left, and V8 lowers that where it does not lower a variable shift. */
export const POW2 = BigInt64Array.from({ length: 64 }, (_, k) => 1n << BigInt(k));
const LOW_FACTOR = BigInt64Array.from({ length: 64 }, (_, k) => 1n << BigInt(32 - (k & 31)));
const HIGH_FACTOR = LOW_FACTOR.map((factor, k) => (k < 32 ? factor : 0n));

export function i32_div_s(a: number, b: number): number {
  if (b === 0) trap('integer-divide-by-zero');
  if (b === -1 && a === -0x80000000) trap('integer-overflow');
  return (a / b) | 0;
}

export function i32_div_u(a: number, b: number): number {
  if (b === 0) trap('integer-divide-by-zero');
  return ((a >>> 0) / (b >>> 0)) | 0;
}

export function i32_rem_s(a: number, b: number): number {
  if (b === 0) trap('integer-divide-by-zero');
  return (a % b) | 0;
}

export function i32_rem_u(a: number, b: number): number {
  if (b === 0) trap('integer-divide-by-zero');
  return ((a >>> 0) % (b >>> 0)) | 0;
}

export function i32_popcnt(a: number): number {
  const pairs = (a - ((a >>> 1) & 0x55555555)) | 0;
  const nibbles = ((pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)) | 0;
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export function i64_div_s(a: bigint, b: bigint): bigint {
  if (b === 0n) trap('integer-divide-by-zero');
  if (b === -1n && a === MIN) trap('integer-overflow');
  return A(64, a / b);
}

export function i64_rem_s(a: bigint, b: bigint): bigint {
  if (b === 0n) trap('integer-divide-by-zero');
  return A(64, a % b);
}

/** By signed division, which V8 lowers: of the operands if both are positive, else of the halved dividend, corrected. */
export function i64_div_u(a: bigint, b: bigint): bigint {
  if (b === 0n) trap('integer-divide-by-zero');
  if (b < 0n) return A(64, a ^ MIN) < A(64, b ^ MIN) ? 0n : 1n;
  if (a >= 0n) return A(64, a / b);
  const quotient = A(64, A(64, A(64, U(64, a) >> 1n) / b) << 1n);
  const rest = A(64, a - A(64, quotient * b));
  return A(64, rest ^ MIN) < A(64, b ^ MIN) ? quotient : A(64, quotient + 1n);
}

export function i64_rem_u(a: bigint, b: bigint): bigint {
  if (b === 0n) trap('integer-divide-by-zero');
  if (a >= 0n && b > 0n) return A(64, a % b);
  return A(64, a - A(64, i64_div_u(a, b) * b));
}

/**
 * `i64.shr_u` by `k & 63` without a shift by a variable, which V8 does not lower, and without a branch, whose two BigInts
 * it would box. With p = 2^(32 − k) and the halves h, l: below 32 the result is h·p + (l·p >>> 32), from there on
 * (h·p·2^32) >>> 32. 5 M shifts: 11 ms, as six conditional shifts by constants 80 ms.
 */
export function i64_shr_u(a: bigint, k: number): bigint {
  I64[0] = a;
  const high = A(64, A(64, BigInt(I32[1]! >>> 0)) * HIGH_FACTOR[k & 63]!);
  const low = A(64, A(64, BigInt(I32[(k >> 5) & 1]! >>> 0)) * LOW_FACTOR[k & 63]!);
  return A(64, high + A(64, U(64, low) >> 32n));
}

/** Biased to unsigned, shifted, and the bias, shifted, taken off. */
export function i64_shr_s(a: bigint, k: number): bigint {
  return A(64, i64_shr_u(A(64, a ^ MIN), k) - POW2[63 - (k & 63)]!);
}

/** Rotation by `k & 63`; to the right by −k. */
export function i64_rotl(a: bigint, k: number): bigint {
  return A(64, A(64, a * POW2[k & 63]!) | i64_shr_u(a, -k));
}

export function i64_clz(cells: Int32Array): number {
  return cells[1] === 0 ? 32 + Math.clz32(cells[0]!) : Math.clz32(cells[1]!);
}

export function i64_ctz(cells: Int32Array): number {
  return cells[0] === 0 ? 32 + i32_ctz(cells[1]!) : i32_ctz(cells[0]!);
}

/** The zeros below the lowest set bit, set, are the bits to count: 32 for 0. */
function i32_ctz(a: number): number {
  return 32 - Math.clz32(~a & (a - 1));
}

export function i64_popcnt(cells: Int32Array): number {
  return i32_popcnt(cells[0]!) + i32_popcnt(cells[1]!);
}
