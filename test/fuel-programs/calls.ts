/**
 * Fuel programs about calls: recursion, tables, the host and back, start functions, several instances.
 */
import { ModuleBuilder } from '../support/wasm-builder.ts';
import { built, type FuelProgram, program, times } from './program.ts';

function fibonacci(m: ModuleBuilder): void {
  const fib = m.declare('i32 -> i32', { export: 'fib', name: 'fib' });
  const smaller = (by: number) => [['local.get', 0], ['i32.const', by], 'i32.sub', ['call', fib]] as const;
  m.define(fib, [
    ['local.get', 0],
    ['i32.const', 2],
    'i32.lt_s',
    ['if'],
    ['local.get', 0],
    'return',
    'end',
    ...smaller(1),
    ...smaller(2),
    'i32.add',
  ]);
}

/** Functions 0 to 2: constants by table slot; slot 3 is empty, slot 4 of another type. */
function table(m: ModuleBuilder): void {
  const targets = [7, 8].map((value) => m.func('-> i32', [['i32.const', value]]));
  const loop = m.func('-> i32', [...times(0, 2, ['nop']), ['i32.const', 9]], { locals: ['i32'] });
  const other = m.func('i32 ->', ['nop']);
  m.table('funcref', 6, 6);
  m.elements([...targets, loop], { offset: 0 });
  m.elements([other], { offset: 4 });
  m.func(
    'i32 -> i32',
    [['local.get', 0], ['call_indirect', m.type('-> i32'), 0], ['i32.const', 1], 'i32.add'],
    {
      export: 'pick',
    },
  );
}

function mutualRecursion(m: ModuleBuilder): void {
  const even = m.declare('i64 -> i32', { export: 'even' });
  const odd = m.declare('i64 -> i32');
  const body = (atZero: number, next: number) =>
    [
      ['local.get', 0],
      'i64.eqz',
      ['if', 'i32'],
      ['i32.const', atZero],
      'else',
      ['local.get', 0],
      ['i64.const', 1],
      'i64.sub',
      ['call', next],
      'end',
    ] as const;
  m.define(even, body(1, odd));
  m.define(odd, body(0, even));
}

const HOST_CALLS = built(
  'host calls',
  (m) => {
    const add = m.importFunc('host', 'add', 'i32 i64 -> i64');
    m.func(
      'i32 -> i64',
      [
        ...times(0, 3, [
          ['i32.const', 2],
          ['local.get', 1],
          ['call', add],
          ['local.set', 1],
        ]),
        ['local.get', 1],
      ],
      {
        locals: ['i64'],
        export: 'run',
      },
    );
  },
  [['run', 0]],
  { imports: () => ({ host: { add: (a: number, b: bigint) => BigInt(a) + b } }) },
);

const READS_CONSUMED = built(
  'a host function reads what is consumed',
  (m) => {
    const fuel = m.importFunc('host', 'fuel', '-> i32');
    m.func(
      'i32 -> i32',
      [
        'nop',
        ['call', fuel],
        'nop',
        'nop',
        ['local.get', 0],
        ['if'],
        ['call', fuel],
        'drop',
        'end',
        ['call', fuel],
        'i32.add',
        ...times(0, 2, [['call', fuel], 'drop']),
      ],
      { export: 'run' },
    );
  },
  [
    ['run', 0],
    ['run', 1],
  ],
  { repeatable: false, imports: (world) => ({ host: { fuel: () => world.consumed() } }) },
);

const EXIT = built(
  'exit in mid-call',
  (m) => {
    const leave = m.importFunc('host', 'exit', 'i32 ->');
    const inner = m.func('', ['nop', ['i32.const', 3], ['call', leave], 'nop', 'nop']);
    m.func('', ['nop', ['block'], ['call', inner], 'nop', 'end', 'nop'], { export: 'run' });
  },
  [['run']],
  { imports: (world) => ({ host: { exit: (code: number) => world.exit(code) } }) },
);

const HOST_THROWS = built(
  'a host function throws',
  (m) => {
    const fail = m.importFunc('host', 'fail', '');
    const inner = m.func('', [['call', fail], 'nop', 'nop']);
    m.func('', ['nop', ['call', inner], 'nop'], { export: 'run' });
  },
  [['run']],
  {
    imports: () => ({
      host: {
        fail: () => {
          throw new RangeError('a host error');
        },
      },
    }),
  },
);

const REENTRY = built(
  'the host calls back',
  (m) => {
    const back = m.importFunc('host', 'back', 'i32 -> i32');
    m.func(
      'i32 -> i32',
      [
        ['local.get', 0],
        ['if', 'i32'],
        ['local.get', 0],
        ['i32.const', 1],
        'i32.sub',
        ['call', back],
        ['i32.const', 10],
        'i32.add',
        'else',
        ['i32.const', 1],
        'end',
      ],
      { export: 'run' },
    );
  },
  [['run', 3]],
  { imports: (_world, exports) => ({ host: { back: (n: number) => exports().run(n) } }) },
);

const REENTRY_TRAP = built(
  'a trap below the host is caught by the host',
  (m) => {
    const guard = m.importFunc('host', 'guard', '-> i32');
    m.func('', ['nop', 'nop', 'unreachable'], { export: 'trap' });
    m.func('-> i32', ['nop', ['call', guard], ['i32.const', 1], 'i32.add'], { export: 'run' });
  },
  [['run']],
  {
    imports: (world, exports) => ({
      host: {
        guard: () => {
          try {
            exports().trap();
          } catch (error) {
            if (world.trapTexts(error) === undefined) throw error;
            return 41;
          }
        },
      },
    }),
  },
);

const START = built(
  'a start function and constant expressions',
  (m) => {
    m.memory(1);
    m.table('funcref', 4, 4);
    const state = m.global('i32', true, [['i32.const', 5]]);
    m.global('i64', false, [['i64.const', 7]]);
    const start = m.func(
      '',
      times(0, 3, [['global.get', state], ['i32.const', 2], 'i32.mul', ['global.set', state]]),
      {
        locals: ['i32'],
      },
    );
    m.start(start);
    m.elements([start, start], { offset: 1 });
    m.elements([start], {});
    m.data('hello', { offset: 3 });
    m.data('passive', {});
    m.func('-> i32', [['global.get', state]], { export: 'run' });
  },
  [['run']],
);

const ELEMENT_EXPRESSIONS = built(
  'element expressions',
  (m) => {
    m.table('funcref', 4, 4);
    const target = m.func('-> i32', [['i32.const', 4]], { export: 'target' });
    m.elementExpressions('funcref', [[['ref.func', target]], [['ref.null', 'func']]], { offset: 0 });
    m.elementExpressions('funcref', [[['ref.null', 'func']]], {});
    m.elementExpressions('funcref', [[['ref.func', target]]], { declarative: true });
    m.func(
      '-> i32',
      [
        ['i32.const', 0],
        ['call_indirect', m.type('-> i32'), 0],
      ],
      { export: 'run' },
    );
  },
  [['run']],
);

/** The importer calls the exporter's function, directly and through a shared table. */
const LINKED = program('calls between instances', (world) => {
  const exporter = new ModuleBuilder();
  const square = exporter.func('i64 -> i64', [['local.get', 0], ['local.get', 0], 'i64.mul'], {
    export: 'square',
  });
  exporter.table('funcref', 2, 2, 'table');
  exporter.elements([square], { offset: 1 });
  const { square: exported, table: shared } = world.instantiate(exporter.build());
  const importer = new ModuleBuilder();
  const imported = importer.importFunc('lib', 'square', 'i64 -> i64');
  importer.importTable('lib', 'table', 'funcref', 2, 2);
  importer.func(
    'i64 -> i64',
    [
      'nop',
      ['local.get', 0],
      ['call', imported],
      ['i32.const', 1],
      ['call_indirect', importer.type('i64 -> i64'), 0],
    ],
    { export: 'run' },
  );
  const exports = world.instantiate(importer.build(), { lib: { square: exported, table: shared } });
  return [() => exports.run(3n), () => exported(4n)];
});

const MULTI_VALUE = built(
  'several results',
  (m) => {
    const swap = m.func('i32 i64 -> i64 i32', [
      ['local.get', 1],
      ['local.get', 0],
    ]);
    m.func(
      'i32 -> i32 i64 f32',
      [
        ['local.get', 0],
        ['i64.const', 9],
        ['call', swap],
        ['local.set', 0],
        ['local.set', 1],
        ['local.get', 0],
        ['local.get', 1],
        ['f32.const', 1.5],
      ],
      { locals: ['i64'], export: 'run' },
    );
  },
  [['run', 4]],
);

export const CALL_PROGRAMS: readonly FuelProgram[] = [
  built('recursion', fibonacci, [
    ['fib', 1],
    ['fib', 6],
  ]),
  built('mutual recursion', mutualRecursion, [['even', 5n]]),
  built('indirect calls', table, [
    ['pick', 0],
    ['pick', 1],
    ['pick', 2],
  ]),
  built('indirect calls that trap', table, [
    ['pick', 3],
    ['pick', 4],
    ['pick', 6],
  ]),
  HOST_CALLS,
  READS_CONSUMED,
  EXIT,
  HOST_THROWS,
  REENTRY,
  REENTRY_TRAP,
  START,
  ELEMENT_EXPRESSIONS,
  LINKED,
  MULTI_VALUE,
];
