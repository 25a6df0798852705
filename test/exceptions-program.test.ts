/**
 * A real program with exceptions: C++ compiled by clang (`fixtures/exceptions`), in the legacy form that clang 19 writes and in
 * the standard one. What it reports is what it reports under native WebAssembly, in every shape of code.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { Runtime } from '../src/index.ts';
import { type Exports, native } from './support/native.ts';

const SHAPES: Readonly<Record<string, ConstructorParameters<typeof Runtime>>> = {
  metered: [],
  unmetered: [{ metering: false }],
  limited: [{ fuel: 10n ** 12n, limits: { callDepth: 1000 } }],
  split: [{}, { outline: SPLIT_ALL }],
};
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

function load(form: string): Uint8Array<ArrayBuffer> {
  return readFileSync(new URL(`fixtures/exceptions/${form}.wasm`, import.meta.url));
}

/** The program writes to memory, never to files. */
function refuse(): never {
  throw new Error('the program calls the system');
}
const IMPORTS = { wasi_snapshot_preview1: { fd_close: refuse, fd_write: refuse } };

function reports(exports: Exports): string[] {
  exports._initialize();
  return SEEDS.map((seed) => {
    const length = exports.run(seed);
    return Buffer.from(exports.memory.buffer, exports.text(), length).toString();
  });
}

/** Node 20 does not know the standard form; the program is the same. */
function expected(): string[] {
  const module = new native.Module(load('legacy'));
  return reports(new native.Instance(module, IMPORTS).exports);
}

describe.each(['legacy', 'standard'])('%s exceptions', (form) => {
  const bytes = load(form);

  // Where the host has the feature: Node 20 lacks exnref.
  it.skipIf(!native.validate(bytes))('native', () => {
    expect(reports(new native.Instance(new native.Module(bytes), IMPORTS).exports)).toEqual(expected());
  });

  for (const [name, [options, shape]] of Object.entries(SHAPES)) {
    it(name, () => {
      const { exports } = new Runtime(options, shape).instantiateSync(bytes, IMPORTS);
      expect(reports(exports)).toEqual(expected());
    });
  }

  it('means to throw', () => {
    const { exports } = new Runtime().instantiateSync(bytes, IMPORTS);
    const [report] = reports(exports);
    for (const line of [
      'extra 123456789abcdef0, specific 7; 0 alive',
      '(99 in a destructor) 2 in 1, 1 again',
      'out of range',
    ])
      expect(report).toContain(line);
  });
});
