/**
 * Linear memory: a plain `ArrayBuffer` with spare capacity, and views of exactly the current pages, so that a view's
 * bounds check is WebAssembly's. Growth within the capacity makes new views and copies nothing (wasi-libc grows a page
 * or six at a time; copying at each took 43 of 44.8 s in an allocating CPython program).
 *
 * `buffer` is the standard JavaScript API's: asked for, the buffer is trimmed to the exact size; growth detaches it.
 */
import { addressFromHost, addressToHost, parseAddressType } from './addresses.ts';
import { allocationFailed, cannotGrow, maximumBelowInitial, overLimit, unsupported } from './errors.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { MemoryType } from './types.ts';
import { WeakList } from './weak-list.ts';

export const PAGE = 65_536;
const MOST_PAGES = 65_536;

export interface MemoryDescriptor {
  /** In pages, as `maximum`: a bigint where addresses have 64 bits. */
  readonly initial: number | bigint;
  readonly maximum?: number | bigint | undefined;
  /** Default `'i32'`. */
  readonly address?: 'i32' | 'i64' | undefined;
  /** Must be false: threads are not supported. */
  readonly shared?: boolean | undefined;
}
type MemoryLimits = Pick<Limits, 'memoryPages'>;

/** What keeps a view of its memory 0: an Environment. */
interface ViewHolder {
  V: DataView;
}

export class Memory {
  /** Of exactly the current pages, as `bytes`; both are replaced on growth. */
  view: DataView;
  bytes: Uint8Array;
  #buffer: ArrayBuffer;
  #pages: number;
  /** The host has seen `#buffer`. */
  #exposed = false;
  readonly #declared: MemoryType;
  /** Pages it may grow to: the declared maximum or the embedder's limit. */
  readonly #largest: number;
  readonly #holders = new WeakList<ViewHolder>();

  /** For hosts; `type` is what a descriptor cannot say. */
  constructor(
    descriptor: MemoryDescriptor,
    limits: MemoryLimits = DEFAULT_LIMITS,
    type: MemoryType = typeOf(descriptor),
  ) {
    this.#declared = type;
    this.#largest = largestSize(type, limits);
    this.#pages = type.min;
    const buffer = allocate(type.min);
    if (buffer === undefined) throw allocationFailed(type.min);
    this.#buffer = buffer;
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  /** A module's own memory. */
  static define(type: MemoryType, limits: MemoryLimits): Memory {
    return new Memory({ initial: type.min }, limits, type);
  }

  /** As a link check sees it: `min` is the current size. */
  get type(): MemoryType {
    return { ...this.#declared, min: this.#pages };
  }

  get pages(): number {
    return this.#pages;
  }

  /** The bytes themselves, not a copy; the same object until the memory grows. */
  get buffer(): ArrayBuffer {
    if (!this.#exposed) {
      if (this.#buffer.byteLength > this.#pages * PAGE) this.#trim();
      this.#exposed = true;
    }
    return this.#buffer;
  }

  /** Returns the previous size in pages, or throws a `RangeError`. Both are bigints where addresses have 64 bits. */
  grow<Count extends number | bigint>(delta: Count): Count extends bigint ? bigint : number {
    const { address } = this.#declared;
    const count = addressFromHost(delta, address, 'delta');
    const previous = this.tryGrow(count);
    if (previous < 0) throw cannotGrow('memory', this.#pages, count);
    return addressToHost(previous, address) as Count extends bigint ? bigint : number;
  }

  /** Whether limits allow it; the host may still have no room. */
  mayGrow(delta: number): boolean {
    return delta <= this.#largest - this.#pages;
  }

  /** `memory.grow`: the previous size in pages, or −1. `delta` is unsigned. */
  tryGrow(delta: number): number {
    const previous = this.#pages;
    if (!this.mayGrow(delta)) return -1;
    const pages = previous + delta;
    if (pages * PAGE > this.#buffer.byteLength) {
      const larger = this.#allocateSpacious(pages);
      if (larger === undefined) return -1;
      new Uint8Array(larger).set(this.bytes);
      if (this.#exposed) detach(this.#buffer);
      this.#use(larger, pages);
    } else if (this.#exposed) {
      this.#use(detach(this.#buffer), pages);
    } else if (delta > 0) {
      this.#use(this.#buffer, pages);
    }
    return previous;
  }

  /** Keeps `holder.V` a view of this memory for as long as the holder lives. */
  attach(holder: ViewHolder): void {
    holder.V = this.view;
    this.#holders.add(holder);
  }

  /** Half as much again, so that n growths copy O(n) bytes; without spare capacity if there is no room for it. */
  #allocateSpacious(pages: number): ArrayBuffer | undefined {
    const capacity = Math.ceil((this.#buffer.byteLength / PAGE) * 1.5);
    const spacious = Math.min(Math.max(pages, capacity), this.#largest);
    return allocate(spacious) ?? (spacious > pages ? allocate(pages) : undefined);
  }

  #trim(): void {
    const exact = allocate(this.#pages);
    if (exact === undefined) throw allocationFailed(this.#pages);
    new Uint8Array(exact).set(this.bytes);
    this.#use(exact, this.#pages);
  }

  #use(buffer: ArrayBuffer, pages: number): void {
    this.view = new DataView(buffer, 0, pages * PAGE);
    this.bytes = new Uint8Array(buffer, 0, pages * PAGE);
    this.#buffer = buffer;
    this.#pages = pages;
    this.#exposed = false;
    for (const holder of this.#holders) holder.V = this.view;
  }
}

function typeOf(descriptor: MemoryDescriptor): MemoryType {
  const { initial, maximum, shared } = descriptor;
  const address = parseAddressType(descriptor.address);
  const min = addressFromHost(initial, address, 'initial');
  const max = maximum === undefined ? undefined : addressFromHost(maximum, address, 'maximum');
  if (max !== undefined && max < min) throw maximumBelowInitial('memory', min, max);
  if (shared) throw unsupported('threads', 'shared memory');
  return { min, max, address, shared: false };
}

/** A declared maximum above the limit is clamped, a minimum above it refused. */
function largestSize({ min, max }: MemoryType, { memoryPages }: MemoryLimits): number {
  const limit = Math.min(memoryPages, MOST_PAGES);
  if (min > limit) throw overLimit(`a memory of ${min} pages`, limit, 'memoryPages');
  return Math.min(max ?? limit, limit);
}

/** Undefined if the host has no room. */
function allocate(pages: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(pages * PAGE);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Moves the bytes to a buffer that the host has not seen; what it has seen becomes empty. */
function detach(buffer: ArrayBuffer): ArrayBuffer {
  return structuredClone(buffer, { transfer: [buffer] });
}
