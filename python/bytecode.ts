/**
 * Bytecode of the standard library, compiled when this package was built (scripts/make-bytecode.mjs): Python would compile each
 * module that it imports, which is most of the work of building an image. It belongs to one edition of the library, by a key; for
 * any other it is not used, and Python compiles for itself.
 *
 *   length of the header u32 | header: JSON { key, files: [path, size, compressed size][] } | files, deflated, one after another
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

export interface BytecodeFile {
  /** In the library's tree. */
  readonly path: string;
  readonly size: number;
  read(): Uint8Array;
}

interface Header {
  readonly key: string;
  readonly files: readonly (readonly [path: string, size: number, compressed: number])[];
}

/** Part of the key: times and flags in the files are such. */
const FORMAT = 1;
/** The end of a ZIP archive is its directory: names, sizes and checksums of all files. */
const DIRECTORY_BYTES = 2 ** 16;

/** What bytecode for this edition of the library is called. */
export function bytecodeKey(zip: Uint8Array): string {
  const hash = createHash('sha256').update(`${FORMAT} ${zip.length} `);
  return hash.update(zip.subarray(-DIRECTORY_BYTES)).digest('hex');
}

/** What was made for this edition of the library when the package was built; nothing, if it was for another or not at all. */
export function builtBytecode(zip: Uint8Array): BytecodeFile[] {
  const file = new URL('./bytecode.bin', import.meta.url);
  return existsSync(file) ? decodeBytecode(readFileSync(file), bytecodeKey(zip)) : [];
}

export function encodeBytecode(key: string, files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const packed = files.map(([path, bytes]) => ({ path, size: bytes.length, data: deflateRawSync(bytes) }));
  const header: Header = { key, files: packed.map(({ path, size, data }) => [path, size, data.length]) };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, ...packed.map(({ data }) => data)]);
}

export function decodeBytecode(bytes: Buffer, key: string): BytecodeFile[] {
  const start = 4 + bytes.readUInt32LE(0);
  const header = JSON.parse(bytes.toString('utf8', 4, start)) as Header;
  if (header.key !== key) return [];
  let at = start;
  return header.files.map(([path, size, compressed]) => {
    const data = bytes.subarray(at, at + compressed);
    at += compressed;
    return { path, size, read: () => inflateRawSync(data) };
  });
}
