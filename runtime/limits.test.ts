import { expect, test } from 'vitest';
import { DEFAULT_COSTS, resolveCosts } from './costs.ts';
import { DEFAULT_LIMITS, resolveLimits } from './limits.ts';

test('defaults', () => {
  expect(DEFAULT_LIMITS).toMatchObject({
    memoryPages: 65_536,
    tableElements: 10_000_000,
    callDepth: undefined,
  });
  expect({ ...DEFAULT_COSTS }).toEqual({ default: 1, bulkUnit: 64 });
});

test('what is given replaces a default; undefined does not', () => {
  const limits = resolveLimits({ memoryPages: 256, locals: undefined, callDepth: 1000 });
  expect(limits).toEqual({ ...DEFAULT_LIMITS, memoryPages: 256, callDepth: 1000 });
  expect({ ...resolveCosts({ 'i64.div_s': 20, call: 5, nop: undefined }) }).toEqual({
    default: 1,
    bulkUnit: 64,
    'i64.div_s': 20,
    call: 5,
  });
});

test.each<[() => unknown, string]>([
  [() => resolveLimits({ pages: 1 } as never), 'unknown limit "pages"'],
  [
    () => resolveLimits({ memoryPages: '1' } as never),
    'expected limits.memoryPages to be an integer, found "1"',
  ],
  [() => resolveLimits({ memoryPages: 1.5 }), 'expected limits.memoryPages to be an integer, found 1.5'],
  [() => resolveLimits({ memoryPages: NaN }), 'expected limits.memoryPages to be an integer, found NaN'],
  [() => resolveLimits({ memoryPages: 65_537 }), 'limits.memoryPages must be from 0 to 65536, found 65537'],
  [() => resolveLimits({ callDepth: 0 }), 'limits.callDepth must be from 1 to 1073741824, found 0'],
  [() => resolveCosts({ nop: -1 }), 'costs["nop"] must be from 0 to 10000, found -1'],
  [() => resolveCosts({ default: 10_001 }), 'costs["default"] must be from 0 to 10000, found 10001'],
  [() => resolveCosts({ nop: 0.5 }), 'expected costs["nop"] to be an integer, found 0.5'],
  [
    () => resolveCosts({ 'i32.addd': 2 }, (name) => name === 'i32.add'),
    'unknown instruction in costs "i32.addd"',
  ],
])('%s', (act, message) => {
  expect(act).toThrow(message);
});

test('no name is found that nobody gave', () => {
  expect(DEFAULT_COSTS.constructor).toBeUndefined();
});
