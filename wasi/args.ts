/**
 * Command-line arguments: `args_get`, `args_sizes_get`. Also the layout that they share with the environment (environ.ts): an
 * array of pointers, and the strings they point to, one after the other, each closed by a zero byte.
 */
import type { Context, Family } from './context.ts';
import { cString, type GuestMemory } from './memory-access.ts';

export function args({ args, memory }: Context): Family {
  const strings = args.map(cString);
  return {
    args_get: (pointers: number, buffer: number) => writeStrings(memory, strings, pointers, buffer),
    args_sizes_get: (count: number, size: number) => writeSizes(memory, strings, count, size),
  };
}

export function writeStrings(
  memory: GuestMemory,
  strings: readonly Uint8Array[],
  pointers: number,
  buffer: number,
): void {
  const table = memory.view(pointers, strings.length * 4);
  const target = memory.bytes(buffer, totalSize(strings));
  let offset = 0;
  strings.forEach((string, index) => {
    table.setUint32(index * 4, (buffer >>> 0) + offset, true);
    target.set(string, offset);
    offset += string.length;
  });
}

export function writeSizes(
  memory: GuestMemory,
  strings: readonly Uint8Array[],
  count: number,
  size: number,
): void {
  memory.setU32(count, strings.length);
  memory.setU32(size, totalSize(strings));
}

function totalSize(strings: readonly Uint8Array[]): number {
  return strings.reduce((sum, string) => sum + string.length, 0);
}
