/**
 * CRC-32 (the one of zlib and PNG) over stored code: by zlib where it is at hand, else by a table. It finds damage, every
 * single flipped byte for certain; it does not protect from people who may write the file.
 */
import { builtin } from '../host.ts';

const POLYNOMIAL = 0xedb88320;

let table: Int32Array | undefined;

function makeTable(): Int32Array {
  const made = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  return made;
}

/** The same without zlib. */
export function crc32ByTable(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}

export function crc32(bytes: Uint8Array): number {
  const zlib = builtin('node:zlib') as { crc32?(bytes: Uint8Array): number } | undefined;
  return zlib?.crc32?.(bytes) ?? crc32ByTable(bytes);
}
