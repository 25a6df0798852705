/**
 * What generated text depends on besides the wasm, as one text: equal texts, equal code. Read back where a serialised module
 * brings its options along.
 */
import type { EmitOptions } from '../../compiler/emit/function-emitter.ts';
import { FEATURE_NAMES, type FeatureSet, resolveFeatures } from '../../compiler/features.ts';
import type { CompileLimits } from '../../runtime/limits.ts';

export interface CompileOptions {
  readonly emit: EmitOptions;
  readonly limits: CompileLimits;
  readonly features: FeatureSet;
  readonly validate: 'eager' | 'lazy';
}

/** Of `EmitOptions`, all but what only adds marks for a trace. */
export function emitText(options: EmitOptions): string {
  return JSON.stringify(emitted(options));
}

function emitted({ costs, ...options }: EmitOptions): unknown {
  const { checkEveryRegion, countDepth, countAllocation, target, outline } = options;
  const counted = { checkEveryRegion, countDepth, countAllocation };
  const table = costs && Object.fromEntries(Object.entries(costs).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { costs: table ?? null, ...counted, target, outline };
}

export function optionsText({ emit, limits, features, validate }: CompileOptions): string {
  const { locals, functions, moduleBytes, functionBytes } = limits;
  const off = FEATURE_NAMES.filter((name) => !features.has(name));
  const on = FEATURE_NAMES.filter((name) => features.has(name));
  const checked = { locals, functions, moduleBytes, functionBytes };
  return JSON.stringify({ emit: emitted(emit), limits: checked, on, off, validate });
}

export function parseOptions(text: string): CompileOptions {
  const { emit, limits, on, off, validate } = JSON.parse(text) as {
    emit: Omit<EmitOptions, 'costs'> & { costs: NonNullable<EmitOptions['costs']> | null };
    limits: CompileLimits;
    on: string[];
    off: string[];
    validate: 'eager' | 'lazy';
  };
  // No prototype: a lookup of any instruction's name finds a cost or nothing.
  const costs =
    emit.costs === null ? undefined : Object.freeze(Object.assign(Object.create(null), emit.costs));
  const features = resolveFeatures(
    Object.fromEntries([...on.map((name) => [name, true]), ...off.map((name) => [name, false])]),
  );
  return { emit: { ...emit, costs, recordOffsets: false }, limits, features, validate };
}
