/**
 * i32: values are signed int32 numbers, and so is every result. Comparisons may stay JavaScript booleans.
 *
 * Not here: conversions to and from floats (float.ts), loads and stores (memory.ts).
 */
import { rows } from './row.ts';

// biome-ignore format: a table
const MVP = rows('mvp', [
  [0x45, 'i32.eqz',    'none', 'i32 -> i32',     'pure', 'a === 0'],
  [0x46, 'i32.eq',     'none', 'i32 i32 -> i32', 'pure', 'a === b'],
  [0x47, 'i32.ne',     'none', 'i32 i32 -> i32', 'pure', 'a !== b'],
  [0x48, 'i32.lt_s',   'none', 'i32 i32 -> i32', 'pure', 'a < b'],
  [0x49, 'i32.lt_u',   'none', 'i32 i32 -> i32', 'pure', 'a >>> 0 < b >>> 0'],
  [0x4a, 'i32.gt_s',   'none', 'i32 i32 -> i32', 'pure', 'a > b'],
  [0x4b, 'i32.gt_u',   'none', 'i32 i32 -> i32', 'pure', 'a >>> 0 > b >>> 0'],
  [0x4c, 'i32.le_s',   'none', 'i32 i32 -> i32', 'pure', 'a <= b'],
  [0x4d, 'i32.le_u',   'none', 'i32 i32 -> i32', 'pure', 'a >>> 0 <= b >>> 0'],
  [0x4e, 'i32.ge_s',   'none', 'i32 i32 -> i32', 'pure', 'a >= b'],
  [0x4f, 'i32.ge_u',   'none', 'i32 i32 -> i32', 'pure', 'a >>> 0 >= b >>> 0'],
  [0x67, 'i32.clz',    'none', 'i32 -> i32',     'pure', 'clz32(a)'],
  [0x68, 'i32.ctz',    'none', 'i32 -> i32',     'pure', '32 - clz32(~a & a - 1)'],
  [0x69, 'i32.popcnt', 'none', 'i32 -> i32',     'pure', 'i32_popcnt(a)'],
  [0x6a, 'i32.add',    'none', 'i32 i32 -> i32', 'pure', 'a + b | 0'],
  [0x6b, 'i32.sub',    'none', 'i32 i32 -> i32', 'pure', 'a - b | 0'],
  [0x6c, 'i32.mul',    'none', 'i32 i32 -> i32', 'pure', 'imul(a, b)'],
  [0x6d, 'i32.div_s',  'none', 'i32 i32 -> i32', 'trap', 'i32_div_s(a, b)', { divisor: 'a / b | 0' }],
  [0x6e, 'i32.div_u',  'none', 'i32 i32 -> i32', 'trap', 'i32_div_u(a, b)', { divisor: '(a >>> 0) / (b >>> 0) | 0' }],
  [0x6f, 'i32.rem_s',  'none', 'i32 i32 -> i32', 'trap', 'i32_rem_s(a, b)', { divisor: 'a % b | 0' }],
  [0x70, 'i32.rem_u',  'none', 'i32 i32 -> i32', 'trap', 'i32_rem_u(a, b)', { divisor: '(a >>> 0) % (b >>> 0) | 0' }],
  [0x71, 'i32.and',    'none', 'i32 i32 -> i32', 'pure', 'a & b'],
  [0x72, 'i32.or',     'none', 'i32 i32 -> i32', 'pure', 'a | b'],
  [0x73, 'i32.xor',    'none', 'i32 i32 -> i32', 'pure', 'a ^ b'],
  [0x74, 'i32.shl',    'none', 'i32 i32 -> i32', 'pure', 'a << b'],
  [0x75, 'i32.shr_s',  'none', 'i32 i32 -> i32', 'pure', 'a >> b'],
  [0x76, 'i32.shr_u',  'none', 'i32 i32 -> i32', 'pure', 'a >>> b | 0'],
  [0x77, 'i32.rotl',   'none', 'i32 i32 -> i32', 'pure', 'a << b | a >>> 32 - b'],
  [0x78, 'i32.rotr',   'none', 'i32 i32 -> i32', 'pure', 'a >>> b | a << 32 - b'],
]);

// biome-ignore format: a table
const SIGN_EXTENSION = rows('sign-extension', [
  [0xc0, 'i32.extend8_s',  'none', 'i32 -> i32', 'pure', 'a << 24 >> 24'],
  [0xc1, 'i32.extend16_s', 'none', 'i32 -> i32', 'pure', 'a << 16 >> 16'],
]);

export const I32 = [...MVP, ...SIGN_EXTENSION];
