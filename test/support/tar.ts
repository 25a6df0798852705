/** Tar archives for tests, entry by entry, whatever is in them: also what no tool would write. */

export interface TarEntry {
  readonly name: string;
  readonly data?: string;
  /** The type flag. Default `0`, a file. */
  readonly type?: string;
  readonly linkname?: string;
}

const BLOCK = 512;

export function tarOf(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * BLOCK)]);
}

function entryBlocks({ name, data = '', type = '0', linkname = '' }: TarEntry): Buffer[] {
  if (name.length > 100) {
    const record = paxRecord('path', name);
    return [
      ...entryBlocks({ name: 'pax', data: record, type: 'x' }),
      ...entryBlocks({ name: 'long', data, type }),
    ];
  }
  const bytes = Buffer.from(data);
  return [
    header(name, bytes.length, type, linkname),
    bytes,
    Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK),
  ];
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

function header(name: string, size: number, type: string, linkname: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.fill(' ', 148, 156);
  block.write(type, 156);
  block.write(linkname, 157);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
