/**
 * Memories in bulk: size, growth, fill, copy, init. Addresses and sizes are unsigned numbers, of 32-bit
 * and 64-bit memories alike (a number beyond 2^53 is not exact, and out of bounds); each helper checks bounds, charges fuel, and only then changes anything.
 *
 * Not here: how a memory grows (`../memory.ts`); loads and stores (`f32_load_nan` in float.ts, the rest is inline).
 */
import type { EnvironmentAbi } from '../abi.ts';
import { trap } from '../errors.ts';
import { type Memory, PAGE } from '../memory.ts';
import { charge } from './fuel.ts';

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
  const bytes = (memory.pages + delta) * memory.pageSize;
  if (bytes > E.S.limits.memoryPages * PAGE || !memory.mayGrow(delta)) return -1;
  charge(E, delta * memory.pageSize);
  return memory.tryGrow(delta);
}

export function memory_fill(E: EnvironmentAbi, index: number, to: number, value: number, size: number): void {
  const memory = memoryAt(E, index);
  checkBounds(memory.bytes.length, to, size);
  charge(E, size);
  memory.bytes.fill(value, to, to + size);
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
  checkBounds(targetMemory.bytes.length, to, size);
  checkBounds(sourceMemory.bytes.length, from, size);
  charge(E, size);
  if (targetMemory === sourceMemory) targetMemory.bytes.copyWithin(to, from, from + size);
  else targetMemory.bytes.set(sourceMemory.bytes.subarray(from, from + size), to);
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
  checkBounds(memory.bytes.length, to, size);
  checkBounds(data.length, from, size);
  charge(E, size);
  memory.bytes.set(data.subarray(from, from + size), to);
}

export function data_drop(E: EnvironmentAbi, segment: number): void {
  E.data[segment] = NOTHING;
}
