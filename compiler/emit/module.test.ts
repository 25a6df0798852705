/**
 * Names in generated code: whatever a module calls its functions, no two names meet, and none is a helper's.
 */
import { describe, expect, it } from 'vitest';
import { HELPERS } from '../../runtime/helpers/index.ts';
import { Runtime } from '../../src/index.ts';
import { ModuleBuilder } from '../../test/support/wasm-builder.ts';
import { functionIndexOf } from './module.ts';

/** Names that meet something else in generated code, or would if they were not made safe. */
const NAMES = [
  'E',
  'S',
  'V',
  'H',
  'F',
  'x0',
  'l0',
  '2',
  '_2',
  'f1',
  'eval',
  'a$0',
  '$0',
  '__proto__',
  '*/',
  '\u2028',
  '"',
];

function named(index: number, name: string): string {
  const m = new ModuleBuilder();
  for (let i = 0; i < index; i++) m.func('->', []);
  m.func(
    'f64 f32 i32 -> f64 i32 f32',
    [
      ...(['f64.nearest', 'f64.neg'] as const).flatMap((row) => [['local.get', 0] as const, row, 'drop']),
      ...([['local.get', 0], ['local.get', 1], 'f64.promote_f32', 'f64.copysign', ['local.get', 1]] as const),
      ...(['i32.reinterpret_f32', ['local.get', 2], 'f32.reinterpret_i32'] as const),
    ],
    { export: 'f', name },
  );
  const instance = new Runtime().instantiateSync(m.build());
  expect(instance.invoke('f', [1, -2, 0x3f800000])).toEqual([-1, -0x40000000, 1]);
  const text = new Runtime().compileSync(m.build()).textOf(index);
  return /function (\w+)\(E/.exec(text)![1]!;
}

describe('names of functions', () => {
  it.each(NAMES)('%s', (name) => {
    expect(functionIndexOf(named(1, name))).toBe(1);
  });

  it('are never those of helpers', () => {
    const helpers = Object.keys(HELPERS).filter((name) => /^f\d/.test(name));
    expect(helpers.length).toBeGreaterThan(5);
    for (const helper of helpers) {
      const [, index, rest] = /^f(\d+)_(.*)$/.exec(helper)!;
      const name = named(Number(index), rest!);
      expect(Object.keys(HELPERS)).not.toContain(name);
      expect(functionIndexOf(name)).toBe(Number(index));
    }
  });
});
