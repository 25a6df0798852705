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
import { resolveCosts } from '../runtime/costs.ts';
import { CompileError, wrongType } from '../runtime/errors.ts';
import type { Fuel, OnOutOfFuel } from '../runtime/fuel.ts';
import { instantiate } from '../runtime/instance.ts';
import { DEFAULT_LIMITS, type Limits, resolveLimits } from '../runtime/limits.ts';
import type { Imports } from '../runtime/link.ts';
import { REGISTER_CELLS } from '../runtime/registers.ts';
import { Store } from '../runtime/store.ts';
import { checkKeys, type Exports, Instance, type InvokeOptions } from './instance.ts';
import { Module } from './module.ts';
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
export type { ModuleExport, ModuleImport, ModuleStats } from './module.ts';
export { type Exports, Instance, type InvokeOptions, Module };

/** Wasm bytes. */
export type Bytes = ArrayBuffer | ArrayBufferView;

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
  readonly #emit: EmitOptions;
  readonly #validate: 'eager' | 'lazy';
  readonly #features: FeatureSet;

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
    this.#features = resolveFeatures(options.features);
    const limits = resolveLimits(options.limits);
    const costs = resolveCosts(options.costs, (name) => INSTRUCTIONS.has(name));
    const bulkUnit = metering ? costs.bulkUnit : 0;
    this.#store = new Store({ fuel, onOutOfFuel, limits, registerCells, bulkUnit, metering });
    this.#emit = {
      costs: metering ? costs : undefined,
      checkEveryRegion: fuel !== undefined,
      countDepth: limits.callDepth !== undefined,
      countAllocation: limits.gcBytes !== undefined,
      target: TARGET,
      recordOffsets: false,
      outline: OUTLINE,
      ...emit,
    };
    this.#validate = options.validate ?? 'eager';
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

  compileSync(bytes: Bytes): Module {
    return new Module(bytesOf(bytes), this.#emit, this.#store.limits, this.#validate, this.#features);
  }

  async compile(bytes: Bytes): Promise<Module> {
    return this.compileSync(bytes);
  }

  instantiateSync(module: Module | Bytes, imports: Imports = {}): Instance {
    if (this.#store.closed) throw new TypeError('the runtime is closed');
    if (imports === null || (typeof imports !== 'object' && typeof imports !== 'function')) {
      throw wrongType('the imports as an object', imports);
    }
    const compiled = module instanceof Module ? module : this.compileSync(module);
    compiled.requireFeatures(this.#features);
    const code = compiled.codeFor({ ...this.#emit, checkEveryRegion: this.#store.checksEveryRegion });
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

  /** Calls into instances of a closed Runtime fail, and one that is running is interrupted. */
  close(): void {
    this.#store.closed = true;
    this.interrupt();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A copy: bodies are compiled long after they were validated, and the host may reuse its buffer in between. */
function bytesOf(bytes: unknown): Uint8Array {
  if (ArrayBuffer.isView(bytes))
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes.slice(0));
  throw wrongType('the bytes of a module (ArrayBuffer or a view of one)', bytes);
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
