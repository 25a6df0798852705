/**
 * A cursor over the module's bytes: bytes, LEB128 integers, floats as raw bits, names. Every read is bounded by `end`
 * (the section's or the body's), and every failure is a `CompileError` with the byte offset and, inside a function, its
 * index and name.
 *
 * Not here: what the bytes mean (types.ts, sections.ts, ../function/reader.ts).
 */
import { CompileError, type Place } from '../../runtime/errors.ts';
import { DEFAULT_FEATURES, type Feature, type FeatureSet } from '../features.ts';
import { decodeUtf8 } from './utf8.ts';

export class ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
  /** Reading past it fails. */
  readonly end: number;
  /** Of the integer just read: bits, and whether more digits follow. */
  private width = 0;
  private more = false;
  /** What "unexpected end" ends. */
  private readonly container: string;
  /** The function that errors speak of. */
  private readonly place: (() => Place) | undefined;
  /** What the bytes may use. */
  readonly features: FeatureSet;

  constructor(
    bytes: Uint8Array,
    start = 0,
    end = bytes.length,
    container = ' of section or function',
    place?: () => Place,
    features: FeatureSet = DEFAULT_FEATURES,
  ) {
    this.bytes = bytes;
    this.offset = start;
    this.end = end;
    this.container = container;
    this.place = place;
    this.features = features;
  }

  /** Throws a `CompileError` for the given place, by default the cursor. */
  fail(message: string, offset: number = this.offset): never {
    throw new CompileError(message, { ...this.place?.(), offset });
  }

  /**
   * THE GATE: refuses `what` where the feature that it belongs to is switched off. `malformed`: what the
   * standard calls it, where it does not know the feature.
   */
  requires(feature: Feature, what: string, offset: number, malformed?: string): void {
    if (this.features.has(feature)) return;
    const hint = `features: { '${feature}': true }, or --features=+${feature}, enables it`;
    const standard = malformed === undefined ? '' : `${malformed}: `;
    throw new CompileError(`${standard}${feature} is disabled: ${what}; ${hint}`, {
      ...this.place?.(),
      offset,
      feature,
    });
  }

  byte(): number {
    if (this.offset >= this.end) this.fail(`unexpected end${this.container}`);
    return this.bytes[this.offset++]!;
  }

  /** Little-endian, four bytes. */
  u32Raw(): number {
    return this.i32Raw() >>> 0;
  }

  /** Raw bits of an f32, as an int32. */
  i32Raw(): number {
    if (this.offset + 4 > this.end) this.fail(`unexpected end${this.container}`, this.end);
    const { bytes, offset } = this;
    this.offset = offset + 4;
    return (
      bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)
    );
  }

  /** Raw bits of an f64, as a signed bigint. */
  i64Raw(): bigint {
    const low = this.i32Raw();
    const high = this.i32Raw();
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  }

  /** A v128: four words, lowest first. */
  words(): number[] {
    return [this.i32Raw(), this.i32Raw(), this.i32Raw(), this.i32Raw()];
  }

  u32(): number {
    const byte = this.shortest();
    if (byte >= 0) return byte;
    const low = this.digits();
    return this.more ? (low | (this.lastDigit(0x70, 0) << 28)) >>> 0 : low;
  }

  s32(): number {
    const byte = this.shortest();
    if (byte >= 0) return (byte << 25) >> 25;
    const low = this.digits();
    return this.more ? low | (this.lastDigit(0x78, 0x78) << 28) : this.signed(low);
  }

  /** Block types and heap types: 33 bits, so that every u32 index is non-negative. */
  s33(): number {
    const low = this.digits();
    if (!this.more) return this.signed(low);
    return low + ((this.lastDigit(0x70, 0x70) << 27) >> 27) * 2 ** 28;
  }

  s64(): bigint {
    const low = this.digits();
    return this.more ? this.wide(low, 0x7f, 0x7f) : BigInt(this.signed(low));
  }

  /** A number where exact, else a bigint. */
  u64(): number | bigint {
    const byte = this.shortest();
    if (byte >= 0) return byte;
    const low = this.digits();
    if (!this.more) return low;
    const value = BigInt.asUintN(64, this.wide(low, 0x7e, 0));
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  /** An integer of one digit, as most are; −1, and nothing read, where there is none. */
  private shortest(): number {
    const { offset } = this;
    const byte = offset < this.end ? this.bytes[offset]! : 0x80;
    if (byte >= 0x80) return -1;
    this.offset = offset + 1;
    return byte;
  }

  /** Up to four digits of a LEB128 integer, seven bits each; `width` and `more` say how far that got. */
  private digits(): number {
    let byte = this.byte();
    let bits = byte & 0x7f;
    let width = 7;
    while (byte >= 0x80 && width < 28) {
      byte = this.digit();
      bits |= (byte & 0x7f) << width;
      width += 7;
    }
    this.width = width;
    this.more = byte >= 0x80;
    return bits;
  }

  /** What `digits` read, as a signed number. */
  private signed(bits: number): number {
    return (bits << (32 - this.width)) >> (32 - this.width);
  }

  /** Digits five to ten of a 64-bit integer, sign-extended if `ones` allows a negative number. */
  private wide(low: number, mask: number, ones: number): bigint {
    let result = BigInt(low);
    for (let width = 28; width < 63; width += 7) {
      const byte = this.digit();
      result |= BigInt(byte & 0x7f) << BigInt(width);
      if (byte < 0x80) return ones === 0 ? result : BigInt.asIntN(width + 7, result);
    }
    return BigInt.asIntN(64, result | (BigInt(this.lastDigit(mask, ones)) << 63n));
  }

  /**
   * A further digit. It may lie beyond `end`: that an integer is malformed is said first. Where it is not, whatever
   * comes next finds that the end has passed.
   */
  private digit(): number {
    if (this.offset >= this.bytes.length) this.fail('unexpected end');
    return this.bytes[this.offset++]!;
  }

  /** The last digit an integer may have: its unused bits (`mask`) are all zero or, in a negative number, equal `ones`. */
  private lastDigit(mask: number, ones: number): number {
    const start = this.offset;
    const byte = this.digit();
    if (byte >= 0x80) this.fail('integer representation too long', start);
    const unused = byte & mask;
    if (unused !== 0 && unused !== (ones || -1)) this.fail('integer too large', start);
    return byte;
  }

  /** The code of a type's form: an s7, of which all are negative. */
  typeCode(): number {
    const byte = this.byte();
    if (byte >= 0x80) this.fail('integer representation too long', this.offset - 1);
    return byte;
  }

  name(): string {
    // Where even the length is missing, the suite takes the byte behind the end for it, and may find it too large.
    const behind = this.offset === this.end ? (this.bytes[this.end] ?? 0) : 0;
    if (behind > this.bytes.length - this.end) this.fail('length out of bounds');
    const length = this.u32();
    const start = this.skip(length);
    const text = decodeUtf8(this.bytes, start, start + length);
    if (text === undefined) this.fail('malformed UTF-8 encoding', start);
    return text;
  }

  /** Steps over `length` bytes and answers where they start. */
  skip(length: number): number {
    const start = this.offset;
    if (length > this.end - start) this.fail(`unexpected end${this.container}`, this.end);
    this.offset = start + length;
    return start;
  }

  /** A reader of the next `length` bytes, which this one steps over. */
  slice(length: number): ByteReader {
    const start = this.skip(length);
    return new ByteReader(this.bytes, start, start + length, undefined, this.place, this.features);
  }

  /** A count, then that many things: nothing is reserved by the count alone, it may be a lie. */
  vector<T>(read: (index: number) => T): T[] {
    const count = this.u32();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(i));
    return items;
  }
}
