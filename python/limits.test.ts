import { expect, test } from 'vitest';
import { limitsOf, ResourceLimits } from './limits.ts';

test('defaults', () => {
  expect({ ...new ResourceLimits() }).toEqual({
    executionTimeoutMs: 30_000,
    callbackTimeoutMs: 10_000,
    maxMemoryBytes: 134_217_728,
    maxCallbackInvocations: 1000,
    maxFuel: null,
    maxVfsBytes: null,
    maxOutputBytes: 16_777_216,
  });
});

test('unlimited', () => {
  expect(new Set(Object.values(ResourceLimits.unlimited()))).toEqual(new Set([null]));
});

test('some, and some changed', () => {
  const limits = limitsOf({ maxFuel: 1000, executionTimeoutMs: null, maxMemoryBytes: undefined });
  expect(limits).toMatchObject({ maxFuel: 1000n, executionTimeoutMs: null, maxMemoryBytes: 134_217_728 });
  expect(limits.with({ maxFuel: 5n, executionTimeoutMs: undefined })).toMatchObject({
    maxFuel: 5n,
    executionTimeoutMs: null,
  });
  expect(limitsOf(limits)).toBe(limits);
});

test.each([
  [{ executionTimeoutMs: -1 }, RangeError, 'executionTimeoutMs'],
  [{ executionTimeoutMs: '5' }, TypeError, 'executionTimeoutMs to be a whole number or null'],
  [{ maxFuel: 1.5 }, TypeError, 'maxFuel'],
  [{ maxFuel: -1n }, RangeError, 'maxFuel'],
  [{ timeout: 5 }, TypeError, 'timeout'],
  [5, TypeError, 'an object'],
])('refuses %s', (limits, type, message) => {
  expect(() => limitsOf(limits as object)).toThrow(type);
  expect(() => limitsOf(limits as object)).toThrow(message);
});
