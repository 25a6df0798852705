/**
 * A small module for tests of stored code: i64 arithmetic, a tail call round a circle, a trap two calls deep, a function
 * that nobody calls. Not a test.
 */
import { ModuleBuilder } from './wasm-builder.ts';

export function program(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const count = m.func('i32 i64 -> i64', [
    ['local.get', 0],
    'i32.eqz',
    ['if', 'i64'],
    ['local.get', 1],
    'else',
    ['local.get', 0],
    ['i32.const', 1],
    'i32.sub',
    ['local.get', 1],
    ['local.get', 0],
    'i64.extend_i32_u',
    'i64.add',
    ['call', 0],
    'end',
  ]);
  m.func(
    'i32 -> i64',
    [
      ['local.get', 0],
      ['i64.const', 0n],
      ['call', count],
    ],
    { export: 'sum' },
  );
  hop(m, 3);
  hop(m, 2, 'hop');
  const divide = m.func('i32 -> i32', [['local.get', 0], ['i32.const', 0], 'i32.div_u'], { name: 'divide' });
  m.func(
    'i32 -> i32',
    [
      ['local.get', 0],
      ['call', divide],
    ],
    { export: 'fail' },
  );
  m.func('i32 -> i32', [['local.get', 0], ['i32.const', 5], 'i32.mul'], { export: 'unused' });
  return m.build();
}

/** Counts down, by tail calls to `next`. */
function hop(m: ModuleBuilder, next: number, name?: string): void {
  m.func(
    'i32 -> i32',
    [
      ['local.get', 0],
      ['if', 'i32'],
      ['local.get', 0],
      ['i32.const', 1],
      'i32.sub',
      ['return_call', next],
      'else',
      ['i32.const', 0],
      'end',
    ],
    name === undefined ? {} : { export: name },
  );
}
