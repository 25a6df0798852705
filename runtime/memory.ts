/**
 * Linear memory: a buffer, and views of exactly the current pages, so that a view's bounds check is WebAssembly's.
 *
 * Of one thread: a plain `ArrayBuffer` with spare capacity. Growth within the capacity makes new views and copies nothing
 * (wasi-libc grows a page or six at a time; copying at each took 43 of 44.8 s in an allocating CPython program).
 * Shared: a `SharedArrayBuffer` reserved up to the maximum (`shared-storage.ts`). Whoever asks for a view gets one of the
 * size that the memory has by then, in whichever thread it grew: generated code asks at function entries, after calls and
 * after atomic instructions.
 *
 * `buffer` is the standard JavaScript API's: asked for, a plain buffer is trimmed to the exact size; growth detaches it. A
 * shared one is the whole reservation, and always the same.
 */
import { addressFromHost, addressToHost, parseAddressType } from './addresses.ts';
import { AtomicViews } from './atomic-views.ts';
import { allocationFailed, cannotGrow, maximumBelowInitial, overLimit, wrongType } from './errors.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { arraysOf, type MemoryArrays } from './memory-arrays.ts';
import { type SharedMemoryHandle, SharedStorage } from './shared-storage.ts';
import { keepBuffer, takeBuffer } from './spare-buffers.ts';
import type { MemoryType } from './types.ts';
import { WeakList } from './weak-list.ts';

/** Bytes, where a memory does not say otherwise; and the unit of `limits.memoryPages`. */
export const PAGE = 65_536;
const MOST_BYTES = 2 ** 32;

export interface MemoryDescriptor {
  /** In pages, as `maximum`: a bigint where addresses have 64 bits. */
  readonly initial: number | bigint;
  readonly maximum?: number | bigint | undefined;
  /** Default `'i32'`. */
  readonly address?: 'i32' | 'i64' | undefined;
  /** Between threads: needs a maximum, which is reserved. */
  readonly shared?: boolean | undefined;
  /** Bytes of a page: 65,536 (default) or 1. */
  readonly pageSize?: number | undefined;
}
type MemoryLimits = Pick<Limits, 'memoryPages'>;

/** What keeps a view of its memory 0: an Environment. */
interface ViewHolder {
  V: DataView;
  /** It keeps the arrays, too. */
  readonly takesArrays?: boolean;
  take?(arrays: MemoryArrays): void;
}

export class Memory {
  readonly pageSize: number;
  /** Of exactly the current pages, as `#bytes`; both are replaced on growth. */
  #view: DataView;
  #bytes: Uint8Array;
  #atomics: AtomicViews | undefined;
  #arrays: MemoryArrays | undefined;
  #buffer: ArrayBuffer | SharedArrayBuffer;
  #pages: number;
  /** The host has seen `#buffer`. */
  #exposed = false;
  readonly #shared: SharedStorage | undefined;
  readonly #declared: MemoryType;
  /** Pages it may grow to: the declared maximum or the embedder's limit. */
  #largest: number;
  readonly #holders = new WeakList<ViewHolder>();

  /** For hosts; `type`, `storage` and a `buffer` with more room than needed are what a descriptor cannot say. */
  constructor(
    descriptor: MemoryDescriptor,
    limits: MemoryLimits = DEFAULT_LIMITS,
    type: MemoryType = typeOf(descriptor),
    storage?: SharedStorage,
    room?: ArrayBuffer,
  ) {
    this.#declared = type;
    this.pageSize = type.pageSize;
    const largest = largestSize(type, limits);
    this.#pages = type.min;
    if (type.shared) this.#shared = storage ?? SharedStorage.reserve(type, largest);
    this.#largest = Math.min(largest, this.#shared?.room(type.pageSize) ?? largest);
    const buffer = this.#shared?.buffer ?? room ?? allocate(type.min * type.pageSize);
    if (buffer === undefined) throw allocationFailed(type.min);
    this.#buffer = buffer;
    this.#view = new DataView(buffer, 0, type.min * type.pageSize);
    this.#bytes = new Uint8Array(buffer, 0, type.min * type.pageSize);
  }

  /** A module's own memory. */
  static define(type: MemoryType, limits: MemoryLimits): Memory {
    return new Memory({ initial: type.min }, limits, type);
  }

  /** A module's own memory of as many pages as a snapshot has, and room for a little more; unless `isNew`, there is anything in it. */
  static restore(type: MemoryType, pages: number, limits: MemoryLimits): { memory: Memory; isNew: boolean } {
    const restored = { ...type, min: pages };
    const most = largestSize(restored, limits);
    const used = takeBuffer(pages * type.pageSize);
    const room = used ?? allocate(Math.min(Math.ceil(pages * 1.125), most) * type.pageSize);
    const memory = new Memory({ initial: pages }, limits, restored, undefined, room);
    return { memory, isNew: used === undefined };
  }

  /** The memory that another thread's `handle` stands for. */
  static fromShared(handle: SharedMemoryHandle, limits: MemoryLimits = DEFAULT_LIMITS): Memory {
    const { storage, type } = SharedStorage.open(handle);
    return new Memory({ initial: type.min }, limits, type, storage);
  }

  /** What `Memory.fromShared` makes the same memory of in another thread: post it there. */
  get handle(): SharedMemoryHandle {
    if (this.#shared === undefined) throw wrongType('a shared memory', this);
    return this.#shared.handle(this.#declared);
  }

  /** As a link check sees it: `min` is the current size. */
  get type(): MemoryType {
    return { ...this.#declared, min: this.pages };
  }

  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  get pages(): number {
    this.#follow();
    return this.#pages;
  }

  /** Of exactly the current pages, as `bytes`. */
  get view(): DataView {
    this.#follow();
    return this.#view;
  }

  get bytes(): Uint8Array {
    this.#follow();
    return this.#bytes;
  }

  /** For atomic instructions. */
  get atomics(): AtomicViews {
    this.#follow();
    this.#atomics ??= new AtomicViews(this.#buffer, this.#pages * this.pageSize);
    return this.#atomics;
  }

  /** The bytes themselves, not a copy; the same object until the memory grows. */
  get buffer(): ArrayBuffer | SharedArrayBuffer {
    if (!this.#exposed && this.#shared === undefined) {
      if (this.#buffer.byteLength > this.#pages * this.pageSize) this.#trim();
      this.#exposed = true;
    }
    return this.#buffer;
  }

  /** Returns the previous size in pages, or throws a `RangeError`. Both are bigints where addresses have 64 bits. */
  grow<Count extends number | bigint>(delta: Count): Count extends bigint ? bigint : number {
    const { address } = this.#declared;
    const count = addressFromHost(delta, address, 'delta');
    const previous = this.tryGrow(count);
    if (previous < 0) throw cannotGrow('memory', this.pages, count);
    return addressToHost(previous, address) as Count extends bigint ? bigint : number;
  }

  /** Whether limits allow it; the host may still have no room. */
  mayGrow(delta: number): boolean {
    return delta <= this.#largest - this.pages;
  }

  /** `memory.grow`: the previous size in pages, or −1. `delta` is unsigned. */
  tryGrow(delta: number): number {
    if (this.#shared !== undefined) return this.#shared.grow(delta, this.#largest);
    const previous = this.#pages;
    if (!this.mayGrow(delta)) return -1;
    const pages = previous + delta;
    if (!this.reserve(pages)) return -1;
    if (this.#exposed) this.#use(detach(this.#buffer), pages);
    else if (delta > 0) this.#use(this.#buffer, pages);
    return previous;
  }

  /** Room for so many pages, if limits allow them and the host has it. The memory stays as it is. */
  reserve(pages: number): boolean {
    if (this.#shared !== undefined || pages > this.#largest) return false;
    if (pages * this.pageSize <= this.#buffer.byteLength) return true;
    const larger = this.#allocateSpacious(pages);
    if (larger === undefined) return false;
    new Uint8Array(larger).set(this.#bytes);
    if (this.#exposed) detach(this.#buffer);
    this.#use(larger, this.#pages);
    return true;
  }

  /** Exactly so many pages, for which there is room: growth, or the loss of what lies beyond. For snapshots. */
  resize(pages: number): void {
    if (pages === this.#pages) return;
    if (pages < this.#pages) this.#bytes.fill(0, pages * this.pageSize);
    this.#use(this.#exposed ? detach(this.#buffer) : this.#buffer, pages);
  }

  /** Gives its bytes back for `restore`: it is empty from now on, for whoever has it or a view of it. */
  release(): void {
    if (this.#shared !== undefined) return;
    this.#largest = 0;
    keepBuffer(detach(this.#buffer));
    this.#use(new ArrayBuffer(0), 0);
  }

  /** Keeps `holder.V` a view of this memory for as long as the holder lives. */
  attach(holder: ViewHolder): void {
    this.#tell(holder);
    this.#holders.add(holder);
  }

  /** Another thread may have made a shared memory larger. */
  #follow(): void {
    if (this.#shared === undefined) return;
    const { pages } = this.#shared;
    if (pages !== this.#pages) this.#use(this.#buffer, pages);
  }

  /** Half as much again, so that n growths copy O(n) bytes; without spare capacity if there is no room for it. */
  #allocateSpacious(pages: number): ArrayBuffer | undefined {
    const capacity = Math.ceil((this.#buffer.byteLength / this.pageSize) * 1.5);
    const spacious = Math.min(Math.max(pages, capacity), this.#largest);
    return (
      allocate(spacious * this.pageSize) ?? (spacious > pages ? allocate(pages * this.pageSize) : undefined)
    );
  }

  #trim(): void {
    const exact = allocate(this.#pages * this.pageSize);
    if (exact === undefined) throw allocationFailed(this.#pages);
    new Uint8Array(exact).set(this.#bytes);
    this.#use(exact, this.#pages);
  }

  #use(buffer: ArrayBuffer | SharedArrayBuffer, pages: number): void {
    this.#view = new DataView(buffer, 0, pages * this.pageSize);
    this.#bytes = new Uint8Array(buffer, 0, pages * this.pageSize);
    this.#atomics = undefined;
    this.#buffer = buffer;
    this.#pages = pages;
    this.#exposed = false;
    this.#arrays = undefined;
    for (const holder of this.#holders) this.#tell(holder);
  }

  #tell(holder: ViewHolder): void {
    holder.V = this.view;
    if (holder.takesArrays !== true) return;
    this.#arrays ??= arraysOf(this.#bytes);
    holder.take!(this.#arrays);
  }
}

function typeOf(descriptor: MemoryDescriptor): MemoryType {
  const { initial, maximum, shared = false, pageSize = PAGE } = descriptor;
  const address = parseAddressType(descriptor.address);
  const min = addressFromHost(initial, address, 'initial');
  const max = maximum === undefined ? undefined : addressFromHost(maximum, address, 'maximum');
  if (max !== undefined && max < min) throw maximumBelowInitial('memory', min, max);
  if (shared && max === undefined) throw wrongType('a shared memory to have a maximum', maximum);
  if (pageSize !== 1 && pageSize !== PAGE) throw wrongType('pageSize to be 1 or 65536', pageSize);
  return { min, max, address, shared: Boolean(shared), pageSize };
}

/** A declared maximum above the limit is clamped, a minimum above it refused. */
function largestSize({ min, max, pageSize }: MemoryType, { memoryPages }: MemoryLimits): number {
  const limit = Math.floor(Math.min(memoryPages * PAGE, MOST_BYTES) / pageSize);
  if (min > limit) throw overLimit(`a memory of ${min} pages`, limit, 'memoryPages');
  return Math.min(max ?? limit, limit);
}

/** Undefined if the host has no room. */
function allocate(length: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(length);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Moves the bytes to a buffer that the host has not seen; what it has seen becomes empty. */
function detach(buffer: ArrayBuffer | SharedArrayBuffer): ArrayBuffer {
  return structuredClone(buffer as ArrayBuffer, { transfer: [buffer as ArrayBuffer] });
}
