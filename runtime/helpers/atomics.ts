/**
 * Atomic instructions: `Atomics` on typed arrays of the memory, behind the checks that WebAssembly wants. One helper per
 * instruction, made from a table; its name is the instruction's.
 *
 * A memory of one thread has them too, and nobody to wait for.
 */
import type { EnvironmentAbi } from '../abi.ts';
import type { AtomicViews } from '../atomic-views.ts';
import { trap } from '../errors.ts';

/** The memory's views, if `size` bytes may be accessed at an address. */
function viewsAt(E: EnvironmentAbi, memory: number, address: number, size: number): AtomicViews {
  const views = E.M[memory]!.atomics;
  if (address + size > views.length) trap('out-of-bounds-memory-access');
  if (address % size !== 0) trap('unaligned-atomic');
  return views;
}

// -------------------------------------------------------------------- accesses

type Narrow = 'bytes' | 'halves' | 'words' | 'unsignedWords';
type Cells = Uint8Array | Uint16Array | Int32Array | Uint32Array;
type NumberOperation = (cells: Cells, index: number, value: number) => number;
type BigIntOperation = (cells: BigInt64Array, index: number, value: bigint) => bigint;

/** By the bits in an instruction's name: the array, and the bytes of an element. */
const NARROW: Readonly<Record<string, readonly [Narrow, number]>> = {
  8: ['bytes', 1],
  16: ['halves', 2],
  32: ['unsignedWords', 4],
};

const OPERATIONS: Readonly<Record<string, NumberOperation & BigIntOperation>> = {
  add: Atomics.add,
  sub: Atomics.sub,
  and: Atomics.and,
  or: Atomics.or,
  xor: Atomics.xor,
  xchg: Atomics.exchange,
};

// biome-ignore lint/complexity/noBannedTypes: called only by generated code, each with its own arity
const made: Record<string, Function> = {};

/** i32: operands are numbers, and a narrow array takes of them what it has room for. */
function addNumbers(bits: string): void {
  const [array, size] = NARROW[bits] ?? (['words', 4] as const);
  const u = bits === '' ? '' : '_u';
  made[`i32_atomic_load${bits}${u}`] = (E: EnvironmentAbi, memory: number, address: number) =>
    Atomics.load(viewsAt(E, memory, address, size)[array], address / size);
  made[`i32_atomic_store${bits}`] = (E: EnvironmentAbi, memory: number, address: number, value: number) => {
    Atomics.store(viewsAt(E, memory, address, size)[array], address / size, value);
  };
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    made[`i32_atomic_rmw${bits}_${name}${u}`] = (
      E: EnvironmentAbi,
      memory: number,
      address: number,
      value: number,
    ) => operation(viewsAt(E, memory, address, size)[array], address / size, value);
  }
  made[`i32_atomic_rmw${bits}_cmpxchg${u}`] = (
    E: EnvironmentAbi,
    memory: number,
    address: number,
    expected: number,
    value: number,
  ) => Atomics.compareExchange(viewsAt(E, memory, address, size)[array], address / size, expected, value);
}

/** i64 on a narrower array: BigInts outside, numbers inside. */
function addNarrowBigInts(bits: string): void {
  const [array, size] = NARROW[bits]!;
  const narrow = (value: bigint) => Number(BigInt.asUintN(8 * size, value));
  made[`i64_atomic_load${bits}_u`] = (E: EnvironmentAbi, memory: number, address: number) =>
    BigInt(Atomics.load(viewsAt(E, memory, address, size)[array], address / size));
  made[`i64_atomic_store${bits}`] = (E: EnvironmentAbi, memory: number, address: number, value: bigint) => {
    Atomics.store(viewsAt(E, memory, address, size)[array], address / size, narrow(value));
  };
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    made[`i64_atomic_rmw${bits}_${name}_u`] = (
      E: EnvironmentAbi,
      memory: number,
      address: number,
      value: bigint,
    ) => BigInt(operation(viewsAt(E, memory, address, size)[array], address / size, narrow(value)));
  }
  made[`i64_atomic_rmw${bits}_cmpxchg_u`] = (
    E: EnvironmentAbi,
    memory: number,
    address: number,
    expected: bigint,
    value: bigint,
  ) => {
    const cells = viewsAt(E, memory, address, size)[array];
    return BigInt(Atomics.compareExchange(cells, address / size, narrow(expected), narrow(value)));
  };
}

function addBigInts(): void {
  made.i64_atomic_load = (E: EnvironmentAbi, memory: number, address: number) =>
    Atomics.load(viewsAt(E, memory, address, 8).doubles, address / 8);
  made.i64_atomic_store = (E: EnvironmentAbi, memory: number, address: number, value: bigint) => {
    Atomics.store(viewsAt(E, memory, address, 8).doubles, address / 8, value);
  };
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    made[`i64_atomic_rmw_${name}`] = (E: EnvironmentAbi, memory: number, address: number, value: bigint) =>
      operation(viewsAt(E, memory, address, 8).doubles, address / 8, value);
  }
  made.i64_atomic_rmw_cmpxchg = (
    E: EnvironmentAbi,
    memory: number,
    address: number,
    expected: bigint,
    value: bigint,
  ) => Atomics.compareExchange(viewsAt(E, memory, address, 8).doubles, address / 8, expected, value);
}

for (const bits of ['', '8', '16']) addNumbers(bits);
for (const bits of ['8', '16', '32']) addNarrowBigInts(bits);
addBigInts();

export const ACCESSES = made;

// -------------------------------------------------------------------- waiting

/** The specification's answers. */
const WAIT_RESULTS = { ok: 0, 'not-equal': 1, 'timed-out': 2 } as const;

/** Wakes up to `count` (an i32, unsigned) of those that wait at an address; answers how many. */
export function memory_atomic_notify(
  E: EnvironmentAbi,
  memory: number,
  address: number,
  count: number,
): number {
  const { words } = viewsAt(E, memory, address, 4);
  return E.M[memory]!.isShared ? Atomics.notify(words, address / 4, count >>> 0) : 0;
}

export function memory_atomic_wait32(
  E: EnvironmentAbi,
  memory: number,
  address: number,
  expected: number,
  timeout: bigint,
): number {
  const { words } = viewsAt(E, memory, address, 4);
  if (!E.M[memory]!.isShared) trap('expected-shared-memory');
  return WAIT_RESULTS[E.S.waitAt(words, address / 4, expected, milliseconds(timeout))];
}

export function memory_atomic_wait64(
  E: EnvironmentAbi,
  memory: number,
  address: number,
  expected: bigint,
  timeout: bigint,
): number {
  const { doubles } = viewsAt(E, memory, address, 8);
  if (!E.M[memory]!.isShared) trap('expected-shared-memory');
  return WAIT_RESULTS[E.S.waitAt(doubles, address / 8, expected, milliseconds(timeout))];
}

/** From nanoseconds; a negative time has no end. */
function milliseconds(timeout: bigint): number {
  return timeout < 0n ? Infinity : Number(timeout) / 1e6;
}

const fence = new Int32Array(
  typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(4) : new SharedArrayBuffer(4),
);

/** JavaScript has no fence; an atomic exchange of anything is one for the processor. */
export function atomic_fence(): void {
  Atomics.exchange(fence, 0, 0);
}
