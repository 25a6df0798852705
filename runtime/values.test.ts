import { describe, expect, test } from 'vitest';
import type { FunctionReference, HostFunction } from './abi.ts';
import { enforceUint32 } from './addresses.ts';
import { defineFunction } from './defined-types.ts';
import { hostFunctionOf, referenceOf } from './function-reference.ts';
import { EXNREF, EXTERNREF, FUNCREF, refType, type ValueType } from './types.ts';
import { defaultValue, fromHost, fromRaw, parseValueType, toHost, toRaw } from './values.ts';

function newReference(): FunctionReference & { made: number } {
  return {
    readyTypeId: 0,
    makeReady: () => {},
    type: { params: [], results: [] },
    rtt: defineFunction({ params: [], results: [] }),
    env: {},
    code: () => undefined,
    tail: () => undefined,
    host: undefined,
    index: 0,
    made: 0,
    toHost(): HostFunction {
      this.made++;
      return () => undefined;
    },
  };
}

describe('functions', () => {
  test('have one host function, and it leads back', () => {
    const reference = newReference();
    const host = hostFunctionOf(reference);
    expect(hostFunctionOf(reference)).toBe(host);
    expect(reference.made).toBe(1);
    expect(referenceOf(host)).toBe(reference);
    expect(toHost(reference, FUNCREF)).toBe(host);
    expect(fromHost(host, FUNCREF)).toBe(reference);
  });

  test.each([() => 1, 1, undefined, {}, Symbol('s'), 'f'])('are not %s', (value) => {
    expect(referenceOf(value)).toBeUndefined();
    expect(() => fromHost(value, FUNCREF)).toThrow(TypeError);
  });

  test('null is null unless the type forbids it', () => {
    expect([fromHost(null, FUNCREF), toHost(null, FUNCREF)]).toEqual([null, null]);
    expect(() => fromHost(null, refType(false, 'func'))).toThrow('cannot convert null to (ref func)');
    expect(() => fromHost(null, refType(false, 'extern'))).toThrow('cannot convert null to (ref extern)');
    expect(fromHost(undefined, refType(false, 'extern'))).toBeUndefined();
  });
});

test.each([null, undefined, 0, 'text', 5n, Symbol.iterator, {}])('externref passes %s unchanged', (value) => {
  expect(fromHost(value, EXTERNREF)).toBe(value);
  expect(toHost(value, EXTERNREF)).toBe(value);
  expect(toRaw(value, EXTERNREF)).toBe(value);
  expect(fromRaw(value, EXTERNREF)).toBe(value);
});

test('exnref does not pass', () => {
  for (const convert of [toHost, fromHost, toRaw, fromRaw])
    expect(() => convert({}, EXNREF)).toThrow(TypeError);
});

describe('v128', () => {
  const bits = 0x100f0e0d_0c0b0a09_88070605_04030201n;
  const words = Int32Array.of(0x04030201, 0x88070605 | 0, 0x0c0b0a09, 0x100f0e0d);

  test('is an unsigned bigint to the host, four words inside', () => {
    expect(toHost(words, 'v128')).toBe(bits);
    expect(fromHost(bits, 'v128')).toEqual(words);
    expect(toHost(fromHost(-1n, 'v128'), 'v128')).toBe(2n ** 128n - 1n);
    expect(fromHost(2n ** 128n + 7n, 'v128')).toEqual(Int32Array.of(7, 0, 0, 0));
    expect([toRaw(words, 'v128'), fromRaw(bits, 'v128')]).toEqual([bits, words]);
  });
  test('may come as sixteen bytes, wherever they lie', () => {
    const bytes = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7, 0x88, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(fromHost(bytes.subarray(1), 'v128')).toEqual(words);
  });
  test.each([null, undefined, 1, '1', {}, new Uint8Array(15), new Uint16Array(16)])('is not %s', (value) => {
    expect(() => fromHost(value, 'v128')).toThrow(TypeError);
  });
});

test('a null exnref passes as raw bits only', () => {
  expect(() => toHost(null, EXNREF)).toThrow(TypeError);
  expect(toRaw(null, EXNREF)).toBeNull();
});

describe('raw bits', () => {
  test.each<[ValueType, bigint]>([
    ['i32', 0n],
    ['i32', 0xffffffffn],
    ['i64', 0x8000000000000000n],
    ['f32', 0x80000000n],
    ['f32', 0x3f800000n],
    ['f32', 0x7f800001n],
    ['f32', 0xffc00001n],
    ['f32', 0x7fbfffffn],
    ['f64', 0x7ff0000000000001n],
    ['f64', 0xfff8000000000000n],
    ['f64', 0x3ff0000000000000n],
  ])('of %s survive: %d', (type, bits) => {
    expect(toRaw(fromRaw(bits, type), type)).toBe(bits);
  });

  test('are the value', () => {
    expect(fromRaw(0xffffffffn, 'i32')).toBe(-1);
    expect(fromRaw(0xffffffffffffffffn, 'i64')).toBe(-1n);
    expect(fromRaw(0x3f800000n, 'f32')).toBe(1);
    expect(fromRaw(0x3ff0000000000000n, 'f64')).toBe(1);
  });

  test('come in a bigint', () => {
    expect(() => fromRaw(1, 'i32')).toThrow(new TypeError('expected the bits of i32 as a bigint, found 1'));
  });
});

test('a missing value is zero, null, or undefined', () => {
  const types: ValueType[] = ['i32', 'i64', 'f32', 'f64', FUNCREF, EXTERNREF];
  expect(types.map(defaultValue)).toEqual([0, 0n, 0, 0, null, undefined]);
  expect(() => defaultValue(refType(false, 'func'))).toThrow(TypeError);
});

test.each(['i8', '', 'toString', '__proto__', 'v256', 'exnref', undefined, null, {}])(
  '%s is no type',
  (text) => {
    expect(() => parseValueType(text)).toThrow(TypeError);
  },
);

test.each<[unknown, number]>([
  [0, 0],
  [-0.9, 0],
  ['7', 7],
  [null, 0],
  [true, 1],
  [2 ** 32 - 0.5, 2 ** 32 - 1],
])('%j is the size %d', (value, size) => {
  expect(enforceUint32(value, 'size')).toBe(size);
});
