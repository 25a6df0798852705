/**
 * The binary format's smallest pieces, for tests that write modules: LEB128 numbers, names, vectors, floats.
 * Not for reading: the decoder of the tests is decode.ts, the compiler's is compiler/binary.
 */

/** Nested arrays are flattened by `bytes`. */
export type Bytes = number | Uint8Array | readonly Bytes[];

/** Flattens without recursion limits on breadth: vectors of a million entries are fine. */
export function bytes(...parts: readonly Bytes[]): Uint8Array {
  const out: number[] = [];
  const append = (part: Bytes): void => {
    if (typeof part === 'number') out.push(part);
    else for (const inner of part as Iterable<Bytes>) append(inner);
  };
  for (const part of parts) append(part);
  return Uint8Array.from(out);
}

export function unsigned(value: number | bigint): number[] {
  if (value < 128) return [Number(value)];
  let rest = BigInt(value);
  const out: number[] = [];
  do {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest === 0n ? byte : byte | 0x80);
  } while (rest !== 0n);
  return out;
}

export function signed(value: number | bigint): number[] {
  if (value >= -64 && value < 64) return [Number(value) & 0x7f];
  let rest = BigInt(value);
  const out: number[] = [];
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
}

/** Text is encoded as UTF-8; bytes are taken as they are, so that tests can write malformed names. */
export function name(text: string | Uint8Array): Bytes {
  const encoded = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return [unsigned(encoded.length), encoded];
}

export function vector(items: readonly Bytes[]): Bytes {
  return [unsigned(items.length), items];
}

const scratch = new DataView(new ArrayBuffer(8));

/** A number, or raw bits as a bigint (the only way to write a NaN's payload). */
export function f32(value: number | bigint): number[] {
  if (typeof value === 'bigint') scratch.setUint32(0, Number(BigInt.asUintN(32, value)), true);
  else scratch.setFloat32(0, value, true);
  return [...new Uint8Array(scratch.buffer, 0, 4)];
}

export function f64(value: number | bigint): number[] {
  if (typeof value === 'bigint') scratch.setBigUint64(0, BigInt.asUintN(64, value), true);
  else scratch.setFloat64(0, value, true);
  return [...new Uint8Array(scratch.buffer, 0, 8)];
}
