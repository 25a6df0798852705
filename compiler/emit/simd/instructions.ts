/**
 * Instructions on vectors: those with templates for lanes, and the others by name; and what other instructions do with a
 * vector: globals, `select`, values of exceptions.
 */
import type { Immediate, MemoryArgument } from '../../function/sink.ts';
import type { Opcode } from '../../opcodes.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { NOTHING, TRAPS, type Value } from '../operand-stack.ts';
import { emitExtractLane, emitLoadLane, emitReplaceLane, emitStoreLane } from './lane-access.ts';
import { emitLaneWise } from './lane-wise.ts';
import { emitAll } from './local-vectors.ts';
import { emitVectorLoad, emitVectorStore } from './memory.ts';
import { giveLanes } from './results.ts';
import { emitShuffle } from './shuffle.ts';
import { halvesOf, type Lanes, lanesAt, naturalShape, type Shape, type Vector } from './vector.ts';

type Handler = (emitter: FunctionEmitter, row: Opcode, immediate: Immediate, offset: number) => void;

const load =
  (bytes: number): Handler =>
  (emitter, _, argument, offset) =>
    emitVectorLoad(emitter, argument as MemoryArgument, offset, bytes);

const BY_NAME: Readonly<Record<string, Handler>> = {
  'v128.const': (emitter, _, words) => pushConstant(emitter, words as readonly number[]),
  'v128.load': load(16),
  'v128.load32_splat': load(4),
  'v128.load64_splat': load(8),
  'v128.store': (emitter, _, argument, offset) =>
    emitVectorStore(emitter, argument as MemoryArgument, offset),
  'i8x16.shuffle': (emitter, _, indices) => emitShuffle(emitter, indices as readonly number[]),
};

const BY_KIND: Readonly<Record<string, Handler>> = {
  extract_lane: (emitter, row, lane) => emitExtractLane(emitter, row, lane as number),
  replace_lane: (emitter, row, lane) => emitReplaceLane(emitter, row, lane as number),
  load_lane: (emitter, row, argument, offset) =>
    emitLoadLane(emitter, row, argument as MemoryArgument, offset),
  store_lane: (emitter, row, argument, offset) =>
    emitStoreLane(emitter, row, argument as MemoryArgument, offset),
};

/** How an instruction of the tables of vectors is emitted; undefined for others. */
export function vectorHandler(row: Opcode): Handler | undefined {
  if (row.lanes !== undefined) return emitLaneWise;
  const kind = /\.(extract_lane|replace_lane|load|store)\d*(_lane)?/.exec(row.name);
  const isLane = row.immediate === 'lane' || row.immediate === 'memarg lane';
  return BY_NAME[row.name] ?? (isLane ? BY_KIND[`${kind![1]}${kind![2] ?? ''}`] : undefined);
}

// -------------------------------------------------------------------- constants

const bits = new DataView(new ArrayBuffer(16));

/** The lanes as literals, in every shape in which they are no NaN. */
function pushConstant({ stack }: FunctionEmitter, words: readonly number[]): void {
  for (let i = 0; i < 4; i++) bits.setInt32(4 * i, words[i]!, true);
  const floats = [0, 4, 8, 12].map((at) => bits.getFloat32(at, true));
  const doubles = [0, 8].map((at) => bits.getFloat64(at, true));
  const literals = (lanes: readonly number[]): Lanes => lanes.map(js.number);
  const clean = !floats.some(Number.isNaN);
  const vector: Vector = {
    i32x4: literals(words),
    ...(clean && { f32x4: literals(floats) }),
    ...(!doubles.some(Number.isNaN) && { f64x2: literals(doubles) }),
    lossy: false,
    clean,
    quiet: clean,
    halves: Math.max(...[0, 2, 4, 6, 8, 10, 12, 14].map((at) => bits.getUint16(at, true))),
    origins: [],
  };
  stack.push(constantVector(vector));
}

function constantVector(vector: Vector): Value {
  return {
    node: js.NULL,
    type: 'v128',
    effects: 0,
    reads: NOTHING,
    operations: 0,
    isBoolean: false,
    constant: 0,
    vector,
  };
}

// -------------------------------------------------------------------- select

/** Lane by lane; floats where one of the operands is floats and the other can be. */
export function emitVectorSelect(
  emitter: FunctionEmitter,
  first: Vector,
  second: Vector,
  condition: Value,
): void {
  const { stack, places } = emitter;
  if (condition.effects & TRAPS) stack.settleTraps();
  const shape = sharedShape(first, second);
  const chosen = emitter.temporary('x', stack.height);
  const before = [js.assign(chosen, condition.node)];
  const lanes = [first, second].map((vector, i) => {
    const own = lanesAt(vector, shape, true);
    if (own !== undefined) return own;
    const converted = places.vectors.lanes(vector, shape, true, 4 * i);
    before.push(...converted.before);
    return converted.lanes;
  }) as [Lanes, Lanes];
  const origins = [...first.origins, ...second.origins];
  giveLanes(
    emitter,
    shape,
    lanes[0].map((lane, i) => js.conditional(chosen, lane, lanes[1][i]!)),
    {
      before,
      clean: first.clean && second.clean,
      quiet: (first.clean || first.quiet) && (second.clean || second.quiet),
      halves: Math.max(halvesOf(first), halvesOf(second)),
      origins,
    },
  );
}

function sharedShape(first: Vector, second: Vector): Shape {
  for (const vector of [first, second]) {
    const shape = naturalShape(vector);
    if (shape !== 'i32x4' && lanesAt(first, shape, true) && lanesAt(second, shape, true)) return shape;
  }
  return 'i32x4';
}

// -------------------------------------------------------------------- globals

/** `GV[8]`, or, imported and mutable, `x.cells[x.cell]` of the global `x`. */
function globalWords(
  emitter: FunctionEmitter,
  index: number,
): { readonly before: js.Expression[]; readonly words: Lanes } {
  const { module } = emitter.context;
  if (index >= module.importedGlobals || !module.globals[index]!.mutable) {
    const own = [0, 1, 2, 3].map((n) => js.index(emitter.use('GV'), js.number(4 * index + n)));
    return { before: [], words: own };
  }
  const global = emitter.temporary('x', emitter.stack.height);
  const shared = js.index(js.member(js.id('E'), 'G'), js.number(index));
  const words = [0, 1, 2, 3].map((n) =>
    js.index(js.member(global, 'cells'), js.plus(js.member(global, 'cell'), n)),
  );
  return { before: [js.assign(global, shared)], words };
}

export function emitVectorGlobalGet(emitter: FunctionEmitter, index: number): void {
  const { before, words } = globalWords(emitter, index);
  giveLanes(emitter, 'i32x4', words, { before });
}

export function emitVectorGlobalSet(emitter: FunctionEmitter, index: number, value: Value): void {
  const { before, words } = globalWords(emitter, index);
  const { before: converted, lanes } = emitter.places.vectors.lanes(value.vector!, 'i32x4', true);
  if (value.effects & TRAPS) emitter.stack.settleTraps();
  emitAll(emitter, [...before, ...converted, ...words.map((word, i) => js.assign(word, lanes[i]!))]);
}

// -------------------------------------------------------------------- exceptions

/** A vector as an exception holds it. */
export function boxedVector(emitter: FunctionEmitter, vector: Vector): js.Expression {
  const { before, lanes } = emitter.places.vectors.lanes(vector, 'i32x4', true);
  const box = js.call(emitter.use('v128_words'), lanes);
  return before.length === 0 ? box : js.sequence([...before, box]);
}

/** Takes a vector out of an exception. */
export function giveBoxedVector(emitter: FunctionEmitter, box: js.Expression): void {
  const place = emitter.temporary('x', emitter.stack.height);
  const words = [0, 1, 2, 3].map((n) => js.index(place, js.number(n)));
  giveLanes(emitter, 'i32x4', words, { before: [js.assign(place, box)] });
}
