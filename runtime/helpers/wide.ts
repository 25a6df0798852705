/**
 * 128-bit integers as pairs of i64: the result's halves go to cells 0 (low) and 1 of the register file. Every step stays
 * within 64 bits, and no BigInt is chosen between two: V8 would make objects of them.
 */
const A = BigInt.asIntN;
const U = BigInt.asUintN;
const MIN = -(1n << 63n);
const LOW = 0xffff_ffffn;

export function i64_add128(R: BigInt64Array, a: bigint, b: bigint, c: bigint, d: bigint): void {
  const low = A(64, a + c);
  const high = A(64, b + d);
  R[0] = low;
  if (A(64, low ^ MIN) < A(64, c ^ MIN)) R[1] = A(64, high + 1n);
  else R[1] = high;
}

export function i64_sub128(R: BigInt64Array, a: bigint, b: bigint, c: bigint, d: bigint): void {
  const high = A(64, b - d);
  R[0] = A(64, a - c);
  if (A(64, a ^ MIN) < A(64, c ^ MIN)) R[1] = A(64, high - 1n);
  else R[1] = high;
}

/** By four products of 32-bit halves. */
export function i64_mul_wide_u(R: BigInt64Array, a: bigint, b: bigint): void {
  const lowA = A(64, a & LOW);
  const lowB = A(64, b & LOW);
  const highA = A(64, U(64, a) >> 32n);
  const highB = A(64, U(64, b) >> 32n);
  const crossA = A(64, highA * lowB);
  const crossB = A(64, lowA * highB);
  const carry = A(64, U(64, A(64, lowA * lowB)) >> 32n);
  const middle = A(64, A(64, carry + A(64, crossA & LOW)) + A(64, crossB & LOW));
  const high = A(64, A(64, highA * highB) + A(64, U(64, middle) >> 32n));
  R[0] = A(64, a * b);
  R[1] = A(64, A(64, high + A(64, U(64, crossA) >> 32n)) + A(64, U(64, crossB) >> 32n));
}

/** A negative factor is 2^64 less than its bits: that much too high is the unsigned product's high half. */
export function i64_mul_wide_s(R: BigInt64Array, a: bigint, b: bigint): void {
  i64_mul_wide_u(R, a, b);
  if (a < 0n) R[1] = A(64, R[1]! - b);
  if (b < 0n) R[1] = A(64, R[1]! - a);
}
