/**
 * Helpers over whole memories and tables: bounds before anything, then fuel, then the effect, also when they overlap.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import type { EnvironmentAbi, FunctionReference } from '../abi.ts';
import { OutOfFuelError, Trap } from '../errors.ts';
import { Fuel, type FuelCells } from '../fuel.ts';
import { Interrupt } from '../interrupt.ts';
import { resolveLimits } from '../limits.ts';
import { Memory, PAGE } from '../memory.ts';
import { Table } from '../table.ts';
import { charge } from './fuel.ts';
import * as memory from './memory.ts';
import * as table from './table.ts';

let E: EnvironmentAbi;

let cells: FuelCells;

function environment(bulkUnit: number, limit: bigint | undefined): EnvironmentAbi {
  cells = { fuel: 0, fuel2: 0 };
  const account = new Fuel(cells, { limit, interrupt: new Interrupt() });
  const S = { bulkUnit, limits: resolveLimits(), account };
  const externs = () =>
    new Table({ element: 'externref', initial: 10 }, null, resolveLimits({ tableElements: 200 }));
  const partial = {
    S,
    M: [new Memory({ initial: 2, maximum: 4 }), new Memory({ initial: 1 })],
    T: [externs(), externs()],
    data: [Uint8Array.of(1, 2, 3, 4)],
    elements: [['p', 'q', 'r']],
    refs: [],
    makeRef: (index: number) => ({ index }) as FunctionReference,
  };
  return partial as unknown as EnvironmentAbi;
}

beforeEach(() => {
  E = environment(64, undefined);
  E.M[0]!.bytes.set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  E.T[0]!.elements.splice(0, 10, ...'abcdefghij');
});

/** The largest i32. */
const MOST = 2 ** 32 - 1;
const consumed = () => E.S.account.consumed;
const bytes = (count: number, index = 0) => [...E.M[index]!.bytes.subarray(0, count)];
const elements = (index = 0) => E.T[index]!.elements.map((element) => element ?? '-').join('');
const memoryTrap = expect.objectContaining({ code: 'out-of-bounds-memory-access' });
const tableTrap = expect.objectContaining({ code: 'out-of-bounds-table-access' });

function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return 'nothing';
}

describe('memory', () => {
  test('fill writes the low byte', () => {
    memory.memory_fill(E, 0, 2, -255, 3);
    expect(bytes(6)).toEqual([0, 1, 1, 1, 1, 5]);
  });
  test.each([
    [0, 3, 5, [0, 1, 2, 0, 1, 2, 3, 4, 8, 9]],
    [3, 0, 5, [3, 4, 5, 6, 7, 5, 6, 7, 8, 9]],
  ])('copy from %d to %d moves overlapping bytes', (from, to, size, result) => {
    memory.memory_copy(E, 0, 0, to, from, size);
    expect(bytes(10)).toEqual(result);
  });
  test('copy goes from the second memory named to the first', () => {
    memory.memory_copy(E, 1, 0, 1, 4, 3);
    expect(bytes(5, 1)).toEqual([0, 4, 5, 6, 0]);
  });
  test('init reads a segment until it is dropped', () => {
    memory.memory_init(E, 0, 0, 5, 1, 3);
    expect(bytes(9)).toEqual([0, 1, 2, 3, 4, 2, 3, 4, 8]);
    memory.data_drop(E, 0);
    expect(thrownBy(() => memory.memory_init(E, 0, 0, 0, 0, 1))).toEqual(memoryTrap);
    memory.memory_init(E, 0, 0, 2 * PAGE, 0, 0);
  });
  test.each([
    ['fill', () => memory.memory_fill(E, 0, 2 * PAGE - 4, 7, 5)],
    ['fill of 2^32 - 1 bytes', () => memory.memory_fill(E, 0, MOST, 7, MOST)],
    ['fill of nothing, outside', () => memory.memory_fill(E, 0, 2 * PAGE + 1, 7, 0)],
    ['copy to', () => memory.memory_copy(E, 1, 0, PAGE - 4, 0, 5)],
    ['copy from', () => memory.memory_copy(E, 0, 1, 0, PAGE - 4, 5)],
    ['init to', () => memory.memory_init(E, 0, 0, 2 * PAGE - 1, 0, 2)],
    ['init from', () => memory.memory_init(E, 0, 0, 0, 3, 2)],
  ])('%s out of bounds changes nothing and costs nothing', (_, run) => {
    const before = E.M.map((each) => each.bytes.slice());
    expect(thrownBy(run)).toEqual(memoryTrap);
    expect(E.M.map((each, i) => Buffer.compare(each.bytes, before[i]!))).toEqual([0, 0]);
    expect(consumed()).toBe(0n);
  });
  test('grow answers the old size, or −1, and costs by bytes where it succeeds', () => {
    expect([memory.memory_size(E, 0), memory.memory_grow(E, 0, 1), memory.memory_size(E, 0)]).toEqual([
      2, 2, 3,
    ]);
    expect(consumed()).toBe(BigInt(PAGE / 64));
    expect([memory.memory_grow(E, 0, 2), memory.memory_grow(E, 0, MOST), memory.memory_size(E, 0)]).toEqual([
      -1, -1, 3,
    ]);
    expect(consumed()).toBe(BigInt(PAGE / 64));
  });
});

describe('table', () => {
  test('get and set', () => {
    table.table_set(E, 0, 3, 'X');
    expect([table.table_get(E, 0, 3), table.table_size(E, 0)]).toEqual(['X', 10]);
  });
  test('fill', () => {
    table.table_fill(E, 0, 8, 'X', 2);
    expect(elements()).toBe('abcdefghXX');
  });
  test.each([
    [0, 3, 5, 'abcabcdeij'],
    [3, 0, 5, 'defghfghij'],
  ])('copy from %d to %d moves overlapping elements', (from, to, count, result) => {
    table.table_copy(E, 0, 0, to, from, count);
    expect(elements()).toBe(result);
  });
  test('copy goes from the second table named to the first', () => {
    table.table_copy(E, 1, 0, 1, 4, 3);
    expect(elements(1)).toBe('-efg------');
  });
  test('init reads a segment until it is dropped', () => {
    table.table_init(E, 0, 0, 5, 1, 2);
    expect(elements()).toBe('abcdeqrhij');
    table.elem_drop(E, 0);
    expect(thrownBy(() => table.table_init(E, 0, 0, 0, 0, 1))).toEqual(tableTrap);
    table.table_init(E, 0, 0, 10, 0, 0);
  });
  test.each([
    ['get', () => table.table_get(E, 0, 10)],
    ['get of 2^32 - 1', () => table.table_get(E, 0, MOST)],
    ['set', () => table.table_set(E, 0, 10, 'X')],
    ['fill', () => table.table_fill(E, 0, 8, 'X', 3)],
    ['fill of nothing, outside', () => table.table_fill(E, 0, 11, 'X', 0)],
    ['copy to', () => table.table_copy(E, 0, 1, 8, 0, 3)],
    ['copy from', () => table.table_copy(E, 0, 1, 0, 8, 3)],
    ['copy of 2^32 - 1', () => table.table_copy(E, 0, 1, MOST, 0, MOST)],
    ['init to', () => table.table_init(E, 0, 0, 9, 0, 2)],
    ['init from', () => table.table_init(E, 0, 0, 0, 2, 2)],
  ])('%s out of bounds changes nothing and costs nothing', (_, run) => {
    const before = elements();
    expect(thrownBy(run)).toEqual(tableTrap);
    expect([elements(), consumed()]).toEqual([before, 0n]);
  });
  test('grow answers the old size, or −1, and costs by elements where it succeeds', () => {
    expect(table.table_grow(E, 0, 'X', 130)).toBe(10);
    expect([table.table_get(E, 0, 139), consumed()]).toEqual(['X', 2n]);
    expect([
      table.table_grow(E, 0, 'X', 61),
      table.table_grow(E, 0, 'X', MOST),
      table.table_size(E, 0),
    ]).toEqual([-1, -1, 140]);
    expect(consumed()).toBe(2n);
  });
  test('ref_func makes a reference that nobody asked for before', () => {
    expect(table.ref_func(E, 3)).toEqual({ index: 3 });
    const known = { index: 4 } as FunctionReference;
    E.refs[4] = known;
    expect(table.ref_func(E, 4)).toBe(known);
  });
});

describe('fuel', () => {
  test.each([
    ['memory.fill', 127, () => memory.memory_fill(E, 0, 0, 0, 127)],
    ['memory.copy', 640, () => memory.memory_copy(E, 0, 1, 0, 0, 640)],
    ['memory.init', 4, () => memory.memory_init(E, 0, 0, 0, 0, 4)],
    ['table.fill', 10, () => table.table_fill(E, 0, 0, null, 10)],
  ])('%s of %d costs one in 64', (_, size, run) => {
    run();
    expect(consumed()).toBe(BigInt(Math.floor(size / 64)));
  });
  test('a unit of 0 makes size free', () => {
    E = environment(0, undefined);
    memory.memory_fill(E, 0, 0, 0, PAGE);
    expect(consumed()).toBe(0n);
  });
  test('is charged before the effect, which does not happen without it', () => {
    E = environment(64, 15n);
    expect(() => memory.memory_fill(E, 0, 0, 7, 1024)).toThrow(OutOfFuelError);
    expect(() => memory.memory_grow(E, 0, 1)).toThrow(OutOfFuelError);
    expect([bytes(1), memory.memory_size(E, 0), E.S.account.remaining]).toEqual([[0], 2, 0n]);
  });
  test.each([1, 64])('4 GiB charged at once in units of %d does not wrap', (unit) => {
    E = environment(unit, undefined);
    charge(E, 2 ** 32 - 1);
    charge(E, 2 ** 32 - 1);
    expect(consumed()).toBe(BigInt(2 * Math.floor((2 ** 32 - 1) / unit)));
    expect(cells.fuel).toBeGreaterThanOrEqual(0);
  });
});

test('traps are traps', () => {
  expect(() => memory.memory_fill(E, 0, MOST, 0, 1)).toThrow(new Trap('out-of-bounds-memory-access'));
});
