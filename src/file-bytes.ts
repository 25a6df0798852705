/**
 * Reads whole files of tens of megabytes, modules and cache entries. The bytes lie in memory that the collector does not
 * count: 50 MB that it knew of would make it collect twice before a program has started.
 */
import type * as Fs from 'node:fs';

type FileSystem = Pick<typeof Fs, 'fstatSync' | 'readFileSync' | 'readSync'>;

/** Smaller files are not worth it. */
const LARGE = 2 ** 20;
/** Larger ones are `readFileSync`'s to refuse. */
const LARGEST = 2 ** 31 - 1;

/** All bytes of an open file. */
export function readOpenFile(fs: FileSystem, descriptor: number): Uint8Array {
  const stats = fs.fstatSync(descriptor);
  const { size } = stats;
  if (!stats.isFile() || size < LARGE || size > LARGEST) return fs.readFileSync(descriptor);
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  let at = 0;
  while (at < size) {
    const count = fs.readSync(descriptor, bytes, at, size - at, at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}
