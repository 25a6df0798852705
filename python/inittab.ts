/**
 * The built-in modules of this CPython that the guest does not get: they are taken out of the table that `import` looks into, in the
 * guest's memory, before Python starts. The bridge to JavaScript; `ctypes`, which calls functions by address; what is for tests of
 * CPython itself. The sandbox does not stand on this: whatever they could do would end in a trap or in the guest's own memory.
 */
import type { GuestMemory } from '../wasi/memory-access.ts';

const HIDDEN = /^(_pyodide.*|js|_ctypes.*|_test.*|_xxtestfuzz|xxsubtype|_remote_debugging)$/;
const LONGEST_NAME = 256;

/** `variable`: the address of the pointer to the table, an array of { name, function } that ends in a null name. */
export function hideModules(memory: GuestMemory, variable: number): void {
  const start = memory.getU32(variable);
  let kept = start;
  for (let entry = start; ; entry += 8) {
    const name = memory.getU32(entry);
    const initialize = memory.getU32(entry + 4);
    if (name !== 0 && HIDDEN.test(memory.cString(name, LONGEST_NAME))) continue;
    memory.setU32(kept, name);
    memory.setU32(kept + 4, initialize);
    kept += 8;
    if (name === 0) return;
  }
}
