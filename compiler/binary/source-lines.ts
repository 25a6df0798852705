/**
 * Where a module's code came from, by whatever means the module tells: DWARF line tables or a source map. Worked out
 * when first asked for, once per module.
 */
import { readDwarfLines } from './dwarf.ts';
import type { LineTable } from './line-table.ts';
import { inlineSourceMap, readMappedLines, sourceMappingUrl } from './mapped-lines.ts';
import type { ModuleInfo } from './module-info.ts';

const tables = new WeakMap<ModuleInfo, LineTable | null>();

/** Undefined where the module tells nothing. */
export function sourceLinesOf(module: ModuleInfo): LineTable | undefined {
  let table = tables.get(module);
  if (table === undefined) {
    table = readDwarfLines(module) ?? mappedLines(module) ?? null;
    tables.set(module, table);
  }
  return table ?? undefined;
}

/**
 * For a module whose map stands elsewhere: `read` gives its text, if it may be had, when it is wanted. DWARF in the module itself
 * goes before.
 */
export function provideSourceMap(module: ModuleInfo, read: () => string | undefined): void {
  providers.set(module, read);
}

const providers = new WeakMap<ModuleInfo, () => string | undefined>();

function mappedLines(module: ModuleInfo): LineTable | undefined {
  const provided = providers.get(module);
  if (provided !== undefined) return readMappedLines(module, provided);
  const url = sourceMappingUrl(module);
  return url?.startsWith('data:') === true ? readMappedLines(module, () => inlineSourceMap(url)) : undefined;
}
