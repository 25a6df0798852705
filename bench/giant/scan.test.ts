/** The scan on a module small enough to know what must come out: every function is found, and V8 says one thing only. */
import { describe, expect, test } from 'vitest';
import { Runtime } from '../../src/index.ts';
import { ModuleBuilder } from '../../test/support/wasm-builder.ts';
import { reportText } from './report.ts';
import { confirm, largest, scan, tooLong } from './scan.ts';
import { LIMIT } from './v8-bytecode.ts';

/** `long` adds up its parameter 4,000 times. */
function module() {
  const m = new ModuleBuilder();
  m.func('->', []);
  const additions = Array.from({ length: 4000 }, () => [['local.get', 0], 'i32.add'] as const).flat();
  m.func('i32 -> i32', [['local.get', 0], ...additions], { name: 'long' });
  return new Runtime().compileSync(m.build());
}

describe('scan', async () => {
  const small = module();
  const found = await scan(small, () => {});

  test('every function and region has a length', () => {
    expect(found).toMatchObject({ functions: 2, refusals: [] });
    expect(found.parts.map(({ index }) => index)).toEqual(expect.arrayContaining([0, 1]));
    expect(found.parts.map(({ name }) => name)).toEqual(expect.arrayContaining(['f0', 'f1_long']));
    for (const { length, weight } of found.parts) expect([length > 0, weight > 0]).toEqual([true, true]);
  });

  test('--print-bytecode says the same', async () => {
    await confirm(small, largest(found.parts, 2));
    const [first] = largest(found.parts, 1);
    await expect(confirm(small, [{ ...first!, length: 1 }])).rejects.toThrow(
      /bytecode of 1 bytes by V8's log/,
    );
  });

  test('what is too long is told', () => {
    const part = { ...found.parts[0]!, length: LIMIT };
    expect(tooLong([...found.parts, part])).toContain(part);
    expect(reportText('small.wasm', 'metered', { ...found, parts: [part] })).toMatch(/over: 1\n {4}over: f0/);
  });
});
