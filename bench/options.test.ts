/**
 * The command line of the suite: defaults, and one line for every mistake.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseOptions } from './options.ts';

let said = '';
beforeEach(() => {
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('nothing given: every engine, five rounds', () => {
  const { engines, rounds, filter, json, html, list } = parseOptions([]);
  expect(engines).toEqual(['native', 'metered', 'unmetered', 'polywasm', 'wasm2js']);
  expect({ rounds, filter, json, html, list }).toEqual({
    rounds: 5,
    filter: undefined,
    json: undefined,
    html: undefined,
    list: false,
  });
});

test('native is always among the engines, which keep the order of the suite', () => {
  expect(parseOptions(['--engines', 'polywasm, metered']).engines).toEqual(['native', 'metered', 'polywasm']);
});

test('--quick means fewer rounds, unless they are given', () => {
  expect(parseOptions(['--quick']).rounds).toBe(2);
  expect(parseOptions(['--quick', '--rounds', '7']).rounds).toBe(7);
});

test('a filter is a regular expression, whatever the case', () => {
  expect(parseOptions(['--filter', '^FIB$']).filter!.test('fib')).toBe(true);
});

test.each([
  [['--engines', 'native,jit'], /no engine "jit"; there are: native, metered, unmetered, polywasm, wasm2js/],
  [['--rounds', '0'], /whole number from 1 to 1000/],
  [['--rounds', '2.5'], /whole number from 1 to 1000/],
  [['--filter', '('], /Invalid regular expression/],
  [['--json', '/no/such/folder/out.json'], /no folder "\/no\/such\/folder"/],
  [['--html', '/'], /It is a folder/],
  [['--frobnicate'], /unknown option '--frobnicate'/],
  [['fib'], /too many arguments/],
])('%j is refused in one line', (args, message) => {
  expect(() => parseOptions(args)).toThrow();
  expect(said).toMatch(message);
  expect(said).toMatch(/^bench: .*\n$/);
});
