/**
 * The tests' own decoder: a module's sections and bodies as plain data, for the reference interpreter and the
 * instrumenter. It shares nothing with compiler/binary and compiler/function/reader.ts except the opcode table's names
 * and immediates, so that it can testify about them. It trusts its input: only valid modules are given to it.
 *
 * A body is a flat list of instructions; `match` pairs the structured ones once, so that branching is an assignment.
 */

import type { Opcode } from '../../compiler/opcodes.ts';
import { OPCODES } from '../../compiler/opcodes.ts';

export interface Signature {
  readonly params: readonly string[];
  readonly results: readonly string[];
}
export interface MemoryAccess {
  readonly memory: number;
  readonly offset: number;
  /** Of a vector. */
  readonly lane?: number;
}
export interface Catch {
  readonly tag: number | undefined;
  readonly withReference: boolean;
  readonly depth: number;
}
export interface Decoded {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Number, index, memory access, labels; by name. */
  readonly value: number | bigint | string | MemoryAccess | readonly number[] | undefined;
  /** Blocks only: parameters and results. */
  readonly type?: Signature;
  readonly catches?: readonly Catch[];
  /** Index in the body of the matching `end` (or `delegate`); for `if` also of its `else`; of a try's clauses. */
  closer: number;
  elseAt: number;
  clauses: number[];
  /** Of `else`, `catch`, `end`, `delegate`: the opener's index; -1 closes the function. */
  opener: number;
}
export interface Body {
  readonly locals: readonly string[];
  /** Offset of the first instruction. */
  readonly start: number;
  readonly code: readonly Decoded[];
}
export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: 'func' | 'table' | 'memory' | 'global' | 'tag';
  /** Functions and tags: type index. */
  readonly type: number;
}
export interface SizeLimits {
  readonly min: number;
  readonly max: number | undefined;
}
export interface Segment {
  readonly mode: 'active' | 'passive' | 'declarative';
  readonly index: number;
  readonly offset: readonly Decoded[];
}
export interface ElementSegment extends Segment {
  /** Given as function indices; `items` spells them as `ref.func`. */
  readonly bare: boolean;
  readonly items: readonly (readonly Decoded[])[];
}
export interface DataSegment extends Segment {
  readonly bytes: Uint8Array;
}
export interface DecodedModule {
  readonly bytes: Uint8Array;
  readonly types: Signature[];
  readonly imports: Import[];
  /** Type index of every function, imports first. */
  readonly functions: number[];
  /** Definitions only, like all that follow. */
  readonly tables: (SizeLimits & { element: string; init: readonly Decoded[] | undefined })[];
  readonly memories: SizeLimits[];
  readonly tags: number[];
  readonly globals: { type: string; mutable: boolean; init: readonly Decoded[] }[];
  readonly exports: { name: string; kind: Import['kind']; index: number }[];
  start: number | undefined;
  readonly elements: ElementSegment[];
  readonly data: DataSegment[];
  readonly bodies: Body[];
  /** Where every section lies, id byte and size included, for rewriting. */
  readonly sections: { id: number; start: number; contentStart: number; end: number }[];
}

const BY_CODE = new Map<number, Opcode>();
for (const row of OPCODES) {
  BY_CODE.set(typeof row.code === 'number' ? row.code : row.code[0] * 0x10000 + row.code[1], row);
}
const KINDS = ['func', 'table', 'memory', 'global', 'tag'] as const;
const TYPE_NAMES: Readonly<Record<number, string>> = {
  127: 'i32',
  126: 'i64',
  125: 'f32',
  124: 'f64',
  123: 'v128',
  112: 'funcref',
  111: 'externref',
  105: 'exnref',
};

class Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }
  byte(): number {
    return this.bytes[this.at++]!;
  }
  u32(): number {
    return Number(BigInt.asUintN(32, this.s64()));
  }
  /** Any LEB128 number up to 64 bits; unsigned readers mask. */
  s64(signed = false): bigint {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (signed && (byte & 0x40) !== 0) result -= 1n << (shift + 7n);
        return BigInt.asIntN(64, result);
      }
    }
  }
  vector<T>(item: () => T): T[] {
    const out: T[] = [];
    for (let count = this.u32(); count > 0; count--) out.push(item());
    return out;
  }
  text(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.take(this.u32()));
  }
  take(count: number): Uint8Array {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  type(): string {
    const type = TYPE_NAMES[this.byte()];
    if (type === undefined) throw new Error(`decode: unknown type at ${this.at - 1}`);
    return type;
  }
  limits(): SizeLimits {
    const flag = this.byte();
    return { min: this.u32(), max: (flag & 1) === 1 ? this.u32() : undefined };
  }
}

function blockType(cursor: Cursor, types: readonly Signature[]): Signature {
  const byte = cursor.bytes[cursor.at]!;
  if (byte === 0x40 || byte in TYPE_NAMES) {
    cursor.at++;
    return { params: [], results: byte === 0x40 ? [] : [TYPE_NAMES[byte]!] };
  }
  return types[Number(cursor.s64(true))]!;
}

function memoryAccess(cursor: Cursor): MemoryAccess {
  const flags = cursor.u32();
  const memory = (flags & 0x40) === 0 ? 0 : cursor.u32();
  return { memory, offset: cursor.u32() };
}

function catchClause(cursor: Cursor): Catch {
  const kind = cursor.byte();
  const tag = kind < 2 ? cursor.u32() : undefined;
  return { tag, withReference: (kind & 1) === 1, depth: cursor.u32() };
}

function immediateOf(row: Opcode, cursor: Cursor, types: readonly Signature[]): Partial<Decoded> {
  switch (row.immediate) {
    case 'none':
      return {};
    case 'i32':
      return { value: Number(cursor.s64(true)) };
    case 'i64':
      return { value: cursor.s64(true) };
    case 'f32':
      cursor.at += 4;
      return { value: cursor.view.getInt32(cursor.at - 4, true) };
    case 'f64':
      cursor.at += 8;
      return { value: cursor.view.getBigInt64(cursor.at - 8, true) };
    case 'memarg':
      return { value: memoryAccess(cursor) };
    case 'memarg lane':
      return { value: { ...memoryAccess(cursor), lane: cursor.byte() } };
    case 'v128':
      return { value: cursor.take(16).reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n) };
    case 'lane':
      return { value: cursor.byte() };
    case 'lanes':
      return { value: [...cursor.take(16)] };
    case 'block':
      return { type: blockType(cursor, types) };
    case 'try_table':
      return { type: blockType(cursor, types), catches: cursor.vector(() => catchClause(cursor)) };
    case 'labels':
      return { value: [...cursor.vector(() => cursor.u32()), cursor.u32()] };
    case 'types':
      return { value: cursor.vector(() => cursor.type())[0] };
    case 'heaptype':
      // Or the index of a type.
      return { value: cursor.bytes[cursor.at]! < 0x40 ? cursor.u32() : cursor.type() };
    case 'data memory':
    case 'memory memory':
    case 'element table':
    case 'table table':
    case 'type table':
      return { value: [cursor.u32(), cursor.u32()] };
    default:
      return { value: cursor.u32() };
  }
}

function instruction(cursor: Cursor, types: readonly Signature[]): Decoded {
  const start = cursor.at;
  const byte = cursor.byte();
  const row = BY_CODE.get(byte) ?? BY_CODE.get(byte * 0x10000 + cursor.u32());
  if (row === undefined) throw new Error(`decode: unknown opcode ${byte.toString(16)} at ${start}`);
  const immediate = immediateOf(row, cursor, types);
  return {
    name: row.name,
    start,
    end: cursor.at,
    value: undefined,
    closer: -1,
    elseAt: -1,
    clauses: [],
    opener: -1,
    ...immediate,
  };
}

const OPENERS = new Set(['block', 'loop', 'if', 'try', 'try_table']);

/** Instructions up to and including the `end` that closes the outermost level, structured ones paired. */
function expression(cursor: Cursor, types: readonly Signature[]): Decoded[] {
  const code: Decoded[] = [];
  const open: number[] = [];
  for (;;) {
    const next = instruction(cursor, types);
    const at = code.push(next) - 1;
    const opener = code[open.at(-1) ?? -1];
    next.opener = open.at(-1) ?? -1;
    if (OPENERS.has(next.name)) open.push(at);
    else if (next.name === 'else') opener!.elseAt = at;
    else if (next.name === 'catch' || next.name === 'catch_all') opener!.clauses.push(at);
    else if (next.name === 'end' || next.name === 'delegate') {
      if (opener === undefined) return code;
      opener.closer = at;
      open.pop();
    }
  }
}

type Reader = (cursor: Cursor, module: DecodedModule) => void;

function repeat(item: Reader): Reader {
  return (cursor, module) => {
    for (let count = cursor.u32(); count > 0; count--) item(cursor, module);
  };
}

const REF_FUNC = (index: number): Decoded[] =>
  ['ref.func', 'end'].map((name) => ({
    name,
    value: name === 'end' ? undefined : index,
    start: 0,
    end: 0,
    closer: -1,
    elseAt: -1,
    clauses: [],
    opener: -1,
  }));

/** The eight forms of an element segment: bit 0 not active, bit 1 explicit index or declarative, bit 2 expressions. */
function elementSegment(cursor: Cursor, module: DecodedModule): void {
  const flags = cursor.u32();
  const active = (flags & 1) === 0;
  const mode = active ? 'active' : (flags & 2) === 0 ? 'passive' : 'declarative';
  const index = active && (flags & 2) !== 0 ? cursor.u32() : 0;
  const offset = active ? expression(cursor, module.types) : [];
  if ((flags & 3) !== 0) cursor.byte();
  const items =
    (flags & 4) === 0
      ? cursor.vector(() => REF_FUNC(cursor.u32()))
      : cursor.vector(() => expression(cursor, module.types));
  module.elements.push({ mode, index, offset, items, bare: (flags & 4) === 0 });
}

function dataSegment(cursor: Cursor, module: DecodedModule): void {
  const flags = cursor.u32();
  const index = flags === 2 ? cursor.u32() : 0;
  const offset = flags === 1 ? [] : expression(cursor, module.types);
  module.data.push({
    mode: flags === 1 ? 'passive' : 'active',
    index,
    offset,
    bytes: cursor.take(cursor.u32()),
  });
}

function importEntry(cursor: Cursor, module: DecodedModule): void {
  const [from, field, kind] = [cursor.text(), cursor.text(), KINDS[cursor.byte()]!];
  let type = -1;
  if (kind === 'func') {
    type = cursor.u32();
    module.functions.push(type);
  } else if (kind === 'memory') cursor.limits();
  else if (kind === 'global') cursor.at += 2;
  else if (kind === 'tag') {
    cursor.byte();
    type = cursor.u32();
  } else {
    cursor.byte();
    cursor.limits();
  }
  module.imports.push({ module: from, name: field, kind, type });
}

function tableEntry(cursor: Cursor, module: DecodedModule): void {
  const initialised = cursor.bytes[cursor.at] === 0x40;
  if (initialised) cursor.at += 2;
  const element = cursor.type();
  const limits = cursor.limits();
  module.tables.push({
    ...limits,
    element,
    init: initialised ? expression(cursor, module.types) : undefined,
  });
}

function body(cursor: Cursor, module: DecodedModule): void {
  cursor.u32();
  const locals: string[] = [];
  for (let groups = cursor.u32(); groups > 0; groups--) {
    const count = cursor.u32();
    const type = cursor.type();
    for (let i = 0; i < count; i++) locals.push(type);
  }
  const start = cursor.at;
  module.bodies.push({ locals, start, code: expression(cursor, module.types) });
}

const SECTIONS: Readonly<Record<number, Reader>> = {
  1: repeat((cursor, module) => {
    cursor.byte();
    const params = cursor.vector(() => cursor.type());
    module.types.push({ params, results: cursor.vector(() => cursor.type()) });
  }),
  2: repeat(importEntry),
  3: repeat((cursor, module) => module.functions.push(cursor.u32())),
  4: repeat(tableEntry),
  5: repeat((cursor, module) => module.memories.push(cursor.limits())),
  6: repeat((cursor, module) => {
    const type = cursor.type();
    const mutable = cursor.byte() === 1;
    module.globals.push({ type, mutable, init: expression(cursor, module.types) });
  }),
  7: repeat((cursor, module) => {
    const name = cursor.text();
    module.exports.push({ name, kind: KINDS[cursor.byte()]!, index: cursor.u32() });
  }),
  8: (cursor, module) => {
    module.start = cursor.u32();
  },
  9: repeat(elementSegment),
  10: repeat(body),
  11: repeat(dataSegment),
  13: repeat((cursor, module) => {
    cursor.byte();
    module.tags.push(cursor.u32());
  }),
};

export function decode(bytes: Uint8Array): DecodedModule {
  const module: DecodedModule = {
    bytes,
    types: [],
    imports: [],
    functions: [],
    tables: [],
    memories: [],
    tags: [],
    globals: [],
    exports: [],
    start: undefined,
    elements: [],
    data: [],
    bodies: [],
    sections: [],
  };
  const cursor = new Cursor(bytes, 8);
  while (cursor.at < bytes.length) {
    const start = cursor.at;
    const id = cursor.byte();
    const end = cursor.u32() + cursor.at;
    module.sections.push({ id, start, contentStart: cursor.at, end });
    SECTIONS[id]?.(cursor, module);
    cursor.at = end;
  }
  return module;
}
