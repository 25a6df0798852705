/**
 * The tables of programs: unique names, sources and wasm in place.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROGRAMS } from './home.ts';
import { KERNELS, WITHOUT_SIMD } from './kernels.ts';
import { LANGUAGES, sessionArguments } from './runtimes.ts';
import { SUITE } from './suite.ts';

test('names are unique', () => {
  expect(new Set(SUITE.map(({ id }) => id)).size).toBe(SUITE.length);
});

test('there are 13 C kernels, and at least 16 C programs', () => {
  expect(SUITE.filter(({ section }) => section === 'kernels')).toHaveLength(13);
  expect(KERNELS.length).toBeGreaterThanOrEqual(16);
});

test.each(KERNELS.map(({ name }) => [name]))('%s has its source, and wasm without imports', (name) => {
  expect(existsSync(join(PROGRAMS, `${name.replace(WITHOUT_SIMD, '')}.c`))).toBe(true);
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Module: { new (bytes: Uint8Array): object; imports(module: object): unknown[] } };
  };
  const module = new WebAssembly.Module(readFileSync(join(PROGRAMS, `${name}.wasm`)));
  expect(WebAssembly.Module.imports(module)).toEqual([]);
});

test.each(LANGUAGES.flatMap((language) => language.programs.map((program) => ({ language, program }))))(
  '$language.section/$program.name has its source',
  ({ language, program }) => {
    expect(sessionArguments(language, program).at(-1)).toContain(`N = ${program.n}`);
  },
);
