/**
 * What instructions cost in fuel: a table that a user may replace in part. `compiler/emit/metering.ts` bakes it into
 * the generated code, so it belongs to a module's cache key.
 *
 * Where a function or a loop begins with code that costs nothing at all, 1 is charged: else nothing could stop it.
 */
import { outOfRange, unknownKey, wrongType } from './errors.ts';

export interface Costs {
  /** Of every instruction that has no entry of its own. */
  readonly default: number;
  /** Bytes or elements of a bulk operation that cost one fuel; 0: their size costs nothing. */
  readonly bulkUnit: number;
  /** By the specification's text name: `'i64.div_s'`. */
  readonly [instruction: string]: number;
}

const LARGEST = 10_000;

export const DEFAULT_COSTS: Costs = resolveCosts();

/** The defaults, with what `partial` gives in their place; `isInstruction` tells which other names there are. */
export function resolveCosts(
  partial: { readonly [name: string]: number | undefined } = {},
  isInstruction: (name: string) => boolean = () => true,
): Costs {
  // No prototype: a lookup of any instruction's name finds a cost or nothing.
  const resolved: Record<string, number> = Object.assign(Object.create(null), { default: 1, bulkUnit: 64 });
  for (const [name, cost] of Object.entries(partial)) {
    if (cost === undefined) continue;
    if (!(name in resolved || isInstruction(name))) throw unknownKey('instruction in costs', name);
    if (!Number.isInteger(cost)) throw wrongType(`costs["${name}"] to be an integer`, cost);
    if (cost < 0 || cost > LARGEST) throw outOfRange(`costs["${name}"]`, cost, 0, LARGEST);
    resolved[name] = cost;
  }
  return Object.freeze(resolved) as Costs;
}
