/**
 * For profiles of fuel: code that counts how often each of its regions (metering.ts) runs, on whose behalf, and what each region
 * is charged for.
 *
 *   const M = current(), N = entered(12);            calls from here on are N's; M's again when the function is left
 *   S.fuel = S.fuel - (N.counts[3]++, 7) | 0;
 *
 * Regions are numbered within their function in the order in which they are emitted: a function that is emitted again has the
 * same numbers. Not here: what becomes of the counts.
 */

/** One function, wherever it is called from the same way: how often each of its regions was paid for, by number. */
export interface CallCounts {
  readonly counts: Float64Array;
}

export interface RegionCounts {
  /** Tells this counting from others. */
  readonly id: number;
  /** Of a defined function, by the region's number: byte offsets and costs of its instructions, in turn. */
  readonly regionsOf: (defined: number) => number[][];
  /** What such code binds. */
  readonly library: {
    /** Who is charged. */
    readonly current: () => CallCounts;
    /** The same calls the function with this defined index, which is charged from now on. */
    readonly entered: (defined: number) => CallCounts;
    readonly resume: (counts: CallCounts) => void;
    /** The instruction at this offset is about to be charged for by its size. */
    readonly charging: (offset: number) => void;
  };
}

/** Where the counts of the function, and of whoever called it, are kept. */
export const COUNTS = 'N';
export const CALLERS_COUNTS = 'M';

/** The regions of one function, while it is emitted. */
export class RegionRecorder {
  readonly #regions: number[][];
  readonly #offset: () => number;
  #next = 0;
  #costs: number[] = [];

  /** `offset`: of the instruction that is being charged. */
  constructor(regions: number[][], offset: () => number) {
    this.#regions = regions;
    this.#offset = offset;
  }

  /** A region that begins with an instruction of such a cost; its number. */
  open(cost: number): number {
    this.#costs = [this.#offset(), cost];
    this.#regions[this.#next] = this.#costs;
    return this.#next++;
  }

  add(cost: number): void {
    this.#costs.push(this.#offset(), cost);
  }
}

/** Instructions that are charged for by their size as well: the runtime does that. */
export function isChargedBySize(name: string): boolean {
  return /^(?:memory|table|array)\.(?:grow|fill|copy|init|new)/.test(name);
}
