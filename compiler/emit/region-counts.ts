/**
 * For profiles of fuel: code that counts how often each of its regions (metering.ts) runs, and what each region is charged for.
 *
 *   S.fuel = S.fuel - (counts[291]++, 7) | 0;
 *
 * Regions are numbered from their function's offset in the module on, in the order in which they are emitted: a function that is
 * emitted again has the same numbers, and there are never more regions than bytes. Not here: what becomes of the counts.
 */
export interface RegionCounts {
  /** Tells this counting from others. */
  readonly id: number;
  /** By a region's number: byte offsets and costs of its instructions, in turn. */
  readonly regions: Map<number, number[]>;
  /** By a region's number: how often it was paid for. */
  readonly counts: Float64Array;
  /** The instruction at this offset is about to be charged for by its size. */
  readonly charging: (offset: number) => void;
}

/** Names that such code binds. */
export const COUNTS = 'counts';
export const CHARGING = 'charging';

/** The regions of one function, while it is emitted. */
export class RegionRecorder {
  readonly #regions: Map<number, number[]>;
  readonly #offset: () => number;
  #next: number;
  #costs: number[] = [];

  /** `start`: of the function's body; `offset`: of the instruction that is being charged. */
  constructor({ regions }: RegionCounts, start: number, offset: () => number) {
    this.#regions = regions;
    this.#next = start;
    this.#offset = offset;
  }

  /** A region that begins with an instruction of such a cost; its number. */
  open(cost: number): number {
    this.#costs = [this.#offset(), cost];
    this.#regions.set(this.#next, this.#costs);
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
