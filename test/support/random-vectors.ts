/**
 * Vectors in random function bodies. Two kinds of expressions leave one:
 *
 *  - `vector`: its bits are the same in every engine;
 *  - `floats`: f32x4 or f64x2 whose NaNs may differ. These go through chains of float operations, and locals of their own, until they are
 *    compared, converted, or made canonical: so long runs of floats are tried, as programs have them.
 *
 * The relaxed instructions are not among them: machines may differ.
 */
import { OPCODES, type Opcode, signatureOf } from '../../compiler/opcodes.ts';
import { typeText } from '../../runtime/types.ts';
import type { Random } from './random.ts';
import type { FunctionGenerator } from './random-code.ts';
import { type Instruction, naturalAlignment } from './wasm-builder.ts';

export type FloatShape = 'f32x4' | 'f64x2';

const SIMD = OPCODES.filter(({ feature }) => feature === 'simd');
const computing = SIMD.filter(({ immediate, lanes }) => immediate === 'none' && lanes !== undefined);
const ofKind = (kind: string) => computing.filter(({ lanes }) => lanes![0]!.result === kind);
const BITS = ofKind('i32x4');
const FLOATS = {
  // What only changes signs is a row on words: it keeps floats floats.
  f32x4: [...ofKind('f32x4'), ...BITS.filter(({ name }) => /^f32x4\.(abs|neg)$/.test(name))],
  f64x2: [...ofKind('f64x2'), ...BITS.filter(({ name }) => /^f64x2\.(abs|neg)$/.test(name))],
};
const LOADS = SIMD.filter(({ name }) => /^v128\.load/.test(name) && !name.endsWith('lane'));
const named = (pattern: RegExp) => SIMD.filter(({ name }) => pattern.test(name));
const LANE_LOADS = named(/^v128\.load.*lane$/);
const STORES = named(/^v128\.store/);
const REPLACES = named(/^i.*replace_lane$/);
/** Rows that give a scalar, by its type. */
const SCALARS = Object.fromEntries(
  ['i32', 'i64', 'f32', 'f64'].map((type) => [
    type,
    SIMD.filter(
      (row) =>
        typeText(signatureOf(row)!.results[0] ?? 'v128') === type && !/^v128\.(load|store)/.test(row.name),
    ),
  ]),
);
const NAN = { f32x4: 0x7fc000007fc000007fc000007fc00000n, f64x2: 0x7ff80000000000007ff8000000000000n };

function bits(random: Random): bigint {
  const kind = random.int(4);
  if (kind === 0) return [0, 1, 2, 3].reduce((all) => (all << 32n) | random.f32(), 0n);
  if (kind === 1) return [0, 1].reduce((all) => (all << 64n) | BigInt.asUintN(64, random.f64()), 0n);
  if (kind === 2) return [0, 1, 2, 3].reduce((all) => (all << 32n) | BigInt(random.i32() >>> 0), 0n);
  return Array.from({ length: 16 }, () => random.int(256) >> random.int(6)).reduce(
    (all, byte) => (all << 8n) | BigInt(byte),
    0n,
  );
}

export function vectorConstant(g: FunctionGenerator): void {
  g.emit(['v128.const', bits(g.random)]);
}

function lanesOf({ name, immediate }: Opcode): number {
  if (immediate === 'memarg lane') return 128 / Number(/(\d+)_lane/.exec(name)![1]);
  return Number(/x(\d+)\./.exec(name)![1]);
}

function access(g: FunctionGenerator, row: Opcode): Instruction {
  const { random, around } = g;
  const operand = {
    offset: random.int(600),
    align: random.between(0, naturalAlignment(row.name)),
    memory: random.int(around.memories),
  };
  return row.immediate === 'memarg lane'
    ? [row.name, operand, random.int(lanesOf(row))]
    : [row.name, operand];
}

function load(g: FunctionGenerator, rows: readonly Opcode[]): void {
  const row = g.random.pick(rows);
  g.address(9, 0.99);
  if (row.immediate === 'memarg lane') g.expression('v128');
  g.emit(access(g, row));
}

/** The operands of a row: vectors, floats where the row wants them, scalars. */
function operands(g: FunctionGenerator, row: Opcode): void {
  const { params } = signatureOf(row)!;
  const kinds = row.lanes?.[0]?.operands ?? [];
  params.forEach((type, i) => {
    const kind = kinds[i] ?? row.name.split('.')[0]!;
    if (type !== 'v128') g.canonical(typeText(type));
    else if ((kind === 'f32x4' || kind === 'f64x2') && g.random.chance(0.8)) floats(g, kind);
    else g.expression('v128');
  });
}

/** Leaves a vector of the same bits everywhere. */
export function vector(g: FunctionGenerator): void {
  const { random } = g;
  const kind = random.weighted({
    row: 46,
    floats: 14,
    load: 14,
    shuffle: 10,
    lane: 8,
    laneLoad: 4,
    select: 5,
    tee: 6,
  });
  if (kind === 'row') {
    const row = random.pick(BITS);
    operands(g, row);
    g.emit(row.name);
  } else if (kind === 'floats') canonicalFloats(g, random.pick(['f32x4', 'f64x2']));
  else if (kind === 'load') load(g, LOADS);
  else if (kind === 'laneLoad') load(g, LANE_LOADS);
  else if (kind === 'shuffle') {
    g.expression('v128');
    g.expression('v128');
    g.emit(['i8x16.shuffle', ...mask(random)]);
  } else if (kind === 'lane') replace(g, random.pick(REPLACES));
  else if (kind === 'select') {
    g.expression('v128');
    g.expression('v128');
    g.expression('i32');
    g.emit(random.chance(0.5) ? 'select' : ['select t', 'v128']);
  } else {
    g.expression('v128');
    g.emit(['local.tee', g.localOf('v128')]);
  }
}

function replace(g: FunctionGenerator, row: Opcode): void {
  operands(g, row);
  g.emit([row.name, g.random.int(lanesOf(row))]);
}

/** Of bytes, or of larger pieces that stay together. */
function mask(random: Random): number[] {
  const size = random.pick([1, 1, 2, 4, 4, 8, 8]);
  return Array.from({ length: 16 / size }, () => random.int(32 / size) * size).flatMap((first) =>
    Array.from({ length: size }, (_, i) => first + i),
  );
}

function canonicalFloats(g: FunctionGenerator, shape: FloatShape): void {
  const kept = g.localOf('v128', `scratch ${shape}`);
  floats(g, shape);
  g.emit(['local.tee', kept], ['v128.const', NAN[shape]], ['local.get', kept], ['local.get', kept]);
  g.emit(`${shape}.eq`, 'v128.bitselect');
}

/** Leaves floats whose NaNs may differ. */
export function floats(g: FunctionGenerator, shape: FloatShape): void {
  const { random } = g;
  const local = () => g.localOf('v128', shape);
  const kind = random.weighted({ leaf: 20, row: 50, lane: 5, select: 5, tee: 8, shuffle: 6, bits: 6 });
  if (g.size <= 0 || kind === 'leaf') g.emit(['local.get', local()]);
  else if (kind === 'row') {
    const row = random.pick(FLOATS[shape]);
    const own = /\.(abs|neg)$/.test(row.name);
    if (own) floats(g, shape);
    else operands(g, row);
    g.emit(row.name);
  } else if (kind === 'lane') {
    floats(g, shape);
    g.expression(shape.slice(0, 3));
    g.emit([`${shape}.replace_lane`, random.int(shape === 'f32x4' ? 4 : 2)]);
  } else if (kind === 'select') {
    floats(g, shape);
    floats(g, shape);
    g.expression('i32');
    g.emit('select');
  } else if (kind === 'tee') {
    floats(g, shape);
    g.emit(['local.tee', local()]);
  } else if (kind === 'shuffle') {
    floats(g, shape);
    floats(g, shape);
    const size = shape === 'f32x4' ? 4 : 8;
    const lanes = Array.from({ length: 16 / size }, () => random.int(32 / size) * size);
    g.emit(['i8x16.shuffle', ...lanes.flatMap((first) => Array.from({ length: size }, (_, i) => first + i))]);
  } else if (random.chance(0.5)) load(g, LOADS);
  else g.expression('v128');
}

/** Leaves a scalar that comes out of a vector. */
export function scalar(g: FunctionGenerator, type: string): void {
  const row = g.random.pick(SCALARS[type]!);
  operands(g, row);
  g.emit(row.immediate === 'lane' ? [row.name, g.random.int(lanesOf(row))] : row.name);
}

export const VECTOR_STATEMENTS = {
  setVector: (g: FunctionGenerator) => {
    g.expression('v128');
    g.emit(['local.set', g.localOf('v128')]);
  },
  setFloats: (g: FunctionGenerator) => {
    const shape = g.random.pick(['f32x4', 'f64x2'] as const);
    floats(g, shape);
    g.emit(['local.set', g.localOf('v128', shape)]);
  },
  storeVector: (g: FunctionGenerator) => {
    const row = g.random.pick(STORES);
    g.address(9, 0.985);
    g.expression('v128');
    g.emit(access(g, row));
  },
};
export const VECTOR_WEIGHTS = { setVector: 8, setFloats: 8, storeVector: 8 };
