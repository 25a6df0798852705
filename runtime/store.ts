/**
 * What all instances of a Runtime share: the register file, the account of fuel, the depth of calls, canonical types.
 * One per Runtime and thread.
 */
import { FIRST_CELL, type PendingCall, type StoreAbi } from './abi.ts';
import type { DefinedType } from './defined-types.ts';
import { Fuel, type OnOutOfFuel } from './fuel.ts';
import { Interrupt } from './interrupt.ts';
import type { Limits } from './limits.ts';
import { WeakList } from './weak-list.ts';

/** Cells between the limit and the end: arguments written before a callee finds that its frame does not fit. */
const SLACK = 1024;
/** Cells that may be in use above `sp`: a leaf's frame (`LEAF_FRAME` in compiler/emit/function.ts), results (1,000). */
const LEAF_CELLS = 1024;

/** Functions of another Runtime never seem to have the right type. */
let nextTypeId = 0;

export interface StoreOptions {
  readonly fuel: bigint | undefined;
  readonly onOutOfFuel: OnOutOfFuel | undefined;
  readonly limits: Limits;
  /** Cells of the register file, 8 bytes each. */
  readonly registerCells: number;
  /** As resolved costs have it; 0 without metering. */
  readonly bulkUnit: number;
  readonly metering: boolean;
}

/** What can change to code that looks at the account in every region. */
interface Limitable {
  checkEveryRegion(): void;
}

export class Store implements StoreAbi {
  readonly R: BigInt64Array;
  readonly RL: Int32Array;
  readonly RD: Float64Array;
  readonly RF: Float32Array;
  readonly RR: unknown[] = [];
  sp = FIRST_CELL;
  rp = 0;
  readonly limit: number;
  fuel = 0;
  fuel2 = 0;
  depth = 0;
  tail: PendingCall | null = null;
  maxDepth: number;
  readonly bulkUnit: number;
  readonly interrupt = new Interrupt();
  readonly account: Fuel;
  readonly limits: Limits;
  readonly metering: boolean;
  closed = false;
  /** Code looks at the account in every region, since fuel is limited; see compiler/emit/metering.ts. */
  checksEveryRegion: boolean;
  readonly #environments = new WeakList<Limitable>();
  readonly #typeIds = new WeakMap<DefinedType, number>();

  constructor({ fuel, onOutOfFuel, limits, registerCells, bulkUnit, metering }: StoreOptions) {
    const buffer = new ArrayBuffer((registerCells + SLACK) * 8);
    this.R = new BigInt64Array(buffer);
    this.RL = new Int32Array(buffer);
    this.RD = new Float64Array(buffer);
    this.RF = new Float32Array(buffer);
    this.limit = registerCells;
    this.maxDepth = limits.callDepth ?? Number.MAX_SAFE_INTEGER;
    this.bulkUnit = bulkUnit;
    this.limits = limits;
    this.metering = metering;
    const ask =
      onOutOfFuel && ((info: Parameters<OnOutOfFuel>[0]) => this.#aboveLeaf(() => onOutOfFuel(info)));
    this.checksEveryRegion = fuel !== undefined;
    const onLimited = () => this.#checkEveryRegion();
    this.account = new Fuel(this, { limit: fuel, onOutOfFuel: ask, interrupt: this.interrupt, onLimited });
  }

  /** Keeps track of an instance, for the day when fuel becomes limited. */
  register(environment: Limitable): void {
    if (!this.checksEveryRegion) this.#environments.add(environment);
  }

  /** Fuel has become limited: every call from now on enters code that looks at it in every region. */
  #checkEveryRegion(): void {
    this.checksEveryRegion = true;
    for (const environment of this.#environments) environment.checkEveryRegion();
    this.#environments.clear();
  }

  /** Runs host code in the middle of a function that may use cells it has not announced. */
  #aboveLeaf<Result>(run: () => Result): Result {
    const { sp } = this;
    this.sp = sp + LEAF_CELLS;
    try {
      return run();
    } finally {
      this.sp = sp;
    }
  }

  /** A number for a type that no other type, and no other Store, has. */
  typeId(type: DefinedType): number {
    let id = this.#typeIds.get(type);
    if (id === undefined) {
      id = nextTypeId++;
      this.#typeIds.set(type, id);
    }
    return id;
  }
}
