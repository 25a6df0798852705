/** Memories taken apart and put together again, and the checksum over the pieces. */
import { describe, expect, test } from 'vitest';
import { Memory } from '../memory.ts';
import { checksum } from './checksum.ts';
import { copyRuns, fill, findRuns } from './runs.ts';

/** A memory of pages of one byte, with something at the given places. */
function memoryWith(length: number, places: readonly number[]): Memory {
  const memory = new Memory({ initial: length, pageSize: 1 });
  for (const place of places) memory.bytes[place] = 1 + (place % 255);
  return memory;
}

describe('runs', () => {
  test.each<[number, number[], [at: number, length: number][]]>([
    [0, [], []],
    [10_000, [], []],
    [1, [0], [[0, 1]]],
    [4097, [4096], [[4096, 1]]],
    [4099, [4098], [[4096, 3]]],
    [20_000, [0, 4095, 4096], [[0, 8192]]],
    [
      20_000,
      [4095, 8192, 19_999],
      [
        [0, 4096],
        [8192, 4096],
        [16_384, 3616],
      ],
    ],
    [20_001, [20_000], [[16_384, 3617]]],
  ])('%i bytes, some at %j', (length, places, expected) => {
    const { bytes } = memoryWith(length, places);
    const runs = findRuns(bytes, 100);
    expect(runs.map(({ at, length }) => [at, length])).toEqual(expected);
    let from = 100;
    for (const run of runs) {
      expect(run.from).toBe(from);
      from += run.length;
    }
  });

  test('make the same memory of a new one and of one that was used', () => {
    for (let round = 0; round < 50; round++) {
      const length = 1 + ((round * 7919) % 50_000);
      const places = Array.from({ length: round % 7 }, (_, i) => (i * 104_729 + round * 31) % length);
      const { bytes } = memoryWith(length, places);
      const runs = findRuns(bytes, 0);
      const payload = new Uint8Array(runs.reduce((sum, run) => sum + run.length, 0));
      copyRuns(payload, bytes, runs);
      const fresh = memoryWith(length, []);
      fill(fresh, runs, payload, true);
      const used = memoryWith(length, []);
      used.bytes.fill(0xee);
      fill(used, runs, payload, false);
      expect(Buffer.compare(fresh.bytes, bytes) + Buffer.compare(used.bytes, bytes)).toBe(0);
    }
  });
});

describe('the checksum', () => {
  test.each([0, 1, 3, 4, 5, 16, 17, 31, 32, 35, 64])(
    'of %i bytes knows every bit, and the length',
    (length) => {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 37);
      const sums = new Set([checksum(bytes), checksum(new Uint8Array([...bytes, 0]))]);
      for (let bit = 0; bit < 8 * length; bit++) {
        const changed = bytes.slice();
        changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
        sums.add(checksum(changed));
      }
      expect(sums.size).toBe(8 * length + 2);
    },
  );

  test('is the same wherever the bytes lie', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
    const moved = new Uint8Array(112);
    moved.set(bytes, 12);
    expect(checksum(moved.subarray(12))).toBe(checksum(bytes));
  });
});
