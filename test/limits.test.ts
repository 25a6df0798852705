/**
 * Limits hold where something is declared and where it grows, whoever made it.
 */
import { describe, expect, it } from 'vitest';
import { Memory, Runtime, Table } from '../src/index.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

/** Exports `grow`, by a number of pages or elements. */
function growing(kind: 'memory' | 'table', imported: boolean): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  if (kind === 'memory') void (imported ? m.importMemory('env', 'it', 1) : m.memory(1));
  else void (imported ? m.importTable('env', 'it', 'funcref', 1) : m.table('funcref', 1));
  const value = kind === 'table' ? [['ref.null', 'func'] as const] : [];
  m.func('i32 -> i32', [...value, ['local.get', 0], [`${kind}.grow`, 0]], { export: 'grow' });
  return m.build();
}

const limits = { memoryPages: 4, tableElements: 4 };
const MADE = {
  memory: () => new Memory({ initial: 1 }),
  table: () => new Table({ element: 'anyfunc', initial: 1 }),
};

describe('growth stops at the limit', () => {
  for (const kind of ['memory', 'table'] as const) {
    for (const imported of [false, true]) {
      it(`${imported ? 'imported' : 'own'} ${kind}`, () => {
        const imports = { env: { it: MADE[kind]() } };
        const { grow } = new Runtime({ limits }).instantiateSync(growing(kind, imported), imports)
          .exports as {
          grow(delta: number): number;
        };
        expect([grow(2), grow(2), grow(1), grow(1)]).toEqual([1, -1, 3, -1]);
      });
    }
  }
});

describe('a closed Runtime', () => {
  it('says so, at calls and at instantiation', () => {
    const runtime = new Runtime();
    const instance = runtime.instantiateSync(growing('memory', false));
    runtime.close();
    expect(() => instance.invoke('grow', [1])).toThrow(new TypeError('the runtime is closed'));
    expect(() => runtime.instantiateSync(growing('memory', false))).toThrow(
      new TypeError('the runtime is closed'),
    );
  });
});

it('an exported function is named by its index, as the standard API says', () => {
  const { grow } = new Runtime().instantiateSync(growing('memory', false)).exports as {
    grow: { name: string };
  };
  expect(grow.name).toBe('0');
});
