/**
 * Types in the binary format: value, reference and heap types, limits, recursion groups.
 *
 * All of WebAssembly 3.0's types are parsed; those of a proposal that is switched off or not built are then refused by
 * its name (`require…`).
 */
import {
  type AbstractHeapType,
  type CompositeType,
  type FieldType,
  FUNCREF,
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
import type { Feature } from '../features.ts';
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
  requireValueType(reader, type, offset);
  return type;
}

export function readRefType(reader: ByteReader): RefType {
  const offset = reader.offset;
  const type = parseValueType(reader, 'malformed reference type');
  if (typeof type === 'string') reader.fail('malformed reference type', offset);
  // Tables of functions are as old as WebAssembly.
  if (type !== FUNCREF) requireValueType(reader, type, offset);
  return type;
}

/** The operand of `ref.null`: the type of the null it makes. */
export function readNullType(reader: ByteReader): RefType {
  const offset = reader.offset;
  const type = refType(true, parseHeapType(reader));
  requireValueType(reader, type, offset);
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

function requireValueType(reader: ByteReader, type: ValueType, offset: number): void {
  const feature = featureOf(type);
  if (feature !== 'mvp') reader.requires(feature, `type ${typeText(type)}`, offset);
}

/** The proposal that a type came with. */
function featureOf(type: ValueType): Feature {
  if (type === 'v128') return 'simd';
  if (typeof type === 'string') return 'mvp';
  const { heap, nullable } = type;
  if (typeof heap === 'number') return 'function-references';
  const short = SHORTHAND_FEATURES[heap];
  if (short === undefined) return 'gc';
  return nullable ? short : 'function-references';
}

/** The proposals of the abstract heap types that are older than garbage collection. */
const SHORTHAND_FEATURES: Readonly<Partial<Record<AbstractHeapType, Feature>>> = {
  func: 'reference-types',
  extern: 'reference-types',
  exn: 'exception-handling',
};

/** `types` grows by one recursion group. */
export function readRecursionGroup(reader: ByteReader, types: SubType[]): void {
  const offset = reader.offset;
  const group = types.length;
  let parsed: ParsedType[];
  if (reader.bytes[offset] === 0x4e) {
    reader.byte();
    parsed = reader.vector(() => parseSubType(reader));
  } else parsed = [parseSubType(reader)];
  if (parsed.length > 1) reader.requires('gc', `recursion group of ${parsed.length} types`, offset);
  for (const type of parsed) {
    requireSubType(reader, type, offset);
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

function requireSubType(reader: ByteReader, type: ParsedType, offset: number): void {
  const { composite, supertypes, final } = type;
  if (composite.kind !== 'func') reader.requires('gc', `${composite.kind} type`, offset);
  else if (composite.func.results.length > 1) {
    reader.requires('multi-value', `function type with ${composite.func.results.length} results`, offset);
  }
  if (supertypes.length > 0) reader.requires('gc', 'type with supertypes', offset);
  if (!final) reader.requires('gc', 'type that is not final', offset);
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
  if ((flags & ADDRESS_64) !== 0) reader.requires('memory64', `${what} with 64-bit addresses`, offset);
  if ((flags & SHARED) !== 0) reader.requires('threads', 'shared memory', offset);
  if (min > range || (max ?? 0) > range) reader.fail(tooLarge, offset);
  if (max !== undefined && min > max) {
    reader.fail(`size minimum must not be greater than maximum: ${min} > ${max}`, offset);
  }
  return { min, max, address: 'i32', shared: false };
}
