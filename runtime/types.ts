/**
 * WebAssembly's types and the description of a module, as the runtime needs them to instantiate it.
 *
 * Pure data; matching is in subtyping.ts. The compiler's decoder fills these in; precompiled output carries them as
 * JSON-like literals. In a module's description a type of the module is its index; what outlives the module's own view
 * (a table, a global, a function) has its `DefinedType` instead, see defined-types.ts.
 */
import type { DataSegment } from './data-segment.ts';
import type { DefinedType } from './defined-types.ts';

export type NumberType = 'i32' | 'i64' | 'f32' | 'f64';
export type AbstractHeapType =
  | 'func'
  | 'nofunc'
  | 'extern'
  | 'noextern'
  | 'any'
  | 'none'
  | 'eq'
  | 'i31'
  | 'struct'
  | 'array'
  | 'exn'
  | 'noexn';
/** An abstract heap type, a type index of the module (the first of those equal to it), or, at run time, what that means. */
export type HeapType = AbstractHeapType | number | DefinedType;

/** Interned by `refType`: two equal reference types are the same object. */
export interface RefType {
  readonly nullable: boolean;
  readonly heap: HeapType;
  /** As the text format writes it: `funcref`, `(ref null 3)`. */
  readonly text: string;
}
export type ValueType = NumberType | 'v128' | RefType;

/** Register-file cells in which values of a type pass between functions; 0: they pass as JavaScript values. */
export function cellsOf(type: ValueType): 0 | 1 | 2 {
  if (type === 'i64') return 1;
  return type === 'v128' ? 2 : 0;
}

const interned = new Map<string, RefType>();
const nullableByIndex: RefType[] = [];
const nonNullByIndex: RefType[] = [];

/** The one object for a reference type. */
export function refType(nullable: boolean, heap: HeapType): RefType {
  if (typeof heap === 'object') return nullable ? heap.nullable : heap.nonNull;
  if (typeof heap === 'number') {
    const known = nullable ? nullableByIndex : nonNullByIndex;
    known[heap] ??= { nullable, heap, text: `(ref ${nullable ? 'null ' : ''}${heap})` };
    return known[heap];
  }
  const shorthand = nullable ? SHORTHANDS[heap] : undefined;
  const text = shorthand ?? `(ref ${nullable ? 'null ' : ''}${heap})`;
  let type = interned.get(text);
  if (type === undefined) {
    type = { nullable, heap, text };
    interned.set(text, type);
  }
  return type;
}

export const SHORTHANDS: Readonly<Record<AbstractHeapType, string>> = {
  func: 'funcref',
  nofunc: 'nullfuncref',
  extern: 'externref',
  noextern: 'nullexternref',
  any: 'anyref',
  none: 'nullref',
  eq: 'eqref',
  i31: 'i31ref',
  struct: 'structref',
  array: 'arrayref',
  exn: 'exnref',
  noexn: 'nullexnref',
};

export const FUNCREF = refType(true, 'func');
export const EXTERNREF = refType(true, 'extern');
export const EXNREF = refType(true, 'exn');

/** Without null. */
export function nonNull(type: RefType): RefType {
  return type.nullable ? refType(false, type.heap) : type;
}

/** `i32`, `funcref`, `(ref null 3)`: the text format's spelling, for messages. */
export function typeText(type: ValueType): string {
  return typeof type === 'string' ? type : type.text;
}

export interface FuncType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export type PackedType = 'i8' | 'i16';
export interface FieldType {
  readonly type: ValueType | PackedType;
  readonly mutable: boolean;
}
export type CompositeType =
  | { readonly kind: 'func'; readonly func: FuncType }
  | { readonly kind: 'struct'; readonly fields: readonly FieldType[] }
  | { readonly kind: 'array'; readonly field: FieldType };
/**
 * One entry of the type index space. Types that are equal are the same object, at all their indices: a recursion group
 * equal to an earlier one is that one.
 */
export interface SubType {
  readonly final: boolean;
  /** At most one. */
  readonly supertypes: readonly number[];
  readonly composite: CompositeType;
  /** Its first index. */
  readonly index: number;
  /** The first index of the first type of its recursion group. */
  readonly group: number;
  readonly groupSize: number;
  /** Its supertypes from the root on, then itself: `a` is a subtype of `b` if `a.chain[b.chain.length - 1]` is `b`. */
  readonly chain: readonly number[];
}

export type AddressType = 'i32' | 'i64';
/** `min`/`max` in pages or elements; bigint-sized 64-bit limits are held as numbers (beyond 2^53 they saturate). */
export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
  readonly address: AddressType;
}
export interface MemoryType extends Limits {
  readonly shared: boolean;
  /** Bytes: 65,536 or 1. */
  readonly pageSize: number;
}
export interface TableType extends Limits {
  readonly element: RefType;
}
export interface GlobalType {
  readonly type: ValueType;
  readonly mutable: boolean;
}
/** A tag's type: its parameters are the exception's values. */
export interface TagType {
  readonly type: FuncType;
}

export type ExternKind = 'func' | 'table' | 'memory' | 'global' | 'tag';
/** An import's or definition's type; for functions and tags also the module's type index. */
export type ExternType =
  | { readonly kind: 'func'; readonly typeIndex: number }
  | { readonly kind: 'tag'; readonly typeIndex: number }
  | { readonly kind: 'table'; readonly table: TableType }
  | { readonly kind: 'memory'; readonly memory: MemoryType }
  | { readonly kind: 'global'; readonly global: GlobalType };

export interface ImportDescription {
  readonly module: string;
  readonly name: string;
  readonly type: ExternType;
}
export interface ExportDescription {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
}

/** One instruction of a constant expression; evaluated by `runtime/const-expr.ts`. `end` is implied, and charged. */
export type ConstInstruction =
  | { readonly op: 'i32.const'; readonly value: number }
  | { readonly op: 'i64.const'; readonly value: bigint }
  /** Raw bits, as a signed int32. */
  | { readonly op: 'f32.const'; readonly bits: number }
  /** Raw bits, as a signed 64-bit bigint. */
  | { readonly op: 'f64.const'; readonly bits: bigint }
  /** Four words, lowest first. */
  | { readonly op: 'v128.const'; readonly words: readonly number[] }
  | { readonly op: 'ref.null'; readonly type: RefType }
  | { readonly op: 'ref.func'; readonly index: number }
  | { readonly op: 'global.get'; readonly index: number }
  | {
      readonly op: 'struct.new' | 'struct.new_default' | 'array.new' | 'array.new_default';
      readonly type: number;
    }
  | { readonly op: 'array.new_fixed'; readonly type: number; readonly count: number }
  | { readonly op: 'ref.i31' | 'any.convert_extern' | 'extern.convert_any' }
  | { readonly op: 'i32.add' | 'i32.sub' | 'i32.mul' | 'i64.add' | 'i64.sub' | 'i64.mul' };
export type ConstExpr = readonly ConstInstruction[];

export interface TableDefinition {
  readonly type: TableType;
  /** Undefined: filled with null. */
  readonly init: ConstExpr | undefined;
}
export interface GlobalDefinition {
  readonly type: GlobalType;
  readonly init: ConstExpr;
}
export type SegmentMode =
  | { readonly kind: 'active'; readonly index: number; readonly offset: ConstExpr }
  | { readonly kind: 'passive' }
  | { readonly kind: 'declarative' };
export interface ElementSegment {
  readonly type: RefType;
  readonly mode: SegmentMode;
  readonly items: readonly ConstExpr[];
  /** The binary lists bare function indices: these are no constant expressions, and cost no fuel. */
  readonly bare: boolean;
}

/** Everything about a module except its functions' bodies. Index spaces hold imports first, then definitions. */
export interface ModuleDescription {
  readonly types: readonly SubType[];
  readonly imports: readonly ImportDescription[];
  /** Type index of every function, imports first. */
  readonly functions: readonly number[];
  readonly tables: readonly TableType[];
  readonly memories: readonly MemoryType[];
  readonly globals: readonly GlobalType[];
  /** Type index of every tag, imports first. */
  readonly tags: readonly number[];
  readonly importedFunctions: number;
  readonly importedTables: number;
  readonly importedMemories: number;
  readonly importedGlobals: number;
  readonly importedTags: number;
  /** Definitions only: entry 0 is table `importedTables`. */
  readonly tableDefinitions: readonly TableDefinition[];
  readonly globalDefinitions: readonly GlobalDefinition[];
  readonly exports: readonly ExportDescription[];
  readonly start: number | undefined;
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  /** Name section: module name and function names by index (may be sparse). */
  readonly name: string | undefined;
  readonly functionNames: ReadonlyMap<number, string>;
}

/** The function type at a type index; validation has made sure that it is one. */
export function funcTypeAt(types: readonly SubType[], index: number): FuncType {
  const composite = types[index]?.composite;
  if (composite?.kind !== 'func') throw new Error(`type ${index} is not a function type`);
  return composite.func;
}

/** Whether locals of the type, and elements of tables, have a value to begin with. */
export function isDefaultable(type: ValueType): boolean {
  return typeof type === 'string' || type.nullable;
}
