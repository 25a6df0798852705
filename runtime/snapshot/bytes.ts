/**
 * Writing and reading a snapshot's head: little-endian numbers, texts, lists. The reader trusts nothing: whatever does not
 * fit in what is there is refused as damaged.
 */
import { SnapshotError } from '../errors.ts';

export function damaged(how: string): SnapshotError {
  return new SnapshotError(`the snapshot is damaged: ${how}`);
}

export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written; valid until more is. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value, true);
  }

  /** An integer up to 2^53. */
  size(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value, true);
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.#bytes.set(value, this.#take(value.length));
  }

  text(value: string): void {
    this.bytes(new TextEncoder().encode(value));
  }

  u32s(values: ArrayLike<number>): void {
    this.u32(values.length);
    const at = this.#take(4 * values.length);
    for (let i = 0; i < values.length; i++) this.#view.setUint32(at + 4 * i, values[i]!, true);
  }

  list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.u32(items.length);
    for (const item of items) write(item);
  }

  #take(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  size(): number {
    const value = this.#view.getFloat64(this.#take(8), true);
    if (!Number.isSafeInteger(value) || value < 0) throw damaged(`${value} is no size`);
    return value;
  }

  bytes(): Uint8Array {
    const length = this.u32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  u32s(): Uint32Array {
    const length = this.u32();
    const at = this.#take(4 * length);
    const values = new Uint32Array(length);
    for (let i = 0; i < length; i++) values[i] = this.#view.getUint32(at + 4 * i, true);
    return values;
  }

  list<Item>(read: () => Item): Item[] {
    const length = this.u32();
    const items: Item[] = [];
    // Every item takes bytes: a length that is too large ends at the end of these.
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }

  /** Nothing may be left over. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw damaged(`${this.#bytes.length - this.#at} bytes too many`);
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw damaged('it is cut off');
    this.#at += count;
    return at;
  }
}
