/**
 * Functions made to be too long for V8's optimiser: whatever they consist of, all that is generated of them stays below its
 * limit, and does the same as the function in one piece.
 */
import { describe, expect, test } from 'vitest';
import { OUTLINE, type OutlineLimits, SPLIT_ALL } from '../../compiler/emit/outline.ts';
import { Runtime, type RuntimeOptions } from '../../src/index.ts';
import { type Instruction, ModuleBuilder } from '../../test/support/wasm-builder.ts';
import { scan } from './scan.ts';
import { LIMIT } from './v8-bytecode.ts';

const times = (count: number, make: (n: number) => readonly Instruction[]): Instruction[] =>
  Array.from({ length: count }, (_, n) => make(n)).flat();

/** Local 1 = 31 * local 1 + n, so that nothing is lost unseen. */
const mix = (n: number): Instruction[] => [
  ...([['local.get', 1], ['i32.const', 31], 'i32.mul'] as const),
  ...([['i32.const', n], 'i32.add', ['local.set', 1]] as const),
];

/** `count` nested blocks around one `br_table`; behind the end of the n-th block stands `body(n)`, which goes on with local 0 = n + 1. */
const dispatch = (count: number, body: (n: number) => Instruction[]): Instruction[] => [
  ['loop'],
  ...times(count + 1, () => [['block']]),
  ['local.get', 0],
  ['br_table', ...times(count + 1, (n) => [n as never]).map(Number)],
  ...times(count, (n) => [
    'end',
    ...body(n),
    ...([
      ['i32.const', n + 1],
      ['local.set', 0],
      ['br', count - n],
    ] as const),
  ]),
  'end',
  'end',
];

/** Each a function `f` of (i32 i32) -> i32, with locals 2 to 4 of type i64. */
const PROGRAMS: Readonly<Record<string, Instruction[]>> = {
  'a straight line': times(6000, mix),
  'a straight line of i64, few bytes of wasm': times(500, (n) => [
    ...([['local.get', 2], ['local.get', 3], 'i64.mul', ['local.get', 2], ['i64.const', 13n]] as const),
    ...(['i64.rotl', 'i64.xor', ['local.get', 0], 'i64.extend_i32_s'] as const),
    ...(['i64.add', ['local.set', 2 + (n % 2)]] as const),
  ]),
  'one expression of i64': [
    ['local.get', 2],
    ...times(3000, (n) => [['i64.const', BigInt(n)], 'i64.add', ['local.get', 3], 'i64.shr_u']),
    ['local.set', 2],
  ],
  'many small cases': dispatch(2000, mix),
  'large cases': dispatch(30, (n) => times(300, (i) => mix(n + i))),
  'a dispatch with few targets': [
    ...([['block'], ['block'], ['local.get', 0]] as const),
    ['br_table', ...Array.from({ length: 20_000 }, (_, n) => n % 2), 1],
    ...(['end', ...mix(5), 'end'] as const),
  ],
  'two long ways': [
    ...([['local.get', 0], ['if']] as const),
    ...times(2000, mix),
    'else',
    ...times(2000, (n) => mix(n * 3)),
    'end',
  ],
  'long handlers': [
    ['try'],
    ...([['local.get', 0], ['if'], ['throw', 0], 'end'] as const),
    ...times(1500, mix),
    ...([['catch', 0], ...times(1500, (n) => mix(n * 3))] as const),
    ...(['catch_all', ...times(1500, (n) => mix(n * 5)), 'end'] as const),
  ],
  'nested loops, each with much to do': [
    ...times(12, (n) => [['loop'], ...times(150, (i) => mix(n + i))]),
    ...times(12, () => ['end']),
  ],
};

function moduleOf(body: readonly Instruction[], locals = ['i64', 'i64', 'i64']): Uint8Array {
  const m = new ModuleBuilder();
  m.tag('->');
  const result: Instruction[] = [['local.get', 1], ['local.get', 2], 'i32.wrap_i64', 'i32.add'];
  m.func('i32 i32 -> i32', [...body, ...result], { export: 'f', locals: locals as never });
  return m.build();
}

const MODES: readonly RuntimeOptions[] = [{}, { metering: false }, { fuel: 10n ** 15n }];
/** All in one piece. */
const WHOLE: OutlineLimits = {
  ...OUTLINE,
  giantBytes: Infinity,
  nesting: 10_000,
  regionWeight: Infinity,
  heaviest: Infinity,
};

function resultsOf(bytes: Uint8Array, options: RuntimeOptions, outline: OutlineLimits): unknown[] {
  const runtime = new Runtime(options, { outline });
  const { f } = runtime.instantiateSync(bytes).exports as { f: (...args: number[]) => number };
  const consumed = () => (options.metering === false ? undefined : runtime.fuel.consumed);
  return [0, 1, 7, 1999, 5000].map((n) => [f(n, 3), consumed()]);
}

async function check(bytes: Uint8Array, options: RuntimeOptions): Promise<void> {
  const { parts, refusals } = await scan(new Runtime(options).compileSync(bytes), () => {});
  expect(refusals).toEqual([]);
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(LIMIT);
  const whole = resultsOf(bytes, options, WHOLE);
  expect(resultsOf(bytes, options, OUTLINE)).toEqual(whole);
  expect(resultsOf(bytes, options, SPLIT_ALL)).toEqual(whole);
}

describe.each(Object.entries(PROGRAMS))('%s', (_, body) => {
  const bytes = moduleOf(body);
  test.each(MODES.map((options) => [Object.keys(options).join() || 'default', options] as const))(
    '%s',
    (_mode, options) => check(bytes, options),
  );
});

test('thousands of locals', async () => {
  const locals = Array.from({ length: 8000 }, (_, n) => ['i64', 'i32', 'f64', 'externref'][n % 4]!);
  const body = times(500, (n) => [
    ...([['local.get', 1], ['local.get', 3 + 4 * n], 'i32.sub', ['local.set', 1]] as const),
    ...([
      ['local.get', 0],
      ['local.set', 3 + 4 * n],
    ] as const),
  ]);
  await check(moduleOf(body, locals), {});
});
