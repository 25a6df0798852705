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
 * A region opens lazily, with its first charged instruction, and is closed by whatever ends straight-line code:
 * conditional branches, labels, calls. The account behind it is `runtime/fuel.ts`.
 */
import type { Costs } from '../../runtime/costs.ts';
import { OPCODES } from '../opcodes.ts';
import * as js from './js.ts';
import { register } from './registers.ts';
import { WEIGHTS } from './weights.ts';

/** A region's charge: the statement that makes it, for the loop that moves its header's charge to the back edge. */
export interface Charge {
  readonly statement: js.Statement;
  readonly amount: Amount;
}

/** What a region costs, known when it is closed. */
interface Amount {
  cost: number;
  /** Something in the region may trap. */
  mayTrap: boolean;
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

export class Meter {
  /** Of each instruction, by its row's number. */
  readonly #costs: readonly number[] | undefined;
  readonly #refuel: () => js.Expression;
  #open: Charge | undefined;
  /** Every charge made, to be written at the end. */
  readonly #deductions: Deduction[] = [];
  #entry: { statement: js.Statement; deduction: js.Expression; refuel: js.Expression } | undefined;
  /** The counter is a local variable, written back around calls; else it is the store's field itself. */
  isLocal = true;

  /** What the regions charge that came after the last check, but for the last one's. */
  #unchecked = 0;
  #last: Amount | undefined;
  readonly #everyRegion: boolean;
  /** The counter's register: `S.fuel`. */
  readonly stored: js.Expression;

  /** Without costs nothing is metered. `refuel` builds the slow path. */
  constructor(costs: Costs | undefined, everyRegion: boolean, purse: Purse, refuel: () => js.Expression) {
    this.#costs = costs && costsByNumber(costs);
    this.#everyRegion = everyRegion;
    this.stored = register(everyRegion ? 'fuel' : purse);
    this.#refuel = refuel;
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
    const amount: Amount = { cost, mayTrap: false };
    this.#unchecked += this.#last?.cost ?? 0;
    this.#last = amount;
    const checked = atStart || this.#everyRegion || this.#unchecked > LARGEST_REGION;
    if (checked) this.#unchecked = 0;
    const statement = checked ? this.#check(amount) : js.statement(this.#deduct(amount));
    this.#open = { statement, amount };
    return this.#open;
  }

  /** Charges one instruction, by its row's number, to the region that is open; false if it has to `open` one. */
  add(instruction: number): boolean {
    if (this.#costs === undefined) return true;
    if (this.#open === undefined || this.#open.amount.cost > LARGEST_REGION) return false;
    this.#open.amount.cost += this.#costs[instruction]!;
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

  #check(amount: Amount): js.Statement {
    const deduction = this.#deduct(amount);
    const refuel = this.#refuel();
    const overdrawn = js.binary('<', deduction, js.number(0));
    const statement = js.ifElse(overdrawn, [js.statement(refuel)]);
    this.#entry ??= { statement, deduction, refuel };
    return statement;
  }

  /**
   * A function without calls and loops ends by itself: where fuel is only counted, its entry need not look. Returns the
   * slow path that is no more.
   */
  dropEntryCheck(): js.Expression | undefined {
    if (this.#everyRegion || this.#entry === undefined) return undefined;
    js.become(this.#entry.statement, js.statement(this.#entry.deduction));
    return this.#entry.refuel;
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
    return this.#refuel();
  }

  #deduct(amount: Amount): js.Expression {
    const node = js.late(js.ASSIGNMENT, WEIGHTS.charge);
    this.#deductions.push(new Deduction(node, amount));
    return node;
  }

  /**
   * Writes all charges, once it is known whether a loop of the function runs without calls: `fl = fl - 7 | 0`, or
   * `S.fuel = S.fuel - 7 | 0`. So V8 need not look whether the difference fits an int32 (`-=` costs CPython 5 %).
   */
  settle(isLocal: boolean): void {
    this.isLocal = isLocal;
    const counter = isLocal ? 'fl' : this.stored.text;
    for (const { node, amount } of this.#deductions) {
      js.fill(node, `${counter} = ${counter} - ${amount.cost || 1} | 0`);
    }
  }
}
