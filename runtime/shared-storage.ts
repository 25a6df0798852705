/**
 * The bytes of a shared memory, and how many of its pages are in use: both in shared memory, so that every thread sees
 * them. The bytes are reserved up to the maximum at once (the system gives pages when they are first touched: 4 GiB cost
 * 0.02 ms and no memory), because a buffer that grows in place is 40 times slower to access, and growth by a new buffer
 * would leave other threads with the old one.
 *
 * Not here: views (`memory.ts`).
 */
import { allocationFailed, wrongType } from './errors.ts';
import type { AddressType, MemoryType } from './types.ts';

/** A shared memory as it is posted to another thread; `Memory.fromShared` opens it there. */
export interface SharedMemoryHandle {
  readonly buffer: SharedArrayBuffer;
  /** Pages in use: one unsigned 32-bit number. */
  readonly size: SharedArrayBuffer;
  readonly maximum: number;
  readonly address: AddressType;
  readonly pageSize: number;
}

export class SharedStorage {
  readonly buffer: SharedArrayBuffer;
  readonly #size: Uint32Array<SharedArrayBuffer>;

  private constructor(buffer: SharedArrayBuffer, size: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#size = new Uint32Array(size);
  }

  /** Room for `largest` pages, of which the type's minimum is in use. */
  static reserve({ min, pageSize }: MemoryType, largest: number): SharedStorage {
    const storage = new SharedStorage(reserveBytes(largest * pageSize, largest), new SharedArrayBuffer(4));
    storage.#size[0] = min;
    return storage;
  }

  static open(handle: SharedMemoryHandle): { storage: SharedStorage; type: MemoryType } {
    const { buffer, size, maximum, address, pageSize } = checked(handle);
    const storage = new SharedStorage(buffer, size);
    return { storage, type: { min: storage.pages, max: maximum, address, shared: true, pageSize } };
  }

  handle({ max, address, pageSize }: MemoryType): SharedMemoryHandle {
    return { buffer: this.buffer, size: this.#size.buffer, maximum: max!, address, pageSize };
  }

  /** Pages that fit. */
  room(pageSize: number): number {
    return Math.floor(this.buffer.byteLength / pageSize);
  }

  get pages(): number {
    return Atomics.load(this.#size, 0);
  }

  /** The previous size, or −1: whoever grows at the same time comes before or after. */
  grow(delta: number, largest: number): number {
    for (;;) {
      const previous = this.pages;
      if (delta > largest - previous) return -1;
      if (Atomics.compareExchange(this.#size, 0, previous, previous + delta) === previous) return previous;
    }
  }
}

function reserveBytes(bytes: number, pages: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw allocationFailed(pages);
    throw error;
  }
}

function checked(handle: SharedMemoryHandle): SharedMemoryHandle {
  const { buffer, size, maximum, address, pageSize } = handle ?? {};
  const fits =
    buffer instanceof SharedArrayBuffer &&
    size instanceof SharedArrayBuffer &&
    size.byteLength === 4 &&
    Number.isInteger(maximum) &&
    (address === 'i32' || address === 'i64') &&
    (pageSize === 1 || pageSize === 65_536) &&
    new Uint32Array(size)[0]! * pageSize <= buffer.byteLength;
  if (!fits) throw wrongType('the handle of a shared memory', handle);
  return handle;
}
