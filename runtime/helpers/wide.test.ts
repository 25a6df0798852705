/** Against BigInts of 128 bits, over edges and at random, often enough for every tier of the engine. */
import { expect, test } from 'vitest';
import { xorshift } from '../../test/support/templates.ts';
import { i64_add128, i64_mul_wide_s, i64_mul_wide_u, i64_sub128 } from './wide.ts';

const A = BigInt.asIntN;
const U = BigInt.asUintN;
const EDGES = [0n, 1n, 2n, -1n, -2n, 0xffff_ffffn, 1n << 32n, -(1n << 32n), (1n << 63n) - 1n, -(1n << 63n)];
const random = xorshift(7);
const VALUES = [
  ...EDGES,
  ...Array.from({ length: 8 }, () => A(64, BigInt(random()) * 0x1_2345_6789n + (BigInt(random()) << 32n))),
];
const wide = (low: bigint, high: bigint) => (U(64, high) << 64n) | U(64, low);
const halves = (value: bigint) => [A(64, value), A(64, value >> 64n)];
const R = new BigInt64Array(2);

test('products', () => {
  for (let round = 0; round < 60; round++) {
    for (const a of VALUES) {
      for (const b of VALUES) {
        i64_mul_wide_s(R, a, b);
        expect([a, b, ...R]).toEqual([a, b, ...halves(a * b)]);
        i64_mul_wide_u(R, a, b);
        expect([a, b, ...R]).toEqual([a, b, ...halves(U(64, a) * U(64, b))]);
      }
    }
  }
});

test('sums and differences', () => {
  for (const a of VALUES) {
    for (const b of EDGES) {
      for (const c of VALUES) {
        for (const d of EDGES) {
          i64_add128(R, a, b, c, d);
          expect([a, b, c, d, ...R]).toEqual([a, b, c, d, ...halves(wide(a, b) + wide(c, d))]);
          i64_sub128(R, a, b, c, d);
          expect([a, b, c, d, ...R]).toEqual([a, b, c, d, ...halves(wide(a, b) - wide(c, d))]);
        }
      }
    }
  }
});
