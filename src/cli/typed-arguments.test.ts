import { describe, expect, test } from 'vitest';
import { EXTERNREF, FUNCREF, type ValueType } from '../../runtime/types.ts';
import { parseArguments, resultLines, resultText } from './typed-arguments.ts';

const parse = (type: ValueType, text: string) =>
  parseArguments('f', { params: [type], results: [] }, [text])[0];

describe('arguments', () => {
  test.each([
    ['i32', '5', 5],
    ['i32', '-2147483648', -2147483648],
    ['i32', '4294967295', -1],
    ['i32', '0xff', 255],
    ['i32', '-0x1', -1],
    ['i64', '18446744073709551615', -1n],
    ['v128', '0xf0000000000000000000000000000001', 0xf0000000000000000000000000000001n],
    ['v128', '-1', 2n ** 128n - 1n],
    ['i64', '-9223372036854775808', -(2n ** 63n)],
    ['f32', '1.5', 1.5],
    ['f64', '.5e3', 500],
    ['f64', '-0', -0],
    ['f64', 'NaN', Number.NaN],
    ['f64', '-inf', -Infinity],
    ['f32', 'Infinity', Infinity],
  ] as const)('%s %s', (type, text, value) => expect(parse(type, text)).toBe(value));

  test.each([
    ['i32', '4294967296'],
    ['i32', '-2147483649'],
    ['i32', '1.5'],
    ['i32', ''],
    ['i32', '0x'],
    ['i32', '5x'],
    ['i64', '1n'],
    ['i64', '18446744073709551616'],
    ['f32', 'one'],
    ['f64', '.'],
    ['f64', 'infinite'],
    ['f64', '1e'],
    ['f64', 'constructor'],
  ] as const)('%s refuses "%s"', (type, text) =>
    expect(() => parse(type, text)).toThrow(`f: argument 1: "${text}" is not an ${type}`),
  );

  test.each([[[]], [['1']], [['1', '2', '3']]])('counts %j', (texts) =>
    expect(() => parseArguments('f', { params: ['i32', 'f64'], results: [] }, texts)).toThrow(
      `f: expected 2 arguments (i32 f64), found ${texts.length}`,
    ),
  );

  test('a reference cannot be given', () =>
    expect(() => parse(EXTERNREF, 'x')).toThrow('externref cannot be given'));
});

describe('results', () => {
  test.each([
    [-1, 'i32', '-1'],
    [-1n, 'i64', '-1'],
    [0x1fn, 'v128', '0x0000000000000000000000000000001f'],
    [Math.fround(0.1), 'f32', '0.1'],
    [Math.fround(16777216), 'f32', '16777216'],
    [Math.fround(3.4028234663852886e38), 'f32', '3.4028235e+38'],
    [0.1, 'f64', '0.1'],
    [-0, 'f64', '-0'],
    [Number.NaN, 'f32', 'nan'],
    [-Infinity, 'f64', '-inf'],
    [null, FUNCREF, 'null'],
    [{}, EXTERNREF, 'externref'],
  ] as const)('%s as %s', (value, type, text) => expect(resultText(value, type)).toBe(text));

  test('none, one, several', () => {
    expect(resultLines(undefined, { params: [], results: [] })).toEqual([]);
    expect(resultLines(7, { params: [], results: ['i32'] })).toEqual(['7']);
    expect(resultLines([7, 8n], { params: [], results: ['i32', 'i64'] })).toEqual(['7', '8']);
  });
});
