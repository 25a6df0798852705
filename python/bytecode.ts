/**
 * Modules of the standard library that the build compiled (scripts/make-bytecode.mjs), as files `__pycache__/….pyc` beside their
 * sources. Parsing those is most of the work of a first image, and of the first import of anything in a sandbox. Where the archive
 * is missing, or belongs to another version of `pyodide`, sources are all there is.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PythonFiles } from './pyodide-files.ts';
import { readZip, type ZipEntry } from './zip.ts';

const ARCHIVE = 'python-bytecode.zip';

/** What the archive was made of: one version of the package has one library. */
export function bytecodeKey({ version, library }: Pick<PythonFiles, 'version' | 'library'>): string {
  return `pyodide ${version}, ${library.length} bytes`;
}

/** The compiled modules for that library, by path; undefined if there are none. */
export function findBytecode(files: PythonFiles): readonly ZipEntry[] | undefined {
  const path = fileURLToPath(new URL(`./${ARCHIVE}`, import.meta.url));
  return existsSync(path) ? readBytecode(readFileSync(path), bytecodeKey(files)) : undefined;
}

/** Those in an archive; undefined if it belongs to another library. */
export function readBytecode(archive: Uint8Array, key: string): readonly ZipEntry[] | undefined {
  const entries = readZip(archive, ARCHIVE);
  const own = entries.find(({ name }) => name === 'KEY')?.read();
  if (own === undefined || new TextDecoder().decode(own) !== key) return undefined;
  return entries.filter(({ name }) => name.endsWith('.pyc'));
}
