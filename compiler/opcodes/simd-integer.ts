/**
 * Integer arithmetic on vectors: of bytes and halves inside words (words.ts), of words, of 64-bit lanes as pairs of words.
 * A comparison gives all ones or all zeros. Not here: what moves lanes without looking at them (simd-lanes.ts).
 */
import { type VectorRow, vectors } from './lane-forms.ts';
import type { Arranged, Opcode } from './row.ts';
import * as words from './words.ts';
import { BYTES, byte_s, byte_u, dotBytes, HALVES, half_s, half_u, pack } from './words.ts';

const UNARY = 'i32x4 -> i32x4';
const BINARY = 'i32x4 i32x4 -> i32x4';
const TERNARY = 'i32x4 i32x4 i32x4 -> i32x4';
const SHIFT = 'i32x4 i32 -> i32x4';
const TEST = 'i32x4 -> i32';
/** Most comparisons of bytes find nothing, and the program is about to ask. */
const BITMASK = `(a0 | a1 | a2 | a3) === 0 ? 0 : ${[0, 1, 2, 3].map((n) => `imul(a${n} >>> 7, 16909320) >>> 24 << ${4 * n}`).join(' | ')}`;

/** Ten comparisons with consecutive numbers: as whole lanes, or as their highest bits until somebody wants more. */
function comparisons(first: number, shape: string, width: words.Width, tops: Arranged): VectorRow[] {
  return Object.entries(words.TOPS).map(([name, make], i) => {
    const others = [[`i32x4 i32x4 -> ${tops}`, make(width)]] as const;
    return [first + i, `${shape}.${name}`, BINARY, words.mask(width, make(width)), { others }];
  });
}

/** `| 0` makes a number of a truth; `-0` would be no integer. */
const truth = (condition: string) => `0 - (${condition} | 0)`;

/** The same word for both halves of each 64-bit lane. */
const longs = (make: (a: readonly string[], b: readonly string[]) => string) =>
  [0, 2].flatMap((n) => [make([`a${n}`, `a${n + 1}`], [`b${n}`, `b${n + 1}`]), `r${n}`]).join(' ; ');
const lessLong = ([a, h]: readonly string[], [b, g]: readonly string[]) =>
  `(${h} === ${g} ? ${a} >>> 0 < ${b} >>> 0 : ${h} < ${g})`;

// biome-ignore format: a table
const COMPARISONS: readonly VectorRow[] = [
  ...comparisons(0x23, 'i8x16', BYTES, 'top8'),
  ...comparisons(0x2d, 'i16x8', HALVES, 'top16'),
  [0x37, 'i32x4.eq',   BINARY, truth('a === b')],
  [0x38, 'i32x4.ne',   BINARY, truth('a !== b')],
  [0x39, 'i32x4.lt_s', BINARY, truth('a < b')],
  [0x3a, 'i32x4.lt_u', BINARY, truth('a >>> 0 < b >>> 0')],
  [0x3b, 'i32x4.gt_s', BINARY, truth('a > b')],
  [0x3c, 'i32x4.gt_u', BINARY, truth('a >>> 0 > b >>> 0')],
  [0x3d, 'i32x4.le_s', BINARY, truth('a <= b')],
  [0x3e, 'i32x4.le_u', BINARY, truth('a >>> 0 <= b >>> 0')],
  [0x3f, 'i32x4.ge_s', BINARY, truth('a >= b')],
  [0x40, 'i32x4.ge_u', BINARY, truth('a >>> 0 >= b >>> 0')],
  [0xd6, 'i64x2.eq',   BINARY, longs(([a, h], [b, g]) => truth(`(${a} ^ ${b} | ${h} ^ ${g}) === 0`))],
  [0xd7, 'i64x2.ne',   BINARY, longs(([a, h], [b, g]) => truth(`(${a} ^ ${b} | ${h} ^ ${g}) !== 0`))],
  [0xd8, 'i64x2.lt_s', BINARY, longs((a, b) => truth(lessLong(a, b)))],
  [0xd9, 'i64x2.gt_s', BINARY, longs((a, b) => truth(lessLong(b, a)))],
  [0xda, 'i64x2.le_s', BINARY, longs((a, b) => `(${lessLong(b, a)} | 0) - 1`)],
  [0xdb, 'i64x2.ge_s', BINARY, longs((a, b) => `(${lessLong(a, b)} | 0) - 1`)],
];

const SPLIT = 'split split -> i32x4';
const areBytes = (largest: number) => (a: number, b: number) => a <= largest && b <= largest;
const itself = (word: string) => word;
const NARROW_U = [
  [SPLIT, words.splitToBytes(itself), areBytes(255)],
  [SPLIT, words.splitToBytes((word) => `i8x16_clamp_u(${word})`)],
  [BINARY, words.halvesToBytes, areBytes(255)],
] as const;
const NARROW_S = [
  [SPLIT, words.splitToBytes(itself), areBytes(127)],
  [BINARY, words.halvesToBytes, areBytes(127)],
] as const;

// biome-ignore format: a table
const I8X16: readonly VectorRow[] = [
  [0x60, 'i8x16.abs', UNARY, words.abs(BYTES)],
  [0x61, 'i8x16.neg', UNARY, words.neg(BYTES)],
  [0x62, 'i8x16.popcnt', UNARY, '(x = a - (a >>> 1 & 1431655765), x = (x & 858993459) + (x >>> 2 & 858993459), x + (x >>> 4) & 252645135)'],
  [0x63, 'i8x16.all_true', TEST, words.all_true(BYTES), { others: [['top8 -> i32', '(a0 & a1 & a2 & a3) === -2139062144']] }],
  [0x64, 'i8x16.bitmask', TEST, [0, 1, 2, 3].map((n) => `imul(a${n} >>> 7 & 16843009, 16909320) >>> 24 << ${4 * n}`).join(' | '), { others: [['top8 -> i32', BITMASK]] }],
  [0x65, 'i8x16.narrow_i16x8_s', BINARY, ['a0, a1', 'a2, a3', 'b0, b1', 'b2, b3'].map((pair) => `i8x16_narrow_s(${pair})`).join(' ; '), { others: NARROW_S }],
  [0x66, 'i8x16.narrow_i16x8_u', BINARY, ['a0, a1', 'a2, a3', 'b0, b1', 'b2, b3'].map((pair) => `i8x16_narrow_u(${pair})`).join(' ; '), { others: NARROW_U }],
  [0x6b, 'i8x16.shl', SHIFT, words.shl(BYTES)],
  [0x6c, 'i8x16.shr_s', SHIFT, words.shr_s(BYTES)],
  [0x6d, 'i8x16.shr_u', SHIFT, words.shr_u(BYTES)],
  [0x6e, 'i8x16.add', BINARY, words.add(BYTES)],
  [0x6f, 'i8x16.add_sat_s', BINARY, words.add_sat_s(BYTES)],
  [0x70, 'i8x16.add_sat_u', BINARY, words.add_sat_u(BYTES)],
  [0x71, 'i8x16.sub', BINARY, words.sub(BYTES)],
  [0x72, 'i8x16.sub_sat_s', BINARY, words.sub_sat_s(BYTES)],
  [0x73, 'i8x16.sub_sat_u', BINARY, words.sub_sat_u(BYTES)],
  [0x76, 'i8x16.min_s', BINARY, words.min_s(BYTES)],
  [0x77, 'i8x16.min_u', BINARY, words.min_u(BYTES)],
  [0x78, 'i8x16.max_s', BINARY, words.max_s(BYTES)],
  [0x79, 'i8x16.max_u', BINARY, words.max_u(BYTES)],
  [0x7b, 'i8x16.avgr_u', BINARY, words.avgr_u(BYTES)],
];

const sum = (a: number, b: number) => a + b;
const HALF_SUMS = pack(`(${byte_s('a', 0)} + ${byte_s('a', 1)})`, `(${byte_s('a', 2)} + ${byte_s('a', 3)})`);
// biome-ignore format: a table
const I16X8: readonly VectorRow[] = [
  [0x7c, 'i16x8.extadd_pairwise_i8x16_s', UNARY, HALF_SUMS],
  [0x7d, 'i16x8.extadd_pairwise_i8x16_u', UNARY, '(a & 16711935) + (a >>> 8 & 16711935)', { halves: () => 510 }],
  [0x80, 'i16x8.abs', UNARY, words.abs(HALVES), { halfwise: true }],
  [0x81, 'i16x8.neg', UNARY, words.neg(HALVES), { halfwise: true }],
  [0x82, 'i16x8.q15mulr_sat_s', BINARY, 'i16x8_q15mulr_sat_s(a, b)', { halfwise: true }],
  [0x83, 'i16x8.all_true', TEST, words.all_true(HALVES), { others: [['top16 -> i32', '(a0 & a1 & a2 & a3) === -2147450880']] }],
  [0x84, 'i16x8.bitmask', TEST, [0, 1, 2, 3].map((n) => `(a${n} >>> 15 & 1 | a${n} >>> 30 & 2) << ${2 * n}`).join(' | ')],
  [0x85, 'i16x8.narrow_i32x4_s', BINARY, ['a0, a1', 'a2, a3', 'b0, b1', 'b2, b3'].map((pair) => `i16x8_narrow_s(${pair})`).join(' ; ')],
  [0x86, 'i16x8.narrow_i32x4_u', BINARY, ['a0, a1', 'a2, a3', 'b0, b1', 'b2, b3'].map((pair) => `i16x8_narrow_u(${pair})`).join(' ; ')],
  [0x87, 'i16x8.extend_low_i8x16_s', UNARY, words.bytesToHalves_s(['a0', 'a1'])],
  [0x88, 'i16x8.extend_high_i8x16_s', UNARY, words.bytesToHalves_s(['a2', 'a3'])],
  [0x89, 'i16x8.extend_low_i8x16_u', UNARY, words.bytesToHalves_u(['a0', 'a1']), { halves: () => 255, others: [['i32x4 -> split', words.bytesToSplit_u(['a0', 'a1'])]] }],
  [0x8a, 'i16x8.extend_high_i8x16_u', UNARY, words.bytesToHalves_u(['a2', 'a3']), { halves: () => 255, others: [['i32x4 -> split', words.bytesToSplit_u(['a2', 'a3'])]] }],
  [0x8b, 'i16x8.shl', SHIFT, words.shl(HALVES), { halves: (a, k) => (Number.isNaN(k) ? k : a * 2 ** (k & 15)), small: 'a << (b & 15)', halfwise: true }],
  [0x8c, 'i16x8.shr_s', SHIFT, 'a >> (b & 15) & -65536 | a << 16 >> 16 >> (b & 15) & 65535', { halves: (a, k) => (a > 32767 ? 65535 : a >>> (k & 15)), others: [[SHIFT, words.shr_u(HALVES), (a) => a <= 32767]], halfwise: true }],
  [0x8d, 'i16x8.shr_u', SHIFT, words.shr_u(HALVES), { halves: (a, k) => a >>> (k & 15), halfwise: true }],
  [0x8e, 'i16x8.add', BINARY, words.add(HALVES), { halves: sum, small: 'a + b | 0', halfwise: true }],
  [0x8f, 'i16x8.add_sat_s', BINARY, words.add_sat_s(HALVES), { halves: sum, others: [[BINARY, 'a + b | 0', (a, b) => a + b <= 32767]], halfwise: true }],
  [0x90, 'i16x8.add_sat_u', BINARY, words.add_sat_u(HALVES), { halves: sum, small: 'a + b | 0', halfwise: true }],
  [0x91, 'i16x8.sub', BINARY, words.sub(HALVES), { halfwise: true }],
  [0x92, 'i16x8.sub_sat_s', BINARY, words.sub_sat_s(HALVES), { halfwise: true }],
  [0x93, 'i16x8.sub_sat_u', BINARY, words.sub_sat_u(HALVES), { halfwise: true }],
  [0x95, 'i16x8.mul', BINARY, 'imul(a, b) & 65535 | imul(a >>> 16, b >>> 16) << 16', { halfwise: true }],
  [0x96, 'i16x8.min_s', BINARY, words.min_s(HALVES), { halfwise: true }],
  [0x97, 'i16x8.min_u', BINARY, words.min_u(HALVES), { halves: Math.min, halfwise: true }],
  [0x98, 'i16x8.max_s', BINARY, words.max_s(HALVES), { halfwise: true }],
  [0x99, 'i16x8.max_u', BINARY, words.max_u(HALVES), { halves: Math.max, halfwise: true }],
  [0x9b, 'i16x8.avgr_u', BINARY, words.avgr_u(HALVES), { halves: Math.max, halfwise: true }],
  [0x9c, 'i16x8.extmul_low_i8x16_s', BINARY, words.multiplyBytes(byte_s, [0, 1])],
  [0x9d, 'i16x8.extmul_high_i8x16_s', BINARY, words.multiplyBytes(byte_s, [2, 3])],
  [0x9e, 'i16x8.extmul_low_i8x16_u', BINARY, words.multiplyBytes(byte_u, [0, 1]), { halves: () => 65025 }],
  [0x9f, 'i16x8.extmul_high_i8x16_u', BINARY, words.multiplyBytes(byte_u, [2, 3]), { halves: () => 65025 }],
];

// biome-ignore format: a table
const I32X4: readonly VectorRow[] = [
  [0x7e, 'i32x4.extadd_pairwise_i16x8_s', UNARY, '(a << 16 >> 16) + (a >> 16)'],
  [0x7f, 'i32x4.extadd_pairwise_i16x8_u', UNARY, '(a & 65535) + (a >>> 16)'],
  [0xa0, 'i32x4.abs', UNARY, '(a ^ a >> 31) - (a >> 31) | 0'],
  [0xa1, 'i32x4.neg', UNARY, '0 - a | 0'],
  [0xa3, 'i32x4.all_true', TEST, '(a0 !== 0) & (a1 !== 0) & (a2 !== 0) & (a3 !== 0)'],
  [0xa4, 'i32x4.bitmask', TEST, 'a0 >>> 31 | a1 >>> 30 & 2 | a2 >>> 29 & 4 | a3 >>> 28 & 8'],
  [0xa7, 'i32x4.extend_low_i16x8_s', UNARY, words.halvesToWords(half_s, ['a0', 'a1'])],
  [0xa8, 'i32x4.extend_high_i16x8_s', UNARY, words.halvesToWords(half_s, ['a2', 'a3'])],
  [0xa9, 'i32x4.extend_low_i16x8_u', UNARY, words.halvesToWords(half_u, ['a0', 'a1'])],
  [0xaa, 'i32x4.extend_high_i16x8_u', UNARY, words.halvesToWords(half_u, ['a2', 'a3'])],
  [0xab, 'i32x4.shl', SHIFT, 'a << b'],
  [0xac, 'i32x4.shr_s', SHIFT, 'a >> b'],
  [0xad, 'i32x4.shr_u', SHIFT, 'a >>> b | 0'],
  [0xae, 'i32x4.add', BINARY, 'a + b | 0'],
  [0xb1, 'i32x4.sub', BINARY, 'a - b | 0'],
  [0xb5, 'i32x4.mul', BINARY, 'imul(a, b)'],
  [0xb6, 'i32x4.min_s', BINARY, 'a < b ? a : b'],
  [0xb7, 'i32x4.min_u', BINARY, 'a >>> 0 < b >>> 0 ? a : b'],
  [0xb8, 'i32x4.max_s', BINARY, 'a > b ? a : b'],
  [0xb9, 'i32x4.max_u', BINARY, 'a >>> 0 > b >>> 0 ? a : b'],
  [0xba, 'i32x4.dot_i16x8_s', BINARY, 'imul(a << 16 >> 16, b << 16 >> 16) + imul(a >> 16, b >> 16) | 0'],
  [0xbc, 'i32x4.extmul_low_i16x8_s', BINARY, words.multiplyHalves(half_s, [0, 1])],
  [0xbd, 'i32x4.extmul_high_i16x8_s', BINARY, words.multiplyHalves(half_s, [2, 3])],
  [0xbe, 'i32x4.extmul_low_i16x8_u', BINARY, words.multiplyHalves(half_u, [0, 1])],
  [0xbf, 'i32x4.extmul_high_i16x8_u', BINARY, words.multiplyHalves(half_u, [2, 3])],
];

const pairs = (make: (low: number, high: number) => string) => `${make(0, 1)} ; ${make(2, 3)}`;
const signOf = (word: string) => `${word} >> 31`;
const zero = () => '0';
const both = (low: number, high: number) =>
  [
    [`a${low}`, `b${low}`],
    [`a${high}`, `b${high}`],
  ] as const;
/** A product of 64-bit lanes: their words go to the scratch cells. */
const multiplyLong = (low: number, high: number) =>
  `(RL[0] = a${low}, RL[1] = a${high}, RL[2] = b${low}, RL[3] = b${high}, R[0] = A(64, R[0] * R[1]), RL[0]) ; RL[1]`;
const ADD_LONG = pairs(
  (l, h) => `(x = a${l}, y = x + b${l} | 0) ; a${h} + b${h} + (y >>> 0 < x >>> 0 | 0) | 0`,
);
const SUB_LONG = pairs(
  (l, h) => `(x = a${l}, y = b${l}, x - y | 0) ; a${h} - b${h} - (x >>> 0 < y >>> 0 | 0) | 0`,
);
const NEG_LONG = pairs((l, h) => `(x = a${l}, 0 - x | 0) ; ~a${h} + (x === 0 | 0) | 0`);
/** With the sign as a mask: (v ^ s) − s. */
const ABS_LONG = pairs(
  (l, h) => `(y = a${h} >> 31, x = a${l} ^ y, x - y | 0) ; (a${h} ^ y) - y - (x >>> 0 < y >>> 0 | 0) | 0`,
);
const SHL_LONG = pairs(
  (l, h) => `(b & 32) === 0 ? a${l} << b : 0 ; (b & 32) === 0 ? a${h} << b | a${l} >>> 1 >>> ~b : a${l} << b`,
);
const SHR_U_LONG = pairs(
  (l, h) =>
    `(b & 32) === 0 ? a${l} >>> b | a${h} << 1 << ~b : a${h} >>> b | 0 ; (b & 32) === 0 ? a${h} >>> b | 0 : 0`,
);
const SHR_S_LONG = pairs(
  (l, h) =>
    `(b & 32) === 0 ? a${l} >>> b | a${h} << 1 << ~b : a${h} >> b ; (b & 32) === 0 ? a${h} >> b : a${h} >> 31`,
);

// biome-ignore format: a table
const I64X2: readonly VectorRow[] = [
  [0xc0, 'i64x2.abs', UNARY, ABS_LONG],
  [0xc1, 'i64x2.neg', UNARY, NEG_LONG],
  [0xc3, 'i64x2.all_true', TEST, '((a0 | a1) !== 0) & ((a2 | a3) !== 0)'],
  [0xc4, 'i64x2.bitmask', TEST, 'a1 >>> 31 | a3 >>> 30 & 2'],
  [0xc7, 'i64x2.extend_low_i32x4_s', UNARY, 'a0 ; a0 >> 31 ; a1 ; a1 >> 31'],
  [0xc8, 'i64x2.extend_high_i32x4_s', UNARY, 'a2 ; a2 >> 31 ; a3 ; a3 >> 31'],
  [0xc9, 'i64x2.extend_low_i32x4_u', UNARY, 'a0 ; 0 ; a1 ; 0'],
  [0xca, 'i64x2.extend_high_i32x4_u', UNARY, 'a2 ; 0 ; a3 ; 0'],
  [0xcb, 'i64x2.shl', SHIFT, SHL_LONG],
  [0xcc, 'i64x2.shr_s', SHIFT, SHR_S_LONG],
  [0xcd, 'i64x2.shr_u', SHIFT, SHR_U_LONG],
  [0xce, 'i64x2.add', BINARY, ADD_LONG],
  [0xd1, 'i64x2.sub', BINARY, SUB_LONG],
  [0xd5, 'i64x2.mul', BINARY, pairs(multiplyLong)],
  [0xdc, 'i64x2.extmul_low_i32x4_s', BINARY, words.multiplyLongs(signOf, both(0, 1))],
  [0xdd, 'i64x2.extmul_high_i32x4_s', BINARY, words.multiplyLongs(signOf, both(2, 3))],
  [0xde, 'i64x2.extmul_low_i32x4_u', BINARY, words.multiplyLongs(zero, both(0, 1))],
  [0xdf, 'i64x2.extmul_high_i32x4_u', BINARY, words.multiplyLongs(zero, both(2, 3))],
];

/** Four products of bytes; their pairs' sums are halves, of which the result's word is the sum. */
const DOT_ADD = `(${dotBytes('a', 'b', 0)} << 16 >> 16) + (${dotBytes('a', 'b', 2)} << 16 >> 16) + c | 0`;

// biome-ignore format: a table
const RELAXED: readonly VectorRow[] = [
  [0x111, 'i16x8.relaxed_q15mulr_s', BINARY, 'i16x8_q15mulr_sat_s(a, b)'],
  [0x112, 'i16x8.relaxed_dot_i8x16_i7x16_s', BINARY, pack(dotBytes('a', 'b', 0), dotBytes('a', 'b', 2))],
  [0x113, 'i32x4.relaxed_dot_i8x16_i7x16_add_s', TERNARY, DOT_ADD],
];

export const SIMD_INTEGER: readonly Opcode[] = [
  ...vectors('simd', [...COMPARISONS, ...I8X16, ...I16X8, ...I32X4, ...I64X2]),
  ...vectors('relaxed-simd', RELAXED),
];
