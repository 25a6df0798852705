/**
 * Which parts of WebAssembly a module may use: one row per proposal, by the proposals' names. A Runtime's `features`
 * switch them on and off.
 *
 * The gate itself is `ByteReader.requires`: the decoder asks it for every instruction (by the row's `feature`), type,
 * flag and section that came with a proposal.
 */
import { unknownKey, wrongType } from '../runtime/errors.ts';

/** Whether a proposal is on by default: those that are part of the standard, and threads and the legacy exceptions. */
const DEFAULTS = {
  'mutable-globals': true,
  'sign-extension': true,
  'saturating-float-to-int': true,
  'multi-value': true,
  'bulk-memory': true,
  'reference-types': true,
  simd: true,
  'extended-const': true,
  'multi-memory': true,
  'tail-call': true,
  'exception-handling': true,
  'legacy-exceptions': true,
  'function-references': true,
  gc: true,
  memory64: true,
  threads: true,
  'relaxed-simd': true,
  'custom-page-sizes': false,
  'wide-arithmetic': false,
} as const satisfies Record<string, boolean>;

export type FeatureName = keyof typeof DEFAULTS;
/** `mvp`: WebAssembly 1.0, which is always there. */
export type Feature = 'mvp' | FeatureName;

/** As a user gives them: what is not named keeps its default. */
export type FeatureOptions = { readonly [Name in FeatureName]?: boolean | undefined };

export type FeatureSet = ReadonlySet<Feature>;

export const FEATURE_NAMES = Object.keys(DEFAULTS) as FeatureName[];

export function isFeatureName(name: string): name is FeatureName {
  return Object.hasOwn(DEFAULTS, name);
}

/** The features that are on; equal options give the same set. */
export function resolveFeatures(options: FeatureOptions = {}): FeatureSet {
  const resolved: Record<FeatureName, boolean> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(options)) {
    if (!isFeatureName(name)) throw unknownKey('feature', name);
    if (value === undefined) continue;
    if (typeof value !== 'boolean') throw wrongType(`features["${name}"] to be a boolean`, value);
    resolved[name] = value;
  }
  const on = FEATURE_NAMES.filter((name) => resolved[name]);
  const key = on.join();
  let set = sets.get(key);
  if (set === undefined) {
    set = new Set<Feature>(['mvp', ...on]);
    sets.set(key, set);
  }
  return set;
}

const sets = new Map<string, FeatureSet>();

export const DEFAULT_FEATURES: FeatureSet = resolveFeatures();
