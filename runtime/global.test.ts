import { expect, test } from 'vitest';
import { Global } from './global.ts';
import { EXNREF, EXTERNREF } from './types.ts';

test.each([
  ['i32', Int32Array, -5],
  ['i64', BigInt64Array, -5n],
  ['f32', Float64Array, 0.5],
  ['f64', Float64Array, 0.1],
  ['externref', Array, 'any'],
])('%s lies in its array', (value, array, content) => {
  const global = new Global({ value, mutable: true }, content);
  expect(global.cells).toBeInstanceOf(array);
  expect(global.raw).toBe(content);
});

test('over a cell of an environment, both see each other', () => {
  const cells = Int32Array.of(1, 2, 3);
  const global = Global.over({ type: 'i32', mutable: true }, cells, 1);
  expect(global).toBeInstanceOf(Global);
  expect(global.value).toBe(2);
  global.value = 2 ** 32 + 7;
  expect([...cells]).toEqual([1, 7, 3]);
  cells[1] = 9;
  expect(global.valueOf()).toBe(9);
});

test('the default of externref is undefined, as the standard has it (V8: null)', () => {
  expect(new Global({ value: 'externref' }).value).toBeUndefined();
  expect(Global.over({ type: EXTERNREF, mutable: false }, [null], 0).value).toBeNull();
});

test('an exnref stays inside', () => {
  const global = Global.over({ type: EXNREF, mutable: true }, [null], 0);
  const message = 'a value of type exnref cannot pass between WebAssembly and JavaScript';
  expect(() => global.value).toThrow(new TypeError(message));
  expect(() => {
    global.value = null;
  }).toThrow(new TypeError(message));
});

test('an immutable one says so', () => {
  expect(() => {
    new Global({ value: 'i32' }).value = 1;
  }).toThrow('cannot set the value of an immutable global');
});
