/**
 * Every instruction of WebAssembly 3.0 and of the proposals beside it that Sandglass does not compile: refused by name
 * and proposal (`simd is not supported: i32x4.add`), never misread. One reason per feature.
 *
 * When a feature is built, its names move from here to a table under opcodes/. Not here: types, sections and limits
 * that belong to such a feature (the decoder refuses those).
 */
import type { Feature } from './features.ts';

/** Why a feature's instructions are not compiled. */
export const REASONS = {
  simd: 'v128 values need lanes in scalars; not built yet',
  'relaxed-simd': 'comes with simd',
  threads: 'memories are plain ArrayBuffers of one thread; not built yet',
  'wide-arithmetic': 'a proposal, not part of WebAssembly 3.0',
} as const satisfies Partial<Record<Feature, string>>;

/** Features whose types, flags and sections the decoder refuses. A feature with some of its instructions built is not among them. */
export const NOT_BUILT: ReadonlySet<Feature> = new Set<Feature>([
  'simd',
  'relaxed-simd',
  'threads',
  'custom-page-sizes',
]);

export type UnsupportedFeature = keyof typeof REASONS;
export interface UnsupportedOpcode {
  readonly code: number | readonly [number, number];
  readonly name: string;
  readonly feature: UnsupportedFeature;
}

/** Consecutive sub-opcodes from `first` of `prefix.name` each; `_` stands for an unused number. */
type Run = readonly [first: number, prefix: string, names: string];

const COMPARE_INT = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const COMPARE_FLOAT = 'eq ne lt gt le ge';
const FLOAT = 'abs neg _ sqrt add sub mul div min max pmin pmax';

// biome-ignore format: a table
const SIMD: readonly Run[] = [
  [0x00, 'v128',  'load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u load8_splat load16_splat load32_splat load64_splat store const'],
  [0x0d, 'i8x16', 'shuffle swizzle splat'],
  [0x10, 'i16x8', 'splat'],
  [0x11, 'i32x4', 'splat'],
  [0x12, 'i64x2', 'splat'],
  [0x13, 'f32x4', 'splat'],
  [0x14, 'f64x2', 'splat'],
  [0x15, 'i8x16', 'extract_lane_s extract_lane_u replace_lane'],
  [0x18, 'i16x8', 'extract_lane_s extract_lane_u replace_lane'],
  [0x1b, 'i32x4', 'extract_lane replace_lane'],
  [0x1d, 'i64x2', 'extract_lane replace_lane'],
  [0x1f, 'f32x4', 'extract_lane replace_lane'],
  [0x21, 'f64x2', 'extract_lane replace_lane'],
  [0x23, 'i8x16', COMPARE_INT],
  [0x2d, 'i16x8', COMPARE_INT],
  [0x37, 'i32x4', COMPARE_INT],
  [0x41, 'f32x4', COMPARE_FLOAT],
  [0x47, 'f64x2', COMPARE_FLOAT],
  [0x4d, 'v128',  'not and andnot or xor bitselect any_true load8_lane load16_lane load32_lane load64_lane store8_lane store16_lane store32_lane store64_lane load32_zero load64_zero'],
  [0x5e, 'f32x4', 'demote_f64x2_zero'],
  [0x5f, 'f64x2', 'promote_low_f32x4'],
  [0x60, 'i8x16', 'abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u'],
  [0x67, 'f32x4', 'ceil floor trunc nearest'],
  [0x6b, 'i8x16', 'shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'],
  [0x74, 'f64x2', 'ceil floor'],
  [0x76, 'i8x16', 'min_s min_u max_s max_u'],
  [0x7a, 'f64x2', 'trunc'],
  [0x7b, 'i8x16', 'avgr_u'],
  [0x7c, 'i16x8', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u'],
  [0x7e, 'i32x4', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u'],
  [0x80, 'i16x8', 'abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u'],
  [0x8b, 'i16x8', 'shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'],
  [0x94, 'f64x2', 'nearest'],
  [0x95, 'i16x8', 'mul min_s min_u max_s max_u _ avgr_u extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u'],
  [0xa0, 'i32x4', 'abs neg _ all_true bitmask _ _ extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u'],
  [0xab, 'i32x4', 'shl shr_s shr_u add _ _ sub _ _ _ mul min_s min_u max_s max_u dot_i16x8_s'],
  [0xbc, 'i32x4', 'extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u'],
  [0xc0, 'i64x2', 'abs neg _ all_true bitmask _ _ extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u'],
  [0xcb, 'i64x2', 'shl shr_s shr_u add _ _ sub _ _ _ mul eq ne lt_s gt_s le_s ge_s'],
  [0xdc, 'i64x2', 'extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u'],
  [0xe0, 'f32x4', FLOAT],
  [0xec, 'f64x2', FLOAT],
  [0xf8, 'i32x4', 'trunc_sat_f32x4_s trunc_sat_f32x4_u'],
  [0xfa, 'f32x4', 'convert_i32x4_s convert_i32x4_u'],
  [0xfc, 'i32x4', 'trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero'],
  [0xfe, 'f64x2', 'convert_low_i32x4_s convert_low_i32x4_u'],
];

// biome-ignore format: a table
const RELAXED_SIMD: readonly Run[] = [
  [0x100, 'i8x16', 'relaxed_swizzle'],
  [0x101, 'i32x4', 'relaxed_trunc_f32x4_s relaxed_trunc_f32x4_u relaxed_trunc_f64x2_s_zero relaxed_trunc_f64x2_u_zero'],
  [0x105, 'f32x4', 'relaxed_madd relaxed_nmadd'],
  [0x107, 'f64x2', 'relaxed_madd relaxed_nmadd'],
  [0x109, 'i8x16', 'relaxed_laneselect'],
  [0x10a, 'i16x8', 'relaxed_laneselect'],
  [0x10b, 'i32x4', 'relaxed_laneselect'],
  [0x10c, 'i64x2', 'relaxed_laneselect'],
  [0x10d, 'f32x4', 'relaxed_min relaxed_max'],
  [0x10f, 'f64x2', 'relaxed_min relaxed_max'],
  [0x111, 'i16x8', 'relaxed_q15mulr_s relaxed_dot_i8x16_i7x16_s'],
  [0x113, 'i32x4', 'relaxed_dot_i8x16_i7x16_add_s'],
];

/** Read-modify-write: 32 and 64 bits whole, then the narrow ones. */
const atomics = (first: number, operation: string): Run[] => [
  [first, 'i32', `atomic.rmw.${operation}`],
  [first + 1, 'i64', `atomic.rmw.${operation}`],
  [first + 2, 'i32', `atomic.rmw8.${operation}_u atomic.rmw16.${operation}_u`],
  [first + 4, 'i64', `atomic.rmw8.${operation}_u atomic.rmw16.${operation}_u atomic.rmw32.${operation}_u`],
];

// biome-ignore format: a table
const THREADS: readonly Run[] = [
  [0x00, 'memory', 'atomic.notify atomic.wait32 atomic.wait64'],
  [0x03, '',       'atomic.fence'],
  [0x10, 'i32',    'atomic.load'],
  [0x11, 'i64',    'atomic.load'],
  [0x12, 'i32',    'atomic.load8_u atomic.load16_u'],
  [0x14, 'i64',    'atomic.load8_u atomic.load16_u atomic.load32_u'],
  [0x17, 'i32',    'atomic.store'],
  [0x18, 'i64',    'atomic.store'],
  [0x19, 'i32',    'atomic.store8 atomic.store16'],
  [0x1b, 'i64',    'atomic.store8 atomic.store16 atomic.store32'],
  ...atomics(0x1e, 'add'), ...atomics(0x25, 'sub'), ...atomics(0x2c, 'and'), ...atomics(0x33, 'or'),
  ...atomics(0x3a, 'xor'), ...atomics(0x41, 'xchg'), ...atomics(0x48, 'cmpxchg'),
];

function expand(
  feature: UnsupportedFeature,
  byte: number | undefined,
  runs: readonly Run[],
): UnsupportedOpcode[] {
  return runs.flatMap(([first, prefix, names]) =>
    names.split(' ').flatMap((name, i) => {
      if (name === '_') return [];
      const code = byte === undefined ? first + i : ([byte, first + i] as const);
      return [{ code, name: prefix === '' ? name : `${prefix}.${name}`, feature }];
    }),
  );
}

/** Every instruction that we know and do not compile. */
export const UNSUPPORTED: readonly UnsupportedOpcode[] = [
  ...expand('wide-arithmetic', 0xfc, [[0x13, 'i64', 'add128 sub128 mul_wide_s mul_wide_u']]),
  ...expand('simd', 0xfd, SIMD),
  ...expand('relaxed-simd', 0xfd, RELAXED_SIMD),
  ...expand('threads', 0xfe, THREADS),
];

const byCode = new Map(UNSUPPORTED.map((row) => [String(row.code), row]));

/** What a byte, or a prefix byte and a sub-opcode, would be if we compiled it; undefined: no instruction at all. */
export function unsupportedOpcode(byte: number, sub?: number): UnsupportedOpcode | undefined {
  return byCode.get(sub === undefined ? String(byte) : `${byte},${sub}`);
}
