import { expect, test } from 'vitest';
import { geometricMean, median, quantile, spread } from './statistics.ts';

test.each([
  [[3], 3],
  [[4, 1], 2.5],
  [[9, 1, 5], 5],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('quartiles lie between the nearest values', () => {
  expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
  expect(quantile([1, 2, 3, 4], 0.75)).toBe(3.25);
  expect(quantile([7, 3], 1)).toBe(7);
});

test('the spread is half of what lies between the quartiles, to the median', () => {
  expect(spread([9, 10, 11, 10, 12])).toBeCloseTo(0.05);
  expect(spread([5])).toBe(0);
});

test('a geometric mean is indifferent to which side is the reference', () => {
  expect(geometricMean([2, 0.5])).toBeCloseTo(1);
  expect(geometricMean([1, 8, 27])).toBeCloseTo(6);
});
