/**
 * Constant expressions: what initialises globals, tables and segments. Decoded and type-checked in one go; evaluated by
 * runtime/const-expr.ts at instantiation.
 */

import { ModuleDefinitions, matchesValue } from '../../runtime/subtyping.ts';
import {
  type ConstExpr,
  type ConstInstruction,
  type FieldType,
  type GlobalType,
  isDefaultable,
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
  readonly importedGlobals: number;
  readonly functions: readonly number[];
  readonly types: readonly SubType[];
  readonly declaredFunctions: Set<number>;
}

const I32_CONST = 0x41;
const END = 0x0b;

/** A data segment's offset: nearly always one `i32.const`, whose value stands for it (CPython has 24,000). */
export function readOffset(
  reader: ByteReader,
  context: ConstContext,
  expected: ValueType,
): number | ConstExpr {
  const start = reader.offset;
  if (expected === 'i32' && reader.byte() === I32_CONST) {
    const value = reader.s32();
    if (reader.byte() === END) return value;
  }
  reader.offset = start;
  return readConstExpr(reader, context, expected);
}

/** Reads up to and including `end`; the result has type `expected`. */
export function readConstExpr(reader: ByteReader, context: ConstContext, expected: ValueType): ConstExpr {
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
    case 'struct.new':
    case 'struct.new_default':
      return { op: row.name, type: readCompositeType(reader, context, 'struct', row.name) };
    case 'array.new':
    case 'array.new_default':
      return { op: row.name, type: readCompositeType(reader, context, 'array', row.name) };
    case 'array.new_fixed': {
      const type = readCompositeType(reader, context, 'array', row.name);
      return { op: row.name, type, count: readFixedCount(reader) };
    }
    case 'ref.i31':
    case 'any.convert_extern':
    case 'extern.convert_any':
      return { op: row.name };
    default:
      return reader.fail(`constant expression required: ${row.name}`, offset);
  }
}

/** The index of a struct or array type, all of whose fields have defaults if those are what is asked for. */
function readCompositeType(
  reader: ByteReader,
  { types }: ConstContext,
  kind: 'struct' | 'array',
  name: string,
): number {
  const offset = reader.offset;
  const index = reader.u32();
  const type = types[index] ?? reader.fail(`unknown type ${index}`, offset);
  const found = type.composite.kind;
  if (found !== kind)
    reader.fail(`type mismatch: ${name} expected ${kind} type, found ${found} type`, offset);
  if (!name.endsWith('_default')) return type.index;
  for (const field of fieldsOf(type)) {
    if (typeof field.type === 'string' || isDefaultable(field.type)) continue;
    reader.fail(`type mismatch: ${name} expected defaults, found ${field.type.text}`, offset);
  }
  return type.index;
}

/** Of `array.new_fixed`: the JavaScript interface's implementation limit. */
const MAX_FIXED = 10_000;

export function readFixedCount(reader: ByteReader): number {
  const offset = reader.offset;
  const count = reader.u32();
  if (count > MAX_FIXED) {
    reader.fail(`array.new_fixed of ${count} elements: the limit is ${MAX_FIXED}`, offset);
  }
  return count;
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
  if (index >= context.importedGlobals) {
    const what = `global ${index}, not imported, in a constant expression`;
    reader.requires('gc', what, offset, `unknown global ${index}`);
  }
  return index;
}

/** What an instruction takes from the stack, and leaves on it. */
interface Effect {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

function effectOf(instruction: ConstInstruction, context: ConstContext, stack: readonly ValueType[]): Effect {
  const gives = (...results: ValueType[]) => ({ params: [], results });
  switch (instruction.op) {
    case 'ref.null':
      return gives(instruction.type);
    case 'ref.func':
      return gives(refType(false, context.functions[instruction.index]!));
    case 'global.get':
      return gives(context.globals[instruction.index]!.type);
    case 'struct.new':
    case 'struct.new_default':
    case 'array.new':
    case 'array.new_default':
    case 'array.new_fixed':
      return { params: operandsOf(instruction, context), results: [refType(false, instruction.type)] };
    case 'ref.i31':
      return { params: ['i32'], results: [refType(false, 'i31')] };
    case 'any.convert_extern':
      return converted(stack, 'extern', 'any');
    case 'extern.convert_any':
      return converted(stack, 'any', 'extern');
  }
  const [type, operation] = instruction.op.split('.') as [NumberType | 'v128', string];
  return { params: operation === 'const' ? [] : [type, type], results: [type] };
}

type Making = Extract<ConstInstruction, { readonly type: number }>;

function operandsOf(instruction: Making, { types }: ConstContext): readonly ValueType[] {
  const operands = fieldsOf(types[instruction.type]!).map(({ type }) =>
    type === 'i8' || type === 'i16' ? 'i32' : type,
  );
  switch (instruction.op) {
    case 'struct.new':
      return operands;
    case 'array.new':
      return [...operands, 'i32'];
    case 'array.new_fixed':
      return new Array<ValueType>(instruction.count).fill(operands[0]!);
    default:
      return instruction.op === 'array.new_default' ? ['i32'] : [];
  }
}

/** Of a struct, or the one of an array. */
function fieldsOf({ composite }: SubType): readonly FieldType[] {
  if (composite.kind === 'struct') return composite.fields;
  return composite.kind === 'array' ? [composite.field] : [];
}

/** As nullable as the operand. */
function converted(stack: readonly ValueType[], from: 'any' | 'extern', to: 'any' | 'extern'): Effect {
  const top = stack.at(-1);
  const nullable = typeof top !== 'object' || top.nullable;
  return { params: [refType(true, from)], results: [refType(nullable, to)] };
}

/** The instruction's effect on the stack of types. */
function apply(
  reader: ByteReader,
  instruction: ConstInstruction,
  context: ConstContext,
  stack: ValueType[],
  offset: number,
): void {
  const { params, results } = effectOf(instruction, context, stack);
  const base = stack.length - params.length;
  if (base < 0 || !params.every((type, i) => fits(stack[base + i]!, type, context)))
    mismatch(reader, offset, instruction.op, params, stack);
  stack.length = base;
  stack.push(...results);
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
