/**
 * Fuel programs about memory and tables: bulk operations and growth cost ⌊n/64⌋ more, once their bounds are checked.
 */
import { built, type FuelProgram, times } from './program.ts';

export const MEMORY_PROGRAMS: readonly FuelProgram[] = [
  built(
    'loads and stores',
    (m) => {
      m.memory(1);
      m.func(
        '-> i32',
        [
          ...times(0, 5, [
            ['local.get', 0],
            ['local.get', 0],
            ['i32.store', { offset: 8 }],
            ['local.get', 1],
            ['local.get', 0],
            ['i32.load8_u', { offset: 8 }],
            'i32.add',
            ['local.set', 1],
          ]),
          ['local.get', 1],
        ],
        { locals: ['i32', 'i32'], export: 'run' },
      );
    },
    [['run']],
  ),
  built(
    'memory.fill and memory.copy of several sizes',
    (m) => {
      m.memory(1);
      m.func('i32 ->', [['i32.const', 0], ['i32.const', 7], ['local.get', 0], ['memory.fill', 0], 'nop'], {
        export: 'fill',
      });
      m.func(
        'i32 ->',
        [
          ['i32.const', 9],
          ['i32.const', 0],
          ['local.get', 0],
          ['memory.copy', 0, 0],
        ],
        {
          export: 'copy',
        },
      );
    },
    [
      ['fill', 0],
      ['fill', 63],
      ['fill', 64],
      ['fill', 1000],
      ['copy', 127],
      ['copy', 128],
    ],
  ),
  built(
    'bulk operations out of bounds cost no more than their 1',
    (m) => {
      m.memory(1);
      m.data('abc', {});
      m.func(
        'i32 ->',
        ['nop', ['local.get', 0], ['i32.const', 0], ['i32.const', 6400], ['memory.fill', 0], 'nop'],
        {
          export: 'fill',
        },
      );
      m.func(
        'i32 ->',
        [
          ['i32.const', 0],
          ['i32.const', 0],
          ['local.get', 0],
          ['memory.init', 0, 0],
        ],
        {
          export: 'init',
        },
      );
    },
    [
      ['fill', 65536],
      ['init', 4],
      ['init', 3],
    ],
  ),
  built(
    'memory.init and data.drop',
    (m) => {
      m.memory(1);
      m.data(new Uint8Array(200).fill(5), {});
      m.func(
        '-> i32',
        [
          ['i32.const', 1],
          ['i32.const', 2],
          ['i32.const', 190],
          ['memory.init', 0, 0],
          ['data.drop', 0],
          ['i32.const', 4],
          ['i32.load', { align: 0 }],
        ],
        { export: 'run' },
      );
    },
    [['run']],
    { repeatable: false },
  ),
  built(
    'table operations',
    (m) => {
      m.table('externref', 3, 300);
      m.table('funcref', 80);
      const f = m.func('', []);
      m.elements(new Array(70).fill(f), {});
      m.func(
        '-> i32',
        [
          ['ref.null', 'extern'],
          ['i32.const', 130],
          ['table.grow', 0],
          'drop',
          ['i32.const', 2],
          ['ref.null', 'extern'],
          ['i32.const', 129],
          ['table.fill', 0],
          ['i32.const', 0],
          ['i32.const', 1],
          ['i32.const', 66],
          ['table.copy', 0, 0],
          ['i32.const', 3],
          ['i32.const', 1],
          ['i32.const', 69],
          ['table.init', 0, 1],
          ['elem.drop', 0],
          ['i32.const', 3],
          ['table.get', 1],
          'ref.is_null',
          ['i32.const', 5],
          ['ref.func', f],
          ['table.set', 1],
          ['table.size', 0],
          'i32.add',
        ],
        { export: 'run' },
      );
    },
    [['run']],
    { repeatable: false },
  ),
  built(
    'memory growth in a callee',
    (m) => {
      m.memory(1, 3);
      const grow = m.func('i32 -> i32', ['nop', ['local.get', 0], ['memory.grow', 0]]);
      m.func(
        'i32 -> i32',
        [
          ['i32.const', 16],
          ['i32.const', 77],
          ['i32.store'],
          ['local.get', 0],
          ['call', grow],
          ['i32.const', 16],
          ['i32.load'],
          'i32.add',
          ['memory.size', 0],
          'i32.add',
        ],
        { export: 'run' },
      );
    },
    [
      ['run', 0],
      ['run', 1],
      ['run', 5],
    ],
    { repeatable: false },
  ),
];
