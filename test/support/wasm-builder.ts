/**
 * A small assembler of WebAssembly binaries, so that tests read like the text format:
 *
 *     const m = new ModuleBuilder();
 *     m.func('i32 -> i32', [['local.get', 0], ['i32.const', 5], 'i32.add'], { export: 'add5' });
 *     const bytes = m.build();
 *
 * Instructions are spelled by the specification's names, found in the compiler's opcode table; indices are numbers. It
 * checks nothing: tests also write invalid modules with it (`code` takes raw bytes as a Uint8Array wherever an
 * instruction may stand). Imports must be declared before definitions of the same kind, as indices are given out at once.
 */

import type { Opcode } from '../../compiler/opcodes.ts';
import { OPCODES } from '../../compiler/opcodes.ts';
import { type Bytes, bytes, f32, f64, name, signed, unsigned, vector } from './leb.ts';

export type ValueName = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref' | 'exnref';
export interface MemoryOperand {
  readonly offset?: number | bigint;
  /** log2; natural by default. */
  readonly align?: number;
  readonly memory?: number;
}
export type CatchOperand =
  | readonly ['catch' | 'catch_ref', number, number]
  | readonly ['catch_all' | 'catch_all_ref', number];
export type Operand = number | bigint | string | MemoryOperand | CatchOperand | readonly string[];
/** `'i32.add'`, `['local.get', 0]`, `['i32.load', { offset: 4 }]`, or bytes taken as they are. */
export type Instruction = string | readonly [string, ...Operand[]] | Uint8Array;

const TYPE_BYTES: Readonly<Record<string, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
  exnref: 0x69,
  func: 0x70,
  extern: 0x6f,
  exn: 0x69,
};

function typeByte(type: string): number {
  const byte = TYPE_BYTES[type];
  if (byte === undefined) throw new Error(`wasm-builder: unknown type ${type}`);
  return byte;
}

const ROWS = new Map(OPCODES.map((row) => [row.name, row]));

function rowOf(instruction: string): Opcode {
  const row = ROWS.get(instruction);
  if (row === undefined) throw new Error(`wasm-builder: unknown instruction ${instruction}`);
  return row;
}

/** Natural alignment follows from the name: `i64.load32_u` accesses 32 bits. */
export function naturalAlignment(instruction: string): number {
  if (instruction === 'memory.atomic.notify') return 2;
  const [, narrow, times = '1'] = /(?:load|store|rmw|wait)(\d+)(?:x(\d))?/.exec(instruction) ?? [];
  const bits = narrow ?? /^[ifv](\d+)/.exec(instruction)?.[1] ?? '8';
  return Math.log2((Number(bits) * Number(times)) / 8);
}

function memarg(instruction: string, operand: Operand | undefined): Bytes {
  const { offset = 0, align = naturalAlignment(instruction), memory = 0 } = (operand ?? {}) as MemoryOperand;
  if (memory === 0) return [unsigned(align), unsigned(offset)];
  return [unsigned(align | 0x40), unsigned(memory), unsigned(offset)];
}

function blockType(operand: Operand | undefined): Bytes {
  if (operand === undefined || operand === '') return 0x40;
  return typeof operand === 'string' ? typeByte(operand) : signed(operand as number);
}

const CATCH_BYTES = { catch: 0, catch_ref: 1, catch_all: 2, catch_all_ref: 3 } as const;

function catches(operands: readonly Operand[]): Bytes {
  return vector(
    (operands as readonly CatchOperand[]).map(([kind, ...indices]) => [
      CATCH_BYTES[kind],
      indices.map((index) => unsigned(index)),
    ]),
  );
}

function littleEndian(bits: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number(BigInt.asUintN(8, bits >> BigInt(8 * i))));
}

function indices(operands: readonly Operand[], count: number): Bytes {
  return Array.from({ length: count }, (_, i) => unsigned((operands[i] as number | undefined) ?? 0));
}

/** The immediate's bytes. Where the binary has an order of its own, operands come in the text format's order. */
function immediate(row: Opcode, operands: readonly Operand[]): Bytes {
  const [first, ...rest] = operands;
  switch (row.immediate) {
    case 'none':
      return [];
    case 'i32':
    case 'i64':
      return signed(first as number | bigint);
    case 'f32':
      return f32(first as number | bigint);
    case 'f64':
      return f64(first as number | bigint);
    case 'memarg':
    case 'memarg atomic':
      return memarg(row.name, first);
    case 'zero':
      return 0;
    case 'memarg lane':
      return [memarg(row.name, first), rest[0] as number];
    case 'v128':
      return littleEndian(BigInt(first as bigint), 16);
    case 'lane':
      return first as number;
    case 'lanes':
      return operands as readonly number[];
    case 'block':
      return blockType(first);
    case 'labels':
      return [unsigned(operands.length - 1), (operands as readonly number[]).map((label) => unsigned(label))];
    case 'try_table':
      return [blockType(first), catches(rest)];
    case 'types':
      return vector((operands as readonly string[]).map(typeByte));
    case 'heaptype':
      return typeof first === 'string' ? typeByte(first) : signed(first as number);
    case 'data memory':
    case 'memory memory':
    case 'element table':
    case 'table table':
    case 'type table':
      return indices(operands, 2);
    default:
      return indices(operands, 1);
  }
}

/** Instructions to bytes, without a final `end`. */
export function code(...items: readonly Instruction[]): Uint8Array {
  return encode(items);
}

function encode(items: readonly Instruction[]): Uint8Array {
  return bytes(
    items.map((item): Bytes => {
      if (item instanceof Uint8Array) return item;
      const [instruction, ...operands] = typeof item === 'string' ? ([item] as const) : item;
      const row = rowOf(instruction);
      const opcode = typeof row.code === 'number' ? row.code : [row.code[0], unsigned(row.code[1])];
      return [opcode, immediate(row, operands)];
    }),
  );
}

function expression(items: readonly Instruction[]): Bytes {
  return [encode(items), 0x0b];
}

/** `'i32 i64 -> f32'`; `'->'` and `''` take and give nothing. */
export function signature(text: string): { params: string[]; results: string[] } {
  const [params = '', results = ''] = text.split('->').map((side) => side.trim());
  const types = (side: string): string[] => (side === '' ? [] : side.split(/\s+/));
  return { params: types(params), results: types(results) };
}

export interface FunctionOptions {
  readonly locals?: readonly string[];
  /** Export name. */
  readonly export?: string;
  /** Entry in the name section. */
  readonly name?: string;
}
export interface SegmentPlace {
  /** Table or memory. */
  readonly index?: number;
  /** An active segment's offset: a number, or a constant expression. Absent: passive. */
  readonly offset?: number | readonly Instruction[];
  readonly declarative?: boolean;
}
export type Kind = 'func' | 'table' | 'memory' | 'global' | 'tag';

const KIND_BYTES: Readonly<Record<Kind, number>> = { func: 0, table: 1, memory: 2, global: 3, tag: 4 };
export const MAGIC: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export function section(id: number, ...content: readonly Bytes[]): Uint8Array {
  const payload = bytes(...content);
  return bytes(id, unsigned(payload.length), payload);
}

/** What memories and tables may be besides their sizes. */
export interface Form {
  readonly address?: 'i32' | 'i64';
  readonly shared?: boolean;
  /** log2 of a memory's page size. */
  readonly pageSizeLog2?: number;
}

function limits(min: number | bigint, max: number | bigint | undefined, form: Form = {}): Bytes {
  const { address, shared, pageSizeLog2 } = form;
  const bits = [max !== undefined, shared === true, address === 'i64', pageSizeLog2 !== undefined];
  const flags = bits.reduce((sum, bit, i) => sum + (bit ? 1 << i : 0), 0);
  return [flags, [min, max, pageSizeLog2].flatMap((each) => (each === undefined ? [] : unsigned(each)))];
}

/** Collects a module's parts; every method that makes something answers its index. */
export class ModuleBuilder {
  readonly #types: Uint8Array[] = [];
  readonly #typeIndices = new Map<string, number>();
  readonly #imports: Bytes[] = [];
  readonly #functions: { type: number; body: Uint8Array }[] = [];
  readonly #tables: Bytes[] = [];
  readonly #memories: Bytes[] = [];
  readonly #tags: Bytes[] = [];
  readonly #globals: Bytes[] = [];
  readonly #exports: Bytes[] = [];
  readonly #elements: Bytes[] = [];
  readonly #data: Bytes[] = [];
  readonly #customs: Uint8Array[] = [];
  readonly #names: { index: number; name: string | Uint8Array }[] = [];
  readonly #counts: Record<Kind, number> = { func: 0, table: 0, memory: 0, global: 0, tag: 0 };
  #start: number | undefined;

  /** The index of a function type, the same one for the same text. */
  type(text: string): number {
    const { params, results } = signature(text);
    const key = `${params.join(' ')} -> ${results.join(' ')}`;
    let index = this.#typeIndices.get(key);
    if (index === undefined) {
      index = this.#types.length;
      this.#types.push(bytes(0x60, vector(params.map(typeByte)), vector(results.map(typeByte))));
      this.#typeIndices.set(key, index);
    }
    return index;
  }

  #import(kind: Kind, module: string | Uint8Array, field: string | Uint8Array, description: Bytes): number {
    this.#imports.push([name(module), name(field), KIND_BYTES[kind], description]);
    return this.#counts[kind]++;
  }
  importFunc(module: string | Uint8Array, field: string | Uint8Array, type: string): number {
    return this.#import('func', module, field, unsigned(this.type(type)));
  }
  importTable(
    module: string,
    field: string,
    element: string,
    min: number,
    max?: number,
    form?: Form,
  ): number {
    return this.#import('table', module, field, [typeByte(element), limits(min, max, form)]);
  }
  importMemory(module: string, field: string, min: number, max?: number, form?: Form): number {
    return this.#import('memory', module, field, limits(min, max, form));
  }
  importGlobal(module: string, field: string, type: string, mutable = false): number {
    return this.#import('global', module, field, [typeByte(type), mutable ? 1 : 0]);
  }
  importTag(module: string, field: string, type: string): number {
    return this.#import('tag', module, field, [0, unsigned(this.type(type))]);
  }

  /** The body's last `end` is added. */
  func(type: string, body: readonly Instruction[], options: FunctionOptions = {}): number {
    const index = this.declare(type, options);
    this.define(index, body, options.locals);
    return index;
  }
  /** A function whose body follows later (`define`), for mutual recursion. */
  declare(type: string, options: FunctionOptions = {}): number {
    const index = this.#counts.func++;
    this.#functions.push({ type: this.type(type), body: new Uint8Array() });
    if (options.export !== undefined) this.export(options.export, 'func', index);
    if (options.name !== undefined) this.nameFunc(index, options.name);
    return index;
  }
  define(index: number, body: readonly Instruction[], locals: readonly string[] = []): void {
    const slot = this.#functions[index - (this.#counts.func - this.#functions.length)]!;
    slot.body = bytes(vector(runs(locals)), expression(body));
  }

  memory(min: number | bigint, max?: number | bigint, exportName?: string, form?: Form): number {
    this.#memories.push(limits(min, max, form));
    if (exportName !== undefined) this.export(exportName, 'memory', this.#counts.memory);
    return this.#counts.memory++;
  }
  table(element: string, min: number, max?: number, exportName?: string, form?: Form): number {
    this.#tables.push([typeByte(element), limits(min, max, form)]);
    if (exportName !== undefined) this.export(exportName, 'table', this.#counts.table);
    return this.#counts.table++;
  }
  global(type: string, mutable: boolean, init: readonly Instruction[], exportName?: string): number {
    this.#globals.push([typeByte(type), mutable ? 1 : 0, expression(init)]);
    if (exportName !== undefined) this.export(exportName, 'global', this.#counts.global);
    return this.#counts.global++;
  }
  tag(type: string, exportName?: string): number {
    this.#tags.push([0, unsigned(this.type(type))]);
    if (exportName !== undefined) this.export(exportName, 'tag', this.#counts.tag);
    return this.#counts.tag++;
  }
  export(exportName: string | Uint8Array, kind: Kind, index: number): this {
    this.#exports.push([name(exportName), KIND_BYTES[kind], unsigned(index)]);
    return this;
  }
  start(index: number): this {
    this.#start = index;
    return this;
  }

  /** Function indices, in the compact form. */
  elements(functions: readonly number[], place: SegmentPlace = {}): number {
    const items = vector(functions.map(unsigned));
    if (place.declarative === true) this.#elements.push([3, 0, items]);
    else if (place.offset === undefined) this.#elements.push([1, 0, items]);
    else if ((place.index ?? 0) === 0) this.#elements.push([0, offsetOf(place), items]);
    else this.#elements.push([2, unsigned(place.index!), offsetOf(place), 0, items]);
    return this.#elements.length - 1;
  }
  /** Constant expressions of any reference type. */
  elementExpressions(
    type: string,
    items: readonly (readonly Instruction[])[],
    place: SegmentPlace = {},
  ): number {
    const list = vector(items.map(expression));
    if (place.declarative === true) this.#elements.push([7, typeByte(type), list]);
    else if (place.offset === undefined) this.#elements.push([5, typeByte(type), list]);
    else this.#elements.push([6, unsigned(place.index ?? 0), offsetOf(place), typeByte(type), list]);
    return this.#elements.length - 1;
  }
  data(content: Uint8Array | readonly number[] | string, place: SegmentPlace = {}): number {
    const raw = typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content);
    const payload: Bytes = [unsigned(raw.length), raw];
    if (place.offset === undefined) this.#data.push([1, payload]);
    else if ((place.index ?? 0) === 0) this.#data.push([0, offsetOf(place), payload]);
    else this.#data.push([2, unsigned(place.index!), offsetOf(place), payload]);
    return this.#data.length - 1;
  }
  nameFunc(index: number, text: string | Uint8Array): this {
    this.#names.push({ index, name: text });
    return this;
  }
  custom(sectionName: string, content: Uint8Array): this {
    this.#customs.push(section(0, name(sectionName), content));
    return this;
  }

  build(): Uint8Array<ArrayBuffer> {
    const some = (id: number, items: readonly Bytes[]): Bytes =>
      items.length === 0 ? [] : section(id, vector(items));
    return bytes(
      MAGIC,
      some(1, this.#types),
      some(2, this.#imports),
      some(
        3,
        this.#functions.map((f) => unsigned(f.type)),
      ),
      some(4, this.#tables),
      some(5, this.#memories),
      some(13, this.#tags),
      some(6, this.#globals),
      some(7, this.#exports),
      this.#start === undefined ? [] : section(8, unsigned(this.#start)),
      some(9, this.#elements),
      this.#data.length === 0 ? [] : section(12, unsigned(this.#data.length)),
      some(
        10,
        this.#functions.map((f) => [unsigned(f.body.length), f.body]),
      ),
      some(11, this.#data),
      this.#customs,
      this.#nameSection(),
    ) as Uint8Array<ArrayBuffer>;
  }

  #nameSection(): Bytes {
    if (this.#names.length === 0) return [];
    const sorted = [...this.#names].sort((a, b) => a.index - b.index);
    const entries = sorted.map((entry): Bytes => [unsigned(entry.index), name(entry.name)]);
    return section(0, name('name'), section(1, vector(entries)));
  }
}

function offsetOf(place: SegmentPlace): Bytes {
  const { offset = 0 } = place;
  return expression(typeof offset === 'number' ? [['i32.const', offset]] : offset);
}

/** Locals in the binary's compressed form: neighbours of one type share an entry. */
function runs(locals: readonly string[]): Bytes[] {
  const groups: { type: string; count: number }[] = [];
  for (const type of locals) {
    const last = groups.at(-1);
    if (last?.type === type) last.count++;
    else groups.push({ type, count: 1 });
  }
  return groups.map(({ type, count }) => [unsigned(count), typeByte(type)]);
}
