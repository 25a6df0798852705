/**
 * Pyodide's bridge to JavaScript: it is not here. What it asks for before Python starts is answered with nothing; every other
 * function of it ends the guest (host.ts).
 */
import type { HostFamily } from './context.ts';

export function bridge(): HostFamily {
  // A constructor makes a map of references, for nobody to use.
  return { __hiwire_deduplicate_new: () => null };
}
