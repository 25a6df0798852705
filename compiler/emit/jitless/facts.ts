/**
 * What is known of a pending value besides its expression, where code is for an interpreter: there each bytecode costs what it costs, and
 * nobody else drops a needless one.
 *
 *   l0 + l1 | 0           loose: l0 + l1           bits above the 32nd do not matter to who masks, shifts, or adds again
 *   (l0 & 255) << 2       interval: 0 to 1020, a multiple of 4
 *   (l0 << 2) + 1024 | 0  scaled: 4·l0 + 1024      as an index of words: l0 + 256
 */
import * as js from '../js.ts';
import { numeric, type Value } from '../operand-stack.ts';

export interface Facts {
  /** Congruent to the value modulo 2^32, and exact: a sum of few terms. */
  readonly loose?: js.Expression | undefined;
  /** What the value lies between. Then the node is as cheap as it gets. */
  readonly interval?: Interval | undefined;
  /** term · 2^shift + base is congruent to the value. */
  readonly scaled?: Scaled | undefined;
  /** Of an f32 out of memory: the same, but not the bits of a NaN. */
  readonly rough?: js.Expression | undefined;
  /** Of an f32 that is computed: before it is rounded. */
  readonly unrounded?: js.Expression | undefined;
}

export interface Interval {
  readonly min: number;
  readonly max: number;
  /** A power of two that divides the value. */
  readonly multiple: number;
}

export interface Scaled {
  readonly term: js.Expression;
  readonly shift: number;
  readonly base: number;
}

/** Of a comparison: a number is made of it by a choice. */
export const CHOICE: Facts = {};

/** For operations that do not look at more than 32 bits. */
export function loose(value: Value): js.Expression {
  return value.facts?.loose ?? numeric(value);
}

/** The largest power of two, as far as it matters, that divides a number. */
export function lowestBit(n: number): number {
  return n === 0 ? 2 ** 31 : (n & -n) >>> 0;
}

const BIT: Interval = { min: 0, max: 1, multiple: 1 };

export function intervalOf({ constant, facts, isBoolean }: Value): Interval | undefined {
  if (isBoolean) return BIT;
  if (typeof constant === 'number') return { min: constant, max: constant, multiple: lowestBit(constant) };
  return facts?.interval;
}

/** The largest value, where none is negative. */
export function rangeOf(value: Value): number | undefined {
  const interval = intervalOf(value);
  return interval !== undefined && interval.min >= 0 ? interval.max : undefined;
}

/** What lies between two int32; else undefined. */
export function between(min: number, max: number, multiple: number): Interval | undefined {
  return min >= -0x8000_0000 && max <= 0x7fff_ffff ? { min, max, multiple } : undefined;
}

/** `node + n`, n being any integer. */
export function plus(node: js.Expression, n: number): js.Expression {
  return n === 0 ? node : js.binary('+', node, js.number(n));
}
