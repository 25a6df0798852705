import { describe, expect, test } from 'vitest';
import { resolveLimits } from './limits.ts';
import { Table } from './table.ts';
import { EXNREF, EXTERNREF, FUNCREF } from './types.ts';

const limited = (tableElements: number) => resolveLimits({ tableElements });

describe('growth', () => {
  test('keeps the array and fills with the value', () => {
    const table = new Table({ element: 'externref', initial: 1, maximum: 4 }, 'a');
    const { elements } = table;
    expect(table.tryGrow(2, 'b')).toBe(1);
    expect(table.tryGrow(0, 'c')).toBe(3);
    expect(table.tryGrow(2, 'd')).toBe(-1);
    expect(table.elements).toBe(elements);
    expect(elements).toEqual(['a', 'b', 'b']);
  });

  test.each([
    ['the declared maximum', new Table({ element: 'funcref', initial: 1, maximum: 2 })],
    [
      'the limit, below the declared maximum',
      new Table({ element: 'funcref', initial: 1, maximum: 9 }, null, limited(2)),
    ],
    ['the limit, without a maximum', new Table({ element: 'funcref', initial: 1 }, null, limited(2))],
  ])('ends at %s', (_what, table) => {
    expect(table.tryGrow(2 ** 32 - 1, null)).toBe(-1);
    expect(table.tryGrow(2, null)).toBe(-1);
    expect(table.tryGrow(1, null)).toBe(1);
    expect(() => table.grow(1)).toThrow(new RangeError('cannot grow a table of 2 by 1'));
  });
});

test('a minimum over the limit is refused', () => {
  const message = 'a table of 3 elements exceeds the limit of 2 (limits.tableElements)';
  expect(() => new Table({ element: 'funcref', initial: 3 }, null, limited(2))).toThrow(
    new RangeError(message),
  );
  const type = { element: FUNCREF, min: 3, max: undefined, address: 'i32' } as const;
  expect(() => Table.define(type, null, limited(2))).toThrow(new RangeError(message));
});

describe('a defined table', () => {
  const define = (element: typeof FUNCREF, value: unknown) =>
    Table.define({ element, min: 2, max: 5, address: 'i32' }, value, limited(4));

  test('is filled with the internal value', () => {
    const reference = { any: 'FunctionReference' };
    expect(define(FUNCREF, reference).elements).toEqual([reference, reference]);
    expect(define(EXTERNREF, null).get(1)).toBeNull();
  });

  test('has the declared maximum and the current size', () => {
    const table = define(FUNCREF, null);
    table.tryGrow(1, null);
    expect(table.type).toEqual({ element: FUNCREF, min: 3, max: 5, address: 'i32' });
    expect(table.tryGrow(2, null)).toBe(-1);
  });

  test('of exnrefs shows nothing to the host', () => {
    const table = define(EXNREF, null);
    for (const act of [
      () => table.get(0),
      () => table.set(0),
      () => table.set(0, null),
      () => table.grow(1),
    ]) {
      expect(act).toThrow(TypeError);
    }
  });
});

test('a failed set changes nothing', () => {
  const table = new Table({ element: 'funcref', initial: 1 });
  expect(() => table.set(0, () => 1)).toThrow('cannot convert a function to funcref');
  expect(() => table.set(1, null)).toThrow('table index 1 is out of range (length 1)');
  expect(table.elements).toEqual([null]);
});
