/**
 * Memories in bulk: size, growth, fill, copy, init. Operands are signed int32 numbers meaning unsigned ones; each
 * helper checks bounds, charges fuel, and only then changes anything.
 *
 * Not here: how a memory grows (`../memory.ts`); loads and stores (`f32_load_nan` in float.ts, the rest is inline).
 */
import type { EnvironmentAbi } from '../abi.ts';
import { trap } from '../errors.ts';
import type { Memory } from '../memory.ts';
import { charge } from './fuel.ts';

const PAGE = 65536;
const NOTHING = new Uint8Array(0);

/** Traps unless `size` bytes from `address` lie within `length` bytes. */
function checkBounds(length: number, address: number, size: number): void {
  if (address + size > length) trap('out-of-bounds-memory-access');
}

function memoryAt(E: EnvironmentAbi, index: number): Memory {
  return E.M[index]!;
}

export function memory_size(E: EnvironmentAbi, index: number): number {
  return memoryAt(E, index).pages;
}

/** The previous size in pages, or −1. Growth that is refused costs nothing. */
export function memory_grow(E: EnvironmentAbi, index: number, delta: number): number {
  const memory = memoryAt(E, index);
  if (memory.pages + (delta >>> 0) > E.S.limits.memoryPages || !memory.mayGrow(delta >>> 0)) return -1;
  charge(E, (delta >>> 0) * PAGE);
  return memory.tryGrow(delta >>> 0);
}

export function memory_fill(E: EnvironmentAbi, index: number, to: number, value: number, size: number): void {
  const memory = memoryAt(E, index);
  const start = to >>> 0;
  const end = start + (size >>> 0);
  checkBounds(memory.bytes.length, start, size >>> 0);
  charge(E, size >>> 0);
  memory.bytes.fill(value, start, end);
}

/** From memory `source` to memory `target`; the ranges may overlap. */
export function memory_copy(
  E: EnvironmentAbi,
  target: number,
  source: number,
  to: number,
  from: number,
  size: number,
): void {
  const targetMemory = memoryAt(E, target);
  const sourceMemory = memoryAt(E, source);
  const start = from >>> 0;
  const end = start + (size >>> 0);
  checkBounds(targetMemory.bytes.length, to >>> 0, size >>> 0);
  checkBounds(sourceMemory.bytes.length, start, size >>> 0);
  charge(E, size >>> 0);
  if (targetMemory === sourceMemory) targetMemory.bytes.copyWithin(to >>> 0, start, end);
  else targetMemory.bytes.set(sourceMemory.bytes.subarray(start, end), to >>> 0);
}

/** From data segment `segment` to memory `target`. */
export function memory_init(
  E: EnvironmentAbi,
  segment: number,
  target: number,
  to: number,
  from: number,
  size: number,
): void {
  const memory = memoryAt(E, target);
  const data = E.data[segment]!;
  const start = from >>> 0;
  const end = start + (size >>> 0);
  checkBounds(memory.bytes.length, to >>> 0, size >>> 0);
  checkBounds(data.length, start, size >>> 0);
  charge(E, size >>> 0);
  memory.bytes.set(data.subarray(start, end), to >>> 0);
}

export function data_drop(E: EnvironmentAbi, segment: number): void {
  E.data[segment] = NOTHING;
}
