/**
 * The public face of Sandglass: a Runtime compiles modules and instantiates them inside a meter.
 *
 *   const runtime = new Runtime({ fuel: 1_000_000n });
 *   const instance = await runtime.instantiate(bytes, imports);
 *   instance.exports.add(5, 37);
 */
import type { EmitOptions } from '../compiler/emit/function-emitter.ts';
import { OUTLINE } from '../compiler/emit/outline.ts';
import { type FeatureOptions, type FeatureSet, resolveFeatures } from '../compiler/features.ts';
import { OPCODES } from '../compiler/opcodes.ts';
import { type Costs, resolveCosts } from '../runtime/costs.ts';
import { CompileError, wrongType } from '../runtime/errors.ts';
import { DEFAULT_LIMITS } from '../runtime/limits.ts';
import type { Imports } from '../runtime/link.ts';
import {
  BASE_OPTIONS,
  BaseRuntime,
  type BaseRuntimeOptions,
  isObject,
  NEEDS_METERING,
} from './base-runtime.ts';
import { type CpuProfile, FuelProfile } from './fuel-profile.ts';
import { checkKeys, type Exports, Instance, type InvokeOptions } from './instance.ts';
import { Module } from './module.ts';
import { PrecompiledModule } from './precompiled-module.ts';
import { TARGET } from './target.ts';

export type { FeatureName, FeatureOptions } from '../compiler/features.ts';
export {
  AbortError,
  CompileError,
  Exception,
  ExitError,
  formatWasmStack,
  InternalError,
  LinkError,
  OutOfFuelError,
  RuntimeError,
  TimeoutError,
  Trap,
  type TrapCode,
  type WasmFrame,
} from '../runtime/errors.ts';
export { Global } from '../runtime/global.ts';
export type { Limits } from '../runtime/limits.ts';
export type { Imports } from '../runtime/link.ts';
export { Memory } from '../runtime/memory.ts';
export type { SharedMemoryHandle } from '../runtime/shared-storage.ts';
export { Table } from '../runtime/table.ts';
export { Tag } from '../runtime/tag.ts';
export type { ModuleExport, ModuleImport } from './describe.ts';
export type { CpuProfile, CpuProfileNode } from './fuel-profile.ts';
export type { ModuleStats } from './module.ts';
export { type Exports, Instance, type InvokeOptions, Module, PrecompiledModule };

/** Wasm bytes. */
export type Bytes = ArrayBuffer | ArrayBufferView;

export interface RuntimeOptions extends BaseRuntimeOptions {
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
  /** Count where the fuel goes, for `fuelProfile`; not for precompiled modules. Default false. */
  readonly profileFuel?: boolean | undefined;
}

const RUNTIME_OPTIONS: readonly (keyof RuntimeOptions)[] = [
  ...BASE_OPTIONS,
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
  readonly #emit: EmitOptions;
  readonly #validate: 'eager' | 'lazy';
  readonly #features: FeatureSet;
  readonly #profile: FuelProfile | undefined;

  /** `emit`: for tests, code in other shapes than a program of this size gets. */
  constructor(options: RuntimeOptions = {}, emit: Partial<EmitOptions> = {}) {
    super(options, RUNTIME_OPTIONS, costsOf(options));
    this.#features = resolveFeatures(options.features);
    const { limits } = this.store;
    this.#emit = {
      costs: this.costs,
      checkEveryRegion: options.fuel !== undefined,
      countDepth: limits.callDepth !== undefined,
      countAllocation: limits.gcBytes !== undefined,
      target: TARGET,
      recordOffsets: false,
      outline: OUTLINE,
      sourceMaps: options.sourceMaps === true ? 'source' : options.sourceMaps || undefined,
      ...emit,
    };
    this.#validate = options.validate ?? 'eager';
    if (options.profileFuel === true) this.#profile = this.#profiled();
  }

  /** Whether the bytes are a valid module that Sandglass can run, with these features. */
  static validate(bytes: Bytes, features?: FeatureOptions): boolean {
    const enabled = resolveFeatures(features);
    try {
      void new Module(bytesOf(bytes), VALIDATE_ONLY, DEFAULT_LIMITS, 'eager', enabled);
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

  compileSync(bytes: Bytes): Module {
    return new Module(bytesOf(bytes), this.#emit, this.store.limits, this.#validate, this.#features);
  }

  async compile(bytes: Bytes): Promise<Module> {
    return this.compileSync(bytes);
  }

  /** `control` is for the start function. */
  override instantiateSync(
    module: Module | PrecompiledModule | Bytes,
    imports: Imports = {},
    control: InvokeOptions = {},
  ): Instance {
    if (module instanceof PrecompiledModule) return super.instantiateSync(module, imports, control);
    this.checkInstantiation(imports);
    const compiled = module instanceof Module ? module : this.compileSync(module);
    compiled.requireFeatures(this.#features);
    const profiled = this.#profile && { checkEveryRegion: true, counting: this.#profile.of(compiled.info) };
    this.#profile?.beginInstantiation();
    const { checksEveryRegion } = this.store;
    const code = compiled.codeFor({ ...this.#emit, checkEveryRegion: checksEveryRegion, ...profiled });
    return this.run(code, imports, control);
  }

  override async instantiate(
    module: Module | PrecompiledModule | Bytes,
    imports: Imports = {},
    control: InvokeOptions = {},
  ): Promise<Instance> {
    if (module instanceof PrecompiledModule) return super.instantiate(module, imports, control);
    return this.instantiateSync(module, imports, control);
  }
}

/** A copy: bodies are compiled long after they were validated, and the host may reuse its buffer in between. */
function bytesOf(bytes: unknown): Uint8Array {
  if (ArrayBuffer.isView(bytes))
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes.slice(0));
  throw wrongType('the bytes of a module (ArrayBuffer or a view of one)', bytes);
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
