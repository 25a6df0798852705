/**
 * The effective address of a memory access, without wrapping: what lies beyond the memory is noticed by the view.
 */
import type { MemoryArgument } from '../function/sink.ts';
import * as js from './js.ts';
import { numeric, type Value } from './operand-stack.ts';

/** `(a >>> 0) + offset`. */
export function address(value: Value, { offset }: Pick<MemoryArgument, 'offset'>): js.Expression {
  if (typeof value.constant === 'number') return js.number((value.constant >>> 0) + Number(offset));
  const base = js.binary('>>>', numeric(value), js.number(0));
  return js.plus(base, Number(offset));
}
