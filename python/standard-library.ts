/**
 * Python's standard library as a read-only tree in memory, `/lib/python3.14`: the entries of `python_stdlib.zip`, unpacked when they
 * are first read, and bytecode for them where there is some. A tree, not an archive: tracebacks and `inspect` show plain paths, and
 * imports need no zipimport. What belongs to Pyodide's bridge to JavaScript is left out.
 */
import { MemoryFileSystem } from '../wasi/files/memory-file-system.ts';
import { type BytecodeFile, builtBytecode } from './bytecode.ts';
import type { Mount } from './emscripten/namespace.ts';
import { readZip } from './zip.ts';

export const LIBRARY_PATH = '/lib/python3.14';

/** By first name of the path. */
const LEFT_OUT = new Set(['pyodide', '_pyodide', 'site-packages']);
/** When the library was made, in nanoseconds: always the same, so that every interpreter sees the same times, as bytecode does. */
const MADE = 1_735_689_600_000_000_000n;

/** One for all interpreters of a process. */
export function standardLibrary(
  zip: Uint8Array,
  bytecode: readonly BytecodeFile[] = builtBytecode(zip),
): Mount & { readonly fileSystem: MemoryFileSystem } {
  const fileSystem = new MemoryFileSystem({ now: () => MADE, dev: 2n });
  for (const { name, size, read } of readZip(zip, 'python_stdlib.zip')) {
    if (LEFT_OUT.has(name.split('/', 1)[0]!)) continue;
    if (name.endsWith('/')) fileSystem.addDirectory(`/${name}`);
    else fileSystem.addFile(`/${name}`, read, size);
  }
  for (const { path, size, read } of bytecode) fileSystem.addFile(path, read, size);
  fileSystem.addDirectory('/lib-dynload');
  fileSystem.addDirectory('/site-packages');
  return { path: LIBRARY_PATH, fileSystem, root: '/', readOnly: true };
}
