/**
 * Arithmetic on the bytes and halves inside 32-bit words, as text of templates: what one word's lanes become is computed at once.
 *
 *   i8x16.add     (a & 0x7f7f7f7f) + (b & 0x7f7f7f7f) ^ (a ^ b) & 0x80808080
 *
 * The sums of the lower bits cannot carry into the next lane; the highest bit of each lane is added without carry. A comparison
 * answers the highest bit of each lane first, then spreads it: 0x80 → 0x80 | 0x80 − 0x01 = 0xff. Literals are int32,
 * else V8 computes with doubles. `x` and `y` are the templates' temporaries.
 */

/** Lanes of one width: their highest bits, all others, their lowest bits, and the number of bits less one. */
export interface Width {
  readonly high: number;
  readonly rest: number;
  readonly ones: number;
  readonly last: number;
}
export const BYTES: Width = { high: 0x80808080 | 0, rest: 0x7f7f7f7f, ones: 0x01010101, last: 7 };
export const HALVES: Width = { high: 0x80008000 | 0, rest: 0x7fff7fff, ones: 0x00010001, last: 15 };

export const add = ({ high, rest }: Width) => `(a & ${rest}) + (b & ${rest}) ^ (a ^ b) & ${high}`;
export const sub = ({ high, rest }: Width) => `(a | ${high}) - (b & ${rest}) ^ (a ^ ~b) & ${high}`;
export const neg = ({ high, rest }: Width) => `${high} - (a & ${rest}) ^ ~a & ${high}`;

/** All ones in the lanes whose highest bit `y` has; it has no others. */
const spread = ({ last }: Width) => `(y | y - (y >>> ${last}))`;

const equal = ({ high, rest }: Width) => `~(((x = a ^ b) & ${rest}) + ${rest} | x) & ${high}`;
const unequal = ({ high, rest }: Width) => `(((x = a ^ b) & ${rest}) + ${rest} | x) & ${high}`;
/** The highest bit of `(a | high) - (b & rest)` says whether a's other bits are at least b's. */
const lessUnsigned = ({ high, rest }: Width, a: string, b: string) =>
  `(~${a} & ${b} | ~(${a} ^ ${b} | (${a} | ${high}) - (${b} & ${rest}))) & ${high}`;
const lessSigned = ({ high, rest }: Width, a: string, b: string) =>
  `(${a} & ~${b} | ~(${a} ^ ${b} | (${a} | ${high}) - (${b} & ${rest}))) & ${high}`;

/** Comparisons as highest bits; and as whole lanes. */
const not = ({ high }: Width, bits: string) => `(${bits}) ^ ${high}`;
export const TOPS: Readonly<Record<string, (width: Width) => string>> = {
  eq: equal,
  ne: unequal,
  lt_s: (width) => lessSigned(width, 'a', 'b'),
  lt_u: (width) => lessUnsigned(width, 'a', 'b'),
  gt_s: (width) => lessSigned(width, 'b', 'a'),
  gt_u: (width) => lessUnsigned(width, 'b', 'a'),
  le_s: (width) => not(width, lessSigned(width, 'b', 'a')),
  le_u: (width) => not(width, lessUnsigned(width, 'b', 'a')),
  ge_s: (width) => not(width, lessSigned(width, 'a', 'b')),
  ge_u: (width) => not(width, lessUnsigned(width, 'a', 'b')),
};
export const mask = (width: Width, bits: string) => `(y = ${bits}, ${spread(width)})`;
const lt_s = (width: Width) => mask(width, lessSigned(width, 'a', 'b'));
const lt_u = (width: Width) => mask(width, lessUnsigned(width, 'a', 'b'));
export const min_s = (width: Width) => `b ^ (a ^ b) & ${lt_s(width)}`;
export const min_u = (width: Width) => `b ^ (a ^ b) & ${lt_u(width)}`;
export const max_s = (width: Width) => `a ^ (a ^ b) & ${lt_s(width)}`;
export const max_u = (width: Width) => `a ^ (a ^ b) & ${lt_u(width)}`;

/** What a sum or difference `x` that overflows in the lanes `bits` becomes: the largest or smallest, by a's sign. */
const saturate = (width: Width, result: string, bits: string) => {
  const limit = `(a >>> ${width.last} & ${width.ones}) + ${width.rest}`;
  return `(x = ${result}, y = ${bits} & ${width.high}, x ^ (x ^ ${limit}) & ${spread(width)})`;
};
export const add_sat_s = (width: Width) => saturate(width, add(width), '~(a ^ b) & (a ^ x)');
export const sub_sat_s = (width: Width) => saturate(width, sub(width), '(a ^ b) & (a ^ x)');
export const add_sat_u = (width: Width) =>
  `(x = ${add(width)}, y = (a & b | (a | b) & ~x) & ${width.high}, x | ${spread(width)})`;
export const sub_sat_u = (width: Width) =>
  `(x = ${sub(width)}, y = (~a & b | ~(a ^ b) & x) & ${width.high}, x & ~${spread(width)})`;

export const avgr_u = ({ rest }: Width) => `(a | b) - ((a ^ b) >>> 1 & ${rest}) | 0`;
export const abs = (width: Width) =>
  `(y = a & ${width.high}, y = ${spread(width)}, (a ^ y) + (y & ${width.ones}) | 0)`;

export const all_true = ({ high, rest }: Width) => {
  const words = [0, 1, 2, 3].map((n) => `((a${n} & ${rest}) + ${rest} | a${n})`);
  return `(${words.join(' & ')} & ${high}) === ${high}`;
};

/** Shifts, the count in `b`. */
const all = ({ last }: Width) => 2 ** (last + 1) - 1;
export const shl = (width: Width) =>
  `a << (b & ${width.last}) & imul(${all(width)} << (b & ${width.last}) & ${all(width)}, ${width.ones})`;
export const shr_u = (width: Width) =>
  `a >>> (b & ${width.last}) & imul(${all(width)} >>> (b & ${width.last}), ${width.ones})`;
/** The sign bits, multiplied by the ones that move in. */
export const shr_s = (width: Width) =>
  `${shr_u(width)} | imul(a >>> ${width.last} & ${width.ones}, ${all(width)} << ${width.last + 1} - (b & ${width.last}) & ${all(width)})`;

// -------------------------------------------------------------------- lanes that change their width

/** Byte n of a word, extended to 32 bits. */
export const byte_s = (word: string, n: number) => `(${word} << ${24 - 8 * n} >> 24)`;
export const byte_u = (word: string, n: number) => `(${word} >>> ${8 * n} & 255)`;
export const half_s = (word: string, n: number) => (n === 0 ? `(${word} << 16 >> 16)` : `(${word} >> 16)`);
export const half_u = (word: string, n: number) => (n === 0 ? `(${word} & 65535)` : `(${word} >>> 16)`);
export const pack = (low: string, high: string) => `${low} & 65535 | ${high} << 16`;

/** Two words of bytes as four words of halves. */
export const bytesToHalves_u = (words: readonly string[]) =>
  words
    .flatMap((word) => [
      `${word} & 255 | (${word} & 65280) << 8`,
      `${word} >>> 16 & 255 | ${word} >>> 8 & 16711680`,
    ])
    .join(' ; ');
/** The upper byte of each pair has its sign at bit 31 already, or is shifted there. */
export const bytesToHalves_s = (words: readonly string[]) =>
  words
    .flatMap((word) => [
      `${word} << 24 >> 24 & 65535 | ${word} << 16 >> 8 & -65536`,
      `${word} << 8 >> 24 & 65535 | ${word} >> 8 & -65536`,
    ])
    .join(' ; ');
/** The same, split. */
export const bytesToSplit_u = (words: readonly string[]) =>
  words.flatMap((word) => [`${word} & 16711935`, `${word} >>> 8 & 16711935`]).join(' ; ');
/** Of two vectors of split halves; `byte` makes bytes of a word's halves. */
export const splitToBytes = (byte: (word: string) => string) =>
  ['a0 a1', 'a2 a3', 'b0 b1', 'b2 b3']
    .map((pair) => pair.split(' ').map(byte))
    .map(([even, odd]) => `${even} | ${odd} << 8`)
    .join(' ; ');
/** Halves that are bytes already, as bytes. */
export const halvesToBytes = [
  ['a0', 'a1'],
  ['a2', 'a3'],
  ['b0', 'b1'],
  ['b2', 'b3'],
]
  .map(([low, high]) => `(${low} | ${low} >>> 8) & 65535 | (${high} | ${high} >>> 8) << 16`)
  .join(' ; ');

type Part = (word: string, n: number) => string;
export const halvesToWords = (part: Part, words: readonly string[]) =>
  words.flatMap((word) => [part(word, 0), part(word, 1)]).join(' ; ');

const product = (part: Part, a: string, b: string, n: number) => `imul(${part(a, n)}, ${part(b, n)})`;
/** Products of bytes as halves, of halves as words: of the words of that number in both operands. */
export const multiplyBytes = (part: Part, words: readonly number[]) =>
  words
    .flatMap((n) =>
      [0, 2].map((i) => pack(product(part, `a${n}`, `b${n}`, i), product(part, `a${n}`, `b${n}`, i + 1))),
    )
    .join(' ; ');
export const multiplyHalves = (part: Part, words: readonly number[]) =>
  words.flatMap((n) => [0, 1].map((i) => product(part, `a${n}`, `b${n}`, i))).join(' ; ');

/** 64-bit products by way of the scratch cells: `low`, `high` give the words of each factor. */
export const multiplyLongs = (
  high: (word: string) => string,
  pairs: readonly (readonly [string, string])[],
) =>
  pairs
    .flatMap(([a, b]) => {
      const factors = `RL[0] = ${a}, RL[1] = ${high(a)}, RL[2] = ${b}, RL[3] = ${high(b)}`;
      return [`(${factors}, R[0] = A(64, R[0] * R[1]), RL[0])`, 'RL[1]'];
    })
    .join(' ; ');

/** Sums of two products of bytes, as halves. */
export const dotBytes = (a: string, b: string, n: number) =>
  `(${product(byte_s, a, b, n)} + ${product(byte_s, a, b, n + 1)})`;
