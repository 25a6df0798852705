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
    [
      '{"__proto__": 12345678901234567890}',
      JSON.parse('{"__proto__": 0}', (_, value) => (value === 0 ? 12345678901234567890n : value)),
    ],
    [
      '["\\\\", 12345678901234567890, "\\\\\\"", -12345678901234567890]',
      ['\\', 12345678901234567890n, '\\"', -12345678901234567890n],
    ],
    ['1e-12345678901234567890', 0],
  ])('%s', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test.each(['', '[1', 'nope', '12345678901234567890 1'])('refuses %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test('takes no stack, however deep the text is nested', () => {
    const text = `${'['.repeat(100_000)}12345678901234567890${']'.repeat(100_000)}`;
    let value = parseJson(text);
    while (Array.isArray(value)) [value] = value;
    expect(value).toBe(12345678901234567890n);
  });

  test('is not slowed down by texts that look like what it marks numbers with', () => {
    const names = Array.from({ length: 50_000 }, (_, i) => `bigint${i}:`);
    const started = performance.now();
    expect(
      parseJson(JSON.stringify(['bigint:', ...names]).replace(']', ',12345678901234567890]')),
    ).toHaveLength(50_002);
    expect(performance.now() - started).toBeLessThan(5000);
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
