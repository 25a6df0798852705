/**
 * Fuel programs about exceptions, in the new form (`try_table`) and the legacy one: caught, uncaught, rethrown,
 * delegated, thrown by callees and by the host. A `catch` fallen into from above costs 1, as `else` does; one that an
 * exception enters costs nothing, and neither does the unwinding.
 */
import type { Instruction, ModuleBuilder } from '../support/wasm-builder.ts';
import { built, type FuelProgram, times } from './program.ts';

/** `thrower(n)` throws tag 0 with n when n is odd, tag 1 when it is divisible by 4, else answers. */
function thrower(m: ModuleBuilder): number {
  const number = m.tag('i32 ->');
  const plain = m.tag('->');
  return m.func('i32 -> i32', [
    ['local.get', 0],
    ['i32.const', 1],
    'i32.and',
    ['if'],
    ['local.get', 0],
    ['throw', number],
    'end',
    ['local.get', 0],
    ['i32.const', 3],
    'i32.and',
    'i32.eqz',
    ['if'],
    'nop',
    ['throw', plain],
    'end',
    ['i32.const', 100],
  ]);
}

const CALLS = [
  ['run', 1],
  ['run', 2],
  ['run', 4],
] as const;

function legacy(
  name: string,
  body: (call: number) => readonly Instruction[],
  type = 'i32 -> i32',
): FuelProgram {
  return built(
    `legacy: ${name}`,
    (m) => {
      const call = thrower(m);
      m.func(type, body(call), { export: 'run', locals: ['i32'] });
    },
    CALLS,
  );
}

function modern(name: string, body: (call: number, pair: number) => readonly Instruction[]): FuelProgram {
  return built(
    `try_table: ${name}`,
    (m) => {
      const call = thrower(m);
      const pair = m.type('-> i32 exnref');
      m.func('i32 -> i32', body(call, pair), { export: 'run', locals: ['i32', 'exnref'] });
    },
    CALLS,
  );
}

const call = (index: number): Instruction[] => ['nop', ['local.get', 0], ['call', index]];

const LEGACY: readonly FuelProgram[] = [
  legacy('caught by tag, others pass', (f) => [
    ['try', 'i32'],
    ...call(f),
    'nop',
    ['catch', 0],
    'nop',
    ['i32.const', 1],
    'i32.add',
    'end',
  ]),
  legacy('catch and catch_all', (f) => [
    ['try', 'i32'],
    ...call(f),
    ['catch', 0],
    ['i32.const', 1000],
    'i32.add',
    'catch_all',
    'nop',
    ['i32.const', 2000],
    'end',
    ['i32.const', 1],
    'i32.add',
  ]),
  legacy('rethrow', (f) => [
    ['try', 'i32'],
    ['try', 'i32'],
    ...call(f),
    'catch_all',
    'nop',
    ['rethrow', 0],
    'end',
    ['catch', 0],
    'nop',
    'end',
  ]),
  legacy('delegate', (f) => [
    ['try', 'i32'],
    ['try', 'i32'],
    ['try', 'i32'],
    ...call(f),
    ['delegate', 1],
    'nop',
    'catch_all',
    ['i32.const', 5],
    'end',
    'nop',
    'catch_all',
    ['i32.const', 6],
    'end',
  ]),
  legacy('thrown and caught in one function, in a loop', () => [
    ...times(1, 3, [
      ['try'],
      'nop',
      ['local.get', 1],
      ['throw', 0],
      ['catch', 0],
      ['local.get', 0],
      'i32.add',
      ['local.set', 0],
      'end',
    ]),
    ['local.get', 0],
  ]),
  legacy('left by branches', (f) => [
    ['block', 'i32'],
    ['try', 'i32'],
    ['try', 'i32'],
    ...call(f),
    ['local.get', 0],
    ['i32.const', 2],
    'i32.eq',
    ['br_if', 2],
    'catch_all',
    ['i32.const', 8],
    ['br', 1],
    'end',
    'nop',
    ['catch', 1],
    ['i32.const', 9],
    'end',
    'nop',
    'end',
  ]),
  legacy('never caught', (f) => ['nop', ...call(f), 'nop']),
  legacy('a try without handlers', (f) => [['try', 'i32'], ...call(f), 'end', 'nop']),
];

const MODERN: readonly FuelProgram[] = [
  modern('caught by tag, others pass', (f) => [
    ['block', 'i32'],
    ['try_table', 'i32', ['catch', 0, 0]],
    ...call(f),
    'end',
    'nop',
    'end',
  ]),
  modern('catch_all', (f) => [
    ['block'],
    ['try_table', 'i32', ['catch_all', 0]],
    ...call(f),
    'end',
    'return',
    'end',
    ['i32.const', 3],
  ]),
  modern('caught with a reference and thrown again', (f) => [
    ['block', 'i32'],
    ['block', 'exnref'],
    ['try_table', 'i32', ['catch_all_ref', 0]],
    ...call(f),
    'end',
    ['br', 1],
    'end',
    ['local.set', 2],
    ['try_table', 'i32', ['catch', 0, 0]],
    'nop',
    ['local.get', 2],
    'throw_ref',
    'end',
    'end',
  ]),
  modern('catch_ref', (f, pair) => [
    ['block', pair],
    ['try_table', '', ['catch_ref', 0, 0]],
    ...call(f),
    'drop',
    'end',
    ['i32.const', 4],
    'return',
    'end',
    'drop',
  ]),
  modern('in a loop', () => [
    ...times(1, 3, [
      ['block', 'i32'],
      ['try_table', '', ['catch', 0, 0]],
      ['local.get', 1],
      ['throw', 0],
      'end',
      ['i32.const', 0],
      'end',
      ['local.get', 0],
      'i32.add',
      ['local.set', 0],
    ]),
    ['local.get', 0],
  ]),
];

const HOST_ERROR = built(
  'legacy: catch_all sees an error of the host, not an exit',
  (m) => {
    const fail = m.importFunc('host', 'fail', 'i32 ->');
    m.func(
      'i32 -> i32',
      [
        ['try', 'i32'],
        ['local.get', 0],
        ['call', fail],
        ['i32.const', 1],
        'catch_all',
        ['i32.const', 2],
        'end',
      ],
      {
        export: 'run',
      },
    );
  },
  [
    ['run', 0],
    ['run', 1],
  ],
  {
    imports: () => ({
      host: {
        fail: (n: number) => {
          if (n === 1) throw new Error('of the host');
        },
      },
    }),
  },
);

export const EXCEPTION_PROGRAMS: readonly FuelProgram[] = [...LEGACY, ...MODERN, HOST_ERROR];
