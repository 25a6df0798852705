/**
 * The public face of Sandglass: a Runtime compiles modules and instantiates them inside a meter.
 *
 *   const runtime = new Runtime({ fuel: 1_000_000n });
 *   const instance = await runtime.instantiate(bytes, imports);
 *   instance.exports.add(5, 37);
 */
import type { EmitOptions } from '../compiler/emit/function-emitter.ts';
import { OUTLINE } from '../compiler/emit/outline.ts';
import { type FeatureOptions, resolveFeatures } from '../compiler/features.ts';
import { OPCODES } from '../compiler/opcodes.ts';
import type { ModuleCode } from '../runtime/code.ts';
import { type Costs, resolveCosts } from '../runtime/costs.ts';
import { CacheError, CompileError, wrongType } from '../runtime/errors.ts';
import { DEFAULT_LIMITS } from '../runtime/limits.ts';
import type { Imports } from '../runtime/link.ts';
import type { Snapshot } from '../runtime/snapshot/snapshot.ts';
import {
  BASE_OPTIONS,
  BaseRuntime,
  type BaseRuntimeOptions,
  isObject,
  NEEDS_METERING,
} from './base-runtime.ts';
import { decodeEntry } from './cache/entry.ts';
import type { ModuleCache } from './cache/module-cache.ts';
import { type CompileOptions, parseOptions } from './cache/options-text.ts';
import { CACHE_OPTIONS, type CacheOptions, cacheOf } from './cache/runtime-cache.ts';
import { type CpuProfile, FuelProfile } from './fuel-profile.ts';
import { builtin } from './host.ts';
import { checkKeys, type Instance, type InvokeOptions } from './instance.ts';
import { Module } from './module.ts';
import { PrecompiledModule } from './precompiled-module.ts';
import { TARGET } from './target.ts';

export type { FeatureName, FeatureOptions } from '../compiler/features.ts';
export { CacheError } from '../runtime/errors.ts';
export type { SharedMemoryHandle } from '../runtime/shared-storage.ts';
export type { CacheMode } from './cache/module-cache.ts';
export * from './common.ts';
export type { ModuleExport, ModuleImport } from './describe.ts';
export type { CpuProfile, CpuProfileNode } from './fuel-profile.ts';
export { Module, type ModuleStats } from './module.ts';

/** Wasm bytes. */
export type Bytes = ArrayBuffer | ArrayBufferView;

export interface CompileBytes {
  /** `false`: the bytes are the module's from now on, and nobody changes them. Spares the copy of a large module. Default true. */
  readonly copy?: boolean | undefined;
}

export interface RuntimeOptions extends BaseRuntimeOptions, CacheOptions {
  /** Fuel per instruction, by the specification's names; `default` and `bulkUnit` besides. */
  readonly costs?: Readonly<Record<string, number>> | undefined;
  /**
   * Proposals by name, switched on or off: `{ 'multi-memory': false, 'wide-arithmetic': true }`. By default all that are
   * part of the standard are on. A module that uses one that is off is refused by a `CompileError`.
   */
  readonly features?: FeatureOptions | undefined;
  /** Whether bodies are validated when a module is compiled (default) or when a function is first called. */
  readonly validate?: 'eager' | 'lazy' | undefined;
  /**
   * Generated code brings a source map along, so that stack traces (`node --enable-source-maps`), debuggers and profilers show the
   * program's source where the module has debug information, else its text; `'wat'`: always its text. Default false.
   */
  readonly sourceMaps?: boolean | 'wat' | undefined;
  /** Count where the fuel goes, for `fuelProfile`; precompiled modules are refused then. Default false. */
  readonly profileFuel?: boolean | undefined;
}

const RUNTIME_OPTIONS: readonly (keyof RuntimeOptions)[] = [
  ...BASE_OPTIONS,
  ...CACHE_OPTIONS,
  'costs',
  'features',
  'validate',
  'sourceMaps',
  'profileFuel',
];
const INSTRUCTIONS = new Set(OPCODES.map(({ name }) => name));

const VALIDATE_ONLY: EmitOptions = {
  costs: undefined,
  checkEveryRegion: false,
  countDepth: false,
  countAllocation: false,
  target: TARGET,
  recordOffsets: false,
  outline: OUTLINE,
};

export class Runtime extends BaseRuntime {
  readonly #options: CompileOptions;
  readonly #cache: ModuleCache | undefined;
  readonly #profile: FuelProfile | undefined;

  /** `emit`: for tests, code in other shapes than a program of this size gets. */
  constructor(options: RuntimeOptions = {}, emit: Partial<EmitOptions> = {}) {
    super(options, RUNTIME_OPTIONS, costsOf(options));
    const features = resolveFeatures(options.features);
    const { limits } = this.store;
    const shape: EmitOptions = {
      costs: this.costs,
      checkEveryRegion: this.store.checksEveryRegion,
      countDepth: limits.callDepth !== undefined,
      countAllocation: limits.gcBytes !== undefined,
      target: TARGET,
      recordOffsets: false,
      outline: OUTLINE,
      sourceMaps: options.sourceMaps === true ? 'source' : options.sourceMaps || undefined,
      ...emit,
    };
    this.#options = { emit: shape, limits, features, validate: options.validate ?? 'eager' };
    this.#cache = cacheOf(options);
    if (options.profileFuel === true) this.#profile = this.#profiled();
  }

  /** Whether the bytes are a valid module that Sandglass can run, with these features. */
  static validate(bytes: Bytes, features?: FeatureOptions): boolean {
    const enabled = resolveFeatures(features);
    try {
      const options = {
        emit: VALIDATE_ONLY,
        limits: DEFAULT_LIMITS,
        validate: 'eager',
        features: enabled,
      } as const;
      void new Module(bytesOf(bytes), options);
      return true;
    } catch (error) {
      if (error instanceof CompileError) return false;
      throw error;
    }
  }

  #profiled(): FuelProfile {
    const profile = new FuelProfile();
    const { account, metering } = this.store;
    if (!metering) throw new TypeError('profileFuel needs metering: this Runtime has metering: false');
    account.onCharge = (amount) => profile.charged(amount);
    return profile;
  }

  /** Where the fuel went, so far; the sum of all nodes is what was consumed. Of a Runtime with `profileFuel: true`. */
  fuelProfile(): CpuProfile {
    if (this.#profile === undefined) throw new TypeError('this Runtime has no profileFuel: true');
    return this.#profile.toCpuProfile();
  }

  compileSync(bytes: Bytes, options: CompileBytes = {}): Module {
    checkKeys('option of compile', options, ['copy']);
    return new Module(bytesOf(bytes, options.copy), this.#options, { cache: this.#cache });
  }

  async compile(bytes: Bytes, options: CompileBytes = {}): Promise<Module> {
    return this.compileSync(bytes, options);
  }

  /**
   * What `module.serialize()` answered, as a module again, for Runtimes with the options of the one that compiled it. The bytes hold
   * code that is run: take them from nobody whom you do not trust. Throws a `CacheError` if they are damaged or of another version.
   */
  static deserialize(bytes: Bytes, options: CompileBytes = {}): Module {
    checkKeys('option of deserialize', options, ['copy']);
    const { wasm, ...entry } = decodeEntry(bytesOf(bytes, options.copy));
    if (wasm === undefined) throw new CacheError('an entry of a cache, not a serialised module');
    const fits = entry.v8 === builtin('node:v8')?.cachedDataVersionTag();
    const groups = fits ? entry.groups : entry.groups.map((group) => ({ ...group, data: undefined }));
    return new Module(wasm, parseOptions(entry.options), { serialized: { ...entry, wasm, groups } });
  }

  /** `control` is for the start function. */
  override instantiateSync(
    module: Module | PrecompiledModule | Bytes,
    imports: Imports = {},
    control: InvokeOptions = {},
  ): Instance {
    return this.start(module, imports, control);
  }

  override restore(module: Module | PrecompiledModule, snapshot: Snapshot, imports: Imports = {}): Instance {
    return this.resume(module, snapshot, imports);
  }

  protected override codeOf(module: unknown): ModuleCode {
    if (module instanceof PrecompiledModule) {
      if (this.#profile !== undefined)
        throw new TypeError(
          'profileFuel: precompiled code does not count where fuel goes; compile the module',
        );
      return super.codeOf(module);
    }
    const compiled = module instanceof Module ? module : this.compileSync(module as Bytes);
    compiled.requireFitting(this.#options.emit);
    compiled.requireFeatures(this.#options.features);
    const profiled = this.#profile && { checkEveryRegion: true, counting: this.#profile.of(compiled.info) };
    this.#profile?.beginInstantiation();
    const { checksEveryRegion } = this.store;
    return compiled.codeFor({ ...this.#options.emit, checkEveryRegion: checksEveryRegion, ...profiled });
  }

  override async instantiate(
    module: Module | PrecompiledModule | Bytes,
    imports: Imports = {},
    control: InvokeOptions = {},
  ): Promise<Instance> {
    if (module instanceof PrecompiledModule) return super.instantiate(module, imports, control);
    return this.instantiateSync(module, imports, control);
  }

  /** Also writes the cache. */
  override close(): void {
    super.close();
    this.#cache?.saveAll();
  }
}

/** A copy: bodies are compiled long after they were validated, and the host may reuse its buffer in between. */
function bytesOf(bytes: unknown, copy = true): Uint8Array {
  const isView = ArrayBuffer.isView(bytes);
  if (!isView && !(bytes instanceof ArrayBuffer))
    throw wrongType('the bytes of a module (ArrayBuffer or a view of one)', bytes);
  const all = isView
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  return copy ? all.slice() : all;
}

/** Checks what `BaseRuntime` does not know. */
function costsOf(options: RuntimeOptions): Costs {
  checkKeys('option of Runtime', options, RUNTIME_OPTIONS);
  const { metering = true, validate, costs, features, sourceMaps, profileFuel } = options;
  if (profileFuel !== undefined && typeof profileFuel !== 'boolean')
    throw wrongType('profileFuel to be a boolean', profileFuel);
  if (sourceMaps !== undefined && typeof sourceMaps !== 'boolean' && sourceMaps !== 'wat')
    throw wrongType('sourceMaps to be a boolean or "wat"', sourceMaps);
  if (validate !== undefined && validate !== 'eager' && validate !== 'lazy')
    throw wrongType('validate to be "eager" or "lazy"', validate);
  if (costs !== undefined && !isObject(costs)) throw wrongType('costs to be an object', costs);
  if (features !== undefined && !isObject(features)) throw wrongType('features to be an object', features);
  if (!metering && costs !== undefined) throw new TypeError(NEEDS_METERING);
  return resolveCosts(costs, (name) => INSTRUCTIONS.has(name));
}
