/**
 * A compiled module: decoded and validated once, instantiated as often as one likes. Its generated code depends on a
 * Runtime's options (metering, costs, call depth); Runtimes with equal options share it.
 */

import { sourceMappingUrl } from '../compiler/binary/mapped-lines.ts';
import { decodeModule } from '../compiler/binary/module.ts';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { provideSourceMap } from '../compiler/binary/source-lines.ts';
import type { EmitOptions } from '../compiler/emit/function-emitter.ts';
import type { EmittedGroup } from '../compiler/emit/module.ts';
import type { FeatureSet } from '../compiler/features.ts';
import { validateBodies } from '../compiler/validate.ts';
import type { CompileLimits } from '../runtime/limits.ts';
import { exportsOf, importsOf, type ModuleExport, type ModuleImport } from './describe.ts';
import { JitCode } from './jit.ts';

export interface ModuleStats {
  /** Functions that the module defines. */
  readonly functions: number;
  /** Of these, how many have become JavaScript. */
  readonly compiled: number;
  readonly groups: number;
  /** Characters of generated text. */
  readonly bytes: number;
}

export class Module {
  readonly info: ModuleInfo;
  readonly #variants = new Map<string, JitCode>();
  readonly #options: EmitOptions;
  /** Features with which the module is known to be valid. */
  readonly #allowed: Set<FeatureSet>;
  /** The variant last asked for: what `stats` and `textOf` tell of. */
  #latest: JitCode | undefined;

  /** Use `runtime.compile`. */
  constructor(
    bytes: Uint8Array,
    options: EmitOptions,
    limits: CompileLimits,
    validate: 'eager' | 'lazy',
    features: FeatureSet,
  ) {
    this.info = decodeModule(bytes, limits, features);
    if (validate === 'eager') validateBodies(this.info);
    this.#options = options;
    this.#allowed = new Set([features]);
  }

  /** Refuses what the module uses and a Runtime with other features does not allow. */
  requireFeatures(features: FeatureSet): void {
    if (this.#allowed.has(features)) return;
    const { bytes, limits, features: known } = this.info;
    if (![...known].every((feature) => features.has(feature)))
      validateBodies(decodeModule(bytes, limits, features));
    this.#allowed.add(features);
  }

  /** The code for a Runtime's options. */
  codeFor(options: EmitOptions): JitCode {
    const { costs, checkEveryRegion, countDepth, countAllocation, target, outline } = options;
    const { sourceMaps, counting } = options;
    const counted = [checkEveryRegion, countDepth, countAllocation];
    const key = JSON.stringify([costs ?? null, ...counted, target, outline, sourceMaps, counting?.id]);
    let code = this.#variants.get(key);
    if (code === undefined) {
      code = new JitCode(this.info, options, (other) => this.codeFor(other));
      this.#variants.set(key, code);
    }
    this.#latest = code;
    return code;
  }

  get imports(): ModuleImport[] {
    return importsOf(this.info);
  }

  get exports(): ModuleExport[] {
    return exportsOf(this.info);
  }

  /** Contents of the custom sections with this name. */
  customSections(name: string): ArrayBuffer[] {
    return this.info.customSections
      .filter((section) => section.name === name)
      .map(({ start, end }) => this.info.bytes.slice(start, end).buffer as ArrayBuffer);
  }

  get stats(): ModuleStats {
    return (this.#latest ?? this.codeFor(this.#options)).stats;
  }

  /** What the custom section `sourceMappingURL` holds. */
  get sourceMapUrl(): string | undefined {
    return sourceMappingUrl(this.info);
  }

  /** Gives the source map that `sourceMapUrl` names, as text, where that is no `data:` URL; asked for when it is wanted. */
  provideSourceMap(read: () => string): void {
    provideSourceMap(this.info, read);
  }

  /** The generated JavaScript of a function, by index in the function index space. */
  textOf(functionIndex: number): string {
    return this.emitted(functionIndex).text;
  }

  /** The same with what the emitter knows about it. */
  emitted(functionIndex: number): EmittedGroup {
    return (this.#latest ?? this.codeFor(this.#options)).emitted(functionIndex);
  }
}
