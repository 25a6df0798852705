/**
 * Evaluates constant expressions (initial values, segment offsets and items): a stack machine of few instructions.
 * Validation has made sure that they are well typed and leave one value.
 */
import type { EnvironmentAbi, FunctionReference } from './abi.ts';
import { InternalError } from './errors.ts';
import { f32_from_bits, f64_from_bits } from './helpers/float.ts';
import { allocate, array_new, array_new_default, array_new_fixed } from './helpers/gc.ts';
import { structBytes } from './layout.ts';
import {
  defaultOf,
  externalize,
  type GcObject,
  internalize,
  newStruct,
  type StructClasses,
} from './objects.ts';
import type { ConstExpr, ConstInstruction } from './types.ts';

type ConstEnvironment = EnvironmentAbi & { readonly code: { readonly structs: StructClasses } };

export interface ConstContext {
  /** A global's internal value. */
  global(index: number): unknown;
  func(index: number): FunctionReference;
  /** The instance, for what makes objects. */
  readonly E: ConstEnvironment;
  /** Takes fuel: one per instruction, the implied `end` included. */
  charge(fuel: number): void;
}

export function evaluate(expression: ConstExpr, context: ConstContext): unknown {
  context.charge(expression.length + 1);
  const [first] = expression;
  // Nearly all of them: the offsets of segments (CPython has 24,000).
  if (first?.op === 'i32.const' && expression.length === 1) return first.value;
  const stack: unknown[] = [];
  for (const instruction of expression) stack.push(step(instruction, stack, context));
  if (stack.length !== 1) throw new InternalError(`a constant expression left ${stack.length} values`);
  return stack[0];
}

/** What one instruction pushes; binary ones pop their operands. */
function step(instruction: ConstInstruction, stack: unknown[], context: ConstContext): unknown {
  switch (instruction.op) {
    case 'i32.const':
    case 'i64.const':
      return instruction.value;
    case 'f32.const':
      return f32_from_bits(instruction.bits);
    case 'f64.const':
      return f64_from_bits(instruction.bits);
    case 'v128.const':
      return Int32Array.from(instruction.words);
    case 'ref.null':
      return null;
    case 'ref.func':
      return context.func(instruction.index);
    case 'global.get':
      return context.global(instruction.index);
    case 'struct.new': {
      const { fields } = context.E.defined[instruction.type]!;
      return makeStruct(context, instruction.type, stack.splice(stack.length - fields.length));
    }
    case 'struct.new_default': {
      const { fields } = context.E.defined[instruction.type]!;
      return makeStruct(context, instruction.type, fields.map(defaultOf));
    }
    case 'array.new': {
      const count = stack.pop() as number;
      return array_new(context.E, instruction.type, stack.pop(), count);
    }
    case 'array.new_default':
      return array_new_default(context.E, instruction.type, stack.pop() as number);
    case 'array.new_fixed':
      return array_new_fixed(
        context.E,
        instruction.type,
        ...stack.splice(stack.length - instruction.count, instruction.count),
      );
    case 'ref.i31':
      return ((stack.pop() as number) << 1) >> 1;
    case 'any.convert_extern':
      return internalize(stack.pop());
    case 'extern.convert_any':
      return externalize(stack.pop());
    default: {
      const b = stack.pop();
      const a = stack.pop();
      return BINARY[instruction.op](a as never, b as never);
    }
  }
}

function makeStruct({ E }: ConstContext, type: number, values: readonly unknown[]): GcObject {
  const rtt = E.defined[type]!;
  allocate(E, structBytes(rtt.fields));
  return newStruct(rtt, values, E.code.structs);
}

const BINARY = {
  'i32.add': (a: number, b: number) => (a + b) | 0,
  'i32.sub': (a: number, b: number) => (a - b) | 0,
  'i32.mul': (a: number, b: number) => Math.imul(a, b),
  'i64.add': (a: bigint, b: bigint) => BigInt.asIntN(64, a + b),
  'i64.sub': (a: bigint, b: bigint) => BigInt.asIntN(64, a - b),
  'i64.mul': (a: bigint, b: bigint) => BigInt.asIntN(64, a * b),
};
