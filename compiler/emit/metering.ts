/**
 * What is charged, and where (DESIGN.md §6). Every instruction costs its entry in the table of costs; a straight-line
 * region is charged at its start and the account looked at:
 *
 *   if ((S.fuel = S.fuel - 7 | 0) < 0) `${E}`;
 *
 * The slow path asks `E` for its text: `toString` fetches the next slice (or throws). Written as a call, or followed
 * by anything that gathers feedback, it would be code that never ran when V8 optimises, which V8 makes a
 * deoptimisation; once a slice, some function somewhere ran into one. Turning an object into a string has no feedback.
 *
 * Where fuel is limited, that is so at every region: a run stops at most one region beyond the limit. Where it is only
 * counted, the look (which also serves deadlines and interrupts) is taken at function entry and at loop headers, and
 * other regions just deduct; measured on CPython, that is a third faster.
 *
 * A function with a loop that makes no calls counts in a local int32 instead, which V8 keeps in a register; then the
 * store is brought up to date around calls, at exits, and when an error passes through:
 *
 *   if ((fl = fl - 7 | 0) < 0) S.fuel = fl, `${E}`, fl = S.fuel;
 *
 * Where control parts, a region that cannot trap leaves its charge to the two that follow, if nothing else leads there: an
 * early return is paid for at once (`Fork`).
 *
 * A region opens lazily, with its first charged instruction, and is closed by whatever ends straight-line code:
 * conditional branches, labels, calls. The account behind it is `runtime/fuel.ts`.
 */
import type { Costs } from '../../runtime/costs.ts';
import { OPCODES } from '../opcodes.ts';
import * as js from './js.ts';
import { COUNTS, type RegionRecorder } from './region-counts.ts';
import { register } from './registers.ts';
import { WEIGHTS } from './weights.ts';

/** A region's charge: the statement that makes it, for the loop that moves its header's charge to the back edge. */
export interface Charge {
  readonly statement: js.Statement;
  readonly amount: Amount;
  readonly deduction: js.Expression;
  /** The slow path, where the account is looked at. */
  refuel: js.Expression | undefined;
  /** For a slow path that is made later. */
  readonly position: Position;
  /** Of a loop: made at every turn. */
  isHeader: boolean;
}

/** Where in the function something stands: after so many crossings, see function-emitter.ts. */
export interface Position {
  readonly number: number;
  readonly inLoop: boolean;
}

/** `before` is followed by one of two regions, which nothing else leads to. */
export interface Fork {
  readonly before: Charge;
  readonly arms: Charge[];
}

/** What a region costs, known when it is closed. */
interface Amount {
  cost: number;
  /** The region's number, where it is counted. */
  readonly region: number | undefined;
  /** Something in the region may trap. */
  mayTrap: boolean;
  /** It ends the function, without a call. */
  returns: boolean;
}

const FUEL = js.id('fl');

/** Which of the store's two counters a function spends from: twins of recursive functions the second. */
export type Purse = 'fuel' | 'fuel2';

/** A region is cut, and the account looked at, before charges could wrap the int32, whatever instructions cost. */
const LARGEST_REGION = 2 ** 28;

const numbered = new WeakMap<Costs, readonly number[]>();

function costsByNumber(costs: Costs): readonly number[] {
  let list = numbered.get(costs);
  if (list === undefined) {
    const made: number[] = [];
    for (const { number, name } of OPCODES) made[number] = costs[name] ?? costs.default;
    numbered.set(costs, made);
    list = made;
  }
  return list;
}

/** A charge's expression, written when all is known. */
class Deduction {
  readonly node: js.Expression;
  readonly amount: Amount;
  constructor(node: js.Expression, amount: Amount) {
    this.node = node;
    this.amount = amount;
  }
}

/** How the emitter makes the slow path of a check. */
export interface SlowPaths {
  here(): Position;
  /** Where the emitter stands, or where it once stood. */
  make(at?: Position): js.Expression;
  drop(slowPath: js.Expression): void;
}

export class Meter {
  /** Of each instruction, by its row's number. */
  readonly #costs: readonly number[] | undefined;
  readonly #slowPaths: SlowPaths;
  #open: Charge | undefined;
  /** Every charge made, to be written at the end. */
  readonly #deductions: Deduction[] = [];
  #entry: Charge | undefined;
  readonly #forks: Fork[] = [];
  /** The fork that the next region is an arm of. */
  #parting: Fork | undefined;
  /** Every instruction costs something: every region has a charge. */
  readonly #isDense: boolean;
  /** The counter is a local variable, written back around calls; else it is the store's field itself. */
  isLocal = true;

  /** What the regions charge that came after the last check, but for the last one's. */
  #unchecked = 0;
  #last: Amount | undefined;
  readonly #everyRegion: boolean;
  /** For profiles: regions are counted. */
  readonly #recorder: RegionRecorder | undefined;
  /** The counter's register: `S.fuel`. */
  readonly stored: js.Expression;

  /** Without costs nothing is metered. */
  constructor(
    costs: Costs | undefined,
    everyRegion: boolean,
    purse: Purse,
    slowPaths: SlowPaths,
    recorder?: RegionRecorder,
  ) {
    this.#recorder = recorder;
    this.#costs = costs && costsByNumber(costs);
    this.#isDense = this.#costs?.every((cost) => cost > 0) ?? false;
    this.#everyRegion = everyRegion;
    this.stored = register(everyRegion ? 'fuel' : purse);
    this.#slowPaths = slowPaths;
  }

  get enabled(): boolean {
    return this.#costs !== undefined;
  }

  /**
   * Charges an instruction that no open region takes; returns the new region's charge, to be emitted at once. At the start
   * of a function and of a loop it is also where the account is looked at: there a region costs at least 1, so that no
   * table of costs makes a loop that cannot be stopped.
   */
  open(instruction: number, atStart: boolean): Charge | undefined {
    const cost = this.#costs![instruction]!;
    if (cost === 0 && (this.#open !== undefined || !atStart)) return undefined;
    const amount: Amount = {
      cost,
      region: this.#recorder?.open(cost),
      mayTrap: false,
      returns: false,
    };
    this.#unchecked += this.#last?.cost ?? 0;
    this.#last = amount;
    const checked = atStart || this.#everyRegion || this.#unchecked > LARGEST_REGION;
    if (checked) this.#unchecked = 0;
    const deduction = this.#deduct(amount);
    const position = this.#slowPaths.here();
    const statement = js.statement(deduction);
    const opened: Charge = { statement, amount, deduction, refuel: undefined, position, isHeader: false };
    if (checked) {
      this.#check(opened);
      this.#entry ??= opened;
    }
    this.#open = opened;
    this.#parting?.arms.push(opened);
    this.#parting = undefined;
    return opened;
  }

  /** Charges one instruction, by its row's number, to the region that is open; false if it has to `open` one. */
  add(instruction: number): boolean {
    if (this.#costs === undefined) return true;
    if (this.#open === undefined || this.#open.amount.cost > LARGEST_REGION) return false;
    const cost = this.#costs[instruction]!;
    this.#open.amount.cost += cost;
    this.#recorder?.add(cost);
    return true;
  }

  /** The region that is open, if nothing in it may trap: whoever traps must not have paid for what comes after. */
  get quietRegion(): Charge | undefined {
    return this.#open?.amount.mayTrap === true ? undefined : this.#open;
  }

  /** What was charged last may trap. */
  noteTrap(): void {
    if (this.#open !== undefined) this.#open.amount.mayTrap = true;
  }

  /**
   * Where fuel is only counted, a region may pay for the first turn of the loop that it leads into: a look is taken on the back
   * edge in any case, and was taken before.
   */
  join(before: Charge | undefined, header: Charge): boolean {
    if (before === undefined || this.#everyRegion) return false;
    const sum = (before.amount.cost || 1) + (header.amount.cost || 1);
    if (sum > LARGEST_REGION) return false;
    before.amount.cost = sum;
    return true;
  }

  #check(charge: Charge, at?: Position): void {
    charge.refuel = this.#slowPaths.make(at);
    const overdrawn = js.binary('<', charge.deduction, js.number(0));
    js.become(charge.statement, js.ifElse(overdrawn, [js.statement(charge.refuel)]));
  }

  /** Takes back a check; what it took remains. */
  #uncheck(charge: Charge): void {
    if (charge.refuel === undefined) return;
    js.become(charge.statement, js.statement(charge.deduction));
    this.#slowPaths.drop(charge.refuel);
    charge.refuel = undefined;
  }

  // ------------------------------------------------------------------ where control parts

  /**
   * Control parts here: the next region to open is one arm, another one opens after `otherArm`. Undefined where the region
   * that is open has to be paid for now.
   */
  fork(): Fork | undefined {
    const before = this.quietRegion;
    if (before === undefined || before.isHeader || this.#everyRegion || !this.#isDense) return undefined;
    const fork: Fork = { before, arms: [] };
    this.#forks.push(fork);
    this.#parting = fork;
    return fork;
  }

  otherArm(fork: Fork): void {
    this.#parting = fork;
  }

  /** The region that is open ends the function. */
  noteReturn(): void {
    if (this.#open !== undefined) this.#open.amount.returns = true;
  }

  /** Charges move to where control has parted; those before come first. */
  #settleForks(): void {
    for (const { before, arms } of this.#forks) {
      if (arms.length < 2 || arms.some(({ amount }) => amount.cost + before.amount.cost > LARGEST_REGION))
        continue;
      for (const arm of arms) {
        arm.amount.cost += before.amount.cost;
        if (before.refuel !== undefined && arm.refuel === undefined && !arm.amount.returns) {
          this.#check(arm, arm.position);
        }
      }
      this.#uncheck(before);
      js.become(before.statement, js.block([]));
    }
  }

  /** What follows may be reached in another way than by falling through, or not at all. */
  endRegion(): void {
    this.#open = undefined;
  }

  /** The same charge as a condition: what is left is enough to go round again. */
  enough(charge: Charge): js.Expression {
    return js.binary('>=', this.#deduct(charge.amount), js.number(0));
  }

  /** A statement that changes nothing. */
  touch(): js.Statement {
    return js.set(FUEL, js.binary('|', FUEL, js.number(0)));
  }

  /** The slow path of a check of its own. */
  refuel(): js.Expression {
    return this.#slowPaths.make();
  }

  #deduct(amount: Amount): js.Expression {
    const node = js.late(js.ASSIGNMENT, WEIGHTS.charge);
    this.#deductions.push(new Deduction(node, amount));
    return node;
  }

  /**
   * Writes all charges, once it is known whether a loop of the function runs without calls: `fl = fl - 7 | 0`, or
   * `S.fuel = S.fuel - 7 | 0`. Where fuel is only counted, a function without calls and loops, which ends by itself, does not
   * look. So V8 need not look whether the difference fits an int32 (`-=` costs CPython 5 %).
   */
  settle(isLocal: boolean, endsByItself: boolean): void {
    this.isLocal = isLocal;
    if (endsByItself && !this.#everyRegion && this.#entry !== undefined) this.#uncheck(this.#entry);
    this.#settleForks();
    const counter = isLocal ? 'fl' : this.stored.text;
    for (const { node, amount } of this.#deductions) {
      const cost = amount.cost || 1;
      const charge = amount.region === undefined ? cost : `(${COUNTS}.counts[${amount.region}]++, ${cost})`;
      js.fill(node, `${counter} = ${counter} - ${charge} | 0`);
    }
  }
}
