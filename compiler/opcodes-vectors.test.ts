/**
 * Every instruction on vectors means what native WebAssembly means, bit for bit, over edge lanes.
 *
 * A module per instruction reads operands from memory and writes results there; native code and ours run it, and the memories are
 * compared. Since a vector's lanes may be words, floats or doubles here, each instruction is tried with operands that come as each:
 *
 *   v128.or v v      words, unchanged          f32x4.pmin v v     floats, unchanged, NaNs and all
 *                                              f64x2.min v v      doubles, with quiet NaNs
 *
 * The relaxed instructions are compared with the strict ones whose meaning ours have. An arithmetic NaN may be any that the
 * specification allows. Not here: loads and stores out of bounds (test/vectors.test.ts), combinations (random modules).
 */
import { describe, expect, test } from 'vitest';
import { Runtime } from '../src/index.ts';
import { type Exports, native as engine } from '../test/support/native.ts';
import { xorshift } from '../test/support/templates.ts';
import { type Instruction, ModuleBuilder } from '../test/support/wasm-builder.ts';
import { OPCODES, type Opcode, signatureOf } from './opcodes.ts';

const RECORD = 64;
const RESULT = 48;
const rows = OPCODES.filter((row) => row.signature.includes('v128'));
const random = xorshift(20_260_101);

// -------------------------------------------------------------------- operands

const EDGES: Readonly<Record<number, readonly bigint[]>> = {
  8: [0n, 1n, 0x7fn, 0x80n, 0x81n, 0xffn],
  16: [0n, 1n, 0x7fffn, 0x8000n, 0x8001n, 0xffffn, 0x00ffn, 0x0100n],
  32: [
    // 1, −0, ∞, −∞, NaNs quiet and signalling, the smallest and largest, 0.5, 2.5, 2^31, 2^32, −2^31 − 256
    [0x3f800000n, 0x80000000n, 0x7f800000n, 0xff800000n, 0x7fc00000n, 0xffc00000n, 0x7fa00000n, 0xff800001n],
    [
      0x7fffffffn,
      1n,
      0x7f7fffffn,
      0x3f000000n,
      0x40200000n,
      0x4f000000n,
      0x4f800000n,
      0xcf000001n,
      0n,
      0xffffffffn,
    ],
  ].flat(),
  64: [
    [0x3ff0000000000000n, 0x8000000000000000n, 0x7ff0000000000000n, 0xfff0000000000000n, 0x7ff8000000000000n],
    [
      0x7ff4000000000000n,
      0xfff8000000000001n,
      1n,
      0x41dfffffffc00000n,
      0x41e0000000000000n,
      0xc1e0000000200000n,
    ],
    [0x7fffffffffffffffn, 0xffffffffffffffffn, 0x00000000ffffffffn, 0xffffffff00000000n, 0x7fefffffffffffffn],
  ].flat(),
};

function vectorOf(width: number, lane: (i: number) => bigint): bigint {
  let bits = 0n;
  for (let i = 0; i < 128 / width; i++) bits |= lane(i) << BigInt(i * width);
  return bits;
}

/** Lanes of edges, each next to others; and random bits. */
const VECTORS: readonly bigint[] = [
  0n,
  ...[8, 16, 32, 64].flatMap((width) => {
    const edges = EDGES[width]!;
    const turns = width < 32 ? 3 : Math.ceil(edges.length / 2);
    return Array.from({ length: turns }, (_, turn) =>
      vectorOf(width, (i) => edges[(turn * 2 + i * (turn % 3 === 0 ? 1 : 5)) % edges.length]!),
    );
  }),
  ...Array.from({ length: 8 }, () => vectorOf(32, () => BigInt(random()))),
];
const SCALARS: readonly bigint[] = [
  0n,
  1n,
  7n,
  8n,
  31n,
  33n,
  63n,
  0x7fc00000n,
  0xffa00001n,
  0x7ff4000000000001n,
  -1n,
];

// -------------------------------------------------------------------- modules

/** The same bits, as words, floats or doubles; or as they come from memory. */
const SUPPLIES: readonly (readonly string[])[] = [[], ['v128.or'], ['f32x4.pmin'], ['f64x2.min']];

const STRICT: Readonly<Record<string, readonly string[]>> = {
  'i8x16.relaxed_swizzle': ['i8x16.swizzle'],
  'i16x8.relaxed_q15mulr_s': ['i16x8.q15mulr_sat_s'],
};

/** What native code executes instead of a relaxed instruction; undefined: the sequence is longer, see `strict`. */
function strictName(name: string): readonly string[] {
  const known = STRICT[name];
  if (known !== undefined) return known;
  if (name.endsWith('laneselect')) return ['v128.bitselect'];
  const trunc = /relaxed_trunc_(f32x4|f64x2)_([su])(_zero)?/.exec(name);
  if (trunc !== null) return [`i32x4.trunc_sat_${trunc[1]}_${trunc[2]}${trunc[3] ?? ''}`];
  return [name.replace('relaxed_', '')];
}

function strict(name: string): readonly Instruction[] {
  const shape = name.split('.')[0]!;
  const [a, b, c] = [0, 1, 2].map((i) => ['local.get', FIRST_OPERAND + i] as const);
  if (name.endsWith('_madd')) return [a!, b!, `${shape}.mul`, c!, `${shape}.add`];
  if (name.endsWith('_nmadd')) return [a!, `${shape}.neg`, b!, `${shape}.mul`, c!, `${shape}.add`];
  if (!name.includes('relaxed_dot')) return [];
  const products: Instruction[] = ['low', 'high'].flatMap((part) => [a!, b!, `i16x8.extmul_${part}_i8x16_s`]);
  const halves = (first: number) => Array.from({ length: 16 }, (_, i) => 4 * (i >> 1) + 2 * first + (i & 1));
  const every = (first: number): Instruction => ['i8x16.shuffle', ...halves(first)];
  const sums: Instruction[] = [...products, every(0), ...products, every(1), 'i16x8.add'];
  return name.includes('_add_') ? [...sums, 'i32x4.extadd_pairwise_i16x8_s', c!, 'i32x4.add'] : sums;
}

/** Locals: the number of records left, the record's address, then the operands. */
const FIRST_OPERAND = 2;

interface Case {
  readonly row: Opcode;
  readonly immediate: readonly number[];
}

function build({ row, immediate }: Case, supply: readonly string[], asStrict: boolean): Uint8Array {
  const { params, results } = signatureOf(row)!;
  const builder = new ModuleBuilder();
  builder.memory(4, 4, 'memory');
  const operands = params.flatMap((type, i): Instruction[] => [
    ['local.get', 1],
    [`${String(type)}.load`, { offset: 16 * i }],
    ['local.set', FIRST_OPERAND + i],
  ]);
  const given = params.flatMap((type, i): Instruction[] => {
    const get: Instruction = ['local.get', FIRST_OPERAND + i];
    return type === 'v128' && supply.length > 0 ? [get, get, ...supply] : [get];
  });
  const relaxed = asStrict && row.feature === 'relaxed-simd';
  const sequence = relaxed ? strict(row.name) : [];
  const instruction: readonly Instruction[] =
    sequence.length > 0
      ? sequence
      : [...given, ...(relaxed ? strictName(row.name) : [[row.name, ...immediate] as const])];
  const body: Instruction[] = [
    ['loop'],
    ...operands,
    ['local.get', 1],
    ...instruction,
    [`${String(results[0])}.store`, { offset: RESULT }],
    ['local.get', 1],
    ['i32.const', RECORD],
    'i32.add',
    ['local.set', 1],
    ['local.get', 0],
    ['i32.const', 1],
    'i32.sub',
    ['local.tee', 0],
    ['br_if', 0],
    'end',
  ];
  builder.func('i32 ->', body, { locals: ['i32', ...params.map(String)], export: 'run' });
  return builder.build();
}

/** Records for all combinations of operands. */
function records(params: readonly string[]): readonly (readonly bigint[])[] {
  const lists = params.map((type, i) =>
    type !== 'v128' ? SCALARS : i < 2 ? VECTORS : VECTORS.slice(-12, -5),
  );
  return lists.reduce<readonly (readonly bigint[])[]>(
    (all, list) => all.flatMap((record) => list.map((value) => [...record, value])),
    [[]],
  );
}

const MOST = Math.floor((4 * 65536) / RECORD);

function fill(memory: DataView, chosen: readonly (readonly bigint[])[]): void {
  chosen.forEach((record, at) => {
    record.forEach((value, i) => {
      memory.setBigUint64(at * RECORD + 16 * i, BigInt.asUintN(64, value), true);
      memory.setBigUint64(at * RECORD + 16 * i + 8, BigInt.asUintN(64, value >> 64n), true);
    });
  });
}

const runtime = new Runtime();

function compare(given: Case): void {
  const { row } = given;
  const { params } = signatureOf(row)!;
  const all = records(params.map(String));
  const step = Math.ceil(all.length / MOST);
  const chosen = all.filter((_, i) => i % step === 0);
  const expected = run(new engine.Instance(new engine.Module(build(given, [], true))).exports, chosen);
  const supplies = params.includes('v128') ? SUPPLIES : [[]];
  for (const supply of supplies) {
    const instance = runtime.instantiateSync(runtime.compileSync(build(given, supply, false)), {});
    const found = run(instance.exports as Exports, chosen);
    chosen.forEach((record, at) => {
      const [wanted, got] = [expected, found].map((memory) => result(memory, at)) as [bigint, bigint];
      if (wanted === got || agrees(row, record, wanted, got)) return;
      const hex = (bits: bigint) => `0x${bits.toString(16)}`;
      const call = `${row.name} ${given.immediate}(${record.map((value) => hex(BigInt.asUintN(128, value))).join(', ')})`;
      throw new Error(`${call} of ${supply[0] ?? 'loads'}: native ${hex(wanted)}, ours ${hex(got)}`);
    });
  }
}

function run(exports: Exports, chosen: readonly (readonly bigint[])[]): DataView {
  const view = new DataView(exports.memory.buffer as ArrayBuffer);
  fill(view, chosen);
  exports.run(chosen.length);
  return view;
}

function result(memory: DataView, at: number): bigint {
  const address = at * RECORD + RESULT;
  return (memory.getBigUint64(address + 8, true) << 64n) | memory.getBigUint64(address, true);
}

// -------------------------------------------------------------------- NaNs

const ARITHMETIC =
  /\.(add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote|promote|relaxed_(madd|nmadd|min|max))/;
const FLOATS = {
  f32x4: { width: 32, infinity: 0x7f800000n, quiet: 0x7fc00000n },
  f64x2: { width: 64, infinity: 0x7ff0000000000000n, quiet: 0x7ff8000000000000n },
} as const;

/** Lanes that differ are NaNs of arithmetic: quiet ones, and canonical where no operand has another NaN. */
function agrees({ name }: Opcode, record: readonly bigint[], wanted: bigint, got: bigint): boolean {
  const shape = name.split('.')[0]!;
  if (!ARITHMETIC.test(name) || !(shape in FLOATS)) return false;
  const { width, infinity, quiet } = FLOATS[shape as keyof typeof FLOATS];
  const magnitude = (bits: bigint, lane: number) => BigInt.asUintN(width - 1, bits >> BigInt(lane * width));
  const operandsAreCanonical = record.every((bits) =>
    Object.values(FLOATS).every((each) =>
      Array.from({ length: 128 / each.width }, (_, i) =>
        BigInt.asUintN(each.width - 1, bits >> BigInt(i * each.width)),
      ).every((lane) => lane <= each.infinity || lane === each.quiet),
    ),
  );
  return Array.from({ length: 128 / width }, (_, i) => i).every((lane) => {
    const at = BigInt(lane * width);
    if (BigInt.asUintN(width, wanted >> at) === BigInt.asUintN(width, got >> at)) return true;
    if (magnitude(wanted, lane) <= infinity || (magnitude(got, lane) & quiet) !== quiet) return false;
    return !operandsAreCanonical || magnitude(got, lane) === quiet;
  });
}

// -------------------------------------------------------------------- the tests

function lanesIn({ name }: Opcode): number {
  return Number(/x(\d+)\./.exec(name)![1]);
}

const range = (n: number, at: (i: number) => number) => Array.from({ length: n }, (_, i) => at(i));
const SHUFFLES: readonly (readonly number[])[] = [
  range(16, (i) => i),
  range(16, (i) => 16 + i),
  range(16, (i) => 31 - i),
  range(16, (i) => (i & 3) + 8),
  range(16, (i) => (i & 7) + 24),
  range(16, (i) => [0, 16, 1, 17, 2, 18, 3, 19][i >> 1]! * 1 + (i & 1)),
  range(16, (i) => (i + 4) % 32),
  range(16, (i) => i + 3),
  range(16, (i) => (i * 11 + 5) % 32),
  range(16, () => 0),
];

function immediates(row: Opcode): readonly (readonly number[])[] {
  if (row.immediate === 'lane') return range(lanesIn(row), (i) => i).map((lane) => [lane]);
  return row.immediate === 'lanes' ? SHUFFLES : [[]];
}

const computing = rows.filter((row) => ['none', 'lane', 'lanes'].includes(row.immediate));

describe('instructions on vectors agree with native WebAssembly', () => {
  test.each(computing.map((row) => [row.name, row] as const))('%s', (_, row) => {
    for (const immediate of immediates(row)) compare({ row, immediate });
  });
  test('are all there', () => {
    expect(rows.length).toBe(256);
    const others = rows.filter((row) => !computing.includes(row)).map(({ immediate }) => immediate);
    expect([...new Set(others)].sort()).toEqual(['memarg', 'memarg lane', 'v128']);
  });
});
