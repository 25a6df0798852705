/**
 * The meaning of instructions on vectors for the reference interpreter, written for obviousness: a vector is an unsigned
 * 128-bit bigint, taken apart into lanes and put together again. Scalars are as in numeric.ts, whose float operations serve
 * here lane by lane. Not here: loads, stores and immediates (reference-vectors.ts); the relaxed instructions.
 */
import { f32Bits, f32Value, f64Bits, f64Value, NUMERIC } from './numeric.ts';

// biome-ignore lint/suspicious/noExplicitAny: an operation takes vectors and scalars
export type VectorOperation = (...operands: any[]) => bigint | number;

export function unsignedLanes(vector: bigint, width: number): bigint[] {
  return Array.from({ length: 128 / width }, (_, i) => BigInt.asUintN(width, vector >> BigInt(i * width)));
}
export function signedLanes(vector: bigint, width: number): bigint[] {
  return unsignedLanes(vector, width).map((lane) => BigInt.asIntN(width, lane));
}
/** From values modulo 2^width. */
export function vectorOf(lanes: readonly bigint[], width: number): bigint {
  return lanes.reduceRight((vector, lane) => (vector << BigInt(width)) | BigInt.asUintN(width, lane), 0n);
}

export const VECTORS: Record<string, VectorOperation> = {};

const SHAPES = { i8x16: 8, i16x8: 16, i32x4: 32, i64x2: 64 } as const;
const clamp = (value: bigint, low: bigint, high: bigint) => (value < low ? low : value > high ? high : value);
const truth = (claim: boolean) => (claim ? -1n : 0n);

type Binary = (a: bigint, b: bigint) => bigint;
const MODULO: Readonly<Record<string, Binary>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
};
const ORDERED: Readonly<Record<string, Binary>> = {
  lt: (a, b) => truth(a < b),
  gt: (a, b) => truth(a > b),
  le: (a, b) => truth(a <= b),
  ge: (a, b) => truth(a >= b),
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
};

for (const [shape, width] of Object.entries(SHAPES)) {
  const bits = BigInt(width);
  const signed = (v: bigint) => signedLanes(v, width);
  const unsigned = (v: bigint) => unsignedLanes(v, width);
  const unary = (name: string, f: (a: bigint) => bigint) => {
    VECTORS[`${shape}.${name}`] = (v: bigint) => vectorOf(signed(v).map(f), width);
  };
  const binary = (name: string, f: Binary, read = signed) => {
    VECTORS[`${shape}.${name}`] = (v: bigint, w: bigint) => {
      const second = read(w);
      return vectorOf(
        read(v).map((a, i) => f(a, second[i]!)),
        width,
      );
    };
  };
  unary('abs', (a) => (a < 0n ? -a : a));
  unary('neg', (a) => -a);
  unary('popcnt', (a) => BigInt(BigInt.asUintN(width, a).toString(2).replaceAll('0', '').length));
  binary('eq', (a, b) => truth(a === b));
  binary('ne', (a, b) => truth(a !== b));
  for (const [name, f] of Object.entries(MODULO)) binary(name, f);
  for (const [name, f] of Object.entries(ORDERED)) {
    binary(`${name}_s`, f);
    binary(`${name}_u`, f, unsigned);
  }
  const [low, high] = [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
  for (const [name, f] of [
    ['add_sat', MODULO.add!],
    ['sub_sat', MODULO.sub!],
  ] as const) {
    binary(`${name}_s`, (a, b) => clamp(f(a, b), low, high));
    binary(`${name}_u`, (a, b) => clamp(f(a, b), 0n, (1n << bits) - 1n), unsigned);
  }
  binary('avgr_u', (a, b) => (a + b + 1n) >> 1n, unsigned);
  const shift = (name: string, f: Binary, read = signed) => {
    VECTORS[`${shape}.${name}`] = (v: bigint, by: number) => {
      const count = BigInt.asUintN(32, BigInt(by)) % bits;
      return vectorOf(
        read(v).map((a) => f(a, count)),
        width,
      );
    };
  };
  shift('shl', (a, by) => a << by);
  shift('shr_s', (a, by) => a >> by);
  shift('shr_u', (a, by) => a >> by, unsigned);
  VECTORS[`${shape}.all_true`] = (v: bigint) => (unsigned(v).every((lane) => lane !== 0n) ? 1 : 0);
  VECTORS[`${shape}.bitmask`] = (v: bigint) =>
    signed(v).reduce((mask, lane, i) => mask | (lane < 0n ? 1 << i : 0), 0);
  VECTORS[`${shape}.splat`] = (scalar: number | bigint) =>
    vectorOf(new Array<bigint>(128 / width).fill(BigInt(scalar)), width);
}

// -------------------------------------------------------------------- lanes that change their width

for (const [shape, half, width] of [
  ['i16x8', 'i8x16', 16],
  ['i32x4', 'i16x8', 32],
  ['i64x2', 'i32x4', 64],
] as const) {
  const count = 128 / width;
  for (const [sign, read] of [
    ['s', signedLanes],
    ['u', unsignedLanes],
  ] as const) {
    const lanes = (v: bigint) => read(v, width / 2);
    for (const [part, from] of [
      ['low', 0],
      ['high', count],
    ] as const) {
      VECTORS[`${shape}.extend_${part}_${half}_${sign}`] = (v: bigint) =>
        vectorOf(lanes(v).slice(from, from + count), width);
      VECTORS[`${shape}.extmul_${part}_${half}_${sign}`] = (v: bigint, w: bigint) => {
        const second = lanes(w).slice(from, from + count);
        return vectorOf(
          lanes(v)
            .slice(from, from + count)
            .map((a, i) => a * second[i]!),
          width,
        );
      };
    }
    VECTORS[`${shape}.extadd_pairwise_${half}_${sign}`] = (v: bigint) => {
      const all = lanes(v);
      return vectorOf(
        Array.from({ length: count }, (_, i) => all[2 * i]! + all[2 * i + 1]!),
        width,
      );
    };
    const [low, high] =
      sign === 's'
        ? [-(2n ** BigInt(width / 2 - 1)), 2n ** BigInt(width / 2 - 1) - 1n]
        : [0n, 2n ** BigInt(width / 2) - 1n];
    VECTORS[`${half}.narrow_${shape}_${sign}`] = (v: bigint, w: bigint) =>
      vectorOf(
        [...signedLanes(v, width), ...signedLanes(w, width)].map((a) => clamp(a, low!, high!)),
        width / 2,
      );
  }
}
VECTORS['i32x4.dot_i16x8_s'] = (v: bigint, w: bigint) => {
  const [a, b] = [signedLanes(v, 16), signedLanes(w, 16)];
  return vectorOf(
    [0, 2, 4, 6].map((i) => a[i]! * b[i]! + a[i + 1]! * b[i + 1]!),
    32,
  );
};
VECTORS['i16x8.q15mulr_sat_s'] = (v: bigint, w: bigint) => {
  const b = signedLanes(w, 16);
  const products = signedLanes(v, 16).map((a, i) => clamp((a * b[i]! + 0x4000n) >> 15n, -0x8000n, 0x7fffn));
  return vectorOf(products, 16);
};

// -------------------------------------------------------------------- bits

const ALL = (1n << 128n) - 1n;
VECTORS['v128.not'] = (v: bigint) => v ^ ALL;
VECTORS['v128.and'] = (v: bigint, w: bigint) => v & w;
VECTORS['v128.andnot'] = (v: bigint, w: bigint) => v & (w ^ ALL);
VECTORS['v128.or'] = (v: bigint, w: bigint) => v | w;
VECTORS['v128.xor'] = (v: bigint, w: bigint) => v ^ w;
VECTORS['v128.bitselect'] = (v: bigint, w: bigint, mask: bigint) => (v & mask) | (w & (mask ^ ALL));
VECTORS['v128.any_true'] = (v: bigint) => (v === 0n ? 0 : 1);
VECTORS['i8x16.swizzle'] = (v: bigint, indices: bigint) => {
  const bytes = unsignedLanes(v, 8);
  return vectorOf(
    unsignedLanes(indices, 8).map((index) => bytes[Number(index)] ?? 0n),
    8,
  );
};

// -------------------------------------------------------------------- floats

interface Floats {
  readonly width: number;
  /** Of numeric.ts's operations: f32 is a signed number, f64 a signed bigint. */
  readonly lanes: (v: bigint) => (number | bigint)[];
  readonly vector: (lanes: readonly (number | bigint)[]) => bigint;
  readonly value: (lane: never) => number;
}
const FLOATS: Readonly<Record<string, Floats>> = {
  f32: {
    width: 32,
    lanes: (v) => signedLanes(v, 32).map(Number),
    vector: (lanes) => vectorOf(lanes.map(BigInt), 32),
    value: f32Value as (lane: never) => number,
  },
  f64: {
    width: 64,
    lanes: (v) => signedLanes(v, 64),
    vector: (lanes) => vectorOf(lanes.map(BigInt), 64),
    value: f64Value as (lane: never) => number,
  },
};
const UNARY = ['abs', 'neg', 'sqrt', 'ceil', 'floor', 'trunc', 'nearest'];
const BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max'];

for (const [type, { width, lanes, vector, value }] of Object.entries(FLOATS)) {
  const shape = `${type}x${128 / width}`;
  const pairs = (v: bigint, w: bigint) => {
    const second = lanes(w);
    return lanes(v).map((a, i) => [a, second[i]!] as const);
  };
  for (const name of UNARY) {
    VECTORS[`${shape}.${name}`] = (v: bigint) => vector(lanes(v).map((a) => NUMERIC[`${type}.${name}`]!(a)));
  }
  for (const name of BINARY) {
    VECTORS[`${shape}.${name}`] = (v: bigint, w: bigint) =>
      vector(pairs(v, w).map(([a, b]) => NUMERIC[`${type}.${name}`]!(a, b)));
  }
  for (const name of ['eq', 'ne', 'lt', 'gt', 'le', 'ge']) {
    VECTORS[`${shape}.${name}`] = (v: bigint, w: bigint) =>
      vector(pairs(v, w).map(([a, b]) => -Number(NUMERIC[`${type}.${name}`]!(a, b))));
  }
  const isLess = (a: number | bigint, b: number | bigint) => value(a as never) < value(b as never);
  VECTORS[`${shape}.pmin`] = (v: bigint, w: bigint) =>
    vector(pairs(v, w).map(([a, b]) => (isLess(b, a) ? b : a)));
  VECTORS[`${shape}.pmax`] = (v: bigint, w: bigint) =>
    vector(pairs(v, w).map(([a, b]) => (isLess(a, b) ? b : a)));
  VECTORS[`${shape}.splat`] = (scalar: number | bigint) => vector(new Array(128 / width).fill(scalar));
}

const words = (v: bigint) => signedLanes(v, 32).map(Number);
for (const sign of ['s', 'u']) {
  const of32 = (name: string) => NUMERIC[`${name}_${sign}`]!;
  VECTORS[`i32x4.trunc_sat_f32x4_${sign}`] = (v: bigint) =>
    vectorOf(
      words(v).map((a) => BigInt(of32('i32.trunc_sat_f32')(a))),
      32,
    );
  VECTORS[`i32x4.trunc_sat_f64x2_${sign}_zero`] = (v: bigint) =>
    vectorOf([...signedLanes(v, 64).map((a) => BigInt(of32('i32.trunc_sat_f64')(a))), 0n, 0n], 32);
  VECTORS[`f32x4.convert_i32x4_${sign}`] = (v: bigint) =>
    vectorOf(
      words(v).map((a) => BigInt(of32('f32.convert_i32')(a))),
      32,
    );
  VECTORS[`f64x2.convert_low_i32x4_${sign}`] = (v: bigint) =>
    vectorOf(
      words(v)
        .slice(0, 2)
        .map((a) => BigInt(of32('f64.convert_i32')(a))),
      64,
    );
}
VECTORS['f32x4.demote_f64x2_zero'] = (v: bigint) =>
  vectorOf([...signedLanes(v, 64).map((a) => BigInt(f32Bits(f64Value(a)))), 0n, 0n], 32);
VECTORS['f64x2.promote_low_f32x4'] = (v: bigint) =>
  vectorOf(
    words(v)
      .slice(0, 2)
      .map((a) => f64Bits(f32Value(a))),
    64,
  );
