/**
 * Vectors onto the operand stack: computed lanes go to their slot at once.
 */
import { LARGEST_HALF } from '../../opcodes/lane-forms.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import type * as js from '../js.ts';
import { settledVector } from '../operand-stack.ts';
import { emitAll } from './local-vectors.ts';
import { type Lanes, NO_ORIGINS, type Shape, vectorOf } from './vector.ts';

export interface Details {
  /** What comes first, in the same statement. */
  readonly before?: readonly js.Expression[];
  readonly clean?: boolean;
  readonly quiet?: boolean;
  readonly origins?: readonly number[];
  readonly halves?: number;
}

/** Lanes that are names, or read once; they may read the slot that they go to. */
export function giveLanes(
  emitter: FunctionEmitter,
  shape: Shape,
  lanes: Lanes,
  { before = [], clean = false, quiet = clean, origins = NO_ORIGINS, halves = LARGEST_HALF }: Details = {},
): void {
  const { stack, places } = emitter;
  stack.freeSlot();
  const made = { ...vectorOf(shape, lanes, clean, origins), quiet, halves };
  const { vector, expressions } = places.vectors.settle(stack.height, made, false);
  emitAll(emitter, [...before, ...expressions]);
  stack.push(settledVector(stack.height, vector));
}
