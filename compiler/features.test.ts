/**
 * The gate: what belongs to a feature that is switched off is refused by the feature's name, with the offset and how to
 * switch it on; with the feature on, the same module compiles.
 */
import { describe, expect, test } from 'vitest';
import { CompileError } from '../runtime/errors.ts';
import { DEFAULT_LIMITS } from '../runtime/limits.ts';
import { bytes, unsigned, vector } from '../test/support/leb.ts';
import { ModuleBuilder } from '../test/support/wasm-builder.ts';
import { decodeModule } from './binary/module.ts';
import { DEFAULT_FEATURES, FEATURE_NAMES, type FeatureName, resolveFeatures } from './features.ts';
import { OPCODES, type Opcode } from './opcodes.ts';
import { validateBodies } from './validate.ts';

function compile(wasm: Uint8Array, features = DEFAULT_FEATURES): void {
  validateBodies(decodeModule(wasm, DEFAULT_LIMITS, features));
}

function refusal(wasm: Uint8Array, feature: FeatureName): CompileError {
  try {
    compile(wasm, resolveFeatures({ [feature]: false }));
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
  throw new Error(`compiles without ${feature}`);
}

const section = (id: number, ...contents: number[]) => [id, contents.length, ...contents];
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const module = (...sections: number[][]) => Uint8Array.from([HEADER, ...sections].flat());
/** One function of a type, by its bytes. */
const TYPE = section(1, 1, 0x60, 0, 0);

/** What is no instruction: the words of the error, and a module. */
const USES: readonly (readonly [FeatureName, string, Uint8Array])[] = [
  ['mutable-globals', 'import of a mutable global', module(section(2, 1, 1, 97, 1, 98, 3, 0x7f, 1))],
  [
    'mutable-globals',
    'export of mutable global 0',
    module(section(6, 1, 0x7f, 1, 0x41, 0, 0x0b), section(7, 1, 1, 97, 3, 0)),
  ],
  ['multi-value', 'function type with 2 results', module(section(1, 1, 0x60, 0, 2, 0x7f, 0x7f))],
  [
    'multi-value',
    'block type by index',
    module(TYPE, section(3, 1, 0), section(10, 1, 5, 0, 2, 0, 0x0b, 0x0b)),
  ],
  ['bulk-memory', 'data count section', module(section(12, 0))],
  ['bulk-memory', 'data segment of kind 1', module(section(11, 1, 1, 0))],
  ['bulk-memory', 'element segment of kind 1', module(section(9, 1, 1, 0, 0))],
  ['reference-types', 'type externref', module(section(1, 1, 0x60, 1, 0x6f, 0))],
  ['reference-types', 'several tables', module(section(4, 2, 0x70, 0, 0, 0x70, 0, 0))],
  [
    'extended-const',
    'i32.add in a constant expression',
    module(section(6, 1, 0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b)),
  ],
  ['multi-memory', 'several memories', module(section(5, 2, 0, 0, 0, 0))],
  ['multi-memory', 'several memories', module(section(2, 1, 1, 97, 1, 98, 2, 0, 0), section(5, 1, 0, 0))],
  [
    'multi-memory',
    'memory index',
    module(
      TYPE,
      section(3, 1, 0),
      section(5, 1, 0, 0),
      section(10, 1, 9, 0, 0x41, 0, 0x2d, 0x40, 0, 0, 0x1a, 0x0b),
    ),
  ],
  ['exception-handling', 'type exnref', module(section(1, 1, 0x60, 1, 0x69, 0))],
  ['simd', 'type v128', module(section(1, 1, 0x60, 1, 0x7b, 0))],
  ['function-references', 'type (ref func)', module(section(1, 1, 0x60, 1, 0x64, 0x70, 0))],
  [
    'function-references',
    'table with an initial value',
    module(section(4, 1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b)),
  ],
  [
    'gc',
    'global 0, not imported, in a constant expression',
    module(section(6, 2, 0x7f, 0, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b)),
  ],
  ['gc', 'struct type', module(section(1, 1, 0x5f, 0))],
  ['gc', 'type i31ref', module(section(1, 1, 0x60, 1, 0x6c, 0))],
  ['gc', 'recursion group of 2 types', module(section(1, 1, 0x4e, 2, 0x60, 0, 0, 0x60, 0, 0))],
  ['memory64', 'memory with 64-bit addresses', module(section(5, 1, 4, 0))],
  ['memory64', 'table with 64-bit addresses', module(section(4, 1, 0x70, 4, 0))],
  ['custom-page-sizes', 'memory with a page size', module(section(5, 1, 8, 0, 0))],
  ['threads', 'shared memory', module(section(5, 1, 3, 0, 1))],
];

describe.each(USES)('%s: %s', (feature, what, wasm) => {
  test('is refused without the feature', () => {
    const error = refusal(wasm, feature);
    expect(error.feature).toBe(feature);
    expect(error.offset).toBeGreaterThanOrEqual(8);
    expect(error.message).toContain(`${feature} is disabled: ${what}; `);
    expect(error.message).toContain(
      `features: { '${feature}': true }, or --features=+${feature}, enables it`,
    );
  });

  test('compiles with it', () => {
    expect(() => compile(wasm, resolveFeatures({ [feature]: true }))).not.toThrow();
  });
});

function codeOf({ code }: Opcode): number[] {
  return typeof code === 'number' ? [code] : [code[0], ...unsigned(code[1])];
}

const optional = OPCODES.filter(({ feature }) => feature !== 'mvp');

test.each(optional.map((row) => [row.name, row] as const))('%s needs its feature', (_, row) => {
  const body = bytes(0, ...codeOf(row));
  const wasm = bytes(module(TYPE, section(3, 1, 0)), 10, body.length + 2, vector([bytes(body.length, body)]));
  const error = refusal(wasm, row.feature as FeatureName);
  expect(error.message).toContain(`${row.feature} is disabled: ${row.name}; `);
  expect(error).toMatchObject({ feature: row.feature, functionIndex: 0 });
});

test('a tag serves both kinds of exceptions', () => {
  const m = new ModuleBuilder();
  m.tag('i32 ->');
  const wasm = m.build();
  compile(wasm, resolveFeatures({ 'exception-handling': false }));
  compile(wasm, resolveFeatures({ 'legacy-exceptions': false }));
  const neither = resolveFeatures({ 'exception-handling': false, 'legacy-exceptions': false });
  expect(() => compile(wasm, neither)).toThrow(/^exception-handling is disabled: tag; /);
});

test('a 1.0 module needs no feature at all', () => {
  const m = new ModuleBuilder();
  m.memory(1);
  m.table('funcref', 1);
  m.func('i32 -> i32', [['local.get', 0], ['i32.load', {}], ['memory.size', 0], 'i32.add'], { export: 'f' });
  const none = resolveFeatures(Object.fromEntries(FEATURE_NAMES.map((name) => [name, false])));
  expect([...none]).toEqual(['mvp']);
  expect(() => compile(m.build(), none)).not.toThrow();
});

test('equal options are one set; wrong ones are refused', () => {
  expect(resolveFeatures({ simd: true, gc: undefined })).toBe(DEFAULT_FEATURES);
  expect(() => resolveFeatures({ simmd: true } as never)).toThrow('unknown feature "simmd"');
  expect(() => resolveFeatures({ mvp: false } as never)).toThrow('unknown feature "mvp"');
  expect(() => resolveFeatures({ simd: 1 } as never)).toThrow(
    'expected features["simd"] to be a boolean, found 1',
  );
});
