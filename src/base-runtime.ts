/**
 * What every Runtime can do, whether it has a compiler or not: keep the account, instantiate code that is there, be
 * interrupted and closed. `sandglass/runtime` has just this; `sandglass` adds compiling (index.ts).
 */

import { REGISTER_CELLS } from '../runtime/abi.ts';
import type { ModuleCode } from '../runtime/code.ts';
import { type Costs, DEFAULT_COSTS } from '../runtime/costs.ts';
import { wrongType } from '../runtime/errors.ts';
import type { Fuel, OnOutOfFuel } from '../runtime/fuel.ts';
import { instantiate } from '../runtime/instance.ts';
import { type Limits, resolveLimits } from '../runtime/limits.ts';
import type { Imports } from '../runtime/link.ts';
import { restore } from '../runtime/snapshot/restore.ts';
import { Snapshot } from '../runtime/snapshot/snapshot.ts';
import { Store } from '../runtime/store.ts';
import { checkKeys, controlled, INVOKE_OPTIONS, Instance, type InvokeOptions } from './instance.ts';
import { PrecompiledModule } from './precompiled-module.ts';

export interface BaseRuntimeOptions {
  /**
   * Fuel to begin with; by default unlimited, and counted. With a limit, a run stops at most one straight-line region
   * beyond it; that costs more looks at the account. A limit set later (`fuel.set`) works the same from the next call.
   */
  readonly fuel?: bigint | undefined;
  /**
   * Where a limit on fuel is looked at: in every straight-line region (default), or where deadlines are as well, at function
   * entries and loop headers. That stops a run a little later, in the code that unlimited fuel has, and as fast.
   */
  readonly fuelChecks?: 'regions' | 'loops' | undefined;
  /** Asked when the fuel is used up: what it returns is granted. */
  readonly onOutOfFuel?: OnOutOfFuel | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Default true. Without it there is no fuel, no deadline and no interruption. */
  readonly metering?: boolean | undefined;
  /** How many cells of the thread's register file, 8 bytes each, its frames may use (default: all 8,388,607). */
  readonly registerCells?: number | undefined;
}

export const BASE_OPTIONS: readonly (keyof BaseRuntimeOptions)[] = [
  'fuel',
  'fuelChecks',
  'onOutOfFuel',
  'limits',
  'metering',
  'registerCells',
];

export const NEEDS_METERING = 'fuel, onOutOfFuel and costs need metering: this Runtime has metering: false';

export class BaseRuntime {
  protected readonly store: Store;
  /** Undefined: not metered. */
  protected readonly costs: Costs | undefined;

  /** `known`: the options that there are; `costs`: what instructions cost, if it is metered. */
  constructor(
    options: BaseRuntimeOptions = {},
    known: readonly string[] = BASE_OPTIONS,
    costs: Costs = DEFAULT_COSTS,
  ) {
    checkOptions(options, known);
    const { fuel, onOutOfFuel, metering = true, registerCells = REGISTER_CELLS } = options;
    if (!metering && (fuel !== undefined || onOutOfFuel !== undefined)) {
      throw new TypeError(NEEDS_METERING);
    }
    if (!Number.isInteger(registerCells) || registerCells < 64 || registerCells > REGISTER_CELLS) {
      throw wrongType(`registerCells to be an integer from 64 to ${REGISTER_CELLS}`, registerCells);
    }
    const limits = resolveLimits(options.limits);
    this.costs = metering ? costs : undefined;
    const bulkUnit = this.costs?.bulkUnit ?? 0;
    const limitInEveryRegion = options.fuelChecks !== 'loops';
    const account = { fuel, onOutOfFuel, bulkUnit, metering, limitInEveryRegion };
    this.store = new Store({ limits, registerCells, ...account });
  }

  /** Of a module whose code lies in several files, these have to be there: `await module.load()`. */
  instantiateSync(module: PrecompiledModule, imports: Imports = {}, control: InvokeOptions = {}): Instance {
    return this.start(module, imports, control);
  }

  /** `control` is for the start function. */
  async instantiate(
    module: PrecompiledModule,
    imports: Imports = {},
    control: InvokeOptions = {},
  ): Promise<Instance> {
    if (module instanceof PrecompiledModule) await module.load(this.store.checksEveryRegion);
    return this.instantiateSync(module, imports, control);
  }

  /**
   * An instance with the state of a snapshot of the same module: nothing of it runs, not even its start function. Memories,
   * tables and globals among the imports are set, too. Throws a `SnapshotError`, and has changed nothing then, if the snapshot does
   * not fit, is damaged, or limits do not allow what is in it.
   */
  restore(module: PrecompiledModule, snapshot: Snapshot, imports: Imports = {}): Instance {
    return this.resume(module, snapshot, imports);
  }

  protected start(module: unknown, imports: Imports, control: InvokeOptions): Instance {
    this.#checkInstantiation(imports);
    const code = this.codeOf(module);
    return new Instance(
      controlled(this.store, control, () => instantiate(code, this.store, imports)),
      this,
    );
  }

  protected resume(module: unknown, snapshot: Snapshot, imports: Imports): Instance {
    this.#checkInstantiation(imports);
    if (!(snapshot instanceof Snapshot)) throw wrongType('a Snapshot', snapshot);
    return new Instance(restore(this.codeOf(module), this.store, imports, snapshot), this);
  }

  /** What runs of a module in this Runtime. */
  protected codeOf(module: unknown): ModuleCode {
    if (!(module instanceof PrecompiledModule)) throw wrongType('the module of a precompiled file', module);
    const { limits, checksEveryRegion } = this.store;
    return module.codeFor({
      costs: this.costs,
      checkEveryRegion: checksEveryRegion,
      countDepth: limits.callDepth !== undefined,
      countAllocation: limits.gcBytes !== undefined,
    });
  }

  #checkInstantiation(imports: unknown): void {
    if (this.store.closed) throw new TypeError('the runtime is closed');
    if (!isObject(imports)) throw wrongType('the imports as an object', imports);
  }

  /** The account: `remaining`, `consumed`, `limit`, `add(n)`, `set(n)`. */
  get fuel(): Pick<Fuel, 'remaining' | 'consumed' | 'limit' | 'add' | 'set'> {
    if (!this.store.metering) throw new TypeError('this Runtime has metering: false');
    return this.store.account;
  }

  /** Runs host code that calls into instances, under a deadline or a signal for all of it. Throws what `invoke` throws. */
  within<Result>(options: InvokeOptions, run: () => Result): Result {
    checkKeys('option of within', options, INVOKE_OPTIONS);
    return controlled(this.store, options, run);
  }

  /** Stops what runs, or runs next, with an `AbortError`. */
  interrupt(): void {
    this.store.interrupt.request();
  }

  /** Shared word: another thread that stores a non-zero value interrupts. */
  get interruptWord(): Int32Array<SharedArrayBuffer> {
    return this.store.interrupt.word;
  }

  /** Calls into instances of a closed Runtime fail, and one that is running is interrupted. */
  close(): void {
    this.store.closed = true;
    this.interrupt();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** What the store does not check itself. */
function checkOptions(options: BaseRuntimeOptions, known: readonly string[]): void {
  checkKeys('option of Runtime', options, known);
  const { metering, onOutOfFuel, limits, fuelChecks } = options;
  if (metering !== undefined && typeof metering !== 'boolean')
    throw wrongType('metering to be a boolean', metering);
  if (onOutOfFuel !== undefined && typeof onOutOfFuel !== 'function')
    throw wrongType('onOutOfFuel to be a function', onOutOfFuel);
  if (fuelChecks !== undefined && fuelChecks !== 'regions' && fuelChecks !== 'loops')
    throw wrongType('fuelChecks to be "regions" or "loops"', fuelChecks);
  if (limits !== undefined && !isObject(limits)) throw wrongType('limits to be an object', limits);
}
