/**
 * A data segment. CPython's module has 24,000, most of them a few bytes long: an object for the mode, its expression and a
 * view of the bytes for each would be work for the collector, so that these are made only when somebody asks.
 *
 * Not here: reading one (compiler/binary/sections.ts, packed-description.ts), and when one is copied (instance.ts).
 */
import type { ConstExpr, SegmentMode } from './types.ts';

const PASSIVE: SegmentMode = { kind: 'passive' };
/** To copy so many bytes one by one takes less time than to make a view of them. */
const SHORT = 48;

export class DataSegment {
  /** Of an active segment; −1: it is passive. */
  readonly memory: number;
  /** Of an active segment; a number stands for one `i32.const`. */
  readonly offset: number | ConstExpr;
  readonly length: number;
  private readonly source: Uint8Array;
  private readonly start: number;

  /** `length` bytes of `source`. */
  constructor(memory: number, offset: number | ConstExpr, source: Uint8Array, start: number, length: number) {
    this.memory = memory;
    this.offset = offset;
    this.length = length;
    this.source = source;
    this.start = start;
  }

  get bytes(): Uint8Array {
    return this.source.subarray(this.start, this.start + this.length);
  }

  get mode(): SegmentMode {
    const { memory: index, offset } = this;
    if (index < 0) return PASSIVE;
    const expression: ConstExpr = typeof offset === 'number' ? [{ op: 'i32.const', value: offset }] : offset;
    return { kind: 'active', index, offset: expression };
  }

  /** Into a memory that has room for it. */
  copyTo(memory: Uint8Array, offset: number): void {
    const { length } = this;
    if (length > SHORT) {
      memory.set(this.bytes, offset);
      return;
    }
    const source = this.source;
    const start = this.start;
    for (let i = 0; i < length; i++) memory[offset + i] = source[start + i]!;
  }
}
