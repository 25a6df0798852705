/** The archive of compiled modules: made by the build where pyodide is found, used for the library it was made of only. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../test/cli-process.ts';
import { needing, PYODIDE } from '../test/e2e-runtimes.ts';
import { bytecodeKey, readBytecode } from './bytecode.ts';
import { findPythonFiles } from './pyodide-files.ts';
import { readZip } from './zip.ts';

const FILE = join(ROOT, 'dist/lib/python-bytecode.zip');
const TITLE = needing(PYODIDE, 'pyodide', 'compiled modules of the standard library');
describe.skipIf(PYODIDE === undefined || !existsSync(FILE))(TITLE, () => {
  const files = findPythonFiles(PYODIDE);
  const archive = readFileSync(FILE);
  const compiled = readBytecode(archive, bytecodeKey(files))!;

  test('are those of the library beside them', () => {
    expect(compiled.length).toBeGreaterThan(200);
    const sources = new Set(readZip(files.library, 'python_stdlib.zip').map(({ name }) => name));
    for (const { name } of compiled) {
      expect(sources).toContain(name.replace('__pycache__/', '').replace('.cpython-314.pyc', '.py'));
    }
  });

  test('are unchecked: neither sources nor times are looked at', () => {
    const header = compiled[0]!.read().subarray(0, 16);
    expect([...header.subarray(2, 8)]).toEqual([13, 10, 1, 0, 0, 0]);
  });

  test('are none for another library', () => {
    expect(readBytecode(archive, bytecodeKey({ ...files, version: '314.99.0' }))).toBeUndefined();
  });
});
