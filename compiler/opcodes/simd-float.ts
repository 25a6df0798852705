/**
 * Floating point on vectors: each lane as in float.ts, where the forms are explained. What only changes signs is done to the
 * words, or to numbers that are there already; the pseudo-minimum and -maximum are one of their operands, NaNs and all.
 */
import { type VectorRow, vectors } from './lane-forms.ts';
import type { Opcode } from './row.ts';

const NEGATED = 'a === a ? -a : (f64_neg_nan(RD, a), RD[0])';
const truth = (condition: string) => `0 - (${condition} | 0)`;
const truths = (operator: string) =>
  [0, 1].flatMap((n) => [truth(`a${n} ${operator} b${n}`), `r${2 * n}`]).join(' ; ');

const WORDS = 'i32x4 i32x4 -> i32x4';
/** b where the condition on the doubles holds, else a; as words, for Node 26 may make a signalling NaN quiet that passes through a variable. */
const chosenWords = (condition: string) =>
  [0, 2]
    .flatMap((n) => [
      `((RL[0] = a${n}, RL[1] = a${n + 1}, RL[2] = b${n}, RL[3] = b${n + 1}, x = ${condition}) ? b${n} : a${n})`,
      `(x ? b${n + 1} : a${n + 1})`,
    ])
    .join(' ; ');

const F32 = { unary: 'f32x4 -> f32x4', binary: 'f32x4 f32x4 -> f32x4', compare: 'f32x4 f32x4 -> i32x4' };
const F64 = { unary: 'f64x2 -> f64x2', binary: 'f64x2 f64x2 -> f64x2', compare: 'f64x2 f64x2 -> i32x4' };
const F32_MIN = '(x = min(a, b), x === x ? x : fround(a + b))';
const F32_MAX = '(x = max(a, b), x === x ? x : fround(a + b))';
const F64_MIN = '(x = min(a, b), x === x ? x : a + b)';
const F64_MAX = '(x = max(a, b), x === x ? x : a + b)';

// biome-ignore format: a table
const F32X4: readonly VectorRow[] = [
  [0x41, 'f32x4.eq', F32.compare, truth('a === b')],
  [0x42, 'f32x4.ne', F32.compare, truth('a !== b')],
  [0x43, 'f32x4.lt', F32.compare, truth('a < b')],
  [0x44, 'f32x4.gt', F32.compare, truth('a > b')],
  [0x45, 'f32x4.le', F32.compare, truth('a <= b')],
  [0x46, 'f32x4.ge', F32.compare, truth('a >= b')],
  [0x67, 'f32x4.ceil', F32.unary, 'fround(ceil(a))'],
  [0x68, 'f32x4.floor', F32.unary, 'fround(floor(a))'],
  [0x69, 'f32x4.trunc', F32.unary, 'fround(trunc(a))'],
  [0x6a, 'f32x4.nearest', F32.unary, 'fround(f64_nearest(a))'],
  [0xe0, 'f32x4.abs', 'i32x4 -> i32x4', 'a & 2147483647', { others: [[F32.unary, 'abs(a)']] }],
  [0xe1, 'f32x4.neg', 'i32x4 -> i32x4', 'a ^ -2147483648', { others: [[F32.unary, NEGATED]] }],
  [0xe3, 'f32x4.sqrt', F32.unary, 'fround(sqrt(a))'],
  [0xe4, 'f32x4.add', F32.binary, 'fround(a + b)'],
  [0xe5, 'f32x4.sub', F32.binary, 'fround(a - b)'],
  [0xe6, 'f32x4.mul', F32.binary, 'fround(a * b)'],
  [0xe7, 'f32x4.div', F32.binary, 'fround(a / b)'],
  [0xe8, 'f32x4.min', F32.binary, F32_MIN],
  [0xe9, 'f32x4.max', F32.binary, F32_MAX],
  [0xea, 'f32x4.pmin', F32.binary, 'b < a ? b : a', { exact: true }],
  [0xeb, 'f32x4.pmax', F32.binary, 'a < b ? b : a', { exact: true }],
];

// biome-ignore format: a table
const F64X2: readonly VectorRow[] = [
  [0x47, 'f64x2.eq', F64.compare, truths('===')],
  [0x48, 'f64x2.ne', F64.compare, truths('!==')],
  [0x49, 'f64x2.lt', F64.compare, truths('<')],
  [0x4a, 'f64x2.gt', F64.compare, truths('>')],
  [0x4b, 'f64x2.le', F64.compare, truths('<=')],
  [0x4c, 'f64x2.ge', F64.compare, truths('>=')],
  [0x74, 'f64x2.ceil', F64.unary, 'ceil(a - 0)'],
  [0x75, 'f64x2.floor', F64.unary, 'floor(a - 0)'],
  [0x7a, 'f64x2.trunc', F64.unary, 'trunc(a - 0)'],
  [0x94, 'f64x2.nearest', F64.unary, 'f64_nearest(a)'],
  [0xec, 'f64x2.abs', 'i32x4 -> i32x4', 'a0 ; a1 & 2147483647 ; a2 ; a3 & 2147483647', { others: [[F64.unary, 'abs(a)']] }],
  [0xed, 'f64x2.neg', 'i32x4 -> i32x4', 'a0 ; a1 ^ -2147483648 ; a2 ; a3 ^ -2147483648', { others: [[F64.unary, NEGATED]] }],
  [0xef, 'f64x2.sqrt', F64.unary, 'sqrt(a)'],
  [0xf0, 'f64x2.add', F64.binary, 'a + b'],
  [0xf1, 'f64x2.sub', F64.binary, 'a - b'],
  [0xf2, 'f64x2.mul', F64.binary, 'a * b'],
  [0xf3, 'f64x2.div', F64.binary, 'a / b'],
  [0xf4, 'f64x2.min', F64.binary, F64_MIN],
  [0xf5, 'f64x2.max', F64.binary, F64_MAX],
  [0xf6, 'f64x2.pmin', WORDS, chosenWords('RD[1] < RD[0]'), { others: [[F64.binary, 'b < a ? b : a']] }],
  [0xf7, 'f64x2.pmax', WORDS, chosenWords('RD[0] < RD[1]'), { others: [[F64.binary, 'a < b ? b : a']] }],
];

// biome-ignore format: a table
const CONVERSIONS: readonly VectorRow[] = [
  [0x5e, 'f32x4.demote_f64x2_zero', 'f64x2 -> f32x4', 'fround(a0) ; fround(a1) ; 0 ; 0'],
  [0x5f, 'f64x2.promote_low_f32x4', 'f32x4 -> f64x2', 'a0 ; a1'],
  [0xf8, 'i32x4.trunc_sat_f32x4_s', 'f32x4 -> i32x4', 'i32_trunc_sat_s(a)'],
  [0xf9, 'i32x4.trunc_sat_f32x4_u', 'f32x4 -> i32x4', 'i32_trunc_sat_u(a)'],
  [0xfa, 'f32x4.convert_i32x4_s', 'i32x4 -> f32x4', 'fround(a)'],
  [0xfb, 'f32x4.convert_i32x4_u', 'i32x4 -> f32x4', 'fround(a >>> 0)'],
  [0xfc, 'i32x4.trunc_sat_f64x2_s_zero', 'f64x2 -> i32x4', 'i32_trunc_sat_s(a0) ; i32_trunc_sat_s(a1) ; 0 ; 0'],
  [0xfd, 'i32x4.trunc_sat_f64x2_u_zero', 'f64x2 -> i32x4', 'i32_trunc_sat_u(a0) ; i32_trunc_sat_u(a1) ; 0 ; 0'],
  [0xfe, 'f64x2.convert_low_i32x4_s', 'i32x4 -> f64x2', 'a0 ; a1'],
  [0xff, 'f64x2.convert_low_i32x4_u', 'i32x4 -> f64x2', 'a0 >>> 0 ; a1 >>> 0'],
];

/** What the proposal leaves open is done as on the strictest machine: the product is rounded before it is added. */
// biome-ignore format: a table
const RELAXED: readonly VectorRow[] = [
  [0x101, 'i32x4.relaxed_trunc_f32x4_s', 'f32x4 -> i32x4', 'i32_trunc_sat_s(a)'],
  [0x102, 'i32x4.relaxed_trunc_f32x4_u', 'f32x4 -> i32x4', 'i32_trunc_sat_u(a)'],
  [0x103, 'i32x4.relaxed_trunc_f64x2_s_zero', 'f64x2 -> i32x4', 'i32_trunc_sat_s(a0) ; i32_trunc_sat_s(a1) ; 0 ; 0'],
  [0x104, 'i32x4.relaxed_trunc_f64x2_u_zero', 'f64x2 -> i32x4', 'i32_trunc_sat_u(a0) ; i32_trunc_sat_u(a1) ; 0 ; 0'],
  [0x105, 'f32x4.relaxed_madd', 'f32x4 f32x4 f32x4 -> f32x4', 'fround(fround(a * b) + c)'],
  [0x106, 'f32x4.relaxed_nmadd', 'f32x4 f32x4 f32x4 -> f32x4', 'fround(fround(-a * b) + c)'],
  [0x107, 'f64x2.relaxed_madd', 'f64x2 f64x2 f64x2 -> f64x2', 'a * b + c'],
  [0x108, 'f64x2.relaxed_nmadd', 'f64x2 f64x2 f64x2 -> f64x2', '-a * b + c'],
  [0x10d, 'f32x4.relaxed_min', F32.binary, F32_MIN],
  [0x10e, 'f32x4.relaxed_max', F32.binary, F32_MAX],
  [0x10f, 'f64x2.relaxed_min', F64.binary, F64_MIN],
  [0x110, 'f64x2.relaxed_max', F64.binary, F64_MAX],
];

export const SIMD_FLOAT: readonly Opcode[] = [
  ...vectors('simd', [...F32X4, ...F64X2, ...CONVERSIONS]),
  ...vectors('relaxed-simd', RELAXED),
];
