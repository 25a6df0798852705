/**
 * What is known of a pending value besides its expression, where code is for an interpreter: there each bytecode costs what it costs, and
 * nobody else drops a needless one.
 *
 *   l0 + l1 | 0           loose: l0 + l1           bits above the 32nd do not matter to who masks, shifts, or adds again
 *   (l0 & 255) << 2       range: 1020              neither negative nor larger
 *   (l0 << 2) + 1024 | 0  scaled: 4·l0 + 1024      as an index of words: l0 + 256
 */
import * as js from '../js.ts';
import { numeric, type Value } from '../operand-stack.ts';

export interface Facts {
  /** Congruent to the value modulo 2^32, and exact: a sum of few terms. */
  readonly loose?: js.Expression | undefined;
  /** The value lies between 0 and this. Then the node is as cheap as it gets. */
  readonly range?: number | undefined;
  /** term · 2^shift + base is congruent to the value. */
  readonly scaled?: Scaled | undefined;
  /** Of an f32 out of memory: the same, but not the bits of a NaN. */
  readonly rough?: js.Expression | undefined;
  /** Of an f32 that is computed: before it is rounded. */
  readonly unrounded?: js.Expression | undefined;
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

export function rangeOf({ constant, facts, isBoolean }: Value): number | undefined {
  if (isBoolean) return 1;
  if (typeof constant === 'number') return constant >= 0 ? constant : undefined;
  return facts?.range;
}

/** `node + n`, n being any integer. */
export function plus(node: js.Expression, n: number): js.Expression {
  return n === 0 ? node : js.binary('+', node, js.number(n));
}
