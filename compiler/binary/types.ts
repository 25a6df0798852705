/**
 * Types in the binary format: value, reference and heap types, limits, recursion groups.
 *
 * All of WebAssembly 3.0's types are parsed; those that we do not emit yet are then refused by the name of their
 * proposal (`refuse…`), which is the place to open when one becomes supported.
 */
import {
  type AbstractHeapType,
  type CompositeType,
  type FieldType,
  type FuncType,
  type HeapType,
  type Limits,
  type PackedType,
  type RefType,
  refType,
  type SubType,
  typeText,
  type ValueType,
} from '../../runtime/types.ts';
import type { ByteReader } from './bytes.ts';

const ABSTRACT_HEAP_TYPES: Readonly<Record<number, AbstractHeapType>> = {
  116: 'noexn',
  115: 'nofunc',
  114: 'noextern',
  113: 'none',
  112: 'func',
  111: 'extern',
  110: 'any',
  109: 'eq',
  108: 'i31',
  107: 'struct',
  106: 'array',
  105: 'exn',
};

const REF = 0x64;
const REF_NULL = 0x63;

/** Value types of one byte, shorthands of reference types included. */
const SHORT_TYPES: (ValueType | undefined)[] = [];
SHORT_TYPES[0x7f] = 'i32';
SHORT_TYPES[0x7e] = 'i64';
SHORT_TYPES[0x7d] = 'f32';
SHORT_TYPES[0x7c] = 'f64';
SHORT_TYPES[0x7b] = 'v128';
for (const [code, heap] of Object.entries(ABSTRACT_HEAP_TYPES))
  SHORT_TYPES[Number(code)] = refType(true, heap);

/** A value type that we support, or an error. */
export function readValueType(reader: ByteReader): ValueType {
  const offset = reader.offset;
  const type = parseValueType(reader);
  refuseValueType(reader, type, offset);
  return type;
}

export function readRefType(reader: ByteReader): RefType {
  const offset = reader.offset;
  const type = parseValueType(reader, 'malformed reference type');
  if (typeof type === 'string') reader.fail('malformed reference type', offset);
  refuseValueType(reader, type, offset);
  return type;
}

/** The operand of `ref.null`: the type of the null it makes. */
export function readNullType(reader: ByteReader): RefType {
  const offset = reader.offset;
  const type = refType(true, parseHeapType(reader));
  refuseValueType(reader, type, offset);
  return type;
}

function parseValueType(reader: ByteReader, malformed = 'malformed value type'): ValueType {
  const offset = reader.offset;
  const code = reader.typeCode();
  const short = SHORT_TYPES[code];
  if (short !== undefined) return short;
  if (code === REF || code === REF_NULL) return refType(code === REF_NULL, parseHeapType(reader));
  return reader.fail(malformed, offset);
}

function parseHeapType(reader: ByteReader): HeapType {
  const offset = reader.offset;
  const code = reader.s33();
  if (code >= 0) return code;
  return ABSTRACT_HEAP_TYPES[code + 0x80] ?? reader.fail('malformed heap type', offset);
}

function refuseValueType(reader: ByteReader, type: ValueType, offset: number): void {
  if (typeof type === 'string') return;
  const simple = type.heap === 'func' || type.heap === 'extern' || type.heap === 'exn';
  if (simple && type.nullable) return;
  reader.unsupported(
    simple || typeof type.heap === 'number' ? 'function-references' : 'gc',
    `type ${typeText(type)}`,
    offset,
  );
}

/** `types` grows by one recursion group. */
export function readRecursionGroup(reader: ByteReader, types: SubType[]): void {
  const offset = reader.offset;
  const group = types.length;
  let parsed: ParsedType[];
  if (reader.bytes[offset] === 0x4e) {
    reader.byte();
    parsed = reader.vector(() => parseSubType(reader));
  } else parsed = [parseSubType(reader)];
  if (parsed.length > 1) reader.unsupported('gc', `recursion group of ${parsed.length} types`, offset);
  for (const type of parsed) {
    refuseSubType(reader, type, offset);
    types.push({ ...type, group, groupSize: parsed.length });
  }
}

type ParsedType = Omit<SubType, 'group' | 'groupSize'>;

function parseSubType(reader: ByteReader): ParsedType {
  const code = reader.bytes[reader.offset];
  if (code !== 0x50 && code !== 0x4f)
    return { final: true, supertypes: [], composite: parseComposite(reader) };
  reader.byte();
  const supertypes = reader.vector(() => reader.u32());
  return { final: code === 0x4f, supertypes, composite: parseComposite(reader) };
}

function parseComposite(reader: ByteReader): CompositeType {
  const offset = reader.offset;
  switch (reader.typeCode()) {
    case 0x60:
      return { kind: 'func', func: parseFuncType(reader) };
    case 0x5f:
      return { kind: 'struct', fields: reader.vector(() => parseField(reader)) };
    case 0x5e:
      return { kind: 'array', field: parseField(reader) };
    default:
      return reader.fail('malformed definition type', offset);
  }
}

/** The JavaScript interface's implementation limit, for parameters and for results. */
const MAX_ARITY = 1000;

function parseFuncType(reader: ByteReader): FuncType {
  return { params: parseTypes(reader, 'parameters'), results: parseTypes(reader, 'results') };
}

function parseTypes(reader: ByteReader, what: string): ValueType[] {
  const offset = reader.offset;
  const types = reader.vector(() => readValueType(reader));
  if (types.length > MAX_ARITY)
    reader.fail(`too many ${what}: ${types.length}, the limit is ${MAX_ARITY}`, offset);
  return types;
}

const PACKED_TYPES: Readonly<Record<number, PackedType>> = { 120: 'i8', 119: 'i16' };

function parseField(reader: ByteReader): FieldType {
  const packed = PACKED_TYPES[reader.bytes[reader.offset] ?? 0];
  if (packed !== undefined) reader.byte();
  const type = packed ?? parseValueType(reader);
  return { type, mutable: readMutability(reader) };
}

function refuseSubType(reader: ByteReader, type: ParsedType, offset: number): void {
  if (type.composite.kind !== 'func') reader.unsupported('gc', `${type.composite.kind} type`, offset);
  if (type.supertypes.length > 0) reader.unsupported('gc', 'type with supertypes', offset);
  if (!type.final) reader.unsupported('gc', 'type that is not final', offset);
}

export function readMutability(reader: ByteReader): boolean {
  const offset = reader.offset;
  const code = reader.byte();
  if (code > 1) reader.fail('malformed mutability', offset);
  return code === 1;
}

const HAS_MAXIMUM = 1;
const SHARED = 2;
const ADDRESS_64 = 4;

/** Limits of a memory or table, within `range`; `tooLarge` is the error beyond it. */
export function readLimits(
  reader: ByteReader,
  what: 'memory' | 'table',
  range: number,
  tooLarge: string,
): Limits & { readonly shared: boolean } {
  const offset = reader.offset;
  const flags = reader.byte();
  const known = what === 'memory' ? HAS_MAXIMUM | SHARED | ADDRESS_64 : HAS_MAXIMUM | ADDRESS_64;
  if ((flags & ~known) !== 0) reader.fail('malformed limits flags', offset);
  const min = Number(reader.u64());
  const max = (flags & HAS_MAXIMUM) !== 0 ? Number(reader.u64()) : undefined;
  if ((flags & ADDRESS_64) !== 0) reader.unsupported('memory64', `${what} with 64-bit addresses`, offset);
  if ((flags & SHARED) !== 0) reader.unsupported('threads', 'shared memory', offset);
  if (min > range || (max ?? 0) > range) reader.fail(tooLarge, offset);
  if (max !== undefined && min > max) {
    reader.fail(`size minimum must not be greater than maximum: ${min} > ${max}`, offset);
  }
  return { min, max, address: 'i32', shared: false };
}
