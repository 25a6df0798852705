/**
 * The guest's memory as the host sees it: bounds-checked reads and writes at pointers that the guest passed.
 *
 * Nothing is kept between calls, because growth replaces the buffer. A pointer or length out of bounds, or a guest without
 * an exported memory, is the guest's mistake: errno FAULT, never a host exception. Pointers arrive as signed i32.
 */
import { Memory } from '../runtime/memory.ts';
import { WasiError } from './errno.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class GuestMemory {
  #memory: unknown;

  bind(exports: Readonly<Record<string, unknown>>): void {
    this.#memory = exports.memory;
  }

  /** A view of `length` bytes: valid until the guest runs again. */
  bytes(pointer: number, length: number): Uint8Array {
    const all = this.#all();
    const start = pointer >>> 0;
    const end = start + (length >>> 0);
    if (end > all.length) throw new WasiError('FAULT');
    return all.subarray(start, end);
  }

  view(pointer: number, length: number): DataView {
    const bytes = this.bytes(pointer, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  getU32(pointer: number): number {
    return this.view(pointer, 4).getUint32(0, true);
  }

  setU32(pointer: number, value: number): void {
    this.view(pointer, 4).setUint32(0, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.view(pointer, 8).setBigUint64(0, value, true);
  }

  /** UTF-8 text of a path; not valid UTF-8: ILSEQ. */
  string(pointer: number, length: number): string {
    // A copy, because TextDecoder refuses shared memory.
    const bytes = this.bytes(pointer, length).slice();
    try {
      return decoder.decode(bytes);
    } catch {
      throw new WasiError('ILSEQ');
    }
  }

  /** A C string, of less than `limit` bytes: else NAMETOOLONG. */
  cString(pointer: number, limit: number): string {
    const start = pointer >>> 0;
    const length = this.#all()
      .subarray(start, start + limit)
      .indexOf(0);
    if (length < 0) throw new WasiError(start + limit > this.#all().length ? 'FAULT' : 'NAMETOOLONG');
    return this.string(pointer, length);
  }

  /** The buffers that an array of `count` iovec {pointer, length} names, all checked before any is used. */
  iovecs(pointer: number, count: number): Uint8Array[] {
    if (count >>> 0 > 0x1fff_ffff) throw new WasiError('FAULT');
    const table = this.view(pointer, (count >>> 0) * 8);
    const buffers: Uint8Array[] = [];
    for (let at = 0; at < table.byteLength; at += 8) {
      buffers.push(this.bytes(table.getUint32(at, true), table.getUint32(at + 4, true)));
    }
    return buffers;
  }

  #all(): Uint8Array {
    const memory = this.#memory;
    // Our own memory keeps a view at hand; its `.buffer` would be trimmed, that is copied, for nothing.
    if (memory instanceof Memory) return memory.bytes;
    const buffer = (memory as { buffer?: unknown } | undefined)?.buffer;
    if (!(buffer instanceof ArrayBuffer) && !(buffer instanceof SharedArrayBuffer))
      throw new WasiError('FAULT');
    return new Uint8Array(buffer);
  }
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** As C wants it: UTF-8 with a closing zero byte. */
export function cString(text: string): Uint8Array {
  return encoder.encode(`${text}\0`);
}
