/**
 * The account of fuel. Generated code spends from an int32 in the store, one slice at a time; this class holds the wide
 * rest and is asked only when the slice is used up (`refuel`), which is also when interruption is looked at.
 *
 * Not here: what costs how much (`costs.ts`), and who charges where (`compiler/emit/metering.ts`).
 *
 * Between runs, and whenever a host function looks: consumed = taken − store.fuel − store.fuel2.
 */

import { HostError, negative, OutOfFuelError, wrongType } from './errors.ts';
import type { Interrupt } from './interrupt.ts';

/** Fuel of one slice: a few milliseconds, and far from the int32's ends. */
export const SLICE = 2 ** 20;
const WIDE_SLICE = BigInt(SLICE);

export interface FuelInfo {
  readonly consumed: bigint;
  readonly limit: bigint;
}

/** Asked when the fuel is used up: a positive amount is granted and the run goes on. */
// biome-ignore lint/suspicious/noConfusingVoidType: a callback may return nothing
export type OnOutOfFuel = (info: FuelInfo) => bigint | undefined | void;

/** What generated code counts with. */
export interface FuelCells {
  fuel: number;
  fuel2: number;
}

export interface FuelOptions {
  /** Undefined: unlimited, and counted. */
  readonly limit: bigint | undefined;
  readonly onOutOfFuel?: OnOutOfFuel | undefined;
  readonly interrupt: Interrupt;
  /** Called when fuel that was unlimited becomes limited. */
  readonly onLimited?: (() => void) | undefined;
  /** Code spends from both counters though fuel is limited: what there is, they share. Default false. */
  readonly shared?: boolean | undefined;
}

export class Fuel {
  readonly #store: FuelCells;
  readonly #onOutOfFuel: OnOutOfFuel | undefined;
  readonly #interrupt: Interrupt;
  readonly #onLimited: (() => void) | undefined;
  readonly #shared: boolean;
  /** Fuel that has left the pool for slices. */
  #taken = 0n;
  /** For profiles: told of every charge made here. */
  onCharge: ((amount: number) => void) | undefined;
  /** All that was ever granted. */
  #limit: bigint | undefined;

  constructor(store: FuelCells, options: FuelOptions) {
    if (options.limit !== undefined) checkAmount('fuel', options.limit);
    store.fuel = 0;
    store.fuel2 = 0;
    this.#store = store;
    this.#limit = options.limit;
    this.#onOutOfFuel = options.onOutOfFuel;
    this.#interrupt = options.interrupt;
    this.#onLimited = options.onLimited;
    this.#shared = options.shared ?? false;
  }

  /** Everything charged since the start. */
  get consumed(): bigint {
    const { fuel, fuel2 } = this.#store;
    return this.#taken - BigInt(fuel) - BigInt(fuel2);
  }

  /** All that was granted; undefined: unlimited. */
  get limit(): bigint | undefined {
    return this.#limit;
  }

  /** What is left; undefined: unlimited. Never below zero, though a region may have been charged beyond the limit. */
  get remaining(): bigint | undefined {
    if (this.#limit === undefined) return undefined;
    const remaining = this.#limit - this.consumed;
    return remaining > 0n ? remaining : 0n;
  }

  /** Grants more. What was consumed beyond the limit is paid from it first. No effect where fuel is unlimited. */
  add(amount: bigint): void {
    checkAmount('fuel to add', amount);
    if (this.#limit !== undefined) this.#limit += amount;
  }

  /** Makes `remaining` exactly `amount`. */
  set(amount: bigint): void {
    checkAmount('fuel', amount);
    const wasUnlimited = this.#limit === undefined;
    this.#taken = this.consumed;
    this.#store.fuel = 0;
    this.#store.fuel2 = 0;
    this.#limit = this.#taken + amount;
    if (wasUnlimited) this.#onLimited?.();
  }

  /** Charges what no generated code charges: constant expressions, bulk operations, growth. */
  charge(amount: number): void {
    this.onCharge?.(amount);
    const left = this.#store.fuel - amount;
    if (left >= 0) {
      this.#store.fuel = left;
    } else {
      this.#overdraw(-left);
      this.refuel();
    }
  }

  /**
   * Brings `store.fuel` to zero or more, or throws: out of fuel, past the deadline, interrupted. Returns whether
   * `onOutOfFuel` was asked, and may have done anything.
   */
  refuel(): boolean {
    if (this.#shared && this.#limit !== undefined) return this.#share();
    if (this.#store.fuel2 < 0) this.#refuelSecond();
    if (this.#store.fuel < 0) this.#overdraw(-this.#store.fuel);
    this.#interrupt.poll();
    if (this.#store.fuel >= 0) return false;
    let slice = WIDE_SLICE;
    let asked = false;
    if (this.#limit !== undefined) {
      asked = this.#withinLimit();
      const pool = this.#limit - this.#taken;
      if (pool < slice) slice = pool;
    }
    this.#taken += slice;
    this.#store.fuel += Number(slice);
    return asked;
  }

  /** Asks for more as long as more than the limit is consumed; returns whether it had to. */
  #withinLimit(): boolean {
    let asked = false;
    for (; this.#limit! < this.consumed; asked = true) this.#askForMore(this.#limit!);
    return asked;
  }

  /**
   * The same for two counters with a limit: what both have goes back, and is parted anew, so that neither keeps what the
   * other lacks. Both stay below zero until fuel is found: whichever is looked at first, the run stops there.
   */
  #share(): boolean {
    const store = this.#store;
    this.#taken = this.consumed - 2n;
    store.fuel = -1;
    store.fuel2 = -1;
    this.#interrupt.poll();
    const asked = this.#withinLimit();
    const { consumed } = this;
    const left = this.#limit! - consumed;
    const second = smaller(left / 2n, WIDE_SLICE);
    const first = smaller(left - second, WIDE_SLICE);
    this.#taken = consumed + first + second;
    store.fuel = Number(first);
    store.fuel2 = Number(second);
    return asked;
  }

  /** The next second slice; where fuel has become limited, the first one pays for it. */
  #refuelSecond(): void {
    const { fuel2 } = this.#store;
    if (this.#limit === undefined) {
      this.#taken += BigInt(SLICE - fuel2);
      this.#store.fuel2 = SLICE;
    } else {
      this.#store.fuel += fuel2;
      this.#store.fuel2 = 0;
    }
  }

  /** Moves a debt to the wide side, all but one: the int32 cannot wrap, and stays below zero until fuel is found. */
  #overdraw(debt: number): void {
    this.#taken += BigInt(debt) - 1n;
    this.#store.fuel = -1;
  }

  /** Returns when there may be more fuel: granted by the answer, or by the callback itself through `add` or `set`. */
  #askForMore(limit: bigint): void {
    const consumed = this.consumed;
    try {
      const grant = this.#onOutOfFuel?.({ consumed, limit });
      if (grant !== undefined) this.add(grant as bigint);
    } catch (error) {
      throw new HostError(error, false);
    }
    if (this.#limit === limit) throw new OutOfFuelError(consumed, limit);
  }
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function checkAmount(what: string, amount: unknown): void {
  if (typeof amount !== 'bigint') throw wrongType(`${what} to be a bigint`, amount);
  if (amount < 0n) throw negative(what, amount);
}
