/**
 * Constant expressions: what initialises globals, tables and segments. Decoded and type-checked in one go; evaluated by
 * runtime/const-expr.ts at instantiation.
 */

import { ModuleDefinitions, matchesValue } from '../../runtime/subtyping.ts';
import {
  type ConstExpr,
  type ConstInstruction,
  type GlobalType,
  type NumberType,
  refType,
  type SubType,
  typeText,
  type ValueType,
} from '../../runtime/types.ts';
import type { Opcode } from '../opcodes.ts';
import type { ByteReader } from './bytes.ts';
import { readOpcode } from './opcode.ts';
import { readNullType } from './types.ts';

/** What a constant expression may refer to, and the functions it names. */
export interface ConstContext {
  /** Those defined so far: an initialiser sees only earlier globals. */
  readonly globals: readonly GlobalType[];
  readonly functions: readonly number[];
  readonly types: readonly SubType[];
  readonly declaredFunctions: Set<number>;
}

const I32_CONST = 0x41;
const END = 0x0b;

/** Reads up to and including `end`; the result has type `expected`. */
export function readConstExpr(reader: ByteReader, context: ConstContext, expected: ValueType): ConstExpr {
  const start = reader.offset;
  // Nearly all of them are one `i32.const`: the offsets of segments (CPython has 24,000).
  if (expected === 'i32' && reader.byte() === I32_CONST) {
    const value = reader.s32();
    if (reader.byte() === END) return [{ op: 'i32.const', value }];
  }
  reader.offset = start;
  const expr: ConstInstruction[] = [];
  const stack: ValueType[] = [];
  for (;;) {
    const offset = reader.offset;
    const row = readOpcode(reader);
    if (row.name === 'end') {
      if (stack.length !== 1 || !fits(stack[0]!, expected, context))
        mismatch(reader, offset, 'constant expression', [expected], stack);
      return expr;
    }
    const instruction = readInstruction(reader, row, context, offset);
    apply(reader, instruction, context, stack, offset);
    expr.push(instruction);
  }
}

function readInstruction(
  reader: ByteReader,
  row: Opcode,
  context: ConstContext,
  offset: number,
): ConstInstruction {
  switch (row.name) {
    case 'i32.const':
      return { op: row.name, value: reader.s32() };
    case 'i64.const':
      return { op: row.name, value: reader.s64() };
    case 'f32.const':
      return { op: row.name, bits: reader.i32Raw() };
    case 'f64.const':
      return { op: row.name, bits: reader.i64Raw() };
    case 'v128.const':
      return { op: row.name, words: reader.words() };
    case 'i32.add':
    case 'i32.sub':
    case 'i32.mul':
    case 'i64.add':
    case 'i64.sub':
    case 'i64.mul':
      reader.requires('extended-const', `${row.name} in a constant expression`, offset);
      return { op: row.name };
    case 'ref.null':
      return { op: row.name, type: readNullType(reader, context) };
    case 'ref.func':
      return { op: row.name, index: readFunctionReference(reader, context) };
    case 'global.get':
      return { op: row.name, index: readConstantGlobal(reader, context) };
    default:
      return reader.fail(`constant expression required: ${row.name}`, offset);
  }
}

/** A function index; the function may from now on be named by `ref.func` in bodies too. */
export function readFunctionReference(reader: ByteReader, context: ConstContext): number {
  const offset = reader.offset;
  const index = reader.u32();
  if (index >= context.functions.length) reader.fail(`unknown function ${index}`, offset);
  context.declaredFunctions.add(index);
  return index;
}

function readConstantGlobal(reader: ByteReader, context: ConstContext): number {
  const offset = reader.offset;
  const index = reader.u32();
  const global = context.globals[index] ?? reader.fail(`unknown global ${index}`, offset);
  if (global.mutable) reader.fail(`constant expression required: global ${index} is mutable`, offset);
  return index;
}

/** The instruction's effect on the stack of types. */
function apply(
  reader: ByteReader,
  instruction: ConstInstruction,
  context: ConstContext,
  stack: ValueType[],
  offset: number,
): void {
  switch (instruction.op) {
    case 'ref.null':
      stack.push(instruction.type);
      return;
    case 'ref.func':
      stack.push(refType(false, context.functions[instruction.index]!));
      return;
    case 'global.get':
      stack.push(context.globals[instruction.index]!.type);
      return;
  }
  const [type, operation] = instruction.op.split('.') as [NumberType | 'v128', string];
  if (operation === 'const') {
    stack.push(type);
    return;
  }
  if (stack.at(-1) !== type || stack.at(-2) !== type)
    mismatch(reader, offset, instruction.op, [type, type], stack);
  stack.pop();
}

function fits(found: ValueType, expected: ValueType, { types }: ConstContext): boolean {
  return found === expected || matchesValue(found, expected, new ModuleDefinitions(types));
}

function mismatch(
  reader: ByteReader,
  offset: number,
  who: string,
  expected: readonly ValueType[],
  stack: readonly ValueType[],
): never {
  const list = (types: readonly ValueType[]) => `[${types.map(typeText).join(' ')}]`;
  reader.fail(`type mismatch: ${who} expected ${list(expected)}, found ${list(stack)}`, offset);
}
