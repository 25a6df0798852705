import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../runtime/limits.ts';
import { type Instruction, ModuleBuilder } from '../../test/support/wasm-builder.ts';
import { decodeModule } from '../binary/module.ts';
import type { ModuleInfo } from '../binary/module-info.ts';
import { validateBodies } from '../validate.ts';
import { staysShallow } from './tail-forms.ts';

/** Functions by what they call: `0: [1, 'table']`; all named in `exported` can be reached from a table. */
function module(
  calls: readonly (readonly (number | 'table')[])[],
  exported: readonly number[] = [],
): ModuleInfo {
  const m = new ModuleBuilder();
  m.type('->');
  m.table('funcref', 1);
  for (const [i, callees] of calls.entries()) {
    const sites = callees.flatMap((callee): Instruction[] => {
      const call: Instruction[] =
        callee === 'table'
          ? [
              ['i32.const', 0],
              ['return_call_indirect', 0, 0],
            ]
          : [['return_call', callee]];
      return [['i32.const', 1], ['if'], ...call, 'end'];
    });
    m.func('->', sites, exported.includes(i) ? { export: `f${i}` } : {});
  }
  const info = decodeModule(m.build(), DEFAULT_LIMITS);
  validateBodies(info);
  return info;
}

/** Every function whose call of itself would need the trampoline: those with a tail form. */
function forms(info: ModuleInfo): number[] {
  return info.bodies.map((_, i) => i).filter((i) => !staysShallow(info, i, undefined));
}

const range = (length: number) => Array.from({ length }, (_, i) => i);

describe('functions with a tail form', () => {
  it.each<[name: string, calls: (number | 'table')[][], exported: number[], expected: number[]]>([
    ['no calls', [[], []], [], []],
    ['one after the other', [[1], [2], []], [], []],
    ['itself alone', [[0]], [], []],
    ['each other', [[1], [0], [0]], [], [0, 1]],
    ['a ring of three, and what leads to it and away', [[1], [2], [0, 3], [4], [], [0]], [], [0, 1, 2]],
    ['a table that leads nowhere', [['table'], []], [1], []],
    ['a table that leads back', [['table'], [0]], [1], [0, 1]],
    ['a table that leads back to a caller of another', [[1], ['table'], []], [0], [0, 1]],
    ['a long chain, from its ninth on', [...range(12).map((i) => [i + 1]), []], [], [0, 1, 2, 3]],
  ])('%s', (_, calls, exported, expected) => {
    expect(forms(module(calls, exported))).toEqual(expected);
  });

  it('a call is an ordinary one if its callee needs no form', () => {
    const info = module([[1], [0, 2], []]);
    expect(staysShallow(info, 1, 2)).toBe(true);
    expect(staysShallow(info, 1, 0)).toBe(false);
  });

  it('a chain of many thousands is looked through without recursion', () => {
    const length = 20_000;
    expect(forms(module([...range(length).map((i) => [i + 1]), []]))).toHaveLength(length - 8);
  });

  it('before all bodies are known, everything needs one', () => {
    const info = module([[1], []]);
    info.tailCalls.complete = false;
    expect(forms(info)).toEqual([0, 1]);
  });
});
