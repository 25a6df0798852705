/**
 * Who called whom, as profiled code tells (compiler/emit/region-counts.ts): a tree of calls that grows as functions are entered, and
 * the counts of each. One place in the tree stands for all calls that came about the same way.
 *
 * A function that is entered while it is being executed already goes on counting where it did first: so recursion makes no deeper
 * tree. Where a program calls its functions in more ways than anybody could look at, the cheap ones are told together, by function.
 */
import type { CallCounts } from '../compiler/emit/region-counts.ts';

/** A function, as the tree knows it. */
export interface CalledFunction {
  /** By number: byte offsets and costs of its instructions, in turn. */
  readonly regions: number[][];
}

/** What a function was charged for itself. */
export interface OwnCharges {
  /** By region. */
  readonly counts: Float64Array;
  /** By byte offset: what was charged for sizes. */
  readonly sizes: Map<number, number>;
}

/** So many places the tree has at most: memory is finite. */
const MOST_CALLS = 250_000;

export class Call implements CallCounts, OwnCharges {
  /** Undefined: the root, and what is beyond the tree's size. */
  readonly called: CalledFunction | undefined;
  readonly caller: Call | undefined;
  readonly counts: Float64Array;
  readonly sizes = new Map<number, number>();
  readonly #entered = new Map<CalledFunction, Call>();

  constructor(called?: CalledFunction, caller?: Call) {
    this.called = called;
    this.caller = caller;
    // It is being entered: all its regions are known.
    this.counts = new Float64Array(called?.regions.length ?? 0);
  }

  known(called: CalledFunction): Call | undefined {
    return this.#entered.get(called);
  }

  note(called: CalledFunction, call: Call): void {
    this.#entered.set(called, call);
  }

  /** Those whose place is here, and not further up. */
  get calls(): Call[] {
    return [...this.#entered.values()].filter(({ caller }) => caller === this);
  }
}

/** What each region of a function costs. */
export function chargesOf(costs: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < costs.length; i += 2) sum += costs[i]!;
  // Where everything is free, the first instruction is not.
  return sum || 1;
}

function ownFuel({ called, counts, sizes }: Call): number {
  let fuel = 0;
  called?.regions.forEach((costs, region) => {
    const count = counts[region] ?? 0;
    if (count > 0) fuel += count * chargesOf(costs);
  });
  for (const size of sizes.values()) fuel += size;
  return fuel;
}

/** A tree that people can look at: its dearest places, and all others by function. */
export interface Overview {
  readonly kept: ReadonlySet<Call>;
  readonly others: ReadonlyMap<CalledFunction, OwnCharges>;
}

export class CallTree {
  readonly root = new Call();
  current = this.root;
  /** Charged outside of functions: constant expressions. */
  constants = 0;
  /** The instruction that is going to be charged for. */
  #announced: { readonly by: Call; readonly offset: number } | undefined;
  #size = 0;
  /** Functions that are called beyond the tree's size. */
  readonly #beyond = new Call();
  readonly #most: number;

  constructor(most: number = MOST_CALLS) {
    this.#most = most;
  }

  /** The current function calls another one. */
  enter(called: CalledFunction): Call {
    const from = this.current;
    this.current = from.known(called) ?? this.#first(from, called);
    return this.current;
  }

  #first(from: Call, called: CalledFunction): Call {
    let call: Call | undefined = from;
    while (call !== undefined && call.called !== called) call = call.caller;
    if (call === undefined) {
      const place = this.#size++ < this.#most ? from : this.#beyond;
      call = place.known(called) ?? new Call(called, place);
      place.note(called, call);
    }
    from.note(called, call);
    return call;
  }

  /** Undefined: what comes next is for no instruction. */
  announce(offset: number | undefined): void {
    this.#announced = offset === undefined ? undefined : { by: this.current, offset };
  }

  charge(amount: number): void {
    const announced = this.#announced;
    this.#announced = undefined;
    if (announced === undefined) this.constants += amount;
    else addTo(announced.by.sizes, announced.offset, amount);
  }

  /** At most so many places, those that cost most with all that was called there. */
  overview(most: number): Overview {
    const all = below(this.root);
    const totals = new Map(all.map((call) => [call, ownFuel(call)]));
    for (const call of [...all].reverse())
      if (call.caller !== undefined) addTo(totals, call.caller, totals.get(call)!);
    // Nobody costs more than who called them, and of equals those before come first: what is kept is a tree.
    const dearest = [...all].sort((a, b) => totals.get(b)! - totals.get(a)!);
    const others = new Map<CalledFunction, OwnCharges>();
    for (const call of [...dearest.slice(most), ...below(this.#beyond)]) addCharges(others, call);
    return { kept: new Set(dearest.slice(0, most)), others };
  }
}

/** All calls below one, callers first. */
function below(top: Call): Call[] {
  const found: Call[] = [];
  const open = [...top.calls];
  for (let call = open.pop(); call !== undefined; call = open.pop()) {
    found.push(call);
    open.push(...call.calls);
  }
  return found;
}

function addTo<Key>(sums: Map<Key, number>, key: Key, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

function addCharges(all: Map<CalledFunction, OwnCharges>, { called, counts, sizes }: Call): void {
  let own = all.get(called!);
  if (own === undefined) {
    own = { counts: new Float64Array(called!.regions.length), sizes: new Map() };
    all.set(called!, own);
  }
  counts.forEach((count, region) => {
    own.counts[region]! += count;
  });
  for (const [offset, amount] of sizes) addTo(own.sizes, offset, amount);
}
