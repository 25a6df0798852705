/**
 * Instructions on vectors that take more than an expression. They work on words and are small, so that V8 inlines them; one
 * whose result is a whole vector writes it to the first words of the register file.
 */

/** The signed halves of two words as signed bytes, the nearest there is. */
export function i8x16_narrow_s(low: number, high: number): number {
  const bytes = (word: number) => (clamp((word << 16) >> 16) & 255) | ((clamp(word >> 16) & 255) << 8);
  return bytes(low) | (bytes(high) << 16);
}

function clamp(half: number): number {
  return half < -128 ? -128 : half > 127 ? 127 : half;
}

/** The signed halves of two words as unsigned bytes. */
export function i8x16_narrow_u(low: number, high: number): number {
  const a = i8x16_clamp_u(low);
  const b = i8x16_clamp_u(high);
  return (a & 255) | ((a >>> 8) & 0xff00) | ((b & 255) << 16) | ((b << 8) & 0xff000000);
}

/** Both halves of a word as what they are narrowed to: negative ones become 0; 0x7f00 more sets the highest bit of those above 255. */
export function i8x16_clamp_u(word: number): number {
  const negative = word & 0x80008000;
  const positive = word & ~(negative | (negative - (negative >>> 15)));
  const above = (positive + 0x7f007f00) & 0x80008000;
  return (positive | ((above >>> 7) - (above >>> 15))) & 0x00ff00ff;
}

export function i16x8_narrow_s(low: number, high: number): number {
  return (clampHalf(low) & 0xffff) | (clampHalf(high) << 16);
}

function clampHalf(word: number): number {
  return word < -0x8000 ? -0x8000 : word > 0x7fff ? 0x7fff : word;
}

export function i16x8_narrow_u(low: number, high: number): number {
  return clampUnsigned(low) | (clampUnsigned(high) << 16);
}

function clampUnsigned(word: number): number {
  return word < 0 ? 0 : word > 0xffff ? 0xffff : word;
}

/** Products of fractions of 15 bits, rounded; only −1 · −1 is too large. */
export function i16x8_q15mulr_sat_s(a: number, b: number): number {
  const low = (Math.imul((a << 16) >> 16, (b << 16) >> 16) + 0x4000) >> 15;
  const high = (Math.imul(a >> 16, b >> 16) + 0x4000) >> 15;
  return (low > 0x7fff ? 0x7fff : low & 0xffff) | ((high > 0x7fff ? 0x7fff : high) << 16);
}

/** Byte n of the result is byte b[n] of a; 0 if there is none. */
export function i8x16_swizzle(
  cells: Int32Array,
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
): void {
  cells[4] = a0;
  cells[5] = a1;
  cells[6] = a2;
  cells[7] = a3;
  cells[0] = swizzled(cells, b0);
  cells[1] = swizzled(cells, b1);
  cells[2] = swizzled(cells, b2);
  cells[3] = swizzled(cells, b3);
}

function swizzled(cells: Int32Array, indices: number): number {
  const low = chosen(cells, indices & 255) | (chosen(cells, (indices >>> 8) & 255) << 8);
  return low | (chosen(cells, (indices >>> 16) & 255) << 16) | (chosen(cells, indices >>> 24) << 24);
}

/** Byte `index` of the vector in words 4 to 7. */
function chosen(cells: Int32Array, index: number): number {
  return index > 15 ? 0 : (cells[4 + (index >>> 2)]! >>> ((index & 3) << 3)) & 255;
}

/** A vector outside compiled code, for the payload of an exception. */
export function v128_words(a0: number, a1: number, a2: number, a3: number): Int32Array {
  return Int32Array.of(a0, a1, a2, a3);
}
