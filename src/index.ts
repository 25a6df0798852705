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
import { resolveCosts } from '../runtime/costs.ts';
import { CacheError, CompileError, wrongType } from '../runtime/errors.ts';
import type { Fuel, OnOutOfFuel } from '../runtime/fuel.ts';
import { instantiate } from '../runtime/instance.ts';
import { DEFAULT_LIMITS, type Limits, resolveLimits } from '../runtime/limits.ts';
import type { Imports } from '../runtime/link.ts';
import { REGISTER_CELLS } from '../runtime/registers.ts';
import { Store } from '../runtime/store.ts';
import { decodeEntry } from './cache/entry.ts';
import { type CacheMode, DEFAULT_CACHE_BYTES, ModuleCache } from './cache/module-cache.ts';
import { type CompileOptions, parseOptions } from './cache/options-text.ts';
import { builtin } from './host.ts';
import { checkKeys, type Exports, Instance, type InvokeOptions } from './instance.ts';
import { Module } from './module.ts';
import { TARGET } from './target.ts';

export type { FeatureName, FeatureOptions } from '../compiler/features.ts';
export {
  AbortError,
  CacheError,
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
export type { CacheMode } from './cache/module-cache.ts';
export type { ModuleExport, ModuleImport, ModuleStats } from './module.ts';
export { type Exports, Instance, type InvokeOptions, Module };

/** Wasm bytes. */
export type Bytes = ArrayBuffer | ArrayBufferView;

export interface CompileBytes {
  /** `false`: the bytes are the module's from now on, and nobody changes them. Spares the copy of a large module. Default true. */
  readonly copy?: boolean | undefined;
}

export interface RuntimeOptions {
  /**
   * Fuel to begin with; by default unlimited, and counted. With a limit, a run stops at most one straight-line region
   * beyond it; that costs more looks at the account. A limit set later (`fuel.set`) works the same from the next call.
   */
  readonly fuel?: bigint | undefined;
  /** Asked when the fuel is used up: what it returns is granted. */
  readonly onOutOfFuel?: OnOutOfFuel | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Default true. Without it there is no fuel, no deadline and no interruption. */
  readonly metering?: boolean | undefined;
  /** Fuel per instruction, by the specification's names; `default` and `bulkUnit` besides. */
  readonly costs?: Readonly<Record<string, number>> | undefined;
  /**
   * Proposals by name, switched on or off: `{ 'multi-memory': false, 'wide-arithmetic': true }`. By default all that are
   * part of the standard are on. A module that uses one that is off is refused by a `CompileError`.
   */
  readonly features?: FeatureOptions | undefined;
  /** Whether bodies are validated when a module is compiled (default) or when a function is first called. */
  readonly validate?: 'eager' | 'lazy' | undefined;
  /** How many cells of the thread's register file, 8 bytes each, its frames may use (default: all 8,388,608). */
  readonly registerCells?: number | undefined;
  /**
   * A directory that keeps generated code from process to process, made if it is not there. It holds code that is run: it must be
   * yours alone (mode 0700), or it is refused by a `CacheError`.
   */
  readonly cache?: string | undefined;
  /** `read-only`: nothing is written, and a module that is not in the cache is a `CacheError`. Default `read-write`. */
  readonly cacheMode?: CacheMode | undefined;
  /** Beyond so many bytes the least recently used entries go (default: 1 GiB). */
  readonly cacheBytes?: number | undefined;
  /** Told in one line why an entry is not used or not written; by default `console.warn`. */
  readonly onCacheWarning?: ((message: string) => void) | undefined;
}

const RUNTIME_OPTIONS: readonly (keyof RuntimeOptions)[] = [
  'fuel',
  'onOutOfFuel',
  'limits',
  'metering',
  'costs',
  'features',
  'validate',
  'registerCells',
  'cache',
  'cacheMode',
  'cacheBytes',
  'onCacheWarning',
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

export class Runtime {
  readonly #store: Store;
  readonly #options: CompileOptions;
  readonly #cache: ModuleCache | undefined;

  /** `emit`: for tests, code in other shapes than a program of this size gets. */
  constructor(options: RuntimeOptions = {}, emit: Partial<EmitOptions> = {}) {
    checkOptions(options);
    const { fuel, onOutOfFuel, metering = true, registerCells = REGISTER_CELLS } = options;
    if (!metering && (fuel !== undefined || onOutOfFuel !== undefined || options.costs !== undefined)) {
      throw new TypeError('fuel, onOutOfFuel and costs need metering: this Runtime has metering: false');
    }
    if (!Number.isInteger(registerCells) || registerCells < 64 || registerCells > REGISTER_CELLS) {
      throw wrongType(`registerCells to be an integer from 64 to ${REGISTER_CELLS}`, registerCells);
    }
    const features = resolveFeatures(options.features);
    const limits = resolveLimits(options.limits);
    const costs = resolveCosts(options.costs, (name) => INSTRUCTIONS.has(name));
    const bulkUnit = metering ? costs.bulkUnit : 0;
    this.#store = new Store({ fuel, onOutOfFuel, limits, registerCells, bulkUnit, metering });
    const shape: EmitOptions = {
      costs: metering ? costs : undefined,
      checkEveryRegion: fuel !== undefined,
      countDepth: limits.callDepth !== undefined,
      countAllocation: limits.gcBytes !== undefined,
      target: TARGET,
      recordOffsets: false,
      outline: OUTLINE,
      ...emit,
    };
    this.#options = { emit: shape, limits, features, validate: options.validate ?? 'eager' };
    this.#cache = cacheOf(options);
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

  compileSync(bytes: Bytes, options: CompileBytes = {}): Module {
    checkKeys('option of compile', options, ['copy']);
    return new Module(bytesOf(bytes, options.copy), this.#options, { cache: this.#cache });
  }

  /**
   * What `module.serialize()` answered, as a module again, for Runtimes with the options of the one that compiled it. The bytes hold
   * code that is run: take them from nobody whom you do not trust. Throws a `CacheError` if they are damaged or of another version.
   */
  static deserialize(bytes: Bytes): Module {
    const { wasm, ...entry } = decodeEntry(bytesOf(bytes));
    if (wasm === undefined) throw new CacheError('an entry of a cache, not a serialised module');
    const fits = entry.v8 === builtin('node:v8')?.cachedDataVersionTag();
    const groups = fits ? entry.groups : entry.groups.map((group) => ({ ...group, data: undefined }));
    return new Module(wasm, parseOptions(entry.options), { serialized: { ...entry, wasm, groups } });
  }

  async compile(bytes: Bytes, options: CompileBytes = {}): Promise<Module> {
    return this.compileSync(bytes, options);
  }

  instantiateSync(module: Module | Bytes, imports: Imports = {}): Instance {
    if (this.#store.closed) throw new TypeError('the runtime is closed');
    if (imports === null || (typeof imports !== 'object' && typeof imports !== 'function')) {
      throw wrongType('the imports as an object', imports);
    }
    const compiled = module instanceof Module ? module : this.compileSync(module);
    compiled.requireFitting(this.#options.emit);
    compiled.requireFeatures(this.#options.features);
    const code = compiled.codeFor({ ...this.#options.emit, checkEveryRegion: this.#store.checksEveryRegion });
    return new Instance(instantiate(code, this.#store, imports));
  }

  async instantiate(module: Module | Bytes, imports: Imports = {}): Promise<Instance> {
    return this.instantiateSync(module, imports);
  }

  /** The account: `remaining`, `consumed`, `limit`, `add(n)`, `set(n)`. */
  get fuel(): Pick<Fuel, 'remaining' | 'consumed' | 'limit' | 'add' | 'set'> {
    if (!this.#store.metering) throw new TypeError('this Runtime has metering: false');
    return this.#store.account;
  }

  /** Stops what runs, or runs next, with an `AbortError`. */
  interrupt(): void {
    this.#store.interrupt.request();
  }

  /** Shared word: another thread that stores a non-zero value interrupts. */
  get interruptWord(): Int32Array<SharedArrayBuffer> {
    return this.#store.interrupt.word;
  }

  /** Calls into instances of a closed Runtime fail, and one that is running is interrupted. The cache is written. */
  close(): void {
    this.#store.closed = true;
    this.interrupt();
    this.#cache?.saveAll();
  }

  [Symbol.dispose](): void {
    this.close();
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

function cacheOf(options: RuntimeOptions): ModuleCache | undefined {
  const { cache, cacheMode = 'read-write', cacheBytes = DEFAULT_CACHE_BYTES, onCacheWarning } = options;
  if (cache === undefined) {
    const given = (['cacheMode', 'cacheBytes', 'onCacheWarning'] as const).find(
      (name) => options[name] !== undefined,
    );
    if (given !== undefined) throw new TypeError(`${given} needs a cache: this Runtime has none`);
    return undefined;
  }
  if (typeof cache !== 'string' || cache === '')
    throw wrongType('cache to be the path of a directory', cache);
  if (cacheMode !== 'read-write' && cacheMode !== 'read-only')
    throw wrongType('cacheMode to be "read-write" or "read-only"', cacheMode);
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 0)
    throw wrongType('cacheBytes to be a number of bytes', cacheBytes);
  if (onCacheWarning !== undefined && typeof onCacheWarning !== 'function')
    throw wrongType('onCacheWarning to be a function', onCacheWarning);
  const warn = onCacheWarning ?? ((message) => console.warn(`sandglass: ${message}`));
  return new ModuleCache({ path: cache, mode: cacheMode, maxBytes: cacheBytes, warn });
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** What the store does not check itself. */
function checkOptions(options: RuntimeOptions): void {
  checkKeys('option of Runtime', options, RUNTIME_OPTIONS);
  const { metering, validate, onOutOfFuel, limits, costs, features } = options;
  if (metering !== undefined && typeof metering !== 'boolean')
    throw wrongType('metering to be a boolean', metering);
  if (validate !== undefined && validate !== 'eager' && validate !== 'lazy')
    throw wrongType('validate to be "eager" or "lazy"', validate);
  if (onOutOfFuel !== undefined && typeof onOutOfFuel !== 'function')
    throw wrongType('onOutOfFuel to be a function', onOutOfFuel);
  if (limits !== undefined && !isObject(limits)) throw wrongType('limits to be an object', limits);
  if (costs !== undefined && !isObject(costs)) throw wrongType('costs to be an object', costs);
  if (features !== undefined && !isObject(features)) throw wrongType('features to be an object', features);
}
