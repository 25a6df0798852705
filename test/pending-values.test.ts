/**
 * The order of effects: values that the emitter holds back as expressions ("pending") are computed once, and before
 * whatever would change them. Every program's outcome is compared with native WebAssembly's.
 */
import { describe, expect, it } from 'vitest';
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
        expect(run(sandglassWorld({ metering }), program)).toBe(run(nativeWorld(), program));
      });
    }
  }
});
