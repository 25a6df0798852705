/**
 * What is counted, and what a reader is told: on a small report made by hand.
 */
import { expect, test } from 'vitest';
import type { Cell, Report, Row } from './results.ts';
import { fifthToFirst, groups, meanRatio, ratio, remarks, statements } from './summary.ts';
import { asText, columns } from './text.ts';

const ok = (engine: Cell['engine'], ...times: number[]): Cell => ({
  engine,
  outcome: 'ok',
  times,
  result: '1',
});
const kernel = (id: string, tags: string[], ...cells: Cell[]): Row => ({
  id,
  section: 'kernels',
  tags,
  cells,
});

const ROWS: readonly Row[] = [
  kernel(
    'fib',
    ['kernel'],
    ok('native', 10, 10, 30),
    { ...ok('metered', 20, 20, 20), fuel: '1234567' },
    ok('polywasm', 40, 40, 40),
  ),
  kernel('dot-f32', ['kernel', 'i64'], ok('native', 10, 10, 10), ok('metered', 80, 80, 80), {
    engine: 'polywasm',
    outcome: 'wrong',
    reason: '2 instead of 1',
    times: [1, 1, 1],
    result: '2',
  }),
];
const REPORT: Report = {
  node: '26.10.0',
  v8: '14.6',
  platform: 'linux x64',
  cpu: '2 × some',
  date: '2026-01-01T00:00:00.000Z',
  rounds: 3,
  loadBefore: 0.1,
  cores: 2,
  versions: {},
  engines: ['native', 'metered', 'polywasm'],
  rows: ROWS,
  notes: ['wasm2js left out: it is not here'],
};

test('a ratio is one of medians; there is none for a wrong result', () => {
  expect(ratio(ROWS[0]!, 'metered')).toBe(2);
  expect(ratio(ROWS[0]!, 'polywasm', 'metered')).toBe(2);
  expect(ratio(ROWS[1]!, 'polywasm')).toBeUndefined();
  expect(ratio(ROWS[0]!, 'wasm2js')).toBeUndefined();
});

test('means leave out wrong results, and say so', () => {
  expect(meanRatio(ROWS, 'metered')).toEqual({ value: expect.closeTo(4), counted: 2, of: 2 });
  expect(meanRatio(ROWS, 'polywasm')).toEqual({ value: expect.closeTo(4), counted: 1, of: 2 });
  expect(meanRatio(ROWS, 'unmetered')).toBeUndefined();
});

test('peers are compared over what they run right', () => {
  expect(statements(REPORT)).toContain('Times as fast as polywasm, metered: 2.00 over 1 of 2 of C kernels.');
  expect(statements(REPORT)).toContain('The slowest C kernel, metered: dot-f32, 8.00 times native.');
});

test('a group of one row has no mean, and no group is told twice', () => {
  expect(groups(REPORT).map(({ title }) => title)).toEqual(['C kernels']);
});

test('what is wrong, cut short, warming up or left out is told, and a busy machine', () => {
  const cut: Cell = {
    engine: 'wasm2js',
    outcome: 'cut',
    reason: 'it took part in 2 of 3 rounds',
    times: [9, 9],
  };
  const slow = kernel('slow', [], ok('native', 1, 1, 1), ok('polywasm', 900, 90, 90), cut);
  expect(remarks({ ...REPORT, loadBefore: 5.16, rows: [...ROWS, slow] })).toEqual([
    'the machine was busy before the run began: load 5.2 on 2 cores; times are noisy',
    'dot-f32: polywasm wrong: 2 instead of 1',
    'slow: polywasm took 10.0 times its median in the first round: still warming up, or disturbed',
    'slow: wasm2js cut: it took part in 2 of 3 rounds',
    'wasm2js left out: it is not here',
  ]);
  expect(ratio(slow, 'wasm2js')).toBeUndefined();
});

test('the fifth instance to the first', () => {
  expect(fifthToFirst(ok('metered', 100, 60, 50, 45, 40))).toBe(0.4);
  expect(fifthToFirst({ engine: 'metered', outcome: 'fails', times: [] })).toBeUndefined();
});

test('columns are aligned, the first to the left', () => {
  expect(
    columns([
      ['name', 'ms'],
      ['a', '1.0'],
      ['long', '22'],
    ]),
  ).toEqual(['name   ms', 'a     1.0', 'long   22']);
});

test('the whole report as text', () => {
  expect(asText(REPORT)).toMatchInlineSnapshot(`
    "Node 26.10.0 (V8 14.6) on linux x64, 2 × some; median of 3 rounds after one warm-up call

    C kernels       native ms    metered       polywasm       fuel
    fib             10.0 ±50%  2.00  ±0%      4.00  ±0%  1,234,567
    dot-f32         10.0  ±0%  8.00  ±0%          wrong
    geometric mean             4.00       4.00 (1 of 2)

    Geometric means to native  metered       polywasm
    C kernels                     4.00  4.00 (1 of 2)

    The slowest C kernel, metered: dot-f32, 8.00 times native.
    Times as fast as polywasm, metered: 2.00 over 1 of 2 of C kernels.

    dot-f32: polywasm wrong: 2 instead of 1
    wasm2js left out: it is not here"
  `);
});
