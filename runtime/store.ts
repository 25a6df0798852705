/**
 * What all instances of a Runtime share: the account of fuel, the depth of calls, canonical types. One per Runtime and
 * thread.
 *
 * The registers (`registers.ts`) are the thread's. While code of a Runtime runs, what it counts is in them: it enters
 * where the host calls it, and gives them back to the Runtime that called that host, if another did. So a Runtime also knows
 * whether any of its code is on the stack.
 */
import type { Registers, StoreAbi } from './abi.ts';
import type { DefinedType } from './defined-types.ts';
import { Fuel, type OnOutOfFuel } from './fuel.ts';
import { Interrupt } from './interrupt.ts';
import type { Limits } from './limits.ts';
import { S } from './registers.ts';
import { WeakList } from './weak-list.ts';

/** Cells that may be in use above `sp`: a leaf's frame (`LEAF_FRAME` in compiler/emit/function.ts), results (1,000). */
const LEAF_CELLS = 1024;

/** Functions of another Runtime never seem to have the right type. */
let nextTypeId = 0;

export interface StoreOptions {
  readonly fuel: bigint | undefined;
  readonly onOutOfFuel: OnOutOfFuel | undefined;
  readonly limits: Limits;
  /** How many cells of the register file its frames may reach up to. */
  readonly registerCells: number;
  /** As resolved costs have it; 0 without metering. */
  readonly bulkUnit: number;
  readonly metering: boolean;
  /** Whether code looks at a limit of fuel in every region; else where it looks at deadlines. */
  readonly limitInEveryRegion: boolean;
}

/** What can change to code that looks at the account in every region. */
interface Limitable {
  checkEveryRegion(): void;
}

/** The registers that belong to a Runtime. */
type Own = Pick<Registers, 'limit' | 'fuel' | 'fuel2' | 'depth' | 'maxDepth'>;
/** No depth is compiled in, or none that is reached. */
const ANY_DEPTH = 2 ** 31 - 1;

/** Whose account is in the registers. If no code of it runs, no code of any Runtime does. */
let running: Store | undefined;

/** What a call from the host does when it ends, if anything. */
export interface Leaving {
  enter(): void;
}

export class Store implements StoreAbi {
  /** While others run. */
  readonly #own: Own;
  readonly bulkUnit: number;
  readonly interrupt = new Interrupt();
  readonly account: Fuel;
  readonly limits: Limits;
  readonly metering: boolean;
  closed = false;
  /** Code looks at the account in every region, since fuel is limited; see compiler/emit/metering.ts. */
  checksEveryRegion: boolean;
  readonly #environments = new WeakList<Limitable>();
  /** Bytes that objects may still take. */
  #objectBytes: number;
  readonly #typeIds = new WeakMap<DefinedType, number>();
  #onStack = false;
  /** The end of a call that found nothing running: the registers stay as they are. */
  readonly #rest: Leaving = {
    enter: () => {
      this.#onStack = false;
    },
  };

  constructor(options: StoreOptions) {
    const { fuel, onOutOfFuel, limits, registerCells, bulkUnit, metering, limitInEveryRegion } = options;
    const maxDepth = Math.min(limits.callDepth ?? ANY_DEPTH, ANY_DEPTH);
    this.#own = { limit: registerCells, fuel: 0, fuel2: 0, depth: 0, maxDepth };
    this.bulkUnit = bulkUnit;
    this.limits = limits;
    this.#objectBytes = limits.gcBytes ?? Infinity;
    this.metering = metering;
    const ask =
      onOutOfFuel && ((info: Parameters<OnOutOfFuel>[0]) => this.#aboveLeaf(() => onOutOfFuel(info)));
    this.checksEveryRegion = limitInEveryRegion && fuel !== undefined;
    const account = { limit: fuel, onOutOfFuel: ask, interrupt: this.interrupt };
    this.account = limitInEveryRegion
      ? new Fuel(this, { ...account, onLimited: () => this.#checkEveryRegion() })
      : new Fuel(this, { ...account, shared: true });
  }

  /** Before the host calls code of this Runtime: afterwards, whatever comes of it, who was there before `enter`s again. */
  enter(): Leaving | undefined {
    if (running !== this) return this.#takeOver();
    if (this.#onStack) return undefined;
    this.#onStack = true;
    return this.#rest;
  }

  /** The registers are another Runtime's: given back only if its code has called the host, and so waits. */
  #takeOver(): Leaving {
    const outer = running;
    const wasOnStack = this.#onStack;
    if (outer !== undefined) copy(S, outer.#own);
    copy(this.#own, S);
    running = this;
    this.#onStack = true;
    if (outer === undefined || !outer.#onStack) return this.#rest;
    const enter = () => {
      this.#onStack = wasOnStack;
      copy(S, this.#own);
      copy(outer.#own, S);
      running = outer;
    };
    return { enter };
  }

  /** Whether code of this Runtime is on the stack: it may have called the host, but it has not returned. */
  get isRunning(): boolean {
    return this.#onStack;
  }

  /** Where what belongs to this Runtime is now. */
  get #registers(): Own {
    return running === this ? S : this.#own;
  }

  get fuel(): number {
    return this.#registers.fuel;
  }

  set fuel(amount: number) {
    this.#registers.fuel = amount;
  }

  get fuel2(): number {
    return this.#registers.fuel2;
  }

  set fuel2(amount: number) {
    this.#registers.fuel2 = amount;
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

  waitAt(
    cells: Int32Array | BigInt64Array,
    index: number,
    expected: number | bigint,
    ms: number,
  ): 'ok' | 'not-equal' | 'timed-out' {
    if (this.metering) return this.interrupt.waitAt(cells, index, expected, ms);
    return Atomics.wait(cells as Int32Array, index, expected as number, ms);
  }

  /** Runs host code in the middle of a function that may use cells it has not announced. */
  #aboveLeaf<Result>(run: () => Result): Result {
    const { sp } = S;
    S.sp = sp + LEAF_CELLS;
    try {
      return run();
    } finally {
      S.sp = sp;
    }
  }

  /** Bytes of new objects; nothing is given back, since nobody tells when an object has gone. */
  mayAllocate(bytes: number): boolean {
    if (bytes > this.#objectBytes) return false;
    this.#objectBytes -= bytes;
    return true;
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

function copy(from: Own, to: Own): void {
  to.limit = from.limit;
  to.fuel = from.fuel;
  to.fuel2 = from.fuel2;
  to.depth = from.depth;
  to.maxDepth = from.maxDepth;
}
