/**
 * `i8x16.shuffle`: its sixteen indices are known, so each word of the result is put together from the words that its bytes come
 * from. Bytes that move by the same distance move together:
 *
 *   3 2 1 0 …  of one word    →     a >>> 24 | a >>> 8 & 65280 | (a & 65280) << 8 | a << 24
 *   4 5 6 7 …                 →     v1: a word as it is; so floats stay floats
 *
 * A shuffle of whole words or doubles has no shape of its own: it takes the operands' shape.
 */
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { TRAPS } from '../operand-stack.ts';
import { giveLanes } from './results.ts';
import { halvesOf, type Lanes, lanesAt, naturalShape, type Shape, type Vector } from './vector.ts';

export function emitShuffle(emitter: FunctionEmitter, indices: readonly number[]): void {
  const { stack } = emitter;
  for (const depth of [1, 0]) if (stack.peek(depth).effects & TRAPS) stack.settle(stack.height - 1 - depth);
  const vectors = stack.popMany(2).map(({ vector }) => vector!);
  const read = vectors.filter((_, i) => indices.some((index) => index >>> 4 === i));
  const grain = grainOf(indices);
  const shape = shapeFor(grain, read);
  const before: js.Expression[] = [];
  const lanes = vectors.map((vector, i) =>
    read.includes(vector) ? bound(emitter, vector, shape, 4 * i, before) : [],
  );
  if (grain < 4) {
    const halves = grain < 2 ? {} : { halves: largest(read) };
    giveLanes(emitter, 'i32x4', mixedWords(lanes, indices), { before, ...halves });
    return;
  }
  const bytes = shape === 'f64x2' ? 8 : 4;
  const moved = Array.from({ length: 16 / bytes }, (_, n) => {
    const index = indices[n * bytes]!;
    return lanes[index >>> 4]![(index & 15) / bytes]!;
  });
  giveLanes(emitter, shape, moved, {
    before,
    clean: read.every(({ clean }) => clean),
    quiet: read.every(({ clean, quiet }) => clean || quiet),
    origins: read.flatMap(({ origins }) => origins),
    halves: largest(read),
  });
}

function largest(vectors: readonly Vector[]): number {
  return Math.max(...vectors.map(halvesOf));
}

/** How many bytes stay together, from multiples of as many to multiples of as many: 8, 4, 2 or 1. */
function grainOf(indices: readonly number[]): number {
  const stays = (size: number) =>
    indices.every((index, i) => (i % size === 0 ? index % size === 0 : index === indices[i - 1]! + 1));
  return [8, 4, 2].find(stays) ?? 1;
}

/** Floats where some are: then the others are converted, bit for bit. */
function shapeFor(grain: number, vectors: readonly Vector[]): Shape {
  const has = (shape: Shape) => vectors.some((vector) => naturalShape(vector) === shape);
  if (grain === 8 && has('f64x2')) return 'f64x2';
  return grain >= 4 && has('f32x4') ? 'f32x4' : 'i32x4';
}

/** Whoever uses the result says which shape was meant, so nobody is asked here. */
function bound(
  { places: { vectors } }: FunctionEmitter,
  vector: Vector,
  shape: Shape,
  first: number,
  before: js.Expression[],
): Lanes {
  const own = lanesAt(vector, shape, true);
  const converted =
    own === undefined ? vectors.lanes(vector, shape, true, first) : { before: [], lanes: own };
  before.push(...converted.before);
  return converted.lanes.map((lane, n) => {
    if (js.isSimple(lane)) return lane;
    before.push(js.assign(vectors.temporary(first + n), lane));
    return vectors.temporary(first + n);
  });
}

/** Words of bytes from anywhere. */
function mixedWords(lanes: readonly Lanes[], indices: readonly number[]): Lanes {
  return [0, 4, 8, 12].map((start) => {
    /** By source word and distance: which bytes of the result. */
    const parts = new Map<string, { word: js.Expression; distance: number; bytes: number[] }>();
    for (let byte = 0; byte < 4; byte++) {
      const index = indices[start + byte]!;
      const word = lanes[index >>> 4]![(index & 15) >>> 2]!;
      const distance = byte - (index & 3);
      const key = `${index >>> 2} ${distance}`;
      const part = parts.get(key);
      if (part === undefined) parts.set(key, { word, distance, bytes: [byte] });
      else part.bytes.push(byte);
    }
    return [...parts.values()]
      .map(({ word, distance, bytes }) => moved(word, distance, bytes))
      .reduce((joined, part) => js.binary('|', joined, part));
  });
}

/** A word's bytes, moved up by a distance; only those that arrive at `bytes`. */
function moved(word: js.Expression, distance: number, bytes: readonly number[]): js.Expression {
  const shift = js.number(8 * Math.abs(distance));
  const operator = distance > 0 ? '<<' : '>>>';
  const shifted = distance === 0 ? word : js.binary(operator, word, shift);
  const arriving = 4 - Math.abs(distance);
  if (bytes.length === arriving) return distance < 0 ? js.binary('|', shifted, js.number(0)) : shifted;
  const mask = bytes.reduce((bits, byte) => bits | (255 << (8 * byte)), 0);
  return js.binary('&', shifted, js.number(mask));
}
