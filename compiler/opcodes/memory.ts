/**
 * Loads and stores: a DataView `V` at the effective address `ea`, which the emitter computes without wrapping
 * (`(a >>> 0) + offset`), so an address out of bounds throws by itself.
 *
 * An f32 that is a signalling NaN cannot pass through a JavaScript number: loads and stores branch on NaN and then move
 * bits. Loads do so on the integer, above 0x7f800000 without its sign, which is cheaper than `x === x`. Narrow i64
 * accesses go through int32: `(u ^ 128) - 128` extends the sign without a BigInt of a negative number, which V8 does not
 * lower. Not here: memory.size and everything in bulk (bulk.ts).
 */
import { rows } from './row.ts';

/** V8 11 calls a builtin for 64-bit accesses (5 M: 51 and 64 ms, in halves 10 and 16). The high half goes first: it is
 * the one that may lie out of bounds. */
const LOAD_HALVES =
  '(y = ea, x = V.getUint32(y + 4, true), y = V.getUint32(y, true), A(64, A(64, A(64, BigInt(x)) << 32n) | A(64, BigInt(y))))';
const STORE_HALVES = '(y = ea, R[0] = b, x = RL[0], V.setInt32(y + 4, RL[1], true), V.setInt32(y, x, true))';

// biome-ignore format: a table
const LOADS = rows('mvp', [
  [0x28, 'i32.load',     'memarg', 'i32 -> i32', 'load', 'V.getInt32(ea, true)'],
  [0x29, 'i64.load',     'memarg', 'i32 -> i64', 'load', 'V.getBigInt64(ea, true)', { variants: { 'v8-11': LOAD_HALVES } }],
  [0x2a, 'f32.load',     'memarg', 'i32 -> f32', 'load', '(V.getInt32(y = ea, true) & 2147483647) <= 2139095040 ? V.getFloat32(y, true) : (f32_widen_nan(RD, V.getInt32(y, true)), RD[0])'],
  [0x2b, 'f64.load',     'memarg', 'i32 -> f64', 'load', 'V.getFloat64(ea, true)'],
  [0x2c, 'i32.load8_s',  'memarg', 'i32 -> i32', 'load', 'V.getInt8(ea)'],
  [0x2d, 'i32.load8_u',  'memarg', 'i32 -> i32', 'load', 'V.getUint8(ea)'],
  [0x2e, 'i32.load16_s', 'memarg', 'i32 -> i32', 'load', 'V.getInt16(ea, true)'],
  [0x2f, 'i32.load16_u', 'memarg', 'i32 -> i32', 'load', 'V.getUint16(ea, true)'],
  [0x30, 'i64.load8_s',  'memarg', 'i32 -> i64', 'load', 'A(64, A(64, BigInt(V.getUint8(ea) ^ 128)) - 128n)'],
  [0x31, 'i64.load8_u',  'memarg', 'i32 -> i64', 'load', 'A(64, BigInt(V.getUint8(ea)))'],
  [0x32, 'i64.load16_s', 'memarg', 'i32 -> i64', 'load', 'A(64, A(64, BigInt(V.getUint16(ea, true) ^ 32768)) - 32768n)'],
  [0x33, 'i64.load16_u', 'memarg', 'i32 -> i64', 'load', 'A(64, BigInt(V.getUint16(ea, true)))'],
  [0x34, 'i64.load32_s', 'memarg', 'i32 -> i64', 'load', 'A(64, A(64, BigInt((V.getInt32(ea, true) ^ 2147483648) >>> 0)) - 2147483648n)'],
  [0x35, 'i64.load32_u', 'memarg', 'i32 -> i64', 'load', 'A(64, BigInt(V.getUint32(ea, true)))'],
]);

// biome-ignore format: a table
const STORES = rows('mvp', [
  [0x36, 'i32.store',   'memarg', 'i32 i32 ->', 'store', 'V.setInt32(ea, b, true)'],
  [0x37, 'i64.store',   'memarg', 'i32 i64 ->', 'store', 'V.setBigInt64(ea, b, true)', { variants: { 'v8-11': STORE_HALVES } }],
  [0x38, 'f32.store',   'memarg', 'i32 f32 ->', 'store', '(y = ea, x = b, x === x ? V.setFloat32(y, x, true) : V.setInt32(y, f32_to_bits(x), true))'],
  [0x39, 'f64.store',   'memarg', 'i32 f64 ->', 'store', 'V.setFloat64(ea, b, true)'],
  [0x3a, 'i32.store8',  'memarg', 'i32 i32 ->', 'store', 'V.setInt8(ea, b)'],
  [0x3b, 'i32.store16', 'memarg', 'i32 i32 ->', 'store', 'V.setInt16(ea, b, true)'],
  [0x3c, 'i64.store8',  'memarg', 'i32 i64 ->', 'store', 'V.setInt8(ea, (R[0] = b, RL[0]))'],
  [0x3d, 'i64.store16', 'memarg', 'i32 i64 ->', 'store', 'V.setInt16(ea, (R[0] = b, RL[0]), true)'],
  [0x3e, 'i64.store32', 'memarg', 'i32 i64 ->', 'store', 'V.setInt32(ea, (R[0] = b, RL[0]), true)'],
]);

export const MEMORY = [...LOADS, ...STORES];
