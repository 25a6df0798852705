/**
 * f32 and f64: JavaScript numbers. An f32 is `fround`-closed, or a NaN whose bits runtime/helpers/float.ts explains.
 *
 * Arithmetic may give any NaN the specification allows; neg, abs, copysign and the reinterpretations are exact to the
 * bit, so some branch on `a === a` (V8 may compute `-a` as `a * -1`, which leaves the sign of a NaN alone). So do min
 * and max, because V8's may answer a NaN of all ones where the specification wants the canonical one. Every f32 result
 * that may be a NaN by arithmetic goes through `fround`, which also removes the mark of a signalling operand. V8's ceil,
 * floor and trunc may hand a signalling f64 NaN back as it came: `- 0` before them (V8 drops one
 * behind them) makes it quiet, and keeps a -0.
 *
 * A slow path hands its float over in a scratch cell: a call's result meeting a number in one expression would make V8
 * box both (f32 a·x + y on Node 26: 81 ms instead of 17). No literal NaN there either: six times slower than `a + b`.
 */
import { rows } from './row.ts';

/** By the sign in the high half of `b`'s cell. */
const COPYSIGN =
  '(x = a, RD[0] = b, x === x ? RL[1] < 0 ? -abs(x) : abs(x) : (f64_copysign_nan(RD, x), RD[0]))';

// biome-ignore format: a table
const COMPARISONS = rows('mvp', [
  [0x5b, 'f32.eq', 'none', 'f32 f32 -> i32', 'pure', 'a === b'],
  [0x5c, 'f32.ne', 'none', 'f32 f32 -> i32', 'pure', 'a !== b'],
  [0x5d, 'f32.lt', 'none', 'f32 f32 -> i32', 'pure', 'a < b'],
  [0x5e, 'f32.gt', 'none', 'f32 f32 -> i32', 'pure', 'a > b'],
  [0x5f, 'f32.le', 'none', 'f32 f32 -> i32', 'pure', 'a <= b'],
  [0x60, 'f32.ge', 'none', 'f32 f32 -> i32', 'pure', 'a >= b'],
  [0x61, 'f64.eq', 'none', 'f64 f64 -> i32', 'pure', 'a === b'],
  [0x62, 'f64.ne', 'none', 'f64 f64 -> i32', 'pure', 'a !== b'],
  [0x63, 'f64.lt', 'none', 'f64 f64 -> i32', 'pure', 'a < b'],
  [0x64, 'f64.gt', 'none', 'f64 f64 -> i32', 'pure', 'a > b'],
  [0x65, 'f64.le', 'none', 'f64 f64 -> i32', 'pure', 'a <= b'],
  [0x66, 'f64.ge', 'none', 'f64 f64 -> i32', 'pure', 'a >= b'],
]);

// biome-ignore format: a table
const ARITHMETIC = rows('mvp', [
  [0x8b, 'f32.abs',      'none', 'f32 -> f32',     'pure', 'abs(a)'],
  [0x8c, 'f32.neg',      'none', 'f32 -> f32',     'pure', 'a === a ? -a : (f64_neg_nan(RD, a), RD[0])'],
  [0x8d, 'f32.ceil',     'none', 'f32 -> f32',     'pure', 'fround(ceil(a))'],
  [0x8e, 'f32.floor',    'none', 'f32 -> f32',     'pure', 'fround(floor(a))'],
  [0x8f, 'f32.trunc',    'none', 'f32 -> f32',     'pure', 'fround(trunc(a))'],
  [0x90, 'f32.nearest',  'none', 'f32 -> f32',     'pure', 'fround(f64_nearest(a))'],
  [0x91, 'f32.sqrt',     'none', 'f32 -> f32',     'pure', 'fround(sqrt(a))'],
  [0x92, 'f32.add',      'none', 'f32 f32 -> f32', 'pure', 'fround(a + b)'],
  [0x93, 'f32.sub',      'none', 'f32 f32 -> f32', 'pure', 'fround(a - b)'],
  [0x94, 'f32.mul',      'none', 'f32 f32 -> f32', 'pure', 'fround(a * b)'],
  [0x95, 'f32.div',      'none', 'f32 f32 -> f32', 'pure', 'fround(a / b)'],
  [0x96, 'f32.min',      'none', 'f32 f32 -> f32', 'pure', '(x = min(a, b), x === x ? x : fround(a + b))'],
  [0x97, 'f32.max',      'none', 'f32 f32 -> f32', 'pure', '(x = max(a, b), x === x ? x : fround(a + b))'],
  [0x98, 'f32.copysign', 'none', 'f32 f32 -> f32', 'pure', COPYSIGN],
  [0x99, 'f64.abs',      'none', 'f64 -> f64',     'pure', 'abs(a)'],
  [0x9a, 'f64.neg',      'none', 'f64 -> f64',     'pure', 'a === a ? -a : (f64_neg_nan(RD, a), RD[0])'],
  [0x9b, 'f64.ceil',     'none', 'f64 -> f64',     'pure', 'ceil(a - 0)'],
  [0x9c, 'f64.floor',    'none', 'f64 -> f64',     'pure', 'floor(a - 0)'],
  [0x9d, 'f64.trunc',    'none', 'f64 -> f64',     'pure', 'trunc(a - 0)'],
  [0x9e, 'f64.nearest',  'none', 'f64 -> f64',     'pure', 'f64_nearest(a)'],
  [0x9f, 'f64.sqrt',     'none', 'f64 -> f64',     'pure', 'sqrt(a)'],
  [0xa0, 'f64.add',      'none', 'f64 f64 -> f64', 'pure', 'a + b'],
  [0xa1, 'f64.sub',      'none', 'f64 f64 -> f64', 'pure', 'a - b'],
  [0xa2, 'f64.mul',      'none', 'f64 f64 -> f64', 'pure', 'a * b'],
  [0xa3, 'f64.div',      'none', 'f64 f64 -> f64', 'pure', 'a / b'],
  [0xa4, 'f64.min',      'none', 'f64 f64 -> f64', 'pure', '(x = min(a, b), x === x ? x : a + b)'],
  [0xa5, 'f64.max',      'none', 'f64 f64 -> f64', 'pure', '(x = max(a, b), x === x ? x : a + b)'],
  [0xa6, 'f64.copysign', 'none', 'f64 f64 -> f64', 'pure', COPYSIGN],
]);

// biome-ignore format: a table
const CONVERSIONS = rows('mvp', [
  [0xa8, 'i32.trunc_f32_s', 'none', 'f32 -> i32', 'trap', 'i32_trunc_s(a)'],
  [0xa9, 'i32.trunc_f32_u', 'none', 'f32 -> i32', 'trap', 'i32_trunc_u(a)'],
  [0xaa, 'i32.trunc_f64_s', 'none', 'f64 -> i32', 'trap', 'i32_trunc_s(a)'],
  [0xab, 'i32.trunc_f64_u', 'none', 'f64 -> i32', 'trap', 'i32_trunc_u(a)'],
  [0xae, 'i64.trunc_f32_s', 'none', 'f32 -> i64', 'trap', '(i64_trunc_s(RL, a), R[0])'],
  [0xaf, 'i64.trunc_f32_u', 'none', 'f32 -> i64', 'trap', '(i64_trunc_u(RL, a), R[0])'],
  [0xb0, 'i64.trunc_f64_s', 'none', 'f64 -> i64', 'trap', '(i64_trunc_s(RL, a), R[0])'],
  [0xb1, 'i64.trunc_f64_u', 'none', 'f64 -> i64', 'trap', '(i64_trunc_u(RL, a), R[0])'],
  [0xb2, 'f32.convert_i32_s', 'none', 'i32 -> f32', 'pure', 'fround(a)'],
  [0xb3, 'f32.convert_i32_u', 'none', 'i32 -> f32', 'pure', 'fround(a >>> 0)'],
  [0xb4, 'f32.convert_i64_s', 'none', 'i64 -> f32', 'pure', '(R[0] = a, f32_convert_i64_s(RL))'],
  [0xb5, 'f32.convert_i64_u', 'none', 'i64 -> f32', 'pure', '(R[0] = a, f32_convert_i64_u(RL))'],
  [0xb6, 'f32.demote_f64',    'none', 'f64 -> f32', 'pure', 'fround(a)'],
  [0xb7, 'f64.convert_i32_s', 'none', 'i32 -> f64', 'pure', 'a'],
  [0xb8, 'f64.convert_i32_u', 'none', 'i32 -> f64', 'pure', 'a >>> 0'],
  [0xb9, 'f64.convert_i64_s', 'none', 'i64 -> f64', 'pure', '(R[0] = a, RL[1] * 4294967296 + (RL[0] >>> 0))'],
  [0xba, 'f64.convert_i64_u', 'none', 'i64 -> f64', 'pure', '(R[0] = a, (RL[1] >>> 0) * 4294967296 + (RL[0] >>> 0))'],
  [0xbb, 'f64.promote_f32',   'none', 'f32 -> f64', 'pure', 'a'],
  [0xbc, 'i32.reinterpret_f32', 'none', 'f32 -> i32', 'pure', '(RF[0] = x = a, x === x ? RL[0] : f32_to_bits(x) | 0)'],
  [0xbd, 'i64.reinterpret_f64', 'none', 'f64 -> i64', 'pure', '(RD[0] = a, R[0])'],
  [0xbe, 'f32.reinterpret_i32', 'none', 'i32 -> f32', 'pure', '((RL[0] = a) & 2147483647) <= 2139095040 ? RF[0] : (f32_widen_nan(RD, RL[0]), RD[0])'],
  [0xbf, 'f64.reinterpret_i64', 'none', 'i64 -> f64', 'pure', '(R[0] = a, RD[0])'],
]);

// biome-ignore format: a table
const SATURATING = rows('saturating-float-to-int', [
  [[0xfc, 0], 'i32.trunc_sat_f32_s', 'none', 'f32 -> i32', 'pure', 'i32_trunc_sat_s(a)'],
  [[0xfc, 1], 'i32.trunc_sat_f32_u', 'none', 'f32 -> i32', 'pure', 'i32_trunc_sat_u(a)'],
  [[0xfc, 2], 'i32.trunc_sat_f64_s', 'none', 'f64 -> i32', 'pure', 'i32_trunc_sat_s(a)'],
  [[0xfc, 3], 'i32.trunc_sat_f64_u', 'none', 'f64 -> i32', 'pure', 'i32_trunc_sat_u(a)'],
  [[0xfc, 4], 'i64.trunc_sat_f32_s', 'none', 'f32 -> i64', 'pure', '(i64_trunc_sat_s(RL, a), R[0])'],
  [[0xfc, 5], 'i64.trunc_sat_f32_u', 'none', 'f32 -> i64', 'pure', '(i64_trunc_sat_u(RL, a), R[0])'],
  [[0xfc, 6], 'i64.trunc_sat_f64_s', 'none', 'f64 -> i64', 'pure', '(i64_trunc_sat_s(RL, a), R[0])'],
  [[0xfc, 7], 'i64.trunc_sat_f64_u', 'none', 'f64 -> i64', 'pure', '(i64_trunc_sat_u(RL, a), R[0])'],
]);

export const FLOAT = [...COMPARISONS, ...ARITHMETIC, ...CONVERSIONS, ...SATURATING];
