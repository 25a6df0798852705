/**
 * The order of effects: values that the emitter holds back as expressions ("pending") are computed once, and before
 * whatever would change them. Every program's outcome is compared with native WebAssembly's.
 */
import { describe, expect, it } from 'vitest';
import { OUTLINE, SPLIT_ALL } from '../compiler/emit/outline.ts';
import { nativeWorld, outcomeOf, show, type World } from './support/engines.ts';
import { sandglassWorld } from './support/sandglass-engine.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

type Program = (m: ModuleBuilder) => void;

/** An i32 heavy enough to be stored in its slot at once, equal to local `index` times `count`. */
function heavy(index: number, count = 13): Instruction[] {
  const sum: Instruction[] = [['local.get', index]];
  for (let i = 1; i < count; i++) sum.push(['local.get', index], 'i32.add');
  return sum;
}

/** Each exports `f: (i32) -> …`, which is called with 1. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  'the index of call_indirect lies where an i64 argument goes'(m) {
    const one = m.func('-> i64', [['i64.const', 1n]]);
    const add = (n: bigint) => m.func('i64 -> i64', [['local.get', 0], ['i64.const', n], 'i64.add']);
    m.table('funcref', 2);
    m.elements([add(100n), add(200n)], { offset: 0 });
    const type = m.type('i64 -> i64');
    m.func('i32 -> i64', [['i64.const', 0n], ['call', one], 'i32.wrap_i64', ['call_indirect', type, 0]], {
      export: 'f',
    });
  },

  'the index of call_indirect is computed once'(m) {
    m.memory(1);
    m.table('funcref', 40);
    const add = (n: number) => m.func('i32 -> i32', [['local.get', 0], ['i32.const', n], 'i32.add']);
    m.elements([add(100), add(200)], { offset: 30 });
    // What lies at 13 is an address and the index of the second function.
    m.data([31, 0, 0, 0], { offset: 13 });
    m.data([30, 0, 0, 0], { offset: 31 });
    const type = m.type('i32 -> i32');
    const argument: Instruction[] = [
      ['i32.const', 0],
      ['i32.load', {}],
    ];
    m.func('i32 -> i32', [...argument, ...heavy(0), ['i32.load', {}], ['call_indirect', type, 0]], {
      export: 'f',
    });
  },

  'a function without a frame catches what a callee with one threw'(m) {
    const tag = m.tag('i32 ->');
    const inc = m.func('i64 -> i64', [['local.get', 0], ['i64.const', 1n], 'i64.add']);
    const thrower = m.func('i64 -> i64', [
      ['local.get', 0],
      ['call', inc],
      ['i32.const', 5],
      ['throw', tag],
    ]);
    const calls = m.func('i32 -> i32', [['i64.const', 9n], ['call', thrower], 'drop', ['i32.const', 1]]);
    const guard = m.func('i32 -> i32', [
      ['try', 'i32'],
      ['local.get', 0],
      ['call', calls],
      ['catch', tag],
      'end',
    ]);
    const sum: Instruction[] = [['local.get', 1], ['call', inc], ['local.get', 1], ['call', inc], 'i64.add'];
    const twenty: Instruction[] = [
      ['i64.const', 20n],
      ['local.set', 1],
    ];
    const body: Instruction[] = [...twenty, ['local.get', 0], ['call', guard], 'drop', ...sum];
    m.func('i32 -> i64', body, { export: 'f', locals: ['i64'] });
  },

  'a function without a frame catches what a callee with references threw'(m) {
    const tag = m.tag('i32 ->');
    const two = m.func('externref -> i32 externref externref', [
      ['i32.const', 1],
      ['local.get', 0],
      ['local.get', 0],
    ]);
    const thrower = m.func('externref ->', [['local.get', 0], ['call', two], 'drop', 'drop', ['throw', tag]]);
    const guard = m.func('->', [
      ['try'],
      ['ref.null', 'externref'],
      ['call', thrower],
      ['catch', tag],
      'drop',
      'end',
    ]);
    const body: Instruction[] = [['call', guard], ['ref.null', 'externref'], ['call', two], 'ref.is_null'];
    const rest: Instruction[] = [['local.set', 1], 'ref.is_null', 'i32.add', ['local.get', 1], 'i32.add'];
    m.func('i32 -> i32', [...body, ...rest], { export: 'f', locals: ['i32'] });
  },
};

function run(world: World, program: Program): string {
  const m = new ModuleBuilder();
  program(m);
  const outcome = outcomeOf(world, () => world.instantiate(m.build()).f(1));
  return outcome.kind === 'value' ? show(outcome.value) : outcome.kind;
}

describe('effects in their order', () => {
  for (const [name, program] of Object.entries(PROGRAMS)) {
    for (const metering of [true, false]) {
      it(`${name}${metering ? '' : ', unmetered'}`, () => {
        for (const outline of [OUTLINE, SPLIT_ALL]) {
          const world = sandglassWorld({ metering }, { outline });
          expect(run(world, program)).toBe(run(nativeWorld(), program));
        }
      });
    }
  }
});
