import { describe, expect, test } from 'vitest';
import {
  CompileError,
  ExitError,
  InternalError,
  LinkError,
  OutOfFuelError,
  TimeoutError,
  Trap,
} from '../../runtime/errors.ts';
import { CliError, oneLine, outcomeOf } from './exit-status.ts';

function divideByZero(): Trap {
  const error = new Trap('integer-divide-by-zero');
  error.wasmStack = [
    { functionIndex: 3, functionName: 'div', offset: 0x3a },
    { functionIndex: 7, functionName: undefined, offset: 0x50 },
  ];
  return error;
}

describe('status and line of', () => {
  test.each([
    [new ExitError(0), 0, []],
    [new ExitError(42), 42, []],
    [divideByZero(), 134, ['sandglass: trap: integer divide by zero at div (func 3, offset 0x3a)']],
    [new Trap('unreachable'), 134, ['sandglass: trap: unreachable']],
    [new TimeoutError(500), 124, ['sandglass: time-out: deadline of 500 ms exceeded']],
    [new OutOfFuelError(12n, 10n), 125, ['sandglass: fuel exhausted: consumed 12 of 10']],
    [new LinkError('unknown import "a"."b"'), 1, ['sandglass: unknown import "a"."b"']],
    [new CompileError('unexpected end', { offset: 8 }), 1, ['sandglass: unexpected end (offset 0x8)']],
    [new CliError('x.wasm: no such file'), 1, ['sandglass: x.wasm: no such file']],
    [new InternalError('oops'), 1, ['sandglass: internal error: oops']],
    ['a string', 1, ['sandglass: a string']],
  ] as const)('%s', (error, status, lines) => expect(outcomeOf(error)).toEqual({ status, lines }));

  test('a trap with its trace', () =>
    expect(outcomeOf(divideByZero(), true).lines).toEqual([
      'sandglass: trap: integer divide by zero at div (func 3, offset 0x3a)',
      '    at div (func 3, offset 0x3a)',
      '    at func 7 (offset 0x50)',
    ]));
});

describe('one line', () => {
  test.each([
    ['a\nb', 'a\\u{a}b'],
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['a\u2028b', 'a\\u{2028}b'],
    ['naïve – ok', 'naïve – ok'],
  ])('%j', (text, clean) => expect(oneLine(text)).toBe(clean));

  test('long messages are cut', () => expect(oneLine('x'.repeat(10_000)).length).toBe(501));
});
