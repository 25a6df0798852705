import { describe, expect, test } from 'vitest';
import { parseJson, toJson } from './json.ts';

describe('parseJson', () => {
  test.each([
    ['9223372036854775808', 9223372036854775808n],
    ['-9223372036854775808', -9223372036854775808n],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['[1, 12345678901234567890, "12345678901234567890"]', [1, 12345678901234567890n, '12345678901234567890']],
    ['{"bigint:": 12345678901234567890}', { 'bigint:': 12345678901234567890n }],
    ['["big\\u0069nt:5", 12345678901234567890]', ['bigint:5', 12345678901234567890n]],
    ['["a\\"12345678901234567890", 1]', ['a"12345678901234567890', 1]],
    ['12345678901234567890.5', Number('12345678901234567890.5')],
    ['0.12345678901234567890', 0.12345678901234568],
    ['1.5e12345678901234567890', Infinity],
    ['12345678901234567890e1', Number('12345678901234567890e1')],
    ['{"a": null}', { a: null }],
  ])('%s', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test.each(['', '[1', 'nope', '12345678901234567890 1'])('refuses %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});

describe('toJson', () => {
  test.each([
    [undefined, 'null'],
    [null, 'null'],
    [12345678901234567890n, '12345678901234567890'],
    [{ a: [-1n, 'x'], b: undefined }, '{"a":[-1,"x"]}'],
    ['é', '"é"'],
    ['\ud800sandglass-bigint:5', '"sandglass-bigint:5"'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])('%s', (value, text) => {
    expect(toJson(value)).toBe(text);
  });

  test.each([[() => {}], [{ f: () => {} }], [Symbol('s')], [Number.NaN], [[Infinity]]])(
    'refuses %s',
    (value) => {
      expect(() => toJson(value)).toThrow(TypeError);
    },
  );

  test('refuses cycles', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => toJson(cycle)).toThrow(TypeError);
  });
});
