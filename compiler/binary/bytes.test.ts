import { describe, expect, test } from 'vitest';
import { bytes as flat, signed, unsigned } from '../../test/support/leb.ts';
import { ByteReader } from './bytes.ts';
import { decodeUtf8 } from './utf8.ts';

type Integer = 'u32' | 's32' | 's33' | 's64' | 'u64';
const read = (kind: Integer, input: readonly number[]) => {
  const reader = new ByteReader(Uint8Array.from(input));
  const value = reader[kind]();
  return { value, used: reader.offset };
};

describe('LEB128', () => {
  const edges = (low: bigint, high: bigint): bigint[] => {
    const values = [0n, 1n, -1n, 63n, 64n, -64n, -65n, 127n, 128n, low, low + 1n, high, high - 1n];
    for (let bit = 6n; bit < 64n; bit += 7n)
      values.push(1n << bit, (1n << bit) - 1n, -(1n << bit), -(1n << bit) - 1n);
    return values.filter((value) => value >= low && value <= high);
  };
  test.each([
    ['u32', 0n, 2n ** 32n - 1n],
    ['s32', -(2n ** 31n), 2n ** 31n - 1n],
    ['s33', -(2n ** 32n), 2n ** 32n - 1n],
    ['s64', -(2n ** 63n), 2n ** 63n - 1n],
    ['u64', 0n, 2n ** 64n - 1n],
  ] as const)('%s reads back every edge value', (kind, low, high) => {
    for (const value of edges(low, high)) {
      const input = low < 0n ? signed(value) : unsigned(value);
      const result = read(kind, [...input, 0xaa]);
      expect(BigInt(result.value)).toBe(value);
      expect(result.used).toBe(input.length);
    }
  });

  const ff = (count: number) => new Array<number>(count).fill(0xff);
  const zeros = (count: number) => new Array<number>(count).fill(0x80);
  test.each<[Integer, readonly number[], string]>([
    ['u32', [...zeros(5), 0], 'integer representation too long'],
    ['u32', [...ff(4), 0x1f], 'integer too large'],
    ['s32', [...zeros(5), 0], 'integer representation too long'],
    ['s32', [...ff(4), 0x0f], 'integer too large'],
    ['s32', [...zeros(4), 0x70], 'integer too large'],
    ['s33', [...ff(4), 0x1f], 'integer too large'],
    ['s64', [...zeros(10), 0], 'integer representation too long'],
    ['s64', [...ff(9), 0x01], 'integer too large'],
    ['s64', [...zeros(9), 0x7e], 'integer too large'],
    ['u64', [...ff(9), 0x02], 'integer too large'],
    ['u32', [0x80], 'unexpected end'],
    ['u32', [], 'unexpected end'],
  ])('%s of %j: %s', (kind, input, message) => {
    expect(() => read(kind, input)).toThrow(message);
  });

  test('numbers need not be minimal', () => {
    expect(read('u32', [0x82, 0x80, 0x80, 0x00]).value).toBe(2);
    expect(read('s64', [...ff(9), 0x7f]).value).toBe(-1n);
  });

  test('the vector that lies about its length costs nothing', () => {
    const reader = new ByteReader(flat(unsigned(2 ** 32 - 1), 1, 2, 3));
    expect(() => reader.vector(() => reader.byte())).toThrow(
      'unexpected end of section or function (offset 0x8)',
    );
  });
});

describe('UTF-8', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const standard = (input: Uint8Array): string | undefined => {
    try {
      return decoder.decode(input);
    } catch {
      return undefined;
    }
  };
  const interesting = [
    0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4,
    0xf5,
  ];

  test('agrees with the standard decoder on all sequences of edge bytes', () => {
    for (const a of interesting) {
      for (const b of interesting) {
        for (const c of interesting) {
          const input = Uint8Array.of(a, b, c, 0x80);
          for (let length = 0; length <= 4; length++) {
            expect(decodeUtf8(input, 0, length)).toBe(standard(input.subarray(0, length)));
          }
        }
      }
    }
  });

  test('long names', () => {
    const name = 'naïve "quotes" \u2028 */ 🂡 \u0000'.repeat(5000);
    const input = new TextEncoder().encode(name);
    expect(decodeUtf8(input, 0, input.length)).toBe(name);
  });
});
