/**
 * The proposal `wide-arithmetic`: sums, differences and products of 128 bits, as pairs of i64, low half first. Helpers leave
 * the halves of the result in scratch cells 0 and 1, as every row with several results does.
 */
import { rows } from './row.ts';

// biome-ignore format: a table
export const WIDE = rows('wide-arithmetic', [
  [[0xfc, 19], 'i64.add128',     'none', 'i64 i64 i64 i64 -> i64 i64', 'pure', 'i64_add128(R, a, b, c, d)'],
  [[0xfc, 20], 'i64.sub128',     'none', 'i64 i64 i64 i64 -> i64 i64', 'pure', 'i64_sub128(R, a, b, c, d)'],
  [[0xfc, 21], 'i64.mul_wide_s', 'none', 'i64 i64 -> i64 i64',         'pure', 'i64_mul_wide_s(R, a, b)'],
  [[0xfc, 22], 'i64.mul_wide_u', 'none', 'i64 i64 -> i64 i64',         'pure', 'i64_mul_wide_u(R, a, b)'],
]);
