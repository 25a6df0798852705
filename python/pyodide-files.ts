/** Finds the two files of the npm package `pyodide` that are CPython: an optional peer dependency, found as Node finds packages. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface PythonFiles {
  /** `pyodide.asm.wasm`: CPython and its C library. */
  readonly wasm: Uint8Array;
  /** `python_stdlib.zip`. */
  readonly library: Uint8Array;
  /** The package's. */
  readonly version: string;
}

/** The C library's layout of data and the exports that we use are those of this line of versions. */
const SUPPORTED = /^314\./;

/** `from`: a file or folder whose packages are searched; default: this package's and those of the program that uses it. */
export function findPythonFiles(from?: string): PythonFiles {
  const folder = packageFolder(from);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  if (!SUPPORTED.test(version)) {
    throw new Error(
      `pyodide ${version} was found in ${folder}, but 314.x is needed: npm install pyodide@314`,
    );
  }
  const read = (name: string) => readFileSync(join(folder, name));
  return { wasm: read('pyodide.asm.wasm'), library: read('python_stdlib.zip'), version };
}

function packageFolder(from: string | undefined): string {
  const starts =
    from === undefined ? [import.meta.url, join(process.cwd(), 'package.json')] : [join(from, 'x')];
  for (const start of starts) {
    try {
      return dirname(createRequire(start).resolve('pyodide/package.json'));
    } catch (error) {
      if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(
    'Python needs the package pyodide, which is not installed. Install it: npm install pyodide@314',
  );
}
