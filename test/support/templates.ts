/**
 * Runs a template of the opcode table by itself, outside any compiled function, and gives edge values to run it with.
 *
 * Values travel as bits in bigints (unsigned), so that NaNs keep theirs on the way into and out of a template; here
 * they become what generated code holds: int32 numbers, signed BigInts, fround-closed numbers.
 */
import { CONSTANTS, type Opcode } from '../../compiler/opcodes.ts';
import { f32_from_bits, f32_to_bits, f64_from_bits, f64_to_bits } from '../../runtime/helpers/float.ts';
import { HELPERS, POW2 } from '../../runtime/helpers/index.ts';
import { MATH } from '../../runtime/library.ts';
import type { NumberType } from '../../runtime/types.ts';

/** A register file of the scratch cells only. */
const cells = new ArrayBuffer(64);
const SCOPE: Readonly<Record<string, unknown>> = {
  A: BigInt.asIntN,
  U: BigInt.asUintN,
  R: new BigInt64Array(cells),
  RL: new Int32Array(cells),
  RD: new Float64Array(cells),
  RF: new Float32Array(cells),
  POW2,
  ...Object.fromEntries(MATH.map((name) => [name, Math[name]])),
  ...HELPERS,
};

/** All names that a template may mention beside operands, temporaries, indices and the literals of CONSTANTS. */
export const FREE_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(SCOPE),
  'V',
  'E',
  'BigInt',
  'NaN',
  'null',
  'true',
]);

export type Evaluate = (a?: unknown, b?: unknown, c?: unknown, view?: DataView, offset?: number) => unknown;

/** `ea` is computed from `a` and `offset` as the emitter does; `k`, `m`, `u` from `b`. */
export function evaluator(template: string): Evaluate {
  const literals = Object.entries(CONSTANTS).filter(([name]) => mentions(template, name));
  const scope = { ...SCOPE, ...Object.fromEntries(literals.map(([name, make]) => [`make_${name}`, make])) };
  const declarations = [
    'let x, y',
    ...literals.map(([name]) => `const ${name} = make_${name}(b)`),
    ...(mentions(template, 'ea') ? ['const ea = (a >>> 0) + offset'] : []),
  ];
  const body = `return (a, b, c, V, offset) => { ${declarations.join('; ')}; return ${template} }`;
  return new Function(...Object.keys(scope), body)(...Object.values(scope)) as Evaluate;
}

/**
 * Evaluates a template over i64 in a loop, as generated code would: cells in, cells out, literals in the text; but its
 * first operand is a choice between two BigInts. Gives a digest of all results.
 */
export function hotLoop(
  template: string,
  result: NumberType,
  b: bigint,
): (start: bigint, n: number) => bigint {
  const value = Object.entries(CONSTANTS).reduce(
    (text, [name, make]) => text.replace(new RegExp(`(?<![.\\w])${name}(?!\\w)`, 'g'), `${make(b)}n`),
    template,
  );
  const keep = {
    i64: `R[3] = ${value}`,
    i32: `RL[6] = ${value}`,
    f32: `RD[3] = ${value}`,
    f64: `RD[3] = ${value}`,
  };
  const body = `return (start, n) => {
    let x, y; const b = ${b}n; R[2] = start; R[3] = R[4] = 0n;
    for (let i = 0; i < n; i++) {
      const cell = R[2], a = (i & 1) === 0 ? A(64, cell + 1n) : A(64, cell - 5n);
      R[2] = A(64, cell * 6364136223846793005n + 1442695040888963407n);
      ${keep[result]};
      R[4] = A(64, A(64, R[4] * 31n) + R[3]);
    }
    return R[4];
  }`;
  return new Function(...Object.keys(SCOPE), body)(...Object.values(SCOPE));
}

export function mentions(template: string, name: string): boolean {
  return new RegExp(`(?<![.\\w])${name}(?!\\w)`).test(template);
}

/**
 * As the emitter would place operands that are expressions: a name mentioned once is evaluated in its place, another
 * one before. Every operand writes its name to the log, and rubbish to the scratch cells, as its expression may.
 */
export function evaluationLog(
  row: Opcode,
  template: string,
  operands: Readonly<Record<string, unknown>>,
): string[] {
  const scope: Record<string, unknown> = {
    ...SCOPE,
    V: new DataView(new ArrayBuffer(64)),
    log: (name: string) => {
      (SCOPE.R as BigInt64Array).fill(0x5555_5555_5555_5555n);
      log.push(name);
      return operands[name];
    },
  };
  const log: string[] = [];
  const names = Object.keys(operands).filter((name) => mentions(template, name));
  const repeated = names.filter(
    (name) => template.match(new RegExp(`(?<![.\\w])${name}(?!\\w)`, 'g'))!.length > 1,
  );
  const body = template.replace(/(?<![.\w])(?:[abcd]|ea)(?!\w)/g, (name) =>
    repeated.includes(name) ? `${name}_bound` : `log('${name}')`,
  );
  const bindings = repeated.map((name) => `const ${name}_bound = log('${name}');`).join(' ');
  try {
    new Function(...Object.keys(scope), `let x, y; ${bindings} return ${body}`)(...Object.values(scope));
  } catch (error) {
    throw new Error(`${row.name}: ${template}`, { cause: error });
  }
  return log;
}

export function fromBits(bits: bigint, type: NumberType): unknown {
  if (type === 'i32') return Number(BigInt.asIntN(32, bits));
  if (type === 'i64') return BigInt.asIntN(64, bits);
  return type === 'f32'
    ? f32_from_bits(Number(BigInt.asIntN(32, bits)))
    : f64_from_bits(BigInt.asIntN(64, bits));
}

/** Refuses results that are not closed: an i32 outside int32 (or −0), an unwrapped BigInt, an f32 with too many bits. */
export function toBits(value: unknown, type: NumberType): bigint {
  const result = type === 'i32' && typeof value === 'boolean' ? Number(value) : value;
  if (!isClosed(result, type)) throw new Error(`${String(value)} is not a closed ${type}`);
  if (type === 'i32') return BigInt.asUintN(32, BigInt(result as number));
  if (type === 'i64') return BigInt.asUintN(64, result as bigint);
  if (type === 'f32') return BigInt.asUintN(32, BigInt(f32_to_bits(result as number)));
  return BigInt.asUintN(64, f64_to_bits(result as number));
}

function isClosed(value: unknown, type: NumberType): boolean {
  if (type === 'i64') return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
  if (typeof value !== 'number') return false;
  if (type === 'i32') return Object.is(value, value | 0);
  return type === 'f64' || Object.is(value, Math.fround(value));
}

export const BITS: Readonly<Record<NumberType, bigint>> = { i32: 32n, i64: 64n, f32: 32n, f64: 64n };

const POWERS_32 = [1, 7, 8, 15, 16, 20, 21, 24, 30, 31].map((k) => 1n << BigInt(k));
const POWERS_64 = [1, 8, 11, 16, 24, 31, 32, 33, 52, 53, 54, 62, 63].map((k) => 1n << BigInt(k));
const around = (powers: readonly bigint[]) =>
  powers.flatMap((p) => [p - 1n, p, p + 1n, -p, -p + 1n, -p - 1n]);

/** Positive: near halves, near integers' ends, near the formats' ends; each with its neighbours in f32 and in f64. */
const FLOATS = [
  ...[0, 0.1, 0.25, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 3.5, Math.PI, 1e-30, 1e30, Number.POSITIVE_INFINITY],
  ...[
    2 ** -149,
    2 ** -150,
    2 ** -126,
    2 ** -1022,
    2 ** -1074,
    2 ** 127,
    2 ** 128,
    2 ** 1023,
    Number.MAX_VALUE,
  ],
  ...[7, 8, 15, 16, 22, 23, 24, 25, 31, 32, 51, 52, 53, 54, 62, 63, 64, 65].map((k) => 2 ** k),
  ...[22, 23, 31, 32, 51].flatMap((k) => [2 ** k - 0.5, 2 ** k + 0.5, 2 ** k - 1.5, 2 ** k + 1]),
];
const F32_NANS = [
  0x7fc00000n,
  0x7fc00001n,
  0x7fe00000n,
  0x7fffffffn,
  0x7f800001n,
  0x7fa00000n,
  0x7fbfffffn,
  0x7f900003n,
];
const F64_NANS = [
  0x7ff8000000000000n,
  0x7ff8000000000001n,
  0x7ffc000000000000n,
  0x7fffffffffffffffn,
  0x7ff0000000000001n,
  0x7ff4000000000000n,
  0x7ff7ffffffffffffn,
  0x7ff0000020000000n,
  0x7ff8000020000001n,
];

function floatBits(type: 'f32' | 'f64'): bigint[] {
  const sign = 1n << (BITS[type] - 1n);
  const raw = type === 'f32' ? (value: number) => BigInt(f32_to_bits(value)) : f64_to_bits;
  const numbers = FLOATS.map(raw).flatMap((bits) => (bits === 0n ? [0n, 1n] : [bits - 1n, bits, bits + 1n]));
  const positive = [...numbers, ...(type === 'f32' ? F32_NANS : F64_NANS)];
  return positive.flatMap((bits) => [bits, bits | sign]);
}

/** Bits, unsigned, each once; the random ones from a seed. */
export function edgeValues(type: NumberType, random: () => number): readonly bigint[] {
  const edges: Readonly<Record<NumberType, () => bigint[]>> = {
    i32: () => [0n, 10n, 33n, 63n, 65n, 1000000007n, ...around(POWERS_32)],
    i64: () => [
      0n,
      10n,
      35n,
      65n,
      1000000007n,
      0x7fffffffffffffffn,
      0x123456789abcdef0n,
      ...around(POWERS_64),
    ],
    f32: () => floatBits('f32'),
    f64: () => floatBits('f64'),
  };
  const randomBits = () => (BigInt(random() | 0) << 32n) | BigInt(random() >>> 0);
  const values = [...edges[type](), ...Array.from({ length: 12 }, randomBits)];
  return [...new Set(values.map((bits) => BigInt.asUintN(Number(BITS[type]), bits)))];
}

/** Reproducible 32-bit numbers (Marsaglia's xorshift). */
export function xorshift(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
