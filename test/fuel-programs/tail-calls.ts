/**
 * Fuel programs about tail calls: to itself, in turn, through a table, out of a `try`, to the host, and some that trap.
 */
import { type Instruction, ModuleBuilder } from '../support/wasm-builder.ts';
import { built, type FuelProgram, program, single } from './program.ts';

/** `local 0 = 0 ? result : next`, with local 0 one less on the stack for `next`. */
function countdown(result: readonly Instruction[], next: readonly Instruction[]): Instruction[] {
  const less: Instruction[] = [['local.get', 0], ['i32.const', 1], 'i32.sub'];
  return [['local.get', 0], 'i32.eqz', ['if'], ...result, 'return', 'end', ...less, ...next];
}

const SUM: Instruction[] = [['local.get', 1], ['local.get', 0], 'i64.extend_i32_s', 'i64.add'];

function ring(m: ModuleBuilder, how: (next: number, type: number) => Instruction[]): void {
  const type = m.type('i32 i64 -> i64');
  m.table('funcref', 5, 5);
  const functions = [0, 1, 2].map((i) => m.declare('i32 i64 -> i64', { export: `f${i}` }));
  functions.forEach((index, i) => {
    const calls = how((i + 1) % 3, type);
    // The last one loops before it hands over.
    const work: Instruction[] = i < 2 ? ['nop'] : [['block'], ['loop'], ['br', 1], 'end', 'end'];
    m.define(index, [...work, ...countdown([['local.get', 1]], [...SUM, ...calls])]);
  });
  m.elements(functions, { offset: 0 });
}

function outOfTry(m: ModuleBuilder): void {
  const tag = m.tag('i32 ->');
  const throws = m.func('i32 -> i32', [
    ['local.get', 0],
    ['throw', tag],
  ]);
  const guarded: Instruction[] = [
    ['try', 'i32'],
    ['local.get', 0],
    ['return_call', throws],
  ];
  const leaves = m.func('i32 -> i32', [...guarded, 'catch_all', ['i32.const', 1], 'end']);
  const caught: Instruction[] = [['catch', tag], ['i32.const', 100], 'i32.add', 'end'];
  m.func('i32 -> i32', [['try', 'i32'], ['local.get', 0], ['call', leaves], ...caught], { export: 'f' });
}

function twoInstances(): FuelProgram {
  return program('tail calls between instances', (world) => {
    const signature = 'i32 i64 -> i64';
    const first = new ModuleBuilder();
    first.func(signature, [['local.get', 1], ['i64.const', 1n], 'i64.add'], { export: 'f' });
    const second = new ModuleBuilder();
    second.importFunc('m', 'f', signature);
    second.func(signature, countdown([['local.get', 1]], [...SUM, ['return_call', 0]]), { export: 'g' });
    const { f } = world.instantiate(first.build());
    const { g } = world.instantiate(second.build(), { m: { f } });
    return [() => g(0, 1n), () => g(5, 1n)];
  });
}

export const TAIL_CALL_PROGRAMS: readonly FuelProgram[] = [
  single(
    'tail call of itself',
    'i32 i64 -> i64',
    countdown([['local.get', 1]], [...SUM, ['return_call', 0]]),
    [
      [0, 0n],
      [100, 7n],
    ],
  ),
  built('tail calls by name', (m) => ring(m, (next) => [['return_call', next]]), [
    ['f0', 0, 1n],
    ['f1', 100, 1n],
    ['f2', 101, 1n],
  ]),
  built(
    'tail calls through a table',
    (m) =>
      ring(m, (next, type) => [
        ['i32.const', next],
        ['return_call_indirect', type, 0],
      ]),
    [
      ['f0', 0, 1n],
      ['f1', 100, 1n],
    ],
  ),
  single(
    'tail calls through a table that trap',
    'i32 -> i32',
    [['local.get', 0], ['i32.const', 3], 'i32.add', ['local.get', 0], ['return_call_indirect', 0, 0]],
    [[0], [1], [2], [-1]],
    {
      with: (m) => {
        m.type('i32 -> i32');
        m.table('funcref', 3, 3);
        m.elements([m.func('i32 -> i32', [['local.get', 0], 'i32.clz'])], { offset: 0 });
        m.elements([m.func('i64 -> i64', [['local.get', 0]])], { offset: 1 });
      },
    },
  ),
  built('tail calls out of a try', outOfTry, [
    ['f', 1],
    ['f', 2],
  ]),
  twoInstances(),
  built(
    'tail call of the host',
    (m) => {
      const host = m.importFunc('h', 'f', 'i32 -> i32');
      m.func('i32 -> i32', [['local.get', 0], ['i32.const', 1], 'i32.add', ['return_call', host]], {
        export: 'f',
      });
    },
    [['f', 5]],
    { imports: () => ({ h: { f: (a: number) => a * 2 } }) },
  ),
];
