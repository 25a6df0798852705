/**
 * The contents of every section but the custom ones: each function reads one entry, checks it against what is known so
 * far (sections come in an order that makes one pass enough) and adds it to the draft.
 */
import { DataSegment } from '../../runtime/data-segment.ts';
import { quoteName } from '../../runtime/errors.ts';
import { ModuleDefinitions, matchesRef } from '../../runtime/subtyping.ts';
import {
  type ExternKind,
  type ExternType,
  FUNCREF,
  funcTypeAt,
  type GlobalType,
  isDefaultable,
  type MemoryType,
  nonNull,
  type RefType,
  type SegmentMode,
  type TableType,
} from '../../runtime/types.ts';
import type { ByteReader } from './bytes.ts';
import { readConstExpr, readFunctionReference, readOffset } from './const-expr.ts';
import type { ModuleDraft } from './module-draft.ts';
import { readRecursionGroup } from './recursion-groups.ts';
import { type Ranges, readLimits, readMutability, readRefType, readValueType } from './types.ts';

type ReadSection = (reader: ByteReader, draft: ModuleDraft) => void;

export interface SectionRow {
  readonly id: number;
  readonly name: string;
  readonly read: ReadSection;
}

/** Sections in the order in which a module must have them. */
export const SECTIONS: readonly SectionRow[] = [
  { id: 1, name: 'type', read: entries((reader, draft) => readRecursionGroup(reader, draft)) },
  { id: 2, name: 'import', read: entries(readImport) },
  { id: 3, name: 'function', read: entries(readFunction) },
  { id: 4, name: 'table', read: entries(readTable) },
  { id: 5, name: 'memory', read: entries(readMemory) },
  { id: 13, name: 'tag', read: entries((reader, draft) => draft.tags.push(readTag(reader, draft))) },
  { id: 6, name: 'global', read: entries(readGlobal) },
  { id: 7, name: 'export', read: readExports },
  { id: 8, name: 'start', read: readStart },
  { id: 9, name: 'element', read: entries(readElement) },
  { id: 12, name: 'data count', read: readDataCount },
  { id: 10, name: 'code', read: entries(readBody) },
  { id: 11, name: 'data', read: entries(readDataSegment) },
];

function entries(read: (reader: ByteReader, draft: ModuleDraft) => unknown): ReadSection {
  return (reader, draft) => {
    const count = reader.u32();
    for (let i = 0; i < count; i++) read(reader, draft);
  };
}

function readImport(reader: ByteReader, draft: ModuleDraft): void {
  const module = reader.name();
  const name = reader.name();
  draft.imports.push({ module, name, type: readExternType(reader, draft) });
}

function readExternType(reader: ByteReader, draft: ModuleDraft): ExternType {
  const offset = reader.offset;
  switch (reader.byte()) {
    case 0: {
      draft.importedFunctions++;
      readFunction(reader, draft);
      return { kind: 'func', typeIndex: draft.functions.at(-1)! };
    }
    case 1: {
      const table = readTableType(reader, draft);
      requireSeveral(reader, draft, 'tables', offset);
      draft.importedTables = draft.tables.push(table);
      return { kind: 'table', table };
    }
    case 2: {
      const memory = readMemoryType(reader);
      requireSeveral(reader, draft, 'memories', offset);
      draft.importedMemories = draft.memories.push(memory);
      return { kind: 'memory', memory };
    }
    case 3: {
      const global = readGlobalType(reader, draft);
      if (global.mutable) reader.requires('mutable-globals', 'import of a mutable global', offset);
      draft.importedGlobals = draft.globals.push(global);
      return { kind: 'global', global };
    }
    case 4: {
      const typeIndex = readTag(reader, draft);
      draft.importedTags = draft.tags.push(typeIndex);
      return { kind: 'tag', typeIndex };
    }
    default:
      return reader.fail('malformed import kind', offset);
  }
}

function readFunction(reader: ByteReader, draft: ModuleDraft): void {
  const offset = reader.offset;
  const { functions, limits } = draft;
  if (functions.length >= limits.functions) {
    reader.fail(`too many functions: the limit is ${limits.functions}`, offset);
  }
  functions.push(readFuncTypeIndex(reader, draft));
}

function readFuncTypeIndex(reader: ByteReader, draft: ModuleDraft): number {
  const offset = reader.offset;
  const index = reader.u32();
  const type = draft.types[index] ?? reader.fail(`unknown type ${index}`, offset);
  if (type.composite.kind !== 'func') {
    reader.fail(
      `type mismatch: type ${index} is a ${type.composite.kind} type, expected a function type`,
      offset,
    );
  }
  return type.index;
}

const TABLE_WITH_INIT = 0x40;

function readTable(reader: ByteReader, draft: ModuleDraft): void {
  const offset = reader.offset;
  if (reader.bytes[offset] !== TABLE_WITH_INIT) {
    const type = readTableType(reader, draft);
    if (!isDefaultable(type.element)) {
      reader.fail(`type mismatch: a table of ${type.element.text} needs an initial value`, offset);
    }
    requireSeveral(reader, draft, 'tables', offset);
    draft.tables.push(type);
    draft.tableDefinitions.push({ type, init: undefined });
    return;
  }
  reader.byte();
  if (reader.byte() !== 0) reader.fail('zero byte expected', offset + 1);
  reader.requires('function-references', 'table with an initial value', offset);
  requireSeveral(reader, draft, 'tables', offset);
  const type = readTableType(reader, draft);
  draft.tableDefinitions.push({ type, init: readConstExpr(reader, draft, type.element) });
  draft.tables.push(type);
}

const SEVERAL = {
  tables: ['reference-types', 'multiple tables'],
  memories: ['multi-memory', 'multiple memories'],
} as const;

/** More than one table, or memory, came with a proposal of its own. */
function requireSeveral(
  reader: ByteReader,
  draft: ModuleDraft,
  space: 'tables' | 'memories',
  offset: number,
): void {
  const [feature, standard] = SEVERAL[space];
  if (draft[space].length > 0) reader.requires(feature, `several ${space}`, offset, standard);
}

function readMemory(reader: ByteReader, draft: ModuleDraft): void {
  const { offset } = reader;
  const type = readMemoryType(reader);
  requireSeveral(reader, draft, 'memories', offset);
  draft.memories.push(type);
}

function readTableType(reader: ByteReader, draft: ModuleDraft): TableType {
  const element = readRefType(reader, draft);
  const { min, max, address } = readLimits(reader, 'table', TABLE_RANGES);
  return { element, min, max, address };
}

const TABLE_RANGES: Ranges = {
  i32: { largest: 2n ** 32n - 1n, text: 'table size must be at most 2^32-1' },
  i64: { largest: 2n ** 64n - 1n, text: 'table size must be at most 2^64-1' },
};
const MEMORY_RANGES: Ranges = {
  i32: {
    largest: 65_536n,
    text: 'memory size must be at most 65536 pages (4GiB)',
    small: { largest: 2n ** 32n - 1n, text: 'memory size must be at most 2^32-1 pages of one byte' },
  },
  i64: {
    largest: 2n ** 48n,
    text: 'memory size must be at most 2^48 pages (2^64 bytes)',
    small: { largest: 2n ** 64n - 1n, text: 'memory size must be at most 2^64-1 pages of one byte' },
  },
};

function readMemoryType(reader: ByteReader): MemoryType {
  const offset = reader.offset;
  const limits = readLimits(reader, 'memory', MEMORY_RANGES);
  if (limits.shared && limits.max === undefined) reader.fail('shared memory must have maximum', offset);
  return limits;
}

function readTag(reader: ByteReader, draft: ModuleDraft): number {
  const offset = reader.offset;
  // The legacy instructions have the same tags.
  if (!reader.features.has('legacy-exceptions')) reader.requires('exception-handling', 'tag', offset);
  if (reader.byte() !== 0) reader.fail('malformed tag attribute', offset);
  const typeIndex = readFuncTypeIndex(reader, draft);
  if (funcTypeAt(draft.types, typeIndex).results.length > 0) reader.fail('non-empty tag result type', offset);
  return typeIndex;
}

function readGlobalType(reader: ByteReader, draft: ModuleDraft): GlobalType {
  return { type: readValueType(reader, draft), mutable: readMutability(reader) };
}

function readGlobal(reader: ByteReader, draft: ModuleDraft): void {
  const type = readGlobalType(reader, draft);
  draft.globalDefinitions.push({ type, init: readConstExpr(reader, draft, type.type) });
  draft.globals.push(type);
}

/** By the binary format's number: the kind and the index space it indexes. */
const EXPORT_KINDS: readonly {
  readonly kind: ExternKind;
  readonly text: string;
  readonly space: 'functions' | 'tables' | 'memories' | 'globals' | 'tags';
}[] = [
  { kind: 'func', text: 'function', space: 'functions' },
  { kind: 'table', text: 'table', space: 'tables' },
  { kind: 'memory', text: 'memory', space: 'memories' },
  { kind: 'global', text: 'global', space: 'globals' },
  { kind: 'tag', text: 'tag', space: 'tags' },
];

function readExports(reader: ByteReader, draft: ModuleDraft): void {
  const names = new Set<string>();
  const count = reader.u32();
  for (let i = 0; i < count; i++) {
    const offset = reader.offset;
    const name = reader.name();
    const row = EXPORT_KINDS[reader.byte()] ?? reader.fail('malformed export kind', reader.offset - 1);
    const index = reader.u32();
    if (index >= draft[row.space].length) reader.fail(`unknown ${row.text} ${index}`, offset);
    if (names.has(name)) reader.fail(`duplicate export name ${quoteName(name)}`, offset);
    names.add(name);
    if (row.kind === 'func') draft.declaredFunctions.add(index);
    if (row.kind === 'global' && draft.globals[index]!.mutable)
      reader.requires('mutable-globals', `export of mutable global ${index}`, offset);
    draft.exports.push({ name, kind: row.kind, index });
  }
}

function readStart(reader: ByteReader, draft: ModuleDraft): void {
  const offset = reader.offset;
  const index = reader.u32();
  const typeIndex = draft.functions[index] ?? reader.fail(`unknown function ${index}`, offset);
  const { params, results } = funcTypeAt(draft.types, typeIndex);
  if (params.length > 0 || results.length > 0) {
    reader.fail(`start function must have type [] -> []: function ${index}`, offset);
  }
  draft.start = index;
}

/** Bits of an element segment's kind. */
const NOT_ACTIVE = 1;
const EXPLICIT_INDEX = 2;
const EXPRESSIONS = 4;

function readElement(reader: ByteReader, draft: ModuleDraft): void {
  const offset = reader.offset;
  const flags = reader.u32();
  if (flags > 7) reader.fail('malformed elements segment kind', offset);
  if (flags !== 0) reader.requires('bulk-memory', `element segment of kind ${flags}`, offset);
  const mode = readElementMode(reader, draft, flags);
  const typed = (flags & (NOT_ACTIVE | EXPLICIT_INDEX)) !== 0;
  const bare = (flags & EXPRESSIONS) === 0;
  // Bare function indices cannot be null.
  const untyped = bare ? nonNull(FUNCREF) : FUNCREF;
  const type = typed ? readElementType(reader, draft, flags) : untyped;
  if (mode.kind === 'active') requireElements(reader, draft, type, mode.index, offset);
  const items = reader.vector(() =>
    bare
      ? [{ op: 'ref.func' as const, index: readFunctionReference(reader, draft) }]
      : readConstExpr(reader, draft, type),
  );
  draft.elements.push({ type, mode, items, bare });
}

function requireElements(
  reader: ByteReader,
  { types, tables }: ModuleDraft,
  type: RefType,
  table: number,
  offset: number,
): void {
  const { element } = tables[table]!;
  if (matchesRef(type, element, new ModuleDefinitions(types))) return;
  reader.fail(`type mismatch: element segment of ${type.text}, table ${table} of ${element.text}`, offset);
}

function readElementMode(reader: ByteReader, draft: ModuleDraft, flags: number): SegmentMode {
  if ((flags & NOT_ACTIVE) !== 0) {
    return { kind: (flags & EXPLICIT_INDEX) !== 0 ? 'declarative' : 'passive' };
  }
  const offset = reader.offset;
  const index = (flags & EXPLICIT_INDEX) !== 0 ? reader.u32() : 0;
  if (index >= draft.tables.length) reader.fail(`unknown table ${index}`, offset);
  return { kind: 'active', index, offset: readConstExpr(reader, draft, draft.tables[index]!.address) };
}

function readElementType(reader: ByteReader, draft: ModuleDraft, flags: number): RefType {
  if ((flags & EXPRESSIONS) !== 0) return readRefType(reader, draft);
  if (reader.byte() !== 0) reader.fail('malformed element kind', reader.offset - 1);
  return nonNull(FUNCREF);
}

function readDataCount(reader: ByteReader, draft: ModuleDraft): void {
  reader.requires('bulk-memory', 'data count section', reader.offset);
  draft.dataCount = reader.u32();
}

/** Where the bodies lie; function/reader.ts reads them. */
function readBody(reader: ByteReader, draft: ModuleDraft): void {
  const offset = reader.offset;
  const size = reader.u32();
  const limit = draft.limits.functionBytes;
  if (size > limit) reader.fail(`function body of ${size} bytes: the limit is ${limit}`, offset);
  const start = reader.skip(size);
  draft.bodies.push({ start, end: start + size });
}

function readDataSegment(reader: ByteReader, draft: ModuleDraft): void {
  const memory = readDataMemory(reader, draft);
  const offset = memory < 0 ? 0 : readOffset(reader, draft, draft.memories[memory]!.address);
  const length = reader.u32();
  const start = reader.skip(length);
  draft.data.push(new DataSegment(memory, offset, reader.bytes, start, length));
}

/** The memory of an active segment; −1: it is passive. */
function readDataMemory(reader: ByteReader, draft: ModuleDraft): number {
  const offset = reader.offset;
  const kind = reader.u32();
  if (kind > 2) reader.fail('malformed data segment kind', offset);
  if (kind !== 0) reader.requires('bulk-memory', `data segment of kind ${kind}`, offset);
  if (kind === 1) return -1;
  const index = kind === 2 ? reader.u32() : 0;
  if (index >= draft.memories.length) reader.fail(`unknown memory ${index}`, offset);
  return index;
}
