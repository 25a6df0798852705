import { describe, expect, test } from 'vitest';
import { parseSexprs } from './sexpr.ts';
import { type HostReference, matches, readPattern, readValue } from './values.ts';

const pattern = (text: string) => readPattern(parseSexprs(text)[0]!);
const value = (text: string) => readValue(parseSexprs(text)[0]!);
const host = (number: number) => (value(`(ref.extern ${number})`) as { reference: HostReference }).reference;

describe('matches', () => {
  test.each<[string, unknown, boolean]>([
    ['(i32.const -1)', 0xffff_ffffn, true],
    ['(i32.const -1)', -1n, false],
    ['(i64.const -1)', 0xffff_ffff_ffff_ffffn, true],
    ['(f32.const -0)', 0x8000_0000n, true],
    ['(f32.const -0)', 0n, false],
    ['(f32.const nan:canonical)', 0x7fc0_0000n, true],
    ['(f32.const nan:canonical)', 0xffc0_0000n, true],
    ['(f32.const nan:canonical)', 0x7fc0_0001n, false],
    ['(f32.const nan:arithmetic)', 0x7fc0_0001n, true],
    ['(f32.const nan:arithmetic)', 0x7fa0_0000n, false],
    ['(f32.const nan:arithmetic)', 0x7f80_0000n, false],
    ['(f64.const nan:canonical)', 0xfff8_0000_0000_0000n, true],
    ['(f64.const nan:arithmetic)', 0x7ff4_0000_0000_0000n, false],
    ['(f64.const nan:0x4000000000000)', 0x7ff4_0000_0000_0000n, true],
    ['(ref.null extern)', null, true],
    ['(ref.null)', undefined, false],
    ['(ref.extern 1)', host(1), true],
    ['(ref.extern 1)', host(2), false],
    ['(ref.extern)', host(2), true],
    ['(ref.extern)', null, false],
    ['(ref.func)', () => undefined, true],
    ['(ref.func)', host(1), false],
    ['(either (i32.const 1) (i32.const 2))', 2n, true],
    ['(either (i32.const 1) (i32.const 2))', 3n, false],
  ])('%s, %s: %s', (text, actual, expected) => {
    expect(matches(pattern(text), actual)).toBe(expected);
  });
});

test('a pattern is no argument', () => {
  for (const text of [
    '(f32.const nan:canonical)',
    '(ref.func)',
    '(either (i32.const 1))',
    '(i32.const x)',
    'i32',
    '(nop)',
  ]) {
    expect(() => value(text)).toThrow('line 1: not a value');
  }
});
