/**
 * A cursor over a debug section: fixed-size integers, LEB128 as DWARF allows it (any length), strings, attribute forms.
 * Every read is bounded, and every failure is a `CompileError` with the offset, which whoever reads a table turns into a
 * warning: debug information never makes a module invalid.
 */
import { CompileError } from '../../runtime/errors.ts';
import type { CustomSection, ModuleInfo } from './module-info.ts';
import { decodeUtf8 } from './utf8.ts';

/** Sections that strings are kept in. */
export interface Strings {
  readonly debugStr: Cursor | undefined;
  readonly debugLineStr: Cursor | undefined;
}

/** What a form's value may be; undefined: read over, of no interest here. */
export type FormValue = number | string | undefined;

/** Of a string: paths are shorter. */
const LONGEST = 4096;

export class Cursor {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  offset: number;

  constructor(bytes: Uint8Array, { start, end }: Pick<CustomSection, 'start' | 'end'>) {
    this.bytes = bytes;
    this.start = start;
    this.offset = start;
    this.end = end;
  }

  fail(message: string): never {
    throw new CompileError(`debug information: ${message}`, { offset: this.offset });
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Steps over so many bytes and answers where they start. */
  skip(length: number): number {
    const start = this.offset;
    if (!(length >= 0 && length <= this.remaining)) this.fail('unexpected end');
    this.offset = start + length;
    return start;
  }

  /** The next bytes, which this cursor steps over. */
  slice(length: number): Cursor {
    const start = this.skip(length);
    return new Cursor(this.bytes, { start, end: this.offset });
  }

  /** The same bytes from an offset inside them. */
  from(offset: number): Cursor {
    const cursor = new Cursor(this.bytes, this);
    cursor.skip(offset);
    return cursor;
  }

  /** Little-endian; not exact above 2^53. */
  unsigned(size: number): number {
    const start = this.skip(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.bytes[start + i]!;
    return value;
  }

  byte(): number {
    return this.bytes[this.skip(1)]!;
  }

  /** Not exact above 2^53. */
  uleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 63) this.fail('integer representation too long');
    }
  }

  sleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return byte & 0x40 ? value - scale * 128 : value;
      if (scale > 2 ** 63) this.fail('integer representation too long');
    }
  }

  /** Up to a zero byte. */
  string(): string {
    const start = this.offset;
    const length = this.bytes.subarray(start, Math.min(this.end, start + LONGEST)).indexOf(0);
    if (length < 0) this.fail('a string without an end');
    this.offset = start + length + 1;
    return decodeUtf8(this.bytes, start, start + length) ?? this.fail('malformed UTF-8 encoding');
  }

  /** The length of a unit; with 64-bit offsets, it is behind an escape. */
  unitLength(): { length: number; offsetSize: 4 | 8 } {
    const length = this.unsigned(4);
    return length === 0xffff_ffff ? { length: this.unsigned(8), offsetSize: 8 } : { length, offsetSize: 4 };
  }

  /** A value in an attribute's form (DWARF 5, section 7.5.6). */
  form(form: number, offsetSize: 4 | 8, addressSize: number, strings: Strings): FormValue {
    const fixed = FIXED[form];
    if (fixed !== undefined) return this.unsigned(fixed);
    switch (form) {
      case 0x01: // addr
        return this.unsigned(addressSize);
      case 0x08:
        return this.string();
      case 0x0e: // strp
        return stringAt(strings.debugStr, this.unsigned(offsetSize));
      case 0x1f: // line_strp
        return stringAt(strings.debugLineStr, this.unsigned(offsetSize));
      case 0x10: // ref_addr
      case 0x17: // sec_offset
        return this.unsigned(offsetSize);
      case 0x0f: // udata
      case 0x15: // ref_udata
        return this.uleb();
      case 0x0d:
        return this.sleb();
      case 0x19: // flag_present
        return 1;
      default:
        return this.#block(form);
    }
  }

  #block(form: number): undefined {
    if (form === 0x1e)
      this.skip(16); // data16
    else if (form === 0x0a) this.skip(this.byte());
    else if (form === 0x03) this.skip(this.unsigned(2));
    else if (form === 0x04) this.skip(this.unsigned(4));
    else if (form === 0x09 || form === 0x18) this.skip(this.uleb());
    else this.fail(`unknown form 0x${form.toString(16)}`);
  }
}

/** Forms of a fixed size: data1 to data8, flag, ref1 to ref8, ref_sig8. */
const FIXED: Readonly<Record<number, number>> = {
  11: 1,
  5: 2,
  6: 4,
  7: 8,
  12: 1,
  17: 1,
  18: 2,
  19: 4,
  20: 8,
  32: 8,
};

function stringAt(section: Cursor | undefined, offset: number): string | undefined {
  return section?.from(offset).string();
}

/** A cursor over the first custom section of that name. */
export function debugSection({ bytes, customSections }: ModuleInfo, name: string): Cursor | undefined {
  const section = customSections.find((each) => each.name === name);
  return section && new Cursor(bytes, section);
}
