/**
 * What a precompiled file's traps know besides names: where in the module, and in the program's source, each place of the
 * generated text came from. Written when the file is (`packDebugTable`), looked into when a trap is; kept packed in between.
 *
 *   f1_divide … out.mjs:31:9  ──the part's text, line and column in it──▶  offset 0x8e  ──▶  /project/divide.c:12:22
 *
 * Texts are found by what they are, not by where they stand: of one that a bundler has changed nothing is told, rather than
 * something wrong.
 *
 * All numbers are LEB128, differences to the one before; `±` may be negative:
 *
 *   table   count of files, each: length, UTF-8; count of rows, each: offset, ±file, ±line, column; texts until the end
 *   text    hash, length, size of what follows; count of blocks, each: line, column, size; blocks
 *   block   places: line, column, ±offset × 2 + 1 for a tail call; the first as if there were none before
 */
import type { SourcePosition } from './errors.ts';

/** A place in a text: line from 1, column from 0. A negative offset: from here on it came from nowhere. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
  /** Byte offset in the module. */
  readonly offset: number;
  /** The instruction is a tail call: in a trace, its frame is another function's by then. */
  readonly isTailCall: boolean;
}

export interface PlacedText {
  readonly text: string;
  /** In the order of the text. */
  readonly places: Iterable<TextPlace>;
}

type Source = (offset: number) => SourcePosition | undefined;

/** Enough to tell a text from one that was printed anew, and soon done: large ones are megabytes. */
const SAMPLES = 8192;

/** FNV-1a over UTF-16 units of the text, evenly spread. */
function hashOf(text: string): number {
  const step = Math.ceil(text.length / SAMPLES);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += step) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

// ------------------------------------------------------------------ writing

class Bytes {
  #bytes = new Uint8Array(1024);
  length = 0;

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.length + more));
    grown.set(this.written);
    this.#bytes = grown;
  }

  add(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  unsigned(number: number): void {
    this.#reserve(8);
    let left = number;
    for (; left > 127; left = Math.floor(left / 128)) this.#bytes[this.length++] = (left % 128) + 128;
    this.#bytes[this.length++] = left;
  }

  signed(number: number): void {
    this.unsigned(number < 0 ? -2 * number - 1 : 2 * number);
  }
}

export function packDebugTable(texts: readonly PlacedText[], source: Source): Uint8Array {
  const offsets = new Set<number>();
  const known = new Set<string>();
  const packed = texts.flatMap(({ text, places }) => {
    if (known.has(text)) return [];
    known.add(text);
    const bytes = packPlaces(places, offsets);
    const head = new Bytes();
    for (const number of [hashOf(text), text.length, bytes.length]) head.unsigned(number);
    return [head.written, bytes];
  });
  const out = new Bytes();
  out.add(
    packRows(
      [...offsets].sort((a, b) => a - b),
      source,
    ),
  );
  for (const bytes of packed) out.add(bytes);
  return out.written;
}

/** Places of a block: so many are looked through for one. */
const BLOCK = 256;

/** Left out: a line's second mark for an instruction, and a line's beginning that came from nowhere. */
function packPlaces(places: Iterable<TextPlace>, offsets: Set<number>): Uint8Array {
  const blocks: { first: TextPlace; bytes: Bytes }[] = [];
  let count = 0;
  let last: Pick<TextPlace, 'line' | 'column' | 'offset'> = START;
  for (const place of places) {
    const { line, column, offset, isTailCall } = place;
    if (line === last.line ? offset === last.offset : offset < 0) continue;
    if (count++ % BLOCK === 0) {
      blocks.push({ first: place, bytes: new Bytes() });
      last = START;
    }
    const { bytes } = blocks.at(-1)!;
    bytes.unsigned(line - last.line);
    bytes.unsigned(line === last.line ? column - last.column : column);
    bytes.signed((offset - last.offset) * 2 + (isTailCall ? 1 : 0));
    if (offset >= 0) offsets.add(offset);
    last = place;
  }
  const out = new Bytes();
  out.unsigned(blocks.length);
  let line = 0;
  for (const { first, bytes } of blocks) {
    for (const number of [first.line - line, first.column, bytes.length]) out.unsigned(number);
    line = first.line;
  }
  for (const { bytes } of blocks) out.add(bytes.written);
  return out.written;
}

/** Before the first place. */
const START = { line: 0, column: 0, offset: 0 };

/** The source of these offsets and, by that, of those between. Line 0: none. */
function packRows(offsets: readonly number[], source: Source): Uint8Array {
  const files = new Map<string, number>();
  const rows = new Bytes();
  let count = 0;
  let last = { offset: 0, file: 0, line: 0, column: 0 };
  for (const offset of offsets) {
    const { file: name = '', line = 0, column = 0 } = source(offset) ?? {};
    const file = line === 0 ? last.file : (files.get(name) ?? files.size);
    if (line !== 0) files.set(name, file);
    if (file === last.file && line === last.line && column === last.column) continue;
    rows.unsigned(offset - last.offset);
    rows.signed(file - last.file);
    rows.signed(line - last.line);
    rows.unsigned(column);
    last = { offset, file, line, column };
    count++;
  }
  const out = new Bytes();
  out.unsigned(files.size);
  for (const name of files.keys()) {
    const bytes = new TextEncoder().encode(name);
    out.unsigned(bytes.length);
    out.add(bytes);
  }
  out.unsigned(count);
  out.add(rows.written);
  return out.written;
}

// ------------------------------------------------------------------ reading

class Cursor {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get hasMore(): boolean {
    return this.at < this.#bytes.length;
  }

  /** Beyond the end there are zeros: a damaged table tells nothing, or nothing true, but it ends. */
  unsigned(): number {
    let number = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#bytes[this.at++] ?? 0;
      number += (byte % 128) * unit;
      if (byte < 128) return number;
    }
  }

  signed(): number {
    const number = this.unsigned();
    return number % 2 === 1 ? -(number + 1) / 2 : number / 2;
  }

  text(length: number): string {
    this.at += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.at - length, this.at));
  }
}

interface PackedText {
  readonly hash: number;
  readonly length: number;
  /** Where its blocks are told. */
  readonly at: number;
}

/** The places of one text. */
export class TextPlaces {
  readonly #bytes: Uint8Array;
  readonly #packed: PackedText;

  constructor(bytes: Uint8Array, packed: PackedText) {
    this.#bytes = bytes;
    this.#packed = packed;
  }

  /** The last one that stands in a line, at a column or before. */
  at(line: number, column: number): Omit<TextPlace, 'line' | 'column'> | undefined {
    const [start, end] = this.#blockOf(line, column);
    const cursor = new Cursor(this.#bytes, start);
    let place: { offset: number; isTailCall: boolean } | undefined;
    let here = START;
    while (cursor.at < end && cursor.hasMore) {
      const [lines, columns, marked] = [cursor.unsigned(), cursor.unsigned(), cursor.signed()];
      const isTailCall = marked % 2 !== 0;
      here = {
        line: here.line + lines,
        column: lines === 0 ? here.column + columns : columns,
        offset: here.offset + (marked - (isTailCall ? 1 : 0)) / 2,
      };
      if (here.line > line || (here.line === line && here.column > column)) break;
      if (here.line === line) place = here.offset < 0 ? undefined : { offset: here.offset, isTailCall };
    }
    return place;
  }

  /** Where the last block that begins there or before is. */
  #blockOf(line: number, column: number): [number, number] {
    const cursor = new Cursor(this.#bytes, this.#packed.at);
    let first = 0;
    let [start, end] = [0, 0];
    let before = 0;
    for (let left = cursor.unsigned(); left > 0 && cursor.hasMore; left--) {
      first += cursor.unsigned();
      const [firstColumn, size] = [cursor.unsigned(), cursor.unsigned()];
      if (first < line || (first === line && firstColumn <= column)) [start, end] = [before, before + size];
      before += size;
    }
    return [cursor.at + start, cursor.at + end];
  }
}

export class DebugTable {
  readonly #bytes: Uint8Array;
  readonly #files: readonly string[];
  readonly #rows: number;
  readonly #rowsAt: number;
  readonly #texts: readonly PackedText[];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const cursor = new Cursor(bytes);
    const files: string[] = [];
    for (let left = cursor.unsigned(); left > 0 && cursor.hasMore; left--)
      files.push(cursor.text(cursor.unsigned()));
    this.#files = files;
    this.#rows = cursor.unsigned();
    this.#rowsAt = cursor.at;
    for (let left = this.#rows; left > 0 && cursor.hasMore; left--)
      for (let field = 0; field < ROW_FIELDS; field++) cursor.unsigned();
    const texts: PackedText[] = [];
    while (cursor.hasMore) {
      const [hash, length, size] = [cursor.unsigned(), cursor.unsigned(), cursor.unsigned()];
      texts.push({ hash, length, at: cursor.at });
      cursor.at += size;
    }
    this.#texts = texts;
  }

  /** Undefined for a text that is not known. */
  placesOf(text: string): TextPlaces | undefined {
    const sameLength = this.#texts.filter(({ length }) => length === text.length);
    const hash = sameLength.length === 0 ? 0 : hashOf(text);
    const found = sameLength.find((each) => each.hash === hash);
    return found && new TextPlaces(this.#bytes, found);
  }

  /** The line that the instruction at a byte offset of the module was made from. */
  sourceAt(offset: number): SourcePosition | undefined {
    const cursor = new Cursor(this.#bytes, this.#rowsAt);
    let at = 0;
    let file = 0;
    let line = 0;
    let column = 0;
    for (let left = this.#rows; left > 0 && cursor.hasMore; left--) {
      at += cursor.unsigned();
      if (at > offset) break;
      file += cursor.signed();
      line += cursor.signed();
      column = cursor.unsigned();
    }
    const name = this.#files[file];
    return line === 0 || name === undefined ? undefined : { file: name, line, column };
  }
}

const ROW_FIELDS = 4;
