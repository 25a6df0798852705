/**
 * Floats to integers: truncation that traps and truncation that saturates. An f32 is a number like any other here.
 *
 * i64 results are written as two halves into the register file's scratch cell 0 (its `Int32Array` view), so that no
 * BigInt crosses a call: `(i64_trunc_s(RL, a), R[0])`.
 */
import { trap } from '../errors.ts';

const TWO_31 = 0x8000_0000;
const TWO_32 = 0x1_0000_0000;
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

function untruncatable(value: number): never {
  return trap(Number.isNaN(value) ? 'invalid-conversion-to-integer' : 'integer-overflow');
}

export function i32_trunc_s(value: number): number {
  return value > -TWO_31 - 1 && value < TWO_31 ? value | 0 : untruncatable(value);
}

export function i32_trunc_u(value: number): number {
  return value > -1 && value < TWO_32 ? value | 0 : untruncatable(value);
}

export function i32_trunc_sat_s(value: number): number {
  if (value > -TWO_31 && value < TWO_31) return value | 0;
  if (value >= TWO_31) return 0x7fffffff;
  return Number.isNaN(value) ? 0 : -TWO_31;
}

export function i32_trunc_sat_u(value: number): number {
  if (value > -1 && value < TWO_32) return value | 0;
  return value >= TWO_32 ? -1 : 0;
}

export function i64_trunc_s(cells: Int32Array, value: number): void {
  if (!(value >= -TWO_63 && value < TWO_63)) untruncatable(value);
  split(cells, value);
}

export function i64_trunc_u(cells: Int32Array, value: number): void {
  if (!(value > -1 && value < TWO_64)) untruncatable(value);
  split(cells, value);
}

export function i64_trunc_sat_s(cells: Int32Array, value: number): void {
  if (value >= -TWO_63 && value < TWO_63) split(cells, value);
  else if (value >= TWO_63) setHalves(cells, 0x7fffffff, -1);
  else setHalves(cells, Number.isNaN(value) ? 0 : -TWO_31, 0);
}

export function i64_trunc_sat_u(cells: Int32Array, value: number): void {
  if (value > -1 && value < TWO_64) split(cells, value);
  else setHalves(cells, value >= TWO_64 ? -1 : 0, value >= TWO_64 ? -1 : 0);
}

/** Both halves are exact: they are a number's upper and lower bits. */
function split(cells: Int32Array, value: number): void {
  const integer = Math.trunc(value);
  const high = Math.floor(integer / TWO_32);
  setHalves(cells, high, integer - high * TWO_32);
}

function setHalves(cells: Int32Array, high: number, low: number): void {
  cells[0] = low;
  cells[1] = high;
}
