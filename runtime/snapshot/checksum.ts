/**
 * A checksum that finds damage in a snapshot, fast without anybody's help: 30 MB take 5 ms (Node 26; 15 in Node 20, where
 * zlib's CRC-32 would take 6). It does not protect from people.
 *
 * Four lanes of 32 bits, in the manner of xxHash32: every step is one to one in its word and in what was there before, so
 * any change within one word changes the result for certain.
 */

const FACTOR_1 = -1640531535;
const FACTOR_2 = -2048144777;
const FACTOR_3 = -1028477379;

/** `bytes` lie at a multiple of 4 in their buffer. */
export function checksum(bytes: Uint8Array): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  const whole = words.length & ~3;
  let [a, b, c, d] = [FACTOR_1, FACTOR_2, FACTOR_3, bytes.length | 0];
  for (let i = 0; i < whole; i += 4) {
    a = step(a, words[i]!);
    b = step(b, words[i + 1]!);
    c = step(c, words[i + 2]!);
    d = step(d, words[i + 3]!);
  }
  for (let i = whole; i < words.length; i++) a = step(a, words[i]!);
  for (let i = words.length << 2; i < bytes.length; i++) a = step(a, bytes[i]!);
  return finish(a, b, c, d) >>> 0;
}

function step(lane: number, word: number): number {
  const mixed = (lane + Math.imul(word, FACTOR_2)) | 0;
  return Math.imul((mixed << 13) | (mixed >>> 19), FACTOR_1);
}

function finish(a: number, b: number, c: number, d: number): number {
  let mixed = step(step(step(a, b), c), d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), FACTOR_2);
  mixed = Math.imul(mixed ^ (mixed >>> 13), FACTOR_3);
  return mixed ^ (mixed >>> 16);
}
