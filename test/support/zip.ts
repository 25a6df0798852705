/** Zip archives for tests, entry by entry, whatever is in them: also what no tool would write. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntryToWrite {
  readonly name: string;
  readonly data: string;
  /** As the archive shall say. Default: the truth. */
  readonly size?: number;
  readonly crc?: number;
  /** As Unix has it. Default a file. */
  readonly mode?: number;
}

export function zipOf(entries: readonly ZipEntryToWrite[]): Buffer {
  const contents: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const packed = deflateRawSync(entry.data);
    const common = commonFields(entry, packed.length, name.length);
    const local = [signature('PK\x03\x04', [20]), common, uint16(0), name, packed];
    const at = uint32(offset);
    const mode = uint32(((entry.mode ?? 0o100644) << 16) >>> 0);
    directory.push(signature('PK\x01\x02', [(3 << 8) | 20, 20]), common, Buffer.alloc(8), mode, at, name);
    contents.push(...local);
    offset += Buffer.concat(local).length;
  }
  const central = Buffer.concat(directory);
  const counts = Buffer.concat([Buffer.alloc(4), uint16(entries.length), uint16(entries.length)]);
  const end = [Buffer.from('PK\x05\x06'), counts, uint32(central.length), uint32(offset), uint16(0)];
  return Buffer.concat([...contents, central, ...end]);
}

/** From the flags to the length of the name. */
function commonFields({ data, size, crc }: ZipEntryToWrite, packed: number, nameLength: number): Buffer {
  const sum = crc ?? crc32(data);
  const sizes = [uint32(packed), uint32(size ?? Buffer.byteLength(data))];
  return Buffer.concat([uint16(0), uint16(8), Buffer.alloc(4), uint32(sum), ...sizes, uint16(nameLength)]);
}

const signature = (text: string, versions: readonly number[]) =>
  Buffer.concat([Buffer.from(text, 'latin1'), ...versions.map(uint16)]);

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
