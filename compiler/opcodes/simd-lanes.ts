/**
 * What moves vectors and their lanes, bit for bit: memory accesses, constants, splats, lanes in and out, shuffles, and the
 * bitwise operations. Rows without templates are in emit/simd/: a load waits for the shape in which it is wanted, and a
 * lane's number decides what the JavaScript is.
 */
import { type VectorRow, vectors } from './lane-forms.ts';
import type { Opcode } from './row.ts';
import * as words from './words.ts';
import { half_s, half_u } from './words.ts';

const BINARY = 'i32x4 i32x4 -> i32x4';
const SELECT = 'i32x4 i32x4 i32x4 -> i32x4';
const CHOICE = 'b ^ (a ^ b) & c';
const LOAD = 'i32 -> i32x4';
const ANY = '(a0 | a1 | a2 | a3) !== 0';

const memory = { immediate: 'memarg', effect: 'load' } as const;
const laneLoad = { immediate: 'memarg lane', effect: 'load' } as const;
const laneStore = { immediate: 'memarg lane', effect: 'store' } as const;
const lane = { immediate: 'lane' } as const;
const bytes = { ...memory, halves: () => 255 };
/** All bits below the highest. */
const bitsOf = (a: number, b: number) => 2 ** (32 - Math.clz32(a | b)) - 1;
/** The same on the highest bits. */
const onTops = (operator: string) =>
  (['top8', 'top16'] as const).map((tops) => [`${tops} ${tops} -> ${tops}`, `a ${operator} b`] as const);

/** Eight bytes at the address in `x` and `y`, the higher ones first, since they may lie out of bounds; then lanes made of them. */
const wide = (lanes: string) =>
  `(y = V.getInt32(ea + 4, true), x = V.getInt32(ea, true), ${lanes.replace(' ; ', ') ; ')}`;
const SWIZZLE = '(i8x16_swizzle(RL, a0, a1, a2, a3, b0, b1, b2, b3), RL[0]) ; RL[1] ; RL[2] ; RL[3]';

// biome-ignore format: a table
const MEMORY: readonly VectorRow[] = [
  [0x00, 'v128.load', LOAD, undefined, memory],
  [0x01, 'v128.load8x8_s', LOAD, wide(words.bytesToHalves_s(['x', 'y'])), memory],
  [0x02, 'v128.load8x8_u', LOAD, wide(words.bytesToHalves_u(['x', 'y'])), { ...bytes, others: [['i32 -> split', wide(words.bytesToSplit_u(['x', 'y']))]] }],
  [0x03, 'v128.load16x4_s', LOAD, wide(words.halvesToWords(half_s, ['x', 'y'])), memory],
  [0x04, 'v128.load16x4_u', LOAD, wide(words.halvesToWords(half_u, ['x', 'y'])), memory],
  [0x05, 'v128.load32x2_s', LOAD, wide('x ; x >> 31 ; y ; y >> 31'), memory],
  [0x06, 'v128.load32x2_u', LOAD, wide('x ; 0 ; y ; 0'), memory],
  [0x07, 'v128.load8_splat', LOAD, 'imul(V.getUint8(ea), 16843009) ; r0 ; r0 ; r0', memory],
  [0x08, 'v128.load16_splat', LOAD, 'imul(V.getUint16(ea, true), 65537) ; r0 ; r0 ; r0', memory],
  [0x09, 'v128.load32_splat', LOAD, undefined, memory],
  [0x0a, 'v128.load64_splat', LOAD, undefined, memory],
  [0x0b, 'v128.store', 'i32 i32x4 ->', undefined, { immediate: 'memarg', effect: 'store' }],
  [0x5c, 'v128.load32_zero', LOAD, 'V.getInt32(ea, true) ; 0 ; 0 ; 0', memory],
  [0x5d, 'v128.load64_zero', LOAD, wide('x ; y ; 0 ; 0'), memory],
  [0x54, 'v128.load8_lane', 'i32 i32x4 -> i32x4', undefined, laneLoad],
  [0x55, 'v128.load16_lane', 'i32 i32x4 -> i32x4', undefined, laneLoad],
  [0x56, 'v128.load32_lane', 'i32 i32x4 -> i32x4', undefined, laneLoad],
  [0x57, 'v128.load64_lane', 'i32 i32x4 -> i32x4', undefined, laneLoad],
  [0x58, 'v128.store8_lane', 'i32 i32x4 ->', undefined, laneStore],
  [0x59, 'v128.store16_lane', 'i32 i32x4 ->', undefined, laneStore],
  [0x5a, 'v128.store32_lane', 'i32 i32x4 ->', undefined, laneStore],
  [0x5b, 'v128.store64_lane', 'i32 i32x4 ->', undefined, laneStore],
];

// biome-ignore format: a table
const LANES: readonly VectorRow[] = [
  [0x0c, 'v128.const', '-> i32x4', undefined, { immediate: 'v128' }],
  [0x0d, 'i8x16.shuffle', BINARY, undefined, { immediate: 'lanes' }],
  [0x0e, 'i8x16.swizzle', BINARY, SWIZZLE],
  [0x0f, 'i8x16.splat', 'i32 -> i32x4', 'imul(a & 255, 16843009) ; r0 ; r0 ; r0'],
  [0x10, 'i16x8.splat', 'i32 -> i32x4', 'imul(a & 65535, 65537) ; r0 ; r0 ; r0', { halves: (a) => (Number.isNaN(a) ? a : a & 65535) }],
  [0x11, 'i32x4.splat', 'i32 -> i32x4', 'a ; r0 ; r0 ; r0'],
  [0x12, 'i64x2.splat', 'i64 -> i32x4', '(R[0] = a, RL[0]) ; RL[1] ; r0 ; r1'],
  [0x13, 'f32x4.splat', 'f32 -> f32x4', 'a ; r0 ; r0 ; r0', { exact: true }],
  [0x14, 'f64x2.splat', 'f64 -> f64x2', 'a ; r0', { exact: true }],
  [0x15, 'i8x16.extract_lane_s', 'i32x4 -> i32', undefined, lane],
  [0x16, 'i8x16.extract_lane_u', 'i32x4 -> i32', undefined, lane],
  [0x17, 'i8x16.replace_lane', 'i32x4 i32 -> i32x4', undefined, lane],
  [0x18, 'i16x8.extract_lane_s', 'i32x4 -> i32', undefined, lane],
  [0x19, 'i16x8.extract_lane_u', 'i32x4 -> i32', undefined, lane],
  [0x1a, 'i16x8.replace_lane', 'i32x4 i32 -> i32x4', undefined, lane],
  [0x1b, 'i32x4.extract_lane', 'i32x4 -> i32', undefined, lane],
  [0x1c, 'i32x4.replace_lane', 'i32x4 i32 -> i32x4', undefined, lane],
  [0x1d, 'i64x2.extract_lane', 'i32x4 -> i64', undefined, lane],
  [0x1e, 'i64x2.replace_lane', 'i32x4 i64 -> i32x4', undefined, lane],
  [0x1f, 'f32x4.extract_lane', 'f32x4 -> f32', undefined, lane],
  [0x20, 'f32x4.replace_lane', 'f32x4 f32 -> f32x4', undefined, lane],
  [0x21, 'f64x2.extract_lane', 'f64x2 -> f64', undefined, lane],
  [0x22, 'f64x2.replace_lane', 'f64x2 f64 -> f64x2', undefined, lane],
  [0x4d, 'v128.not', 'i32x4 -> i32x4', '~a', { halfwise: true }],
  [0x4e, 'v128.and', BINARY, 'a & b', { halves: Math.min, others: onTops('&'), halfwise: true }],
  [0x4f, 'v128.andnot', BINARY, 'a & ~b', { halfwise: true }],
  [0x50, 'v128.or', BINARY, 'a | b', { halves: bitsOf, others: onTops('|'), halfwise: true }],
  [0x51, 'v128.xor', BINARY, 'a ^ b', { halves: bitsOf, others: onTops('^'), halfwise: true }],
  [0x52, 'v128.bitselect', SELECT, CHOICE, { halves: Math.max, halfwise: true }],
  [0x53, 'v128.any_true', 'i32x4 -> i32', ANY, { others: [['top8 -> i32', ANY], ['top16 -> i32', ANY]] }],
];

// biome-ignore format: a table
const RELAXED: readonly VectorRow[] = [
  [0x100, 'i8x16.relaxed_swizzle', BINARY, SWIZZLE],
  [0x109, 'i8x16.relaxed_laneselect', SELECT, CHOICE],
  [0x10a, 'i16x8.relaxed_laneselect', SELECT, CHOICE],
  [0x10b, 'i32x4.relaxed_laneselect', SELECT, CHOICE],
  [0x10c, 'i64x2.relaxed_laneselect', SELECT, CHOICE],
];

export const SIMD_LANES: readonly Opcode[] = [
  ...vectors('simd', [...MEMORY, ...LANES]),
  ...vectors('relaxed-simd', RELAXED),
];
