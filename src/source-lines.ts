/**
 * A module's source lines, for whoever shows them. Damaged debug information is told as a warning, once.
 */
import type { LineTable } from '../compiler/binary/line-table.ts';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { sourceLinesOf } from '../compiler/binary/source-lines.ts';

const warned = new WeakSet<LineTable>();

export function linesOf(module: ModuleInfo): LineTable | undefined {
  const table = sourceLinesOf(module);
  if (table !== undefined && !warned.has(table)) {
    warned.add(table);
    table.warnings.forEach(warn);
  }
  return table;
}

/** As the host tells warnings. */
function warn(message: string): void {
  if (typeof process === 'object' && typeof process.emitWarning === 'function') process.emitWarning(message);
  else console.warn(message);
}
