/**
 * Between raw bits and the numbers of the standard JavaScript API (i32, f32, f64: number; i64: bigint), for engines and
 * properties that only speak the latter. NaN payloads may change on the way.
 */
import type { NumberType } from './values.ts';

const view = new DataView(new ArrayBuffer(8));

export function numberOfBits(type: NumberType, bits: bigint): number | bigint {
  view.setBigUint64(0, bits, true);
  if (type === 'i32') return view.getInt32(0, true);
  if (type === 'i64') return view.getBigInt64(0, true);
  return type === 'f32' ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

export function bitsOfNumber(type: NumberType, value: number | bigint): bigint {
  view.setBigUint64(0, 0n);
  if (typeof value === 'bigint') return BigInt.asUintN(64, value);
  if (type === 'i32') view.setInt32(0, value, true);
  else if (type === 'f32') view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return view.getBigUint64(0, true);
}
