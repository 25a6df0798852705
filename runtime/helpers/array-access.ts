/**
 * Loads and stores of memory 0 that its typed arrays did not answer: not at a multiple of their size, out of bounds, from 2 GB
 * on. `address` may be any integer that is congruent to the 32-bit address; the DataView traps for what is out of bounds.
 *
 * Called by code for interpreters only (compiler/emit/jitless/).
 */
import type { EnvironmentAbi } from '../abi.ts';
import { f32_from_bits, f32_to_bits } from './float.ts';

export function load8_u(E: EnvironmentAbi, address: number, offset: number): number {
  return E.V.getUint8((address >>> 0) + offset);
}
export function load8_s(E: EnvironmentAbi, address: number, offset: number): number {
  return E.V.getInt8((address >>> 0) + offset);
}
export function load16_u(E: EnvironmentAbi, address: number, offset: number): number {
  return E.V.getUint16((address >>> 0) + offset, true);
}
export function load16_s(E: EnvironmentAbi, address: number, offset: number): number {
  return E.V.getInt16((address >>> 0) + offset, true);
}
export function load32(E: EnvironmentAbi, address: number, offset: number): number {
  return E.V.getInt32((address >>> 0) + offset, true);
}
/** NaNs, too, whose bits a Float32Array would not give. */
export function load_f32(E: EnvironmentAbi, address: number, offset: number): number {
  return f32_from_bits(E.V.getInt32((address >>> 0) + offset, true));
}
export function load_f64(E: EnvironmentAbi, address: number, offset: number): number {
  return E.V.getFloat64((address >>> 0) + offset, true);
}

export function store8(E: EnvironmentAbi, address: number, offset: number, value: number): void {
  E.V.setInt8((address >>> 0) + offset, value);
}
export function store16(E: EnvironmentAbi, address: number, offset: number, value: number): void {
  E.V.setInt16((address >>> 0) + offset, value, true);
}
export function store32(E: EnvironmentAbi, address: number, offset: number, value: number): void {
  E.V.setInt32((address >>> 0) + offset, value, true);
}
/** The high half goes first: it is the one that may lie out of bounds. */
export function store64(E: EnvironmentAbi, address: number, offset: number, low: number, high: number): void {
  const at = (address >>> 0) + offset;
  E.V.setInt32(at + 4, high, true);
  E.V.setInt32(at, low, true);
}
export function store_f32(E: EnvironmentAbi, address: number, offset: number, value: number): void {
  E.V.setInt32((address >>> 0) + offset, f32_to_bits(value), true);
}
export function store_f64(E: EnvironmentAbi, address: number, offset: number, value: number): void {
  E.V.setFloat64((address >>> 0) + offset, value, true);
}
