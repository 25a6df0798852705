/**
 * Reads ZIP archives that are held in memory: the names in their directory, each with its bytes on demand. Enough for Python's
 * standard library and wheels: stored and deflated entries, no encryption, no ZIP64.
 */
import { crc32, inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** With forward slashes; a directory's ends in one. */
  readonly name: string;
  /** Of the content. */
  readonly size: number;
  /** As Unix has it, with the file's type; 0 where the archive was made elsewhere. */
  readonly mode: number;
  read(): Uint8Array;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
/** Of the systems that an archive may have been made on. */
const UNIX = 3;

/** `what` names the archive in errors. */
export function readZip(bytes: Uint8Array, what: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const failed = (why: string) => new Error(`${what} is not a ZIP archive that can be read: ${why}`);
  try {
    return entriesOf(bytes, view, failed);
  } catch (error) {
    if (error instanceof RangeError) throw failed('it is damaged');
    throw error;
  }
}

function entriesOf(bytes: Uint8Array, view: DataView, failed: (why: string) => Error): ZipEntry[] {
  const end = findEnd(view);
  if (end === undefined) throw failed('it has no directory');
  const count = view.getUint16(end + 10, true);
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at, true) !== CENTRAL) throw failed('its directory is damaged');
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const method = view.getUint16(at + 10, true);
    if (view.getUint16(at + 8, true) & ENCRYPTED) throw failed(`${name} is encrypted`);
    if (method !== STORED && method !== DEFLATED) throw failed(`${name} is compressed by method ${method}`);
    const compressed = view.getUint32(at + 20, true);
    const size = view.getUint32(at + 24, true);
    const local = view.getUint32(at + 42, true);
    const sum = view.getUint32(at + 16, true);
    const mode = view.getUint8(at + 5) === UNIX ? view.getUint16(at + 40, true) : 0;
    const read = () => {
      const content = localContent(bytes, view, local, compressed, failed);
      // One byte more than expected is too much; a bomb is not unpacked to its end.
      const result = method === STORED ? content : inflateRawSync(content, { maxOutputLength: size + 1 });
      if (result.length !== size) throw failed(`${name} has not the size it should have`);
      if (crc32(result) !== sum) throw failed(`${name} is damaged`);
      return result;
    };
    entries.push({ name, size, mode, read });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** The end record lies at the end, before a comment of up to 64 KiB. */
function findEnd(view: DataView): number | undefined {
  const first = Math.max(0, view.byteLength - END_SIZE - 0xffff);
  for (let at = view.byteLength - END_SIZE; at >= first; at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  return undefined;
}

function localContent(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  length: number,
  failed: (why: string) => Error,
): Uint8Array {
  if (view.getUint32(at, true) !== LOCAL) throw failed('an entry is not where its directory says');
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (start + length > bytes.length) throw failed('an entry is cut off');
  return bytes.subarray(start, start + length);
}
