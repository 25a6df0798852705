/**
 * Loads and stores of vectors. A load waits: who uses it decides whether it reads words, floats or doubles.
 *
 *   v128.load offset=16     →     V.getFloat32((l0 >>> 0) + 16, true), V.getFloat32((l0 >>> 0) + 20, true) …
 *   v128.store              →     V.setFloat32((l1 >>> 0) + 12, z3, true), …, V.setFloat32(l1 >>> 0, z0, true);
 *
 * A store begins with its highest lane: what does not lie in bounds as a whole writes nothing. All loads that are stored come
 * before that.
 */

import { unsignedNumber } from '../../../runtime/addresses.ts';
import type { MemoryArgument } from '../../function/sink.ts';
import { unsigned } from '../addresses.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { LOADS, type Reads, TRAPS, type Value } from '../operand-stack.ts';
import { emitAll } from './local-vectors.ts';
import { type Lanes, NO_ORIGINS, naturalShape, type Shape, type Vector } from './vector.ts';

interface Access {
  readonly get: string;
  readonly set: string;
  readonly bytes: number;
}
const ACCESS: Readonly<Record<Shape, Access>> = {
  i32x4: { get: 'getInt32', set: 'setInt32', bytes: 4 },
  f32x4: { get: 'getFloat32', set: 'setFloat32', bytes: 4 },
  f64x2: { get: 'getFloat64', set: 'setFloat64', bytes: 8 },
};

/** What is accessed: a base (`f64`: as a number) that is cheap to compute again, and where the accesses begin. */
class Place {
  readonly #emitter: FunctionEmitter;
  readonly #base: Value;
  readonly #argument: MemoryArgument;
  readonly #at: number | undefined;

  constructor(emitter: FunctionEmitter, base: Value, argument: MemoryArgument, offset: number) {
    this.#emitter = emitter;
    this.#base = base;
    this.#argument = { ...argument };
    this.#at = emitter.at(offset);
  }

  get reads(): Reads {
    return this.#base.reads;
  }

  #call(method: string, byte: number, value: readonly js.Expression[]): js.Expression {
    const { memory, offset } = this.#argument;
    const at = this.#address(Number(offset) + byte);
    const view = this.#emitter.useView(memory);
    return js.call(js.member(view, method, this.#at), [at, ...value, js.TRUE]);
  }

  #address(offset: number): js.Expression {
    const { constant, type, node } = this.#base;
    if (constant !== undefined) return js.number(unsignedNumber(constant) + offset);
    return js.plus(type === 'f64' ? node : unsigned(this.#emitter, this.#base), offset);
  }

  load(shape: Shape, byte: number): js.Expression {
    return this.#call(ACCESS[shape].get, byte, []);
  }

  store(shape: Shape, byte: number, value: js.Expression): js.Expression {
    return this.#call(ACCESS[shape].set, byte, [value]);
  }
}

/** Takes the address from the stack: settled, unless it is a name or a literal. One of 64 bits is a number from here on. */
function popPlace(emitter: FunctionEmitter, argument: MemoryArgument, offset: number): Place {
  const { stack } = emitter;
  if (stack.peek().type === 'i64' && stack.peek().constant === undefined) {
    const value = stack.pop();
    stack.push({ ...value, type: 'f64', node: unsigned(emitter, value), operations: 1 });
  }
  if (!js.isSimple(stack.peek().node)) stack.settle(stack.height - 1);
  return new Place(emitter, stack.pop(), argument, offset);
}

const COUNT: Readonly<Record<Shape, number>> = { i32x4: 4, f32x4: 4, f64x2: 2 };

/** `bytes`: how many are there in memory, to be repeated. */
export function emitVectorLoad(
  emitter: FunctionEmitter,
  argument: MemoryArgument,
  offset: number,
  bytes: number,
): void {
  const place = popPlace(emitter, argument, offset);
  const lanes = (shape: Shape): Lanes => {
    const { bytes: size } = ACCESS[shape];
    if (size > bytes) return [];
    const read = Array.from({ length: bytes / size }, (_, i) => place.load(shape, i * size));
    return Array.from({ length: COUNT[shape] }, (_, i) => read[i % read.length]!);
  };
  emitter.stack.push({
    node: js.NULL,
    type: 'v128',
    effects: TRAPS | LOADS,
    reads: place.reads,
    operations: 1,
    isBoolean: false,
    constant: undefined,
    vector: lazy(lanes, bytes >= 8),
  });
}

/** Lanes are made when they are asked for. */
function lazy(lanes: (shape: Shape) => Lanes, hasDoubles: boolean): Vector {
  const made = new Map<Shape, Lanes>();
  const get = (shape: Shape): Lanes => {
    if (!made.has(shape)) made.set(shape, lanes(shape));
    return made.get(shape)!;
  };
  const vector = {
    get i32x4() {
      return get('i32x4');
    },
    get f32x4() {
      return get('f32x4');
    },
    lossy: true,
    clean: false,
    quiet: false,
    origins: NO_ORIGINS,
  };
  if (hasDoubles) Object.defineProperty(vector, 'f64x2', { get: () => get('f64x2') });
  return vector;
}

export function emitVectorStore(emitter: FunctionEmitter, argument: MemoryArgument, offset: number): void {
  const { stack, places } = emitter;
  const value = stack.pop();
  places.vectors.votes?.noteExact(value.vector!.origins);
  // The address is computed before what is loaded, but a name it is only now.
  const place = popPlace(emitter, argument, offset);
  const vector = value.vector!;
  const shape = naturalShape(vector);
  const { vectors } = places;
  const before: js.Expression[] = [];
  const lanes = vector[shape]!.map((lane, i) => {
    if (js.isSimple(lane)) return lane;
    before.push(js.assign(vectors.temporary(i), lane));
    return vectors.temporary(i);
  });
  stack.settleEffects(TRAPS | LOADS);
  const { bytes } = ACCESS[shape];
  const stores = lanes.map((lane, i) => {
    const plain = place.store(shape, i * bytes, lane);
    if (shape !== 'f32x4' || vector.clean) return plain;
    const bits = js.call(emitter.use('f32_to_bits'), [lane]);
    return js.conditional(js.binary('===', lane, lane), plain, place.store('i32x4', i * bytes, bits));
  });
  emitAll(emitter, [...before, ...stores.reverse()]);
}
