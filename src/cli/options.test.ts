import { describe, expect, test } from 'vitest';
import {
  collectDir,
  collectEnv,
  collectFeatures,
  parseFuel,
  parseIndex,
  parsePages,
  parseRounds,
  parseTimeout,
} from './options.ts';

describe('option values', () => {
  test.each([
    [parseFuel, '0', 0n],
    [parseFuel, '123456789012345678901234567890', 123456789012345678901234567890n],
    [parseTimeout, '8000', 8000],
    [parsePages, '65536', 65536],
    [parseIndex, '4294967295', 4294967295],
    [parseRounds, '5', 5],
  ])('%o of %s', (parse, text, value) => expect(parse(text)).toBe(value));

  test.each([
    ...['', '-1', '1.5', '1e3', '0x10', ' 1', 'ten'].map((text) => [parseFuel, text] as const),
    [parseTimeout, '0'],
    [parseTimeout, '2147483648'],
    [parsePages, '65537'],
    [parseIndex, '4294967296'],
    [parseRounds, '0'],
    [parseRounds, '10001'],
  ] as const)('%o refuses "%s"', (parse, text) => expect(() => parse(text)).toThrow(/^It must be/));
});

describe('--env', () => {
  test.each([
    ['A=1', { A: '1' }],
    ['A=', { A: '' }],
    ['A=b=c', { A: 'b=c' }],
  ])('%s', (text, env) => expect(collectEnv(text, {})).toEqual(env));

  test('the last one counts', () =>
    expect(collectEnv('A=2', { A: '1', B: '3' })).toEqual({ A: '2', B: '3' }));
  test.each(['A', '=1', ''])('refuses "%s"', (text) =>
    expect(() => collectEnv(text, {})).toThrow('NAME=VALUE'),
  );
});

describe('--dir', () => {
  test.each([
    ['.', { '.': '.' }],
    ['data::/', { '/': 'data' }],
    ['/a b::/c::d', { '/c::d': '/a b' }],
    ['data/', { data: 'data/' }],
    ['d::/x//', { '/x': 'd' }],
    ['/', { '/': '/' }],
  ])('%s', (text, dirs) => expect(collectDir(text, {})).toEqual(dirs));

  test.each(['', '::/x', 'x::'])('refuses "%s"', (text) =>
    expect(() => collectDir(text, {})).toThrow('HOST'),
  );
  test('refuses the same guest path twice', () =>
    expect(() => collectDir('b::/x', { '/x': 'a' })).toThrow('"/x" is mapped twice'));
});

test('--features switches on and off, and later ones win', () => {
  const first = collectFeatures('+simd,-threads,gc');
  expect(first).toEqual({ simd: true, threads: false, gc: true });
  expect(collectFeatures('-gc', first)).toEqual({ simd: true, threads: false, gc: false });
  for (const wrong of ['', 'simmd', '+', '--simd', 'mvp', 'simd,', 'toString'])
    expect(() => collectFeatures(wrong)).toThrow(/^It must be a list such as \+simd,-threads: "/);
});
