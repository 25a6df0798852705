/**
 * The meaning of numeric instructions, written for obviousness, not for speed: everything goes through BigInt and raw
 * bits. The reference interpreter's half of the oracle; not for the product (runtime/helpers is).
 *
 * Values: i32 is a signed number, i64 a signed bigint, f32 its bits as a signed number, f64 its bits as a signed bigint.
 * NaN results are canonical; abs, neg and copysign keep payloads.
 */
export type Value = number | bigint | object | null | unknown;
// biome-ignore lint/suspicious/noExplicitAny: an operation takes one or two of the four representations
export type Operation = (...operands: any[]) => number | bigint;

/** A trap with the specification's text. */
export class ReferenceTrap extends Error {
  override readonly name = 'ReferenceTrap';
}
export function fail(text: string): never {
  throw new ReferenceTrap(text);
}

const scratch = new DataView(new ArrayBuffer(8));

export function f32Value(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}
export function f32Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc00000;
  scratch.setFloat32(0, value);
  return scratch.getInt32(0);
}
export function f64Value(bits: bigint): number {
  scratch.setBigInt64(0, bits);
  return scratch.getFloat64(0);
}
export function f64Bits(value: number): bigint {
  if (Number.isNaN(value)) return 0x7ff8000000000000n;
  scratch.setFloat64(0, value);
  return scratch.getBigInt64(0);
}

const truth = (claim: boolean): number => (claim ? 1 : 0);
type BigOperation = (a: bigint, b: bigint) => bigint | boolean;

/** Integer operations of one width, on signed operands; `u` views them unsigned. */
function integerOperations(width: number): Record<string, BigOperation> {
  const n = BigInt(width);
  const u = (a: bigint): bigint => BigInt.asUintN(width, a);
  const digits = (a: bigint): string => u(a).toString(2).padStart(width, '0');
  const divisor = (b: bigint): bigint => (b === 0n ? fail('integer divide by zero') : b);
  const rotl = (a: bigint, by: bigint): bigint => (u(a) << by) | (u(a) >> (n - by));
  return {
    clz: (a) => BigInt(`${digits(a)}1`.indexOf('1')),
    ctz: (a) => n - BigInt(`1${digits(a)}`.lastIndexOf('1')),
    popcnt: (a) => BigInt(digits(a).replaceAll('0', '').length),
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div_s: (a, b) => {
      const quotient = a / divisor(b);
      return quotient === 1n << (n - 1n) ? fail('integer overflow') : quotient;
    },
    div_u: (a, b) => u(a) / divisor(u(b)),
    rem_s: (a, b) => a % divisor(b),
    rem_u: (a, b) => u(a) % divisor(u(b)),
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    shl: (a, b) => a << (u(b) % n),
    shr_s: (a, b) => a >> (u(b) % n),
    shr_u: (a, b) => u(a) >> (u(b) % n),
    rotl: (a, b) => rotl(a, u(b) % n),
    rotr: (a, b) => rotl(a, (n - (u(b) % n)) % n),
    eqz: (a) => a === 0n,
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    lt_s: (a, b) => a < b,
    lt_u: (a, b) => u(a) < u(b),
    gt_s: (a, b) => a > b,
    gt_u: (a, b) => u(a) > u(b),
    le_s: (a, b) => a <= b,
    le_u: (a, b) => u(a) <= u(b),
    ge_s: (a, b) => a >= b,
    ge_u: (a, b) => u(a) >= u(b),
    extend8_s: (a) => BigInt.asIntN(8, a),
    extend16_s: (a) => BigInt.asIntN(16, a),
    extend32_s: (a) => BigInt.asIntN(32, a),
  };
}

/** Ties go to even; the sign of zero stays. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const below = Math.floor(x);
  const difference = x - below;
  const up = difference > 0.5 || (difference === 0.5 && below % 2 !== 0);
  const rounded = up ? below + 1 : below;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

function floatOperations(): Record<string, (a: number, b: number) => number | boolean> {
  return {
    ceil: (a) => Math.ceil(a),
    floor: (a) => Math.floor(a),
    trunc: (a) => Math.trunc(a),
    nearest,
    sqrt: (a) => Math.sqrt(a),
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    min: (a, b) => Math.min(a, b),
    max: (a, b) => Math.max(a, b),
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    lt: (a, b) => a < b,
    gt: (a, b) => a > b,
    le: (a, b) => a <= b,
    ge: (a, b) => a >= b,
  };
}

interface Target {
  readonly width: number;
  readonly signed: boolean;
}
const range = ({ width, signed }: Target): [bigint, bigint] =>
  signed ? [-(1n << BigInt(width - 1)), (1n << BigInt(width - 1)) - 1n] : [0n, (1n << BigInt(width)) - 1n];

function truncate(x: number, target: Target): bigint {
  if (Number.isNaN(x)) fail('invalid conversion to integer');
  const [low, high] = range(target);
  if (!Number.isFinite(x)) fail('integer overflow');
  const integer = BigInt(Math.trunc(x));
  return integer < low || integer > high ? fail('integer overflow') : integer;
}

function saturate(x: number, target: Target): bigint {
  const [low, high] = range(target);
  if (Number.isNaN(x)) return 0n;
  if (!Number.isFinite(x)) return x < 0 ? low : high;
  const integer = BigInt(Math.trunc(x));
  return integer < low ? low : integer > high ? high : integer;
}

/** An integer as f32, rounded once: bits beyond 53 are folded into a sticky bit before the double is made. */
function convertToF32(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const excess = Math.max(0, magnitude.toString(2).length - 40);
  const kept = magnitude >> BigInt(excess);
  const sticky = kept << BigInt(excess) === magnitude ? 0n : 1n;
  const rounded = Math.fround(Number(kept | sticky)) * 2 ** excess;
  return value < 0n ? -rounded : rounded;
}

/** Every numeric instruction except constants, by name. */
export const NUMERIC: Readonly<Record<string, Operation>> = buildTable();

function buildTable(): Record<string, Operation> {
  const table: Record<string, Operation> = {};
  addIntegers(table);
  addFloats(table);
  addConversions(table);
  return table;
}

function addIntegers(table: Record<string, Operation>): void {
  for (const [name, operation] of Object.entries(integerOperations(32))) {
    const run = (a: number, b: number): number => {
      const result = operation(BigInt(a), BigInt(b ?? 0));
      return typeof result === 'boolean' ? truth(result) : Number(BigInt.asIntN(32, result));
    };
    if (name !== 'extend32_s') table[`i32.${name}`] = ofArity(operation.length, run);
  }
  for (const [name, operation] of Object.entries(integerOperations(64))) {
    const run = (a: bigint, b: bigint): number | bigint => {
      const result = operation(a, b);
      return typeof result === 'boolean' ? truth(result) : BigInt.asIntN(64, result);
    };
    table[`i64.${name}`] = ofArity(operation.length, run);
  }
}

/** The interpreter pops as many operands as a function declares parameters. */
// biome-ignore lint/suspicious/noExplicitAny: see Operation
function ofArity(arity: number, run: (a: any, b: any) => number | bigint): Operation {
  return arity === 1 ? (a) => run(a, undefined) : (a, b) => run(a, b);
}

function addFloats(table: Record<string, Operation>): void {
  for (const [name, operation] of Object.entries(floatOperations())) {
    const single = (a: number, b: number): number => {
      const result = operation(f32Value(a), f32Value(b ?? 0));
      return typeof result === 'boolean' ? truth(result) : f32Bits(result);
    };
    const double = (a: bigint, b: bigint): number | bigint => {
      const result = operation(f64Value(a), f64Value(b ?? 0n));
      return typeof result === 'boolean' ? truth(result) : f64Bits(result);
    };
    table[`f32.${name}`] = ofArity(operation.length, single);
    table[`f64.${name}`] = ofArity(operation.length, double);
  }
  const [sign32, sign64] = [-0x80000000, -0x8000000000000000n];
  table['f32.abs'] = (a: number) => a & ~sign32;
  table['f32.neg'] = (a: number) => a ^ sign32;
  table['f32.copysign'] = (a: number, b: number) => (a & ~sign32) | (b & sign32);
  table['f64.abs'] = (a: bigint) => a & ~sign64;
  table['f64.neg'] = (a: bigint) => a ^ sign64;
  table['f64.copysign'] = (a: bigint, b: bigint) => (a & ~sign64) | (b & sign64);
}

function addConversions(table: Record<string, Operation>): void {
  for (const float of ['f32', 'f64']) {
    // biome-ignore lint/suspicious/noExplicitAny: the bits of either width
    const read: (bits: any) => number = float === 'f32' ? f32Value : f64Value;
    for (const signed of [true, false]) {
      const suffix = `${float}_${signed ? 's' : 'u'}`;
      const [narrow, wide] = [
        { width: 32, signed },
        { width: 64, signed },
      ];
      const i32 = (result: bigint): number => Number(BigInt.asIntN(32, result));
      const i64 = (result: bigint): bigint => BigInt.asIntN(64, result);
      table[`i32.trunc_${suffix}`] = (a) => i32(truncate(read(a), narrow));
      table[`i64.trunc_${suffix}`] = (a) => i64(truncate(read(a), wide));
      table[`i32.trunc_sat_${suffix}`] = (a) => i32(saturate(read(a), narrow));
      table[`i64.trunc_sat_${suffix}`] = (a) => i64(saturate(read(a), wide));
    }
  }
  for (const [source, width] of [
    ['i32', 32],
    ['i64', 64],
  ] as const) {
    const signed = (a: number | bigint): bigint => BigInt(a);
    const unsigned = (a: number | bigint): bigint => BigInt.asUintN(width, BigInt(a));
    table[`f32.convert_${source}_s`] = (a) => f32Bits(convertToF32(signed(a)));
    table[`f32.convert_${source}_u`] = (a) => f32Bits(convertToF32(unsigned(a)));
    table[`f64.convert_${source}_s`] = (a) => f64Bits(Number(signed(a)));
    table[`f64.convert_${source}_u`] = (a) => f64Bits(Number(unsigned(a)));
  }
  Object.assign(table, {
    'i32.wrap_i64': (a: bigint) => Number(BigInt.asIntN(32, a)),
    'i64.extend_i32_s': (a: number) => BigInt(a),
    'i64.extend_i32_u': (a: number) => BigInt(a >>> 0),
    'f32.demote_f64': (a: bigint) => f32Bits(f64Value(a)),
    'f64.promote_f32': (a: number) => f64Bits(f32Value(a)),
    'i32.reinterpret_f32': (a: number) => a,
    'f32.reinterpret_i32': (a: number) => a,
    'i64.reinterpret_f64': (a: bigint) => a,
    'f64.reinterpret_i64': (a: bigint) => a,
  });
}
