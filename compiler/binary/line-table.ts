/**
 * Which source line each byte of the code section was made from. Filled from DWARF (dwarf.ts) or from a source map
 * (mapped-lines.ts); asked with byte offsets of the module.
 */
import type { SourcePosition } from '../../runtime/errors.ts';

/** Rows, in typed arrays: a large program has millions. */
export class LineRows {
  length = 0;
  offsets = new Uint32Array(64);
  /** The file's number; −1: none. */
  files = new Int32Array(64);
  /** 0: made from no line. */
  lines = new Uint32Array(64);
  columns = new Uint32Array(64);

  push(offset: number, file: number, line: number, column: number): void {
    if (this.length === this.offsets.length) this.#grow();
    const at = this.length++;
    this.offsets[at] = offset;
    this.files[at] = file;
    this.lines[at] = line;
    this.columns[at] = column;
  }

  #grow(): void {
    const { offsets, files, lines, columns } = this;
    const size = 2 * this.length;
    this.offsets = new Uint32Array(size);
    this.files = new Int32Array(size);
    this.lines = new Uint32Array(size);
    this.columns = new Uint32Array(size);
    this.offsets.set(offsets);
    this.files.set(files);
    this.lines.set(lines);
    this.columns.set(columns);
  }
}

/** Code in one piece: rows `first` up to `last`, in the order of their offsets; and where the code ends. */
export interface LineSequence {
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
}

export class LineTable {
  readonly files: readonly string[];
  /** Of a file, where the module brings it along. */
  readonly contents: ReadonlyMap<string, string>;
  /** What was damaged, and is left out. */
  readonly warnings: readonly string[];
  readonly #rows: LineRows;
  readonly #sequences: readonly LineSequence[];

  constructor(
    files: readonly string[],
    rows: LineRows,
    sequences: readonly LineSequence[],
    warnings: readonly string[],
    contents: ReadonlyMap<string, string> = new Map(),
  ) {
    this.files = files;
    this.contents = contents;
    this.warnings = warnings;
    this.#rows = rows;
    this.#sequences = [...sequences].sort((a, b) => a.start - b.start);
  }

  /** The line that the instruction at a byte offset of the module was made from. */
  at(offset: number): SourcePosition | undefined {
    const sequence = this.#sequenceAt(offset);
    if (sequence === undefined) return undefined;
    const { offsets, files, lines, columns } = this.#rows;
    const row = search(sequence.first, sequence.last, (i) => offsets[i]! <= offset);
    const file = this.files[files[row]!];
    if (lines[row] === 0 || file === undefined) return undefined;
    return { file, line: lines[row]!, column: columns[row]! };
  }

  #sequenceAt(offset: number): LineSequence | undefined {
    const list = this.#sequences;
    const sequence = list[search(0, list.length, (i) => list[i]!.start <= offset)];
    return sequence !== undefined && offset < sequence.end ? sequence : undefined;
  }

  /** Whether a stretch of the module has lines. */
  covers(start: number, end: number): boolean {
    const list = this.#sequences;
    const before = list[search(0, list.length, (i) => list[i]!.start < end)];
    return before !== undefined && before.end > start;
  }
}

/** The last number from `low` up to `high` for which it holds, if it does for all those before; else `low` − 1. */
function search(low: number, high: number, holds: (index: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}
