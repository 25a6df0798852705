import { describe, expect, test } from 'vitest';
import { resolveLimits } from './limits.ts';
import { Memory, PAGE } from './memory.ts';
import type { MemoryType } from './types.ts';

const type = (min: number, max?: number): MemoryType => ({
  min,
  max,
  address: 'i32',
  shared: false,
  pageSize: PAGE,
});
const limited = (memoryPages: number) => resolveLimits({ memoryPages });

describe('views', () => {
  test.each([0, 1, 2, 7])('of %d pages are exact, and stay so in growth', (initial) => {
    const memory = new Memory({ initial });
    for (const delta of [0, 1, 1, 5, 1, 0, 16]) {
      const pages = memory.pages;
      expect(memory.tryGrow(delta)).toBe(pages);
      expect(memory.pages).toBe(pages + delta);
      expect(memory.view.byteLength).toBe(memory.pages * PAGE);
      expect(memory.bytes.byteLength).toBe(memory.pages * PAGE);
      expect(memory.view.buffer).toBe(memory.bytes.buffer);
    }
    const end = memory.pages * PAGE;
    memory.view.setUint8(end - 1, 1);
    expect(() => memory.view.setUint8(end, 1)).toThrow(RangeError);
    expect(() => memory.view.getInt32(end - 3)).toThrow(RangeError);
  });

  test('of grown memory hold the old bytes, then zeros', () => {
    const memory = new Memory({ initial: 1 });
    for (let page = 0; page < 40; page++) {
      memory.view.setUint32(page * PAGE, page + 1);
      memory.view.setUint8(page * PAGE + PAGE - 1, page + 1);
      memory.tryGrow(1);
    }
    for (let page = 0; page < 40; page++) {
      expect(memory.view.getUint32(page * PAGE)).toBe(page + 1);
      expect(memory.bytes[page * PAGE + PAGE - 1]).toBe(page + 1);
    }
    expect(memory.bytes.subarray(40 * PAGE).every((byte) => byte === 0)).toBe(true);
  });

  test('reach an environment, through every growth', () => {
    const memory = new Memory({ initial: 1 });
    const holders = [{ V: new DataView(new ArrayBuffer(0)) }, { V: new DataView(new ArrayBuffer(0)) }];
    for (const holder of holders) memory.attach(holder);
    for (const act of [() => 0, () => memory.tryGrow(1), () => memory.tryGrow(9), () => memory.buffer]) {
      act();
      for (const holder of holders) expect(holder.V).toBe(memory.view);
    }
  });
});

describe('growth', () => {
  test('copies rarely: 2000 single pages in fewer than 30 buffers', () => {
    const memory = new Memory({ initial: 0 });
    const buffers = new Set<unknown>();
    for (let page = 0; page < 2000; page++) {
      memory.tryGrow(1);
      buffers.add(memory.view.buffer);
    }
    expect(buffers.size).toBeLessThan(30);
  });

  test('never reserves more than the maximum', () => {
    const memory = new Memory({ initial: 10, maximum: 12 });
    memory.tryGrow(1);
    expect(memory.view.buffer.byteLength).toBe(12 * PAGE);
  });

  test.each([
    ['the declared maximum', new Memory({ initial: 1, maximum: 2 }), 2],
    ['the limit, below the declared maximum', new Memory({ initial: 1, maximum: 65_536 }, limited(2)), 2],
    ['the limit, without a maximum', new Memory({ initial: 1 }, limited(2)), 2],
    ['4 GiB', new Memory({ initial: 1 }), 65_536],
  ])('ends at %s', (_what, memory, most) => {
    for (const delta of [most, 2 ** 32 - 1]) expect(memory.tryGrow(delta)).toBe(-1);
    expect(memory.pages).toBe(1);
    if (most === 2) {
      expect(memory.tryGrow(1)).toBe(1);
      expect(memory.tryGrow(1)).toBe(-1);
      expect(() => memory.grow(1)).toThrow('cannot grow a memory of 2 by 1');
    }
  });

  test('without room answers −1 and changes nothing', () => {
    const memory = new Memory({ initial: 1 });
    const { view } = memory;
    const original = globalThis.ArrayBuffer;
    globalThis.ArrayBuffer = class {
      constructor() {
        throw new RangeError('Array buffer allocation failed');
      }
    } as never;
    try {
      expect(memory.tryGrow(1)).toBe(-1);
      expect(() => new Memory({ initial: 3 })).toThrow('could not allocate memory of 3 pages');
    } finally {
      globalThis.ArrayBuffer = original;
    }
    expect(memory.view).toBe(view);
    expect(memory.tryGrow(1)).toBe(1);
  });

  test('of 4 GiB', () => {
    const memory = new Memory({ initial: 65_536 });
    memory.view.setInt32(2 ** 32 - 4, -1);
    expect(memory.bytes[2 ** 32 - 1]).toBe(255);
    expect(() => memory.view.setInt32(2 ** 32 - 3, -1)).toThrow(RangeError);
    expect(memory.tryGrow(1)).toBe(-1);
  });
});

describe('a minimum over the limit', () => {
  test.each([
    [
      () => new Memory({ initial: 3 }, limited(2)),
      'a memory of 3 pages exceeds the limit of 2 (limits.memoryPages)',
    ],
    [
      () => Memory.define(type(3), limited(2)),
      'a memory of 3 pages exceeds the limit of 2 (limits.memoryPages)',
    ],
    [
      () => new Memory({ initial: 65_537 }),
      'a memory of 65537 pages exceeds the limit of 65536 (limits.memoryPages)',
    ],
  ])('%s', (make, message) => {
    expect(make).toThrow(new RangeError(message));
  });
});

describe('shared memory', () => {
  test('grows in one buffer, which every opened handle sees', () => {
    const memory = new Memory({ initial: 1, maximum: 3, shared: true });
    const other = Memory.fromShared(structuredClone(memory.handle));
    expect(other.type).toEqual({ min: 1, max: 3, address: 'i32', shared: true, pageSize: PAGE });
    memory.view.setInt32(8, 42);
    const { view } = other;
    expect([view.getInt32(8), other.bytes.length]).toEqual([42, PAGE]);
    expect([memory.grow(1), other.pages, other.grow(1), memory.pages]).toEqual([1, 2, 2, 3]);
    expect(other.tryGrow(1)).toBe(-1);
    memory.view.setInt32(3 * PAGE - 4, 7);
    expect([other.view.getInt32(3 * PAGE - 4), other.atomics.words.length]).toEqual([7, (3 * PAGE) / 4]);
    expect(() => memory.view.getInt8(3 * PAGE)).toThrow(RangeError);
    expect(memory.buffer).toBe(memory.buffer);
    expect([memory.buffer.byteLength, view.byteLength]).toEqual([3 * PAGE, PAGE]);
  });

  test('reserves no more than the limit allows', () => {
    const memory = new Memory({ initial: 1, maximum: 60_000, shared: true }, limited(2));
    expect([memory.buffer.byteLength, memory.grow(1), memory.tryGrow(1)]).toEqual([2 * PAGE, 1, -1]);
    expect(Memory.fromShared(memory.handle).tryGrow(1)).toBe(-1);
    expect(() => new Memory({ initial: 3, maximum: 4, shared: true }, limited(2))).toThrow(
      'a memory of 3 pages exceeds the limit of 2 (limits.memoryPages)',
    );
  });

  test('needs a maximum, and a true handle', () => {
    expect(() => new Memory({ initial: 1, shared: true })).toThrow(TypeError);
    expect(() => new Memory({ initial: 1 }).handle).toThrow('expected a shared memory');
    const { handle } = new Memory({ initial: 1, maximum: 1, shared: true });
    for (const wrong of [
      undefined,
      null,
      1,
      {},
      { ...handle, pageSize: 7 },
      { ...handle, size: handle.buffer },
    ])
      expect(() => Memory.fromShared(wrong as never)).toThrow('expected the handle of a shared memory');
  });
});

test('a page of one byte', () => {
  const memory = new Memory({ initial: 3, maximum: 5, pageSize: 1 });
  expect([memory.view.byteLength, memory.grow(2), memory.bytes.length, memory.tryGrow(1)]).toEqual([
    3, 3, 5, -1,
  ]);
  expect(memory.buffer.byteLength).toBe(5);
  expect(() => new Memory({ initial: 3, pageSize: 2 })).toThrow(
    'expected pageSize to be 1 or 65536, found 2',
  );
  const atMost = new Memory({ initial: 0, pageSize: 1 }, limited(1));
  expect([atMost.tryGrow(PAGE), atMost.tryGrow(1)]).toEqual([0, -1]);
});

test('the type has the declared maximum and the current size', () => {
  const memory = Memory.define(type(1, 9), limited(5));
  memory.tryGrow(2);
  expect(memory.type).toEqual(type(3, 9));
});

describe('buffer', () => {
  test('is trimmed, once, and is the memory itself', () => {
    const memory = new Memory({ initial: 4 });
    memory.tryGrow(1);
    memory.view.setUint8(5 * PAGE - 1, 9);
    const { buffer } = memory;
    expect(buffer.byteLength).toBe(5 * PAGE);
    expect(new Uint8Array(buffer)[5 * PAGE - 1]).toBe(9);
    new Uint8Array(buffer)[0] = 8;
    expect(memory.view.getUint8(0)).toBe(8);
    expect(memory.buffer).toBe(buffer);
  });

  test('is detached by growth within and beyond the capacity', () => {
    const memory = new Memory({ initial: 1 });
    for (const delta of [0, 1, 0, 8, 1]) {
      const { buffer, pages } = memory;
      expect(memory.tryGrow(delta)).toBe(pages);
      expect(buffer.byteLength).toBe(0);
      expect(memory.buffer.byteLength).toBe(memory.pages * PAGE);
    }
  });

  test('stays as it is when nobody has seen it and nothing grows', () => {
    const memory = new Memory({ initial: 1 });
    const { view } = memory;
    memory.tryGrow(0);
    expect(memory.view).toBe(view);
  });
});
