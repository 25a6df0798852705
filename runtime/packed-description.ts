/**
 * A module's description as JSON, and back: how precompiled files carry it. The bytes of data segments go apart, one behind
 * the other; here are their lengths.
 *
 * Generic where it can be: bigints become `{"n": "…"}`, reference types `{"h": heap, "o": nullable}`, `undefined` goes. Short
 * where there may be many: function types, exports' and elements' indices, names.
 */
import { DataSegment } from './data-segment.ts';
import {
  type ConstExpr,
  type ElementSegment,
  type ModuleDescription,
  type RefType,
  refType,
  type SegmentMode,
  type SubType,
  type ValueType,
} from './types.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What is packed in a form of its own. */
type Special = 'types' | 'elements' | 'data' | 'functionNames';

export interface PackedDescription {
  readonly types: readonly Json[];
  readonly elements: readonly Json[];
  /** Modes and lengths. */
  readonly data: readonly Json[];
  /** Runs of names: the first one's index, then the names. */
  readonly names: readonly (readonly (number | string)[])[];
  /** Everything else; empty lists and zeros are left out. */
  readonly rest: Json;
}

export function packDescription(description: ModuleDescription): PackedDescription {
  const { types, elements, data, functionNames } = description;
  return {
    types: types.map(packType),
    elements: elements.map(packElements),
    data: data.map((segment) => [packPlace(segment), segment.length]),
    names: packNames(functionNames),
    rest: pack(withoutNothing(restOf(description))),
  };
}

type Rest = Omit<ModuleDescription, Special>;

/** What a module has nothing of. */
const NOTHING: Rest = {
  ...{ imports: [], functions: [], tables: [], memories: [], globals: [], tags: [], exports: [] },
  ...{ start: undefined, name: undefined, tableDefinitions: [], globalDefinitions: [] },
  ...{ importedFunctions: 0, importedTables: 0, importedMemories: 0, importedGlobals: 0, importedTags: 0 },
};

function withoutNothing(rest: Rest): Partial<Rest> {
  const isSomething = (value: unknown) => (Array.isArray(value) ? value.length > 0 : value !== 0);
  // A start function may be the one with index 0.
  return Object.fromEntries(
    Object.entries(rest).filter(([key, value]) => key === 'start' || isSomething(value)),
  );
}

/** A module's information for the compiler has more fields than these. */
function restOf(description: ModuleDescription): Rest {
  const { imports, functions, tables, memories, globals, tags, exports, start, name } = description;
  const { importedFunctions, importedTables, importedMemories, importedGlobals, importedTags } = description;
  const { tableDefinitions, globalDefinitions } = description;
  return {
    ...{ imports, functions, tables, memories, globals, tags, exports, start, name },
    ...{ importedFunctions, importedTables, importedMemories, importedGlobals, importedTags },
    ...{ tableDefinitions, globalDefinitions },
  };
}

/** `bytes`: all data segments. */
export function unpackDescription(packed: PackedDescription, bytes: Uint8Array): ModuleDescription {
  const types: SubType[] = [];
  packed.types.forEach((type, i) => {
    types.push(unpackType(type, i, types));
  });
  return {
    ...NOTHING,
    ...(unpack(packed.rest) as Partial<Rest>),
    types,
    elements: packed.elements.map(unpackElements),
    data: unpackData(packed.data, bytes),
    functionNames: unpackNames(packed.names),
  };
}

// -------------------------------------------------------------------- generic values

function pack(value: unknown): Json {
  if (typeof value === 'bigint') return { n: `${value}` };
  if (typeof value !== 'object' || value === null) return value as Json;
  if (Array.isArray(value)) return value.map(pack);
  if ('heap' in value) {
    const { heap, nullable } = value as RefType;
    return { h: heap as string | number, o: nullable };
  }
  const packed: Record<string, Json> = {};
  for (const [key, field] of Object.entries(value)) if (field !== undefined) packed[key] = pack(field);
  return packed;
}

function unpack(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(unpack);
  const { n, h, o } = value as { n?: string; h?: RefType['heap']; o?: boolean };
  if (n !== undefined) return BigInt(n);
  if (h !== undefined) return refType(o === true, h);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, unpack(field)]));
}

// -------------------------------------------------------------------- types

/** The index of the type that it is, where that came before; `'i32 i64 -> i32'` for most function types. */
function packType(type: SubType, at: number): Json {
  if (type.index !== at) return type.index;
  const { final, supertypes, groupSize, composite } = type;
  if (!final || supertypes.length > 0 || groupSize > 1 || composite.kind !== 'func') return pack(type);
  const { params, results } = composite.func;
  if (![...params, ...results].every((each) => typeof each === 'string')) return pack(type);
  return `${params.join(' ')} -> ${results.join(' ')}`;
}

function unpackType(packed: Json, at: number, before: readonly SubType[]): SubType {
  if (typeof packed === 'number') return before[packed]!;
  if (typeof packed !== 'string') return unpack(packed) as SubType;
  const [params, results] = packed.split(' -> ').map(typesIn) as [ValueType[], ValueType[]];
  const composite = { kind: 'func', func: { params, results } } as const;
  return { final: true, supertypes: [], composite, index: at, group: at, groupSize: 1, chain: [at] };
}

function typesIn(text: string): ValueType[] {
  return text === '' ? [] : (text.split(' ') as ValueType[]);
}

// -------------------------------------------------------------------- segments

/** Bare function indices are most of a large module's elements. */
function packElements(segment: ElementSegment): Json {
  const { type, mode, items, bare } = segment;
  if (!bare) return pack(segment);
  return [pack(type), pack(mode), items.map((item) => (item[0] as { readonly index: number }).index)];
}

function unpackElements(packed: Json): ElementSegment {
  if (!Array.isArray(packed)) return unpack(packed) as ElementSegment;
  const [type, mode, indices] = packed as [Json, Json, number[]];
  const items = indices.map((index): ConstExpr => [{ op: 'ref.func', index }]);
  return { type: unpack(type) as RefType, mode: unpack(mode) as SegmentMode, items, bare: true };
}

/** Most segments have an address in the first memory: programs may have ten thousands of them. */
function packPlace({ memory, offset, mode }: DataSegment): Json {
  return memory === 0 && typeof offset === 'number' ? offset : pack(mode);
}

function unpackPlace(packed: Json): readonly [memory: number, offset: number | ConstExpr] {
  if (typeof packed === 'number') return [0, packed];
  const mode = unpack(packed) as SegmentMode;
  return mode.kind === 'active' ? [mode.index, mode.offset] : [-1, 0];
}

function unpackData(packed: readonly Json[], bytes: Uint8Array): DataSegment[] {
  let at = 0;
  return packed.map((entry) => {
    const [place, length] = entry as [Json, number];
    const start = at;
    at += length;
    return new DataSegment(...unpackPlace(place), bytes, start, length);
  });
}

// -------------------------------------------------------------------- names

function packNames(names: ReadonlyMap<number, string>): (number | string)[][] {
  const runs: (number | string)[][] = [];
  let next = -1;
  for (const [index, name] of [...names].sort(([a], [b]) => a - b)) {
    if (index === next) runs.at(-1)!.push(name);
    else runs.push([index, name]);
    next = index + 1;
  }
  return runs;
}

function unpackNames(runs: PackedDescription['names']): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [first, ...list] of runs) {
    list.forEach((name, i) => {
      names.set((first as number) + i, name as string);
    });
  }
  return names;
}
