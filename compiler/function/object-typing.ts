/**
 * Validation of the instructions on garbage-collected objects, by the specification's text name; as typing.ts does for
 * the others.
 */
import { topOf } from '../../runtime/subtyping.ts';
import { type FieldType, isDefaultable, type RefType, refType, type ValueType } from '../../runtime/types.ts';
import { readFixedCount } from '../binary/const-expr.ts';
import { readHeapType } from '../binary/types.ts';
import type { FunctionState } from './function-state.ts';
import type { Immediate } from './sink.ts';
import { I32, type Operand, operandOf, UNKNOWN, UNKNOWN_REFERENCE } from './stacks.ts';
import type { Type } from './typing.ts';

export const OBJECT_TYPING: Readonly<Record<string, Type>> = {
  'struct.new'(f) {
    const { index, fields } = readStruct(f);
    f.stacks.popOperands(fields.map((field) => operandOf(unpacked(field))));
    return made(f, index);
  },
  'struct.new_default'(f) {
    const { index, fields } = readStruct(f);
    for (const field of fields) requireDefaultable(f, field);
    return made(f, index);
  },
  'struct.get': (f) => get(f, readField(f), false),
  'struct.get_s': (f) => get(f, readField(f), true),
  'struct.get_u': (f) => get(f, readField(f), true),
  'struct.set'(f) {
    const { index, number, field } = readField(f);
    if (!field.mutable) f.fail(`immutable field ${number}`);
    f.stacks.popOperand(operandOf(unpacked(field)));
    f.stacks.popOperand(nullable(index));
    return [index, number];
  },
  'array.new'(f) {
    const { index, field } = readArray(f);
    f.stacks.popOperand(I32);
    f.stacks.popOperand(operandOf(unpacked(field)));
    return made(f, index);
  },
  'array.new_default'(f) {
    const { index, field } = readArray(f);
    requireDefaultable(f, field);
    f.stacks.popOperand(I32);
    return made(f, index);
  },
  'array.new_fixed'(f) {
    const { index, field } = readArray(f);
    const count = readFixedCount(f.bytes);
    const operand = operandOf(unpacked(field));
    for (let i = 0; i < count; i++) f.stacks.popOperand(operand);
    made(f, index);
    return [index, count];
  },
  'array.new_data'(f) {
    const { index, field } = readArray(f);
    const data = f.data(f.readDataIndex());
    requireNumeric(f, field);
    f.stacks.popOperands([I32, I32]);
    made(f, index);
    return [index, data];
  },
  'array.new_elem'(f) {
    const { index, field } = readArray(f);
    const element = readElements(f, field);
    f.stacks.popOperands([I32, I32]);
    made(f, index);
    return [index, element];
  },
  'array.get': (f) => element(f, false),
  'array.get_s': (f) => element(f, true),
  'array.get_u': (f) => element(f, true),
  'array.set'(f) {
    const { index, field } = readMutableArray(f);
    f.stacks.popOperands([nullable(index), I32, operandOf(unpacked(field))]);
    return index;
  },
  'array.fill'(f) {
    const { index, field } = readMutableArray(f);
    f.stacks.popOperands([nullable(index), I32, operandOf(unpacked(field)), I32]);
    return index;
  },
  'array.copy'(f) {
    const to = readMutableArray(f);
    const from = readArray(f);
    if (!storageMatches(f, from.field, to.field)) f.fail('array types do not match');
    f.stacks.popOperands([nullable(to.index), I32, nullable(from.index), I32, I32]);
    return [to.index, from.index];
  },
  'array.init_data'(f) {
    const { index, field } = readMutableArray(f);
    requireNumeric(f, field);
    const data = f.data(f.readDataIndex());
    f.stacks.popOperands([nullable(index), I32, I32, I32]);
    return [index, data];
  },
  'array.init_elem'(f) {
    const { index, field } = readMutableArray(f);
    const segment = readElements(f, field);
    f.stacks.popOperands([nullable(index), I32, I32, I32]);
    return [index, segment];
  },
  'ref.test': (f) => test(f, false),
  'ref.test_null': (f) => test(f, true),
  'ref.cast': (f) => cast(f, false),
  'ref.cast_null': (f) => cast(f, true),
  'any.convert_extern': (f) => convert(f, 'extern', 'any'),
  'extern.convert_any': (f) => convert(f, 'any', 'extern'),
};

// -------------------------------------------------------------------- types

interface Struct {
  readonly index: number;
  readonly fields: readonly FieldType[];
}
interface Element {
  readonly index: number;
  readonly field: FieldType;
}

function readStruct(f: FunctionState): Struct {
  const index = f.readTypeIndex();
  const { composite } = f.module.types[index]!;
  if (composite.kind !== 'struct') f.mismatch('a struct type', `type ${index}, a ${composite.kind} type`);
  return { index, fields: composite.fields };
}

function readField(f: FunctionState): Element & { readonly number: number } {
  const { index, fields } = readStruct(f);
  const number = f.bytes.u32();
  const field = fields[number] ?? f.fail(`unknown field ${number}`);
  return { index, number, field };
}

function readArray(f: FunctionState): Element {
  const index = f.readTypeIndex();
  const { composite } = f.module.types[index]!;
  if (composite.kind !== 'array') f.mismatch('an array type', `type ${index}, a ${composite.kind} type`);
  return { index, field: composite.field };
}

function readMutableArray(f: FunctionState): Element {
  const array = readArray(f);
  if (!array.field.mutable) f.fail(`immutable array: type ${array.index}`);
  return array;
}

/** An element segment that fits the array. */
function readElements(f: FunctionState, { type }: FieldType): number {
  const segment = f.element(f.bytes.u32());
  const found = f.module.elements[segment]!.type;
  if (typeof type === 'string' || !f.stacks.fits(operandOf(found), operandOf(type))) {
    f.mismatch(typeof type === 'string' ? type : type.text, `elements of ${found.text}`);
  }
  return segment;
}

export function unpacked({ type }: FieldType): ValueType {
  return type === 'i8' || type === 'i16' ? 'i32' : type;
}

function isPacked({ type }: FieldType): boolean {
  return type === 'i8' || type === 'i16';
}

function nullable(index: number): Operand {
  return operandOf(refType(true, index));
}

function requireDefaultable(f: FunctionState, { type }: FieldType): void {
  if (type === 'i8' || type === 'i16' || isDefaultable(type)) return;
  f.mismatch('a type with a default value', (type as RefType).text);
}

function requireNumeric(f: FunctionState, { type }: FieldType): void {
  if (typeof type !== 'string')
    f.fail(`array type is not numeric or vector: it has elements of ${type.text}`);
}

function storageMatches(f: FunctionState, found: FieldType, expected: FieldType): boolean {
  if (isPacked(found) || isPacked(expected)) return found.type === expected.type;
  return f.stacks.fits(operandOf(unpacked(found)), operandOf(unpacked(expected)));
}

// -------------------------------------------------------------------- shared

function made(f: FunctionState, index: number): Immediate {
  f.stacks.pushOperand(operandOf(refType(false, index)));
  return index;
}

function requirePacking(f: FunctionState, field: FieldType, packed: boolean): void {
  if (isPacked(field) === packed) return;
  const found = typeof field.type === 'string' ? field.type : field.type.text;
  f.mismatch(packed ? 'a packed type' : 'a type that is not packed', found);
}

function get(
  f: FunctionState,
  { index, number, field }: ReturnType<typeof readField>,
  packed: boolean,
): Immediate {
  requirePacking(f, field, packed);
  f.stacks.popOperand(nullable(index));
  f.stacks.pushOperand(operandOf(unpacked(field)));
  return [index, number];
}

function element(f: FunctionState, packed: boolean): Immediate {
  const { index, field } = readArray(f);
  requirePacking(f, field, packed);
  f.stacks.popOperands([nullable(index), I32]);
  f.stacks.pushOperand(operandOf(unpacked(field)));
  return index;
}

/** The type that is tested for; the operand may be anything of its hierarchy. */
function readTarget(f: FunctionState, isNullable: boolean): RefType {
  const type = refType(isNullable, readHeapType(f.bytes, f.module));
  f.stacks.popOperand(operandOf(refType(true, topOf(type.heap, f.definitions))));
  return type;
}

function test(f: FunctionState, isNullable: boolean): Immediate {
  const type = readTarget(f, isNullable);
  f.stacks.pushOperand(I32);
  return [type];
}

function cast(f: FunctionState, isNullable: boolean): Immediate {
  const type = readTarget(f, isNullable);
  f.stacks.pushOperand(operandOf(type));
  return [type];
}

function convert(f: FunctionState, from: 'any' | 'extern', to: 'any' | 'extern'): Immediate {
  const found = f.stacks.popOperand(operandOf(refType(true, from)));
  const unknown = found === UNKNOWN || found === UNKNOWN_REFERENCE;
  const isNullable = !unknown && !f.stacks.fits(found, operandOf(refType(false, from)));
  f.stacks.pushOperand(operandOf(refType(isNullable, to)));
  return undefined;
}
