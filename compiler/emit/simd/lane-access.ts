/**
 * Single lanes: taken out, put in, loaded and stored. The lane's number decides what is a lane of the JavaScript, and what a part of one.
 *
 *   i16x8.extract_lane_u 3      →     v1 >>> 16
 *   f32x4.extract_lane 3        →     z3, or, of words, the float with the bits of v3
 */
import type { MemoryArgument } from '../../function/sink.ts';
import type { Shape } from '../../opcodes/row.ts';
import { OPCODES, type Opcode } from '../../opcodes.ts';
import { address } from '../addresses.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { LOADS, numeric, TRAPS, type Value } from '../operand-stack.ts';
import { ARGUMENT, TemplateArguments, template } from '../template.ts';
import { emitAll } from './local-vectors.ts';
import { giveLanes } from './results.ts';
import { type Lanes, lanesAt, NO_ORIGINS, type Vector } from './vector.ts';

const templateOf = (name: string) => template(OPCODES.find((row) => row.name === name)!.js!);

/** 8 of `i8x16.extract_lane_s` and `v128.load8_lane`. */
function laneBits({ name }: Opcode): number {
  return Number(/^(?:v128\.(?:load|store)|[if])(\d+)/.exec(name)![1]);
}

/** The shape in which lanes of a row are whole, if there is one. */
function shapeOf({ name }: Opcode): Shape {
  const shape = name.split('.')[0]!;
  return shape === 'f32x4' || shape === 'f64x2' ? shape : 'i32x4';
}

type Scalar = 'i32' | 'i64' | 'f32' | 'f64';
const SCALARS: Readonly<Record<string, Scalar>> = { i64x2: 'i64', f32x4: 'f32', f64x2: 'f64' };

function scalarType({ name }: Opcode): Scalar {
  return SCALARS[name.split('.')[0]!] ?? 'i32';
}

// -------------------------------------------------------------------- out

export function emitExtractLane(emitter: FunctionEmitter, row: Opcode, lane: number): void {
  const { stack, votes, loops } = emitter;
  const shape = shapeOf(row);
  settleForLanes(emitter, shape);
  const { vector, reads, effects } = stack.pop() as Value & { vector: Vector };
  votes?.vote(vector.origins, shape, loops);
  votes?.noteExact(vector.origins);
  stack.push({
    type: scalarType(row),
    node: extracted(emitter, row, vector, lane),
    effects,
    reads,
    operations: 1,
    isBoolean: false,
    constant: undefined,
  });
}

/** The top of the stack has words, or lanes in the shape. A load may trap: it happens whole, here. */
function settleForLanes({ stack }: FunctionEmitter, shape: Shape): void {
  const { vector, effects } = stack.peek();
  if (effects & TRAPS) stack.settle(stack.height - 1);
  else if (vector!.i32x4 === undefined && lanesAt(vector!, shape, true) === undefined) {
    stack.anchor(stack.height - 1);
  }
}

function extracted(emitter: FunctionEmitter, row: Opcode, vector: Vector, lane: number): js.Expression {
  const shape = shapeOf(row);
  const whole = lanesAt(vector, shape, true);
  if (shape !== 'i32x4') return whole?.[lane] ?? float(emitter, vector.i32x4!, shape, lane);
  const bits = laneBits(row);
  if (bits === 64) return joined(emitter, whole![2 * lane]!, whole![2 * lane + 1]!, 'R');
  const word = whole![Math.floor((lane * bits) / 32)]!;
  return part(word, (lane * bits) % 32, bits, row.name.endsWith('_s'));
}

/** `a >>> 8 & 255`, `a << 16 >> 24` */
function part(word: js.Expression, first: number, bits: number, signed: boolean): js.Expression {
  if (bits === 32) return word;
  const above = 32 - bits - first;
  if (!signed) {
    const shifted = first === 0 ? word : js.binary('>>>', word, js.number(first));
    return above === 0 ? shifted : js.binary('&', shifted, js.number(2 ** bits - 1));
  }
  const shifted = above === 0 ? word : js.binary('<<', word, js.number(above));
  return js.binary('>>', shifted, js.number(32 - bits));
}

function cell(emitter: FunctionEmitter, view: string, n: number): js.Expression {
  return js.index(emitter.use(view), js.number(n));
}

/** `(RL[0] = a, RL[1] = b, R[0])` */
function joined(
  emitter: FunctionEmitter,
  low: js.Expression,
  high: js.Expression,
  view: string,
): js.Expression {
  return js.sequence([
    js.assign(cell(emitter, 'RL', 0), low),
    js.assign(cell(emitter, 'RL', 1), high),
    cell(emitter, view, 0),
  ]);
}

function float(emitter: FunctionEmitter, words: Lanes, shape: Shape, lane: number): js.Expression {
  if (shape === 'f64x2') return joined(emitter, words[2 * lane]!, words[2 * lane + 1]!, 'RD');
  return scalar(emitter, 'f32.reinterpret_i32', words[lane]!);
}

/** A scalar instruction, on an operand that is read once. */
function scalar(emitter: FunctionEmitter, name: string, operand: js.Expression): js.Expression {
  const chosen = templateOf(name);
  const args = new TemplateArguments();
  emitter.useAll(chosen);
  args.all[0] = operand;
  args.all[ARGUMENT.x] = emitter.temporary('x', emitter.stack.height);
  return chosen.build(args, undefined);
}

// -------------------------------------------------------------------- in

export function emitReplaceLane(emitter: FunctionEmitter, row: Opcode, lane: number): void {
  const { stack, places } = emitter;
  const value = stack.pop();
  settleForLanes(emitter, shapeOf(row));
  const { vector } = stack.pop() as Value & { vector: Vector };
  if (value.effects & TRAPS) stack.settleTraps();
  // Its computation may use the cells that the vector's lanes go through.
  const bound = places.vectors.temporary(12);
  const before = [js.assign(bound, numeric(value))];
  replaced(emitter, row, { vector, lane, before, value: bound });
}

/** The address lies below the vector. */
export function emitLoadLane(
  emitter: FunctionEmitter,
  row: Opcode,
  argument: MemoryArgument,
  offset: number,
): void {
  const { stack, places } = emitter;
  const { lane } = argument;
  settleForLanes(emitter, 'i32x4');
  const [base, { vector }] = stack.popMany(2) as [Value, Value & { vector: Vector }];
  stack.settleTraps();
  const ea = places.vectors.temporary(13);
  const bound = places.vectors.temporary(12);
  const before = [js.assign(ea, address(emitter, base, argument))];
  const get = (method: string, byte: number) =>
    js.call(js.member(emitter.useView(argument.memory), method, emitter.at(offset)), [
      js.plus(ea, byte),
      js.TRUE,
    ]);
  const methods: Readonly<Record<number, string>> = { 8: 'getUint8', 16: 'getUint16', 32: 'getInt32' };
  const bits = laneBits(row);
  if (bits === 64) {
    const high = places.vectors.temporary(14);
    before.push(js.assign(high, get('getInt32', 4)), js.assign(bound, get('getInt32', 0)));
    const words = [...vector.i32x4!];
    words.splice(2 * lane, 2, bound, high);
    giveLanes(emitter, 'i32x4', words, { before, origins: vector.origins });
    return;
  }
  before.push(js.assign(bound, get(methods[bits]!, 0)));
  replaced(emitter, row, { vector, lane, before, value: bound });
}

interface Replacement {
  readonly vector: Vector;
  readonly lane: number;
  readonly before: js.Expression[];
  /** A name. */
  readonly value: js.Expression;
}

/** The vector with one lane replaced, at the top of the stack. */
function replaced(emitter: FunctionEmitter, row: Opcode, { vector, lane, before, value }: Replacement): void {
  const shape = shapeOf(row);
  const { origins } = vector;
  const whole = lanesAt(vector, shape, true);
  if (shape !== 'i32x4' && whole !== undefined) {
    const lanes = [...whole];
    lanes[lane] = value;
    emitter.votes?.vote(origins, shape, emitter.loops);
    giveLanes(emitter, shape, lanes, { before, origins });
    return;
  }
  const words = [...vector.i32x4!];
  const bits = laneBits(row);
  const at = Math.floor((lane * bits) / 32);
  if (bits === 64) {
    before.push(js.assign(cell(emitter, scalarType(row) === 'i64' ? 'R' : 'RD', 0), value));
    words.splice(at, 2, cell(emitter, 'RL', 0), cell(emitter, 'RL', 1));
  } else if (shape === 'f32x4') words[at] = scalar(emitter, 'i32.reinterpret_f32', value);
  else words[at] = inserted(words[at]!, value, (lane * bits) % 32, bits);
  emitter.votes?.vote(origins, shape, emitter.loops);
  giveLanes(emitter, 'i32x4', words, { before, origins: shape === 'i32x4' ? NO_ORIGINS : origins });
}

/** `a & -65281 | (b & 255) << 8` */
function inserted(word: js.Expression, value: js.Expression, first: number, bits: number): js.Expression {
  if (bits === 32) return value;
  const mask = 2 ** bits - 1;
  const kept = js.binary('&', word, js.number(~(mask << first)));
  const placed = js.binary('<<', js.binary('&', value, js.number(mask)), js.number(first));
  return js.binary('|', kept, placed);
}

export function emitStoreLane(
  emitter: FunctionEmitter,
  row: Opcode,
  argument: MemoryArgument,
  offset: number,
): void {
  const { stack, places } = emitter;
  const { lane, memory } = argument;
  settleForLanes(emitter, 'i32x4');
  const [base, { vector }] = stack.popMany(2) as [Value, Value & { vector: Vector }];
  places.vectors.votes?.noteExact(vector.origins);
  stack.settleEffects(TRAPS | LOADS);
  const ea = places.vectors.temporary(13);
  const bits = laneBits(row);
  const set = (width: number, byte: number, value: js.Expression) =>
    js.call(js.member(emitter.useView(memory), `setInt${width}`, emitter.at(offset)), [
      js.plus(ea, byte),
      value,
      js.TRUE,
    ]);
  const words = vector.i32x4!;
  const before = [js.assign(ea, address(emitter, base, argument))];
  if (bits === 64)
    emitAll(emitter, [...before, set(32, 4, words[2 * lane + 1]!), set(32, 0, words[2 * lane]!)]);
  else {
    const word = words[Math.floor((lane * bits) / 32)]!;
    emitAll(emitter, [...before, set(bits, 0, part(word, (lane * bits) % 32, bits, false))]);
  }
}
