/**
 * Which functions a `call_indirect` of a type is likely to mean: those of that type in the module's element segments. Others
 * may come into a table at run time, so this is a guess for speed, never a promise.
 */
import { type FuncType, funcTypeAt } from '../../runtime/types.ts';
import type { ModuleInfo } from '../binary/module-info.ts';

/** With more candidates than this a call site names none. */
const MOST = 8;
/** A module with more functions in its tables is a large program: naming candidates would compile them before they are called. */
const MOST_IN_TABLES = 256;

const known = new WeakMap<ModuleInfo, Map<string, readonly number[]>>();

/** Function indices, ascending; none where there are too many. */
export function indirectTargets(module: ModuleInfo, type: FuncType): readonly number[] {
  let byType = known.get(module);
  if (byType === undefined) {
    byType = gather(module);
    known.set(module, byType);
  }
  const targets = byType.get(keyOf(type)) ?? [];
  return targets.length > MOST ? [] : targets;
}

function gather(module: ModuleInfo): Map<string, readonly number[]> {
  const found = new Set<number>();
  for (const { items } of module.elements) {
    for (const [only] of items) if (only?.op === 'ref.func') found.add(only.index);
  }
  const byType = new Map<string, number[]>();
  if (found.size > MOST_IN_TABLES) return byType;
  for (const index of [...found].sort((a, b) => a - b)) {
    if (index < module.importedFunctions) continue;
    const key = keyOf(funcTypeAt(module.types, module.functions[index]!));
    byType.set(key, [...(byType.get(key) ?? []), index]);
  }
  return byType;
}

/** Equal for equal types, as far as a guess needs it. */
function keyOf({ params, results }: FuncType): string {
  return `${params.join()}>${results.join()}`;
}
