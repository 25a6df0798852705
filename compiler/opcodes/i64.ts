/**
 * i64: values are signed BigInts, `A(64, …)`-closed; V8 turns such expressions into single machine instructions as long
 * as nothing needs the BigInt as an object. Forms chosen by measurement (PERFORMANCE.md §1).
 *
 * BigInts meet int32 numbers in the register file's scratch cells, never by `Number(…)` or `BigInt(negative)`:
 * `i32.wrap_i64` is `(R[0] = a, RL[0])`. A scratch cell is written only after every operand has been evaluated, because
 * an operand's own expression may use it.
 *
 * A literal stands behind `A` where it is compared or stored: else V8 takes it for an object, decodes it at every turn, and
 * negates it by a call (fib with i64: 38 -> 12 ms).
 *
 * V8 11.3 dies of `v >> 3n` when `v` is two BigInts merged (`c ? x : y`, also an inlined helper with two returns):
 * "Phi of kRepTagged (SignedBigInt64) cannot be changed to kRepWord64". So a right operand of `>>` stands behind `A` of its
 * own, which costs nothing. Merged BigInts are boxed at any rate: select and helpers better go through a cell.
 */
import { rows } from './row.ts';

const MIN = '-9223372036854775808n';

// biome-ignore format: a table
const MVP = rows('mvp', [
  [0x50, 'i64.eqz',    'none', 'i64 -> i32',     'pure', 'a === A(64, 0n)'],
  [0x51, 'i64.eq',     'none', 'i64 i64 -> i32', 'pure', 'a === b', { constant: 'a === A(64, b)' }],
  [0x52, 'i64.ne',     'none', 'i64 i64 -> i32', 'pure', 'a !== b', { constant: 'a !== A(64, b)' }],
  [0x53, 'i64.lt_s',   'none', 'i64 i64 -> i32', 'pure', 'a < b', { constant: 'a < A(64, b)' }],
  [0x54, 'i64.lt_u',   'none', 'i64 i64 -> i32', 'pure', `A(64, a ^ ${MIN}) < A(64, b ^ ${MIN})`, { constant: `A(64, a ^ ${MIN}) < A(64, u)` }],
  [0x55, 'i64.gt_s',   'none', 'i64 i64 -> i32', 'pure', 'a > b', { constant: 'a > A(64, b)' }],
  [0x56, 'i64.gt_u',   'none', 'i64 i64 -> i32', 'pure', `A(64, a ^ ${MIN}) > A(64, b ^ ${MIN})`, { constant: `A(64, a ^ ${MIN}) > A(64, u)` }],
  [0x57, 'i64.le_s',   'none', 'i64 i64 -> i32', 'pure', 'a <= b', { constant: 'a <= A(64, b)' }],
  [0x58, 'i64.le_u',   'none', 'i64 i64 -> i32', 'pure', `A(64, a ^ ${MIN}) <= A(64, b ^ ${MIN})`, { constant: `A(64, a ^ ${MIN}) <= A(64, u)` }],
  [0x59, 'i64.ge_s',   'none', 'i64 i64 -> i32', 'pure', 'a >= b', { constant: 'a >= A(64, b)' }],
  [0x5a, 'i64.ge_u',   'none', 'i64 i64 -> i32', 'pure', `A(64, a ^ ${MIN}) >= A(64, b ^ ${MIN})`, { constant: `A(64, a ^ ${MIN}) >= A(64, u)` }],
  [0x79, 'i64.clz',    'none', 'i64 -> i64',     'pure', '(R[0] = a, A(64, BigInt(i64_clz(RL) >>> 0)))'],
  [0x7a, 'i64.ctz',    'none', 'i64 -> i64',     'pure', '(R[0] = a, A(64, BigInt(i64_ctz(RL) >>> 0)))'],
  [0x7b, 'i64.popcnt', 'none', 'i64 -> i64',     'pure', '(R[0] = a, A(64, BigInt(i64_popcnt(RL) >>> 0)))'],
  [0x7c, 'i64.add',    'none', 'i64 i64 -> i64', 'pure', 'A(64, a + b)'],
  [0x7d, 'i64.sub',    'none', 'i64 i64 -> i64', 'pure', 'A(64, a - b)'],
  [0x7e, 'i64.mul',    'none', 'i64 i64 -> i64', 'pure', 'A(64, a * b)'],
  [0x7f, 'i64.div_s',  'none', 'i64 i64 -> i64', 'trap', 'i64_div_s(a, b)', { divisor: 'A(64, a / b)' }],
  [0x80, 'i64.div_u',  'none', 'i64 i64 -> i64', 'trap', 'i64_div_u(a, b)'],
  [0x81, 'i64.rem_s',  'none', 'i64 i64 -> i64', 'trap', 'i64_rem_s(a, b)', { divisor: 'A(64, a % b)' }],
  [0x82, 'i64.rem_u',  'none', 'i64 i64 -> i64', 'trap', 'i64_rem_u(a, b)'],
  [0x83, 'i64.and',    'none', 'i64 i64 -> i64', 'pure', 'A(64, a & b)'],
  [0x84, 'i64.or',     'none', 'i64 i64 -> i64', 'pure', 'A(64, a | b)'],
  [0x85, 'i64.xor',    'none', 'i64 i64 -> i64', 'pure', 'A(64, a ^ b)'],
  [0x86, 'i64.shl',    'none', 'i64 i64 -> i64', 'pure', 'A(64, a * POW2[(R[0] = b, RL[0] & 63)])', { constant: 'A(64, a << k)' }],
  [0x87, 'i64.shr_s',  'none', 'i64 i64 -> i64', 'pure', 'i64_shr_s(a, (R[0] = b, RL[0]))', { constant: 'A(64, A(64, a) >> k)' }],
  [0x88, 'i64.shr_u',  'none', 'i64 i64 -> i64', 'pure', 'i64_shr_u(a, (R[0] = b, RL[0]))', { constant: 'A(64, U(64, a) >> k)' }],
  [0x89, 'i64.rotl',   'none', 'i64 i64 -> i64', 'pure', 'i64_rotl(a, (R[0] = b, RL[0]))', { constant: 'A(64, A(64, a << k) | A(64, U(64, a) >> m))' }],
  [0x8a, 'i64.rotr',   'none', 'i64 i64 -> i64', 'pure', 'i64_rotl(a, (R[0] = b, -RL[0]))', { constant: 'A(64, A(64, U(64, a) >> k) | A(64, a << m))' }],
  [0xa7, 'i32.wrap_i64',     'none', 'i64 -> i32', 'pure', '(R[0] = a, RL[0])'],
  [0xac, 'i64.extend_i32_s', 'none', 'i32 -> i64', 'pure', 'A(64, A(64, BigInt((a ^ 2147483648) >>> 0)) - 2147483648n)'],
  [0xad, 'i64.extend_i32_u', 'none', 'i32 -> i64', 'pure', 'A(64, BigInt(a >>> 0))'],
]);

// biome-ignore format: a table
const SIGN_EXTENSION = rows('sign-extension', [
  [0xc2, 'i64.extend8_s',  'none', 'i64 -> i64', 'pure', 'A(64, A(64, a << 56n) >> 56n)'],
  [0xc3, 'i64.extend16_s', 'none', 'i64 -> i64', 'pure', 'A(64, A(64, a << 48n) >> 48n)'],
  [0xc4, 'i64.extend32_s', 'none', 'i64 -> i64', 'pure', 'A(64, A(64, a << 32n) >> 32n)'],
]);

export const I64 = [...MVP, ...SIGN_EXTENSION];
