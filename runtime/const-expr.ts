/**
 * Evaluates constant expressions (initial values, segment offsets and items): a stack machine of a dozen instructions.
 * Validation has made sure that they are well typed and leave one value.
 */
import type { FunctionReference } from './abi.ts';
import { InternalError } from './errors.ts';
import { f32_from_bits, f64_from_bits } from './helpers/float.ts';
import type { ConstExpr, ConstInstruction } from './types.ts';

export interface ConstContext {
  /** A global's internal value. */
  global(index: number): unknown;
  func(index: number): FunctionReference;
  /** Takes fuel: one per instruction, the implied `end` included. */
  charge(fuel: number): void;
}

export function evaluate(expression: ConstExpr, context: ConstContext): unknown {
  context.charge(expression.length + 1);
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
    default: {
      const b = stack.pop();
      const a = stack.pop();
      return BINARY[instruction.op](a as never, b as never);
    }
  }
}

const BINARY = {
  'i32.add': (a: number, b: number) => (a + b) | 0,
  'i32.sub': (a: number, b: number) => (a - b) | 0,
  'i32.mul': (a: number, b: number) => Math.imul(a, b),
  'i64.add': (a: bigint, b: bigint) => BigInt.asIntN(64, a + b),
  'i64.sub': (a: bigint, b: bigint) => BigInt.asIntN(64, a - b),
  'i64.mul': (a: bigint, b: bigint) => BigInt.asIntN(64, a * b),
};
