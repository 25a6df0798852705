import { expect, test } from 'vitest';
import { textMatches } from './messages.ts';

test.each([
  ['unreachable', 'unreachable', true],
  ['unknown local', 'unknown local 7 (func 12 "mix", offset 0x1a2)', true],
  ['unknown memory 0', 'unknown memory (offset 0x8)', true],
  ['type mismatch', 'type mismatch: i32.add expected i32, found f64 (func 0, offset 0x1f)', true],
  ['unexpected end of section or function', 'unexpected end (offset 0x8)', true],
  ['unknown local', 'unknown locality', false],
  ['unknown local', '', false],
  ['unknown local', 'unknown global 1', false],
])('%s / %s: %s', (expected, message, same) => {
  expect(textMatches(expected, message)).toBe(same);
});
