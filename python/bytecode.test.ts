/** Bytecode of the standard library: it is used, instead of compiling, for the edition that it was made for, and for no other. */
import { describe, expect, test } from 'vitest';
import { nativePythonEngine } from '../bench/native-python.ts';
import { needing, PYODIDE } from '../test/e2e-runtimes.ts';
import { type BytecodeFile, bytecodeKey, decodeBytecode, encodeBytecode } from './bytecode.ts';
import { Interpreter } from './interpreter.ts';
import { findPythonFiles } from './pyodide-files.ts';
import { standardLibrary } from './standard-library.ts';

test('is what it was before it was packed, for the same key', () => {
  const files = [
    ['/__pycache__/a.pyc', Buffer.from('bytecode')],
    ['/b/__pycache__/c.pyc', Buffer.alloc(5000, 7)],
  ] as const;
  const packed = Buffer.from(encodeBytecode('key', files));
  expect(packed.length).toBeLessThan(1000);
  const unpacked = decodeBytecode(packed, 'key');
  expect(unpacked.map(({ path, size, read }) => [path, size, Buffer.from(read())])).toEqual(
    files.map(([path, bytes]) => [path, bytes.length, bytes]),
  );
  expect(decodeBytecode(packed, 'another')).toEqual([]);
});

test('another edition of the library has another key', () => {
  const edition = Buffer.alloc(100_000, 1);
  const another = Buffer.from(edition);
  another[99_000] = 2;
  expect(bytecodeKey(another)).not.toBe(bytecodeKey(edition));
  expect(bytecodeKey(Buffer.from(edition))).toBe(bytecodeKey(edition));
});

describe.skipIf(PYODIDE === undefined)(needing(PYODIDE, 'pyodide', 'in CPython'), () => {
  function run(library: ReturnType<typeof standardLibrary>, source: string, env = {}): string {
    let output = '';
    const stdout = (bytes: Uint8Array) => {
      output += Buffer.from(bytes).toString();
    };
    const { wasm } = findPythonFiles(PYODIDE);
    const interpreter = Interpreter.boot(nativePythonEngine(wasm), { library, stdout, env });
    const program = `def run(request):\n    exec(request, {})\n    print(end='', flush=True)\n    return b''`;
    interpreter.call(interpreter.load(program, '<test>', 'run'), new TextEncoder().encode(source));
    interpreter.close();
    return output;
  }

  test('is read instead of the source', () => {
    const { library: zip } = findPythonFiles(PYODIDE);
    const path = '/__pycache__/colorsys.cpython-314.pyc';
    const writable = { ...standardLibrary(zip, []), readOnly: false };
    run(writable, 'import py_compile; py_compile.compile("/lib/python3.14/colorsys.py")');
    const { fileSystem } = writable;
    const bytes = Buffer.alloc(Number(fileSystem.lstatSync(path, { bigint: true }).size));
    fileSystem.readvSync(fileSystem.openSync(path, 'r'), [bytes], 0);
    // What only the bytecode says.
    const changed = Buffer.from(bytes.toString('latin1').replaceAll('rgb_to_yiq', 'rgb_to_xyz'), 'latin1');
    expect(changed.equals(bytes)).toBe(false);
    const file: BytecodeFile = { path, size: bytes.length, read: () => changed };
    const question =
      'import colorsys; print(hasattr(colorsys, "rgb_to_yiq"), hasattr(colorsys, "rgb_to_xyz"))';
    expect(run(standardLibrary(zip, []), question)).toBe('True False\n');
    expect(run(standardLibrary(zip, [file]), question)).toBe('False True\n');
  });
});
