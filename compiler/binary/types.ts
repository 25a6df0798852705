/**
 * Types in the binary format: value, reference and heap types, what a type definition declares, limits.
 *
 * All of WebAssembly 3.0's types are parsed; those of a proposal that is switched off or not built are then refused by
 * its name (`require…`). Not here: recursion groups as wholes, and whether subtypes fit their supertypes
 * (recursion-groups.ts).
 */
import {
  type AbstractHeapType,
  type AddressType,
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

/** The types that a type index may mean. Within a recursion group also those of the group that are still to come. */
export interface TypeScope {
  /** Equal types are one object. */
  readonly types: readonly SubType[];
  /** How many there are, counting those still to come; by default none. */
  readonly typeCount?: number;
}

/** A value type that we support, or an error. */
export function readValueType(reader: ByteReader, scope: TypeScope): ValueType {
  const offset = reader.offset;
  const type = parseValueType(reader, scope);
  requireValueType(reader, type, offset);
  return type;
}

export function readRefType(reader: ByteReader, scope: TypeScope): RefType {
  const offset = reader.offset;
  const type = parseValueType(reader, scope, 'malformed reference type');
  if (typeof type === 'string') reader.fail('malformed reference type', offset);
  // Tables of functions are as old as WebAssembly.
  if (type !== FUNCREF) requireValueType(reader, type, offset);
  return type;
}

/** The operand of `ref.null`: the type of the null it makes. */
export function readNullType(reader: ByteReader, scope: TypeScope): RefType {
  const offset = reader.offset;
  const type = refType(true, readHeapType(reader, scope));
  requireValueType(reader, type, offset);
  return type;
}

function parseValueType(reader: ByteReader, scope: TypeScope, malformed = 'malformed value type'): ValueType {
  const offset = reader.offset;
  const code = reader.typeCode();
  const short = SHORT_TYPES[code];
  if (short !== undefined) return short;
  if (code === REF || code === REF_NULL) return refType(code === REF_NULL, readHeapType(reader, scope));
  return reader.fail(malformed, offset);
}

/** Of equal types, the index of the first. */
export function readHeapType(reader: ByteReader, { types, typeCount = types.length }: TypeScope): HeapType {
  const offset = reader.offset;
  const code = reader.s33();
  if (code < 0) return ABSTRACT_HEAP_TYPES[code + 0x80] ?? reader.fail('malformed heap type', offset);
  if (code >= typeCount) reader.fail(`unknown type ${code}`, offset);
  return types[code]?.index ?? code;
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
  if (typeof heap !== 'string') return 'function-references';
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

/** What a type of a recursion group declares. */
export type Declared = Pick<SubType, 'final' | 'supertypes' | 'composite'>;

export function readSubType(reader: ByteReader, scope: TypeScope): Declared {
  const offset = reader.offset;
  const declared = parseSubType(reader, scope);
  requireSubType(reader, declared, offset);
  return declared;
}

function parseSubType(reader: ByteReader, scope: TypeScope): Declared {
  const code = reader.bytes[reader.offset];
  if (code !== 0x50 && code !== 0x4f) {
    return { final: true, supertypes: [], composite: parseComposite(reader, scope) };
  }
  reader.byte();
  const { types } = scope;
  const supertypes = reader.vector(() => {
    const index = reader.u32();
    return types[index]?.index ?? index;
  });
  return { final: code === 0x4f, supertypes, composite: parseComposite(reader, scope) };
}

function parseComposite(reader: ByteReader, scope: TypeScope): CompositeType {
  const offset = reader.offset;
  switch (reader.typeCode()) {
    case 0x60:
      return { kind: 'func', func: parseFuncType(reader, scope) };
    case 0x5f:
      return { kind: 'struct', fields: parseFields(reader, scope) };
    case 0x5e:
      return { kind: 'array', field: parseField(reader, scope) };
    default:
      return reader.fail('malformed definition type', offset);
  }
}

/** The JavaScript interface's implementation limits: for parameters and for results, and for fields. */
const MAX_ARITY = 1000;
const MAX_FIELDS = 10_000;

function parseFuncType(reader: ByteReader, scope: TypeScope): FuncType {
  return {
    params: parseTypes(reader, scope, 'parameters'),
    results: parseTypes(reader, scope, 'results'),
  };
}

function parseTypes(reader: ByteReader, scope: TypeScope, what: string): ValueType[] {
  const offset = reader.offset;
  const types = reader.vector(() => readValueType(reader, scope));
  if (types.length > MAX_ARITY)
    reader.fail(`too many ${what}: ${types.length}, the limit is ${MAX_ARITY}`, offset);
  return types;
}

function parseFields(reader: ByteReader, scope: TypeScope): FieldType[] {
  const offset = reader.offset;
  const fields = reader.vector(() => parseField(reader, scope));
  if (fields.length > MAX_FIELDS)
    reader.fail(`too many fields: ${fields.length}, the limit is ${MAX_FIELDS}`, offset);
  return fields;
}

const PACKED_TYPES: Readonly<Record<number, PackedType>> = { 120: 'i8', 119: 'i16' };

function parseField(reader: ByteReader, scope: TypeScope): FieldType {
  const packed = PACKED_TYPES[reader.bytes[reader.offset] ?? 0];
  if (packed !== undefined) reader.byte();
  const type = packed ?? readValueType(reader, scope);
  return { type, mutable: readMutability(reader) };
}

function requireSubType(reader: ByteReader, type: Declared, offset: number): void {
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
const PAGE_SIZE = 8;
const MEMORY_FLAGS = HAS_MAXIMUM | SHARED | ADDRESS_64 | PAGE_SIZE;

interface Range {
  readonly largest: bigint;
  /** The error beyond it. */
  readonly text: string;
}
/** How large a memory or table may be, by address type; `small`: a memory with pages of one byte. */
export type Ranges = Readonly<Record<AddressType, Range & { readonly small?: Range }>>;

/** Limits of a memory or table, within `ranges`. */
export function readLimits(
  reader: ByteReader,
  what: 'memory' | 'table',
  ranges: Ranges,
): Limits & { readonly shared: boolean; readonly pageSize: number } {
  const offset = reader.offset;
  const flags = reader.byte();
  const known = what === 'memory' ? MEMORY_FLAGS : HAS_MAXIMUM | ADDRESS_64;
  if ((flags & ~known) !== 0) reader.fail('malformed limits flags', offset);
  if ((flags & PAGE_SIZE) !== 0)
    reader.requires('custom-page-sizes', 'memory with a page size', offset, 'malformed limits flags');
  const min = reader.u64();
  const max = (flags & HAS_MAXIMUM) !== 0 ? reader.u64() : undefined;
  const address = (flags & ADDRESS_64) !== 0 ? 'i64' : 'i32';
  if (address === 'i64') reader.requires('memory64', `${what} with 64-bit addresses`, offset);
  const shared = (flags & SHARED) !== 0;
  if (shared) reader.requires('threads', 'shared memory', offset);
  const pageSize = (flags & PAGE_SIZE) !== 0 ? readPageSize(reader) : 65_536;
  const range = pageSize === 1 ? ranges[address].small! : ranges[address];
  if (min > range.largest || (max ?? 0) > range.largest) reader.fail(range.text, offset);
  if (max !== undefined && min > max) {
    reader.fail(`size minimum must not be greater than maximum: ${min} > ${max}`, offset);
  }
  return { min: Number(min), max: max === undefined ? undefined : Number(max), address, shared, pageSize };
}

/** Written as its logarithm. */
function readPageSize(reader: ByteReader): number {
  const { offset } = reader;
  const logarithm = reader.u32();
  if (logarithm !== 0 && logarithm !== 16) reader.fail(`invalid custom page size 2^${logarithm}`, offset);
  return 2 ** logarithm;
}
