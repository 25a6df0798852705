/**
 * What a module may claim, at most: one row per limit. Checked where a module declares something and where it grows.
 *
 * Not here: fuel and deadlines, which limit a run rather than a module.
 */
import { outOfRange, unknownKey, wrongType } from './errors.ts';

interface Limit {
  /** Undefined: no limit. */
  readonly default: number | undefined;
  readonly smallest: number;
  readonly largest: number;
}

const GIB = 2 ** 30;

// A new limit is one row here.
const LIMITS = {
  /** Pages of 64 KiB, per memory; 4 GiB is also what a typed array of Node 20 can view. */
  memoryPages: { default: 65_536, smallest: 0, largest: 65_536 },
  /** Per table. */
  tableElements: { default: 10_000_000, smallest: 0, largest: 2 ** 32 - 1 },
  /** Nested calls; without a limit the host's stack decides. */
  callDepth: { default: undefined, smallest: 1, largest: 2 ** 30 },
  /** Parameters and locals, per function. */
  locals: { default: 50_000, smallest: 0, largest: 2 ** 32 - 1 },
  /** Per module. */
  functions: { default: 1_000_000, smallest: 0, largest: 2 ** 32 - 1 },
  moduleBytes: { default: GIB, smallest: 8, largest: 4 * GIB },
  /** Per function body. */
  functionBytes: { default: 7_654_321, smallest: 2, largest: GIB },
  /**
   * Bytes of all structs and arrays that a Runtime makes, alive or not (JavaScript does not tell): 16 and 8 per field (a v128 16), 24 and the
   * elements; see layout.ts. Without a limit the host's heap decides.
   */
  gcBytes: { default: undefined, smallest: 0, largest: 2 ** 40 },
  /** Milliseconds that decoding and validating a module may take. */
  compileMs: { default: undefined, smallest: 1, largest: 2 ** 31 - 1 },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;
export type Limits = {
  readonly [Name in LimitName]: (typeof LIMITS)[Name]['default'] extends number ? number : number | undefined;
};
/** What the decoder needs. */
export type CompileLimits = Pick<
  Limits,
  'locals' | 'functions' | 'moduleBytes' | 'functionBytes' | 'compileMs'
>;

/** The defaults, with what `partial` gives in their place; an undefined entry means the default. */
export function resolveLimits(partial: { readonly [Name in LimitName]?: number | undefined } = {}): Limits {
  const resolved: Record<string, number | undefined> = {};
  for (const [name, limit] of Object.entries(LIMITS)) resolved[name] = limit.default;
  for (const [name, value] of Object.entries(partial)) {
    if (!Object.hasOwn(LIMITS, name)) throw unknownKey('limit', name);
    if (value !== undefined) resolved[name] = checked(name as LimitName, value);
  }
  return Object.freeze(resolved) as Limits;
}

function checked(name: LimitName, value: unknown): number {
  const { smallest, largest } = LIMITS[name];
  if (!Number.isInteger(value)) throw wrongType(`limits.${name} to be an integer`, value);
  if ((value as number) < smallest || (value as number) > largest) {
    throw outOfRange(`limits.${name}`, value, smallest, largest);
  }
  return value as number;
}

export const DEFAULT_LIMITS: Limits = resolveLimits();
