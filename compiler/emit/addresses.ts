/**
 * Addresses, indices and sizes as JavaScript numbers, and back: those of 32-bit memories and tables are int32 numbers,
 * those of 64-bit ones BigInts.
 *
 *   i32   a >>> 0
 *   i64   (R[0] = a, (RL[0] >>> 0) + (RL[1] === 0 ? 0 : (RL[1] >>> 0) * 4294967296))
 *
 * From 2^53 on, the number is not exact; but no memory or table is so large, and it only has to be out of bounds: a
 * DataView throws for it as for any other, and a sum with an offset never comes down again. The halves are read from a
 * scratch cell because `Number(BigInt)` makes V8 box the BigInt (20 M loads and stores: 370 / 398 ms on Node 20 / 26, so
 * 85 / 99, as 32-bit addresses 17 / 18; the loop with its i64 pointer alone is 50 / 54).
 */
import { unsignedNumber } from '../../runtime/addresses.ts';
import type { ValueType } from '../../runtime/types.ts';
import type { MemoryArgument } from '../function/sink.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import * as js from './js.ts';
import { numeric, type Value } from './operand-stack.ts';
import { TemplateArguments, template } from './template.ts';

const FROM_I64 = template('(R[0] = a, (RL[0] >>> 0) + (RL[1] === 0 ? 0 : (RL[1] >>> 0) * 4294967296))');
const TO_I64 = template('A(64, BigInt(a))');

const ARGUMENTS = new TemplateArguments();

/** An address, index or size as an unsigned number. */
export function unsigned(emitter: FunctionEmitter, value: Value): js.Expression {
  if (value.constant !== undefined) return js.number(unsignedNumber(value.constant));
  if (value.type !== 'i64') return js.binary('>>>', numeric(value), js.number(0));
  return build(emitter, FROM_I64, numeric(value));
}

/** The effective address of an access, without wrapping: what lies beyond the memory is noticed by the view. */
export function address(
  emitter: FunctionEmitter,
  value: Value,
  { offset }: Pick<MemoryArgument, 'offset'>,
): js.Expression {
  const { constant } = value;
  return constant === undefined
    ? js.plus(unsigned(emitter, value), Number(offset))
    : js.number(unsignedNumber(constant) + Number(offset));
}

/** A size, or −1, as a value of the address type. */
export function fromSize(emitter: FunctionEmitter, size: js.Expression, type: ValueType): js.Expression {
  return type === 'i64' ? build(emitter, TO_I64, size) : js.binary('|', size, js.number(0));
}

function build(emitter: FunctionEmitter, chosen: typeof FROM_I64, operand: js.Expression): js.Expression {
  emitter.useAll(chosen);
  ARGUMENTS.all[0] = operand;
  return chosen.build(ARGUMENTS, undefined);
}
