import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../runtime/limits.ts';
import { instructions } from '../../test/support/flat-text.ts';
import { type Bytes, bytes, name, vector } from '../../test/support/leb.ts';
import { ModuleBuilder, section } from '../../test/support/wasm-builder.ts';
import { decodeModule } from '../binary/module.ts';
import { disassemble } from './dump-sink.ts';
import { f32Text, f64Text, identifier, identifiers } from './wat-text.ts';

/** The lines of a body, in a module with two of everything. */
function dump(body: string): string[] {
  const m = new ModuleBuilder();
  for (let i = 0; i < 2; i++) {
    m.memory(1);
    m.table('funcref', 1);
    m.data('');
    m.tag('->');
  }
  const index = m.func('->', instructions(body));
  const text = disassemble(decodeModule(m.build(), DEFAULT_LIMITS), index);
  const lines = text.trimEnd().split('\n').slice(1, -1);
  return lines.map((line) => line.slice(2));
}

test('a whole function, with names', () => {
  const m = new ModuleBuilder();
  m.importFunc('env', 'log', 'i32 ->');
  const index = m.func('i32 i64 -> f64', instructions('local.get 0; call 0; f64.const 0.5'), {
    locals: ['f32', 'externref'],
  });
  const locals = vector([
    [0, name('x')],
    [2, name('y')],
  ]);
  const functions = vector([
    [0, name('log it')],
    [index, name('half <T>')],
  ]);
  const names: Bytes = [section(1, functions), section(2, vector([[index, locals]]))];
  m.custom('name', bytes(names));
  const module = decodeModule(m.build(), DEFAULT_LIMITS);
  expect(disassemble(module, index)).toBe(`(func $half_<T> (param $x i32) (param i64) (result f64)
  (local $y f32)
  (local externref)
  local.get $x
  call $log_it
  f64.const 0.5
)
`);
  expect(disassemble(module, 0)).toBe('(import "env" "log" (func $log_it (param i32)))\n');
});

describe('instructions', () => {
  test.each<[expected: string, body: string]>([
    ['i64.const -3', 'i64.const -3; drop'],
    ['i32.load offset=8', 'i32.const 0; i32.load offset=8; drop'],
    ['i64.load16_u 1 align=1', 'i32.const 0; i64.load16_u memory=1 align=0; drop'],
    ['select (result externref)', 'ref.null extern; ref.null extern; i32.const 1; select t externref; drop'],
    ['memory.size', 'memory.size 0; drop'],
    ['memory.grow 1', 'i32.const 0; memory.grow 1; drop'],
    ['memory.init 1 0', 'i32.const 0; i32.const 0; i32.const 0; memory.init 0 1'],
    ['table.copy 1 0', 'i32.const 0; i32.const 0; i32.const 0; table.copy 1 0'],
    ['call_indirect 1 (type 0)', 'i32.const 0; call_indirect 0 1'],
    ['return_call 0', 'return_call 0'],
    ['return_call_indirect 1 (type 0)', 'i32.const 0; return_call_indirect 0 1'],
    ['return_call_ref 0', 'ref.null 0; return_call_ref 0'],
    ['ref.null extern', 'ref.null extern; drop'],
    ['br_table 0 (;@1;) 1 (;@0;)', 'block; i32.const 0; br_table 0 1; end'],
  ])('%s', (expected, body) => {
    expect(dump(body).map((line) => line.trim())).toContain(expected);
  });
});

test('objects and references', () => {
  const program = new URL('../../test/fixtures/gc/closures.wasm', import.meta.url);
  const module = decodeModule(readFileSync(program), DEFAULT_LIMITS);
  const text = module.functions.map((_, index) => disassemble(module, index)).join('');
  for (const line of [
    '(func $add_n (param $self (ref 1)) (param $x (ref eq)) (result (ref eq))',
    'br_on_cast 1 (;@1;) (ref eq) (ref i31)',
    'ref.test (ref null 1)',
    'struct.get 2 1',
    'array.new_fixed 7 8',
    'call_ref 0',
  ])
    expect(text).toContain(`${line}\n`);
});

describe('blocks and dead code', () => {
  test.each<[body: string, lines: readonly string[]]>([
    [
      'block; loop i32; i32.const 0; br_if 1; br 0; end; drop; end',
      [
        'block  ;; label = @1',
        '  loop (result i32)  ;; label = @2',
        '    i32.const 0',
        '    br_if 1 (;@1;)',
        '    br 0 (;@2;)',
        '  end',
        '  drop',
        'end',
      ],
    ],
    [
      'i32.const 1; if; return; nop; else; unreachable; end',
      ['i32.const 1', 'if  ;; label = @1', '  return', '  ;; unreachable', 'else', '  unreachable', 'end'],
    ],
    [
      'block; try_table void catch/0/0 catch_all/0; end; end; try; throw 0; catch 0; catch_all; rethrow 0; end',
      [
        'block  ;; label = @1',
        '  try_table (catch 0 0 (;@1;)) (catch_all 0 (;@1;))  ;; label = @2',
        '  end',
        'end',
        'try  ;; label = @3',
        '  throw 0',
        'catch 0',
        'catch_all',
        '  rethrow 0 (;@3;)',
        'end',
      ],
    ],
    ['try; delegate 0', ['try  ;; label = @1', 'delegate 0 (;@0;)']],
  ])('%s', (body, lines) => {
    expect(dump(body)).toEqual(lines);
  });
});

describe('spelling', () => {
  test.each<[text: string, expected: string]>([
    [f32Text(0x3dcccccd), '0.1'],
    [f32Text(0x00000001), '1e-45'],
    [f32Text(-0x80000000), '-0'],
    [f32Text(0x7f800000), 'inf'],
    [f32Text(0x7fc00000), 'nan'],
    [f32Text(0xff800001 | 0), '-nan:0x1'],
    [f64Text(0x3fb999999999999an), '0.1'],
    [f64Text(0x7ff0000000000001n), 'nan:0x1'],
    [identifier('std::vector<int, 3>'), '$std::vector<int__3>'],
    [identifier('*/ "\u2028🂡'), '$*/____'],
    [identifier('x'.repeat(50_000)), `$${'x'.repeat(80)}`],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });

  test('equal names are told apart', () => {
    const names = identifiers(
      new Map(Object.entries(['a b', 'a_b', '']).map(([i, text]) => [Number(i), text])),
    );
    expect([0, 1, 2, 3].map(names)).toEqual(['$a_b', '$a_b#1', '$#2', '3']);
  });
});
