/**
 * A decoded module as the compiler sees it: the runtime's description plus where the bodies lie.
 */
import type { CompileLimits } from '../../runtime/limits.ts';
import type { ModuleDescription } from '../../runtime/types.ts';
import type { FeatureSet } from '../features.ts';
import type { TailCalls } from './tail-calls.ts';

export interface CodeBody {
  /** Offset of the first byte after the size field (the locals vector). */
  readonly start: number;
  /** Offset one past the final `end`. */
  readonly end: number;
}

export interface CustomSection {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface SectionInfo {
  readonly id: number;
  /** `type`, `import`, …, `custom "name"`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface ModuleInfo extends ModuleDescription {
  readonly bytes: Uint8Array;
  /** What the module was decoded under; bodies are read under the same. */
  readonly limits: CompileLimits;
  readonly features: FeatureSet;
  /** Bodies of defined functions: entry 0 is function `importedFunctions`. */
  readonly bodies: readonly CodeBody[];
  readonly customSections: readonly CustomSection[];
  readonly sections: readonly SectionInfo[];
  /** Whether a data count section exists (`memory.init`, `data.drop` need it), and its value. */
  readonly dataCount: number | undefined;
  /** Functions that `ref.func` may name inside bodies (C.refs of the spec). */
  readonly declaredFunctions: ReadonlySet<number>;
  readonly tailCalls: TailCalls;
}

/** A function's name, from the name section or else from its first export. */
export function functionName(module: ModuleInfo, index: number): string | undefined {
  const name = module.functionNames.get(index);
  if (name !== undefined) return name;
  return module.exports.find((entry) => entry.kind === 'func' && entry.index === index)?.name;
}
