/**
 * Floats for an interpreter, where `fround` is the call of a built-in function: a float that goes to memory is rounded by the array;
 * an f32 out of memory that goes into arithmetic need not be looked at for the bits of its NaNs.
 *
 *   f32.load · f32.load · f32.mul · f32.store      →      k0 = (MF[…] ?? …) * (MF[…] ?? …), … MF[y0] = k0
 */
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { effectsOf, joinReads, numeric, operationsOf, type Value } from '../operand-stack.ts';
import { type Facts, loose, rangeOf } from './facts.ts';
import type { Integers } from './integers.ts';

function push(
  { stack }: FunctionEmitter,
  type: 'f32' | 'f64',
  values: readonly Value[],
  node: js.Expression,
  facts?: Facts,
): void {
  stack.push({
    node,
    type,
    effects: effectsOf(values),
    reads: joinReads(values),
    operations: operationsOf(values),
    isBoolean: false,
    constant: undefined,
    facts,
  });
}

/** The float, as far as arithmetic looks at it: whatever NaN. */
export function rough({ facts, node }: Value): js.Expression {
  return facts?.rough ?? node;
}

function rounded(emitter: FunctionEmitter, values: readonly Value[], exact: js.Expression): void {
  push(emitter, 'f32', values, js.call(emitter.use('fround'), [exact]), { unrounded: exact });
}

function arithmetic(operator: js.BinaryOperator): Integers {
  return (emitter) => {
    const values = emitter.stack.popMany(2) as [Value, Value];
    rounded(emitter, values, js.binary(operator, rough(values[0]), rough(values[1])));
  };
}

const promote: Integers = (emitter) => {
  const value = emitter.stack.pop();
  push(emitter, 'f64', [value], rough(value));
};

const demote: Integers = (emitter) => {
  const value = emitter.stack.pop();
  rounded(emitter, [value], value.node);
};

/** Signed: as it is; unsigned: as it is, if it is not negative. */
function converted(value: Value, isSigned: boolean): js.Expression {
  if (isSigned || rangeOf(value) !== undefined) return numeric(value);
  return js.binary('>>>', loose(value), js.number(0));
}

function convert(type: 'f32' | 'f64', isSigned: boolean): Integers {
  return (emitter) => {
    const value = emitter.stack.pop();
    const node = converted(value, isSigned);
    if (type === 'f64') push(emitter, 'f64', [value], node);
    else rounded(emitter, [value], node);
  };
}

export const FLOATS: Readonly<Record<string, Integers>> = {
  'f32.add': arithmetic('+'),
  'f32.sub': arithmetic('-'),
  'f32.mul': arithmetic('*'),
  'f32.div': arithmetic('/'),
  'f32.demote_f64': demote,
  'f64.promote_f32': promote,
  'f32.convert_i32_s': convert('f32', true),
  'f32.convert_i32_u': convert('f32', false),
  'f64.convert_i32_s': convert('f64', true),
  'f64.convert_i32_u': convert('f64', false),
};
