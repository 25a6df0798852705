/**
 * A v128 outside compiled code: an `Int32Array` of its four 32-bit words, lowest first, that nobody changes. So it stands in
 * globals and in an exception's payload. The host sees it as an unsigned 128-bit bigint, and may give a `Uint8Array(16)` instead.
 *
 * Not here: vectors in compiled code, which are lanes in variables and in cells of the register file (compiler/emit/simd/).
 */
import { wrongType } from './errors.ts';

export type Vector = Int32Array;

/** Its words are the bytes of memory, whatever the machine's order of bytes. */
function wordsOf(bytes: Uint8Array): Vector {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return Int32Array.from({ length: 4 }, (_, i) => view.getInt32(4 * i, true));
}

/** An unsigned (or, modulo 2^128, any) bigint, or 16 bytes, lowest first. */
export function vectorFromHost(value: unknown): Vector {
  if (value instanceof Uint8Array && value.length === 16) return wordsOf(value);
  if (typeof value !== 'bigint') throw wrongType('a v128 as a bigint or a Uint8Array of 16 bytes', value);
  return Int32Array.from({ length: 4 }, (_, i) => Number(BigInt.asIntN(32, value >> BigInt(32 * i))));
}

/** Unsigned. */
export function vectorToHost(words: Vector): bigint {
  let bits = 0n;
  for (let i = 3; i >= 0; i--) bits = (bits << 32n) | BigInt(words[i]! >>> 0);
  return bits;
}
