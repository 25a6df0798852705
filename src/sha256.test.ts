/** The hash without Node is Node's, at every length around a block's end. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256, sha256ByHand } from './sha256.ts';

test.each([0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 100_003])('%i bytes', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 167 + length) >>> 1);
  const expected = createHash('sha256').update(bytes).digest('hex');
  expect([sha256(bytes), sha256ByHand(bytes)]).toEqual([expected, expected]);
});
