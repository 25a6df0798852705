/**
 * From bytes to a row of the opcode table, prefixed instructions included. What is switched off is refused by
 * proposal and name, what the table lacks as illegal.
 */
import { type Opcode, opcodeOf } from '../opcodes.ts';
import type { ByteReader } from './bytes.ts';

const FIRST_PREFIX = 0xfb;
const LAST_PREFIX = 0xfe;

export function readOpcode(reader: ByteReader): Opcode {
  const offset = reader.offset;
  const byte = reader.byte();
  const row = opcodeOf(byte);
  return row !== undefined && reader.features.has(row.feature)
    ? row
    : readPrefixedOpcode(reader, byte, offset);
}

/** The rest of `readOpcode`, when the first byte is read and no instruction by itself, or one that is switched off. */
export function readPrefixedOpcode(reader: ByteReader, byte: number, offset: number): Opcode {
  const sub = byte >= FIRST_PREFIX && byte <= LAST_PREFIX ? reader.u32() : undefined;
  const row = opcodeOf(byte, sub);
  if (row !== undefined) {
    if (!reader.features.has(row.feature)) reader.requires(row.feature, row.name, offset);
    return row;
  }
  const code = sub === undefined ? hex(byte) : `${hex(byte)} ${hex(sub)}`;
  return reader.fail(`illegal opcode ${code}`, offset);
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}
