/**
 * The operand stack at compile time: values that are still expressions ("pending"), not yet computed.
 *
 *   local.get 0 · i32.const 5 · i32.add · local.set 1      →      l1 = l0 + 5 | 0
 *
 * A pending expression must be computed before anything that would change its value or outrun its effects: before
 * `local.set 0` if it reads local 0; before a store if it loads or may trap; before every branch target. It is then
 * stored in its slot (`s3`, or a register-file cell): "settled". Pending values settle from the bottom up, so that
 * what may trap stays in order.
 *
 * A value at height h reads only slots ≥ h (it was made from operands at h and above): overwriting slot h can disturb
 * only pending values below it, and those settle first.
 */
import type { ValueType } from '../../runtime/types.ts';
import type { Facts } from './jitless/facts.ts';
import { assignHalves, High } from './jitless/halves.ts';
import * as js from './js.ts';
import type { Places } from './places.ts';
import type { Vector } from './simd/vector.ts';

/** What a pending expression does or depends on, as bits. */
export const TRAPS = 1;
/** Reads memory or a table. */
export const LOADS = 2;
export const READS_GLOBAL = 4;
export const ANY_EFFECT = 7;

/** What an expression reads: local n as n; slot h as −1 − h; the outgoing cells as OUTGOING. */
export type Reads = readonly number[];
export const NOTHING: Reads = [];
export const OUTGOING = 0x7fffffff;
const slotRead = (height: number): number => -1 - height;

const NO_VALUES: Value[] = [];

const reads = new Map<number, Reads>();

/** The one list of just this. */
export function readOf(what: number): Reads {
  let list = reads.get(what);
  if (list === undefined) {
    list = [what];
    reads.set(what, list);
  }
  return list;
}

export interface Value {
  readonly node: js.Expression;
  readonly type: ValueType;
  readonly effects: number;
  readonly reads: Reads;
  /** Instructions in the expression that compute something. */
  readonly operations: number;
  /** The node yields true or false where an i32 is meant. */
  readonly isBoolean: boolean;
  /** Known at compile time (numeric types). */
  readonly constant: number | bigint | undefined;
  /** Of a v128; `node` means nothing then, and `constant` is 0 if its lanes are known. */
  readonly vector?: Vector;
  /** Of an i64 that is two int32; `node` is the low one then. */
  readonly high?: High | undefined;
  /** In code for an interpreter. */
  readonly facts?: Facts | undefined;
}

/** Larger expressions are stored in a slot, so that neither V8's parser nor the printer nests deeply. */
const OPERATIONS_LIMIT = 6;
/** The same for an interpreter, which has to move what is stored. */
const INTERPRETED_LIMIT = 24;
/** More pending values than this are settled from the bottom, so that looking through them stays cheap. */
const PENDING_LIMIT = 32;

export class OperandStack {
  readonly #places: Places;
  readonly #emit: (statement: js.Statement) => void;
  readonly #limit: number = OPERATIONS_LIMIT;
  #values: Value[] = [];
  /** All values below this height are settled or constants. */
  #settledBelow = 0;

  constructor(places: Places, emit: (statement: js.Statement) => void, interpreted = false) {
    if (interpreted) this.#limit = INTERPRETED_LIMIT;
    this.#places = places;
    this.#emit = emit;
  }

  get height(): number {
    return this.#values.length;
  }

  push(value: Value): void {
    this.#values.push(value);
    if (value.operations > this.#limit) this.settle(this.height - 1);
    else if (this.height - this.#settledBelow > PENDING_LIMIT)
      this.settleUpTo(this.height - PENDING_LIMIT / 2);
  }

  pop(): Value {
    const value = this.#values.pop();
    if (value === undefined) throw new Error('operand stack underflow');
    if (this.#settledBelow > this.#values.length) this.#settledBelow = this.#values.length;
    return value;
  }

  /** Takes the top `count` values, lowest first. */
  popMany(count: number): Value[] {
    if (count === 0) return NO_VALUES;
    // Literals: an array that grows takes room for 17.
    if (count === 1) return [this.pop()];
    const base = this.height - count;
    const values = this.#values;
    const taken = count === 2 ? [values[base]!, values[base + 1]!] : values.slice(base);
    this.truncate(base);
    return taken;
  }

  /** The value `depth` below the top. */
  peek(depth = 0): Value {
    return this.#values[this.height - 1 - depth]!;
  }

  at(height: number): Value {
    return this.#values[height]!;
  }

  /** Drops everything above a height. */
  truncate(height: number): void {
    this.#values.length = height;
    if (this.#settledBelow > height) this.#settledBelow = height;
  }

  /** Pushes a value that already lies in its slot. */
  pushSettled(type: ValueType): void {
    if (type === 'v128') {
      this.#values.push(settledVector(this.height, this.#places.vectors.slot(this.height)));
      return;
    }
    if (this.#isHalved(type)) this.#values.push(this.#settledHalves(this.height));
    else this.#values.push(this.#settledValue(this.height, type, this.#places.slot(this.height, type)));
  }

  #isHalved(type: ValueType): boolean {
    return type === 'i64' && this.#places.halves;
  }

  #settledHalves(height: number): Value {
    const [low, high] = this.#places.slotHalves(height);
    return { ...this.#settledValue(height, 'i64', low), high: new High(high, this.#places.uses) };
  }

  #settledValue(height: number, type: ValueType, node: js.Expression): Value {
    return {
      node,
      type,
      effects: 0,
      reads: readOf(slotRead(height)),
      operations: 0,
      isBoolean: false,
      constant: undefined,
    };
  }

  isSettled(height: number): boolean {
    const { reads, operations } = this.#values[height]!;
    return operations === 0 && reads.length === 1 && reads[0] === slotRead(height);
  }

  /** The value lies where branches carry it. An i64 that is only settled is in a variable; here, it must be in its cell; a vector's lanes must be words. */
  isAnchored(height: number): boolean {
    return this.isSettled(height) && !this.#isLoose(height);
  }

  #isLoose(height: number): boolean {
    const { type, node, vector } = this.#values[height]!;
    if (vector !== undefined) return vector !== this.#places.vectors.slot(height);
    return type === 'i64' && !this.#places.halves && node.type === 'Identifier';
  }

  /** Stores the value at a height in its slot, after what must come before it. Constants too. */
  settle(height: number): void {
    if (!this.isSettled(height)) this.#put(height, false);
  }

  /** The same, but where paths meet: an i64 goes to its cell. */
  anchor(height: number): void {
    if (!this.isAnchored(height)) this.#put(height, true);
  }

  /** In straight-line code an i64 may be a BigInt variable. */
  #placeOf(height: number, { type }: Value, inCell: boolean): js.Expression {
    const loose = type === 'i64' && this.#places.layout === 'plain' && !inCell;
    return loose ? this.#places.variable(`t${height}`) : this.#places.slot(height, type);
  }

  #put(height: number, inCell: boolean): void {
    const value = this.#values[height]!;
    const slot = slotRead(height);
    const mask = value.effects & (TRAPS | LOADS) ? TRAPS | LOADS : 0;
    for (let h = this.#settledBelow; h < height; h++) {
      const below = this.#values[h]!;
      if ((below.effects & mask) !== 0 || below.reads.includes(slot)) this.settle(h);
    }
    if (value.vector !== undefined) {
      const { vector, expressions } = this.#places.vectors.settle(height, value.vector, inCell);
      this.#values[height] = settledVector(height, vector);
      if (expressions.length > 0) this.#emit(js.statement(js.sequence(expressions)));
      return;
    }
    if (this.#isHalved(value.type)) {
      const places = this.#places;
      this.#values[height] = this.#settledHalves(height);
      this.#emit(js.statement(js.sequence(assignHalves(places.slotHalves(height), value, places.uses))));
      return;
    }
    const place = this.#placeOf(height, value, inCell);
    this.#values[height] = this.#settledValue(height, value.type, place);
    this.store(place, value);
  }

  /** Emits `place = value`. */
  store(place: js.Expression, value: Value): void {
    this.#emit(js.set(place, machineValue(value)));
  }

  settleUpTo(height: number): void {
    for (let h = this.#settledBelow; h < height; h++) {
      if (this.#values[h]!.constant === undefined) this.settle(h);
    }
    this.#settledBelow = Math.max(this.#settledBelow, height);
  }

  /** Everything that is not a constant goes to its slot: before branch targets, loops, handlers. */
  settleAll(): void {
    this.settleUpTo(this.height);
  }

  /** Settles what has any of these effects. */
  settleEffects(mask: number): void {
    for (let h = this.#settledBelow; h < this.height; h++) {
      if ((this.#values[h]!.effects & mask) !== 0) this.settle(h);
    }
  }

  /** The slot that the next value will lie in; pending values that still read it are settled first. */
  nextSlot(type: ValueType): js.Expression {
    this.settleReaders(slotRead(this.height));
    return this.#places.slot(this.height, type);
  }

  /** Settles what may trap, except loads of vectors: these trap like each other, whichever comes first. */
  settleTraps(): void {
    for (let h = this.#settledBelow; h < this.height; h++) {
      const { effects, type } = this.#values[h]!;
      if ((effects & TRAPS) !== 0 && type !== 'v128') this.settle(h);
    }
  }

  /** Something is about to be written to the slots of the next height. */
  freeSlot(): void {
    this.settleReaders(slotRead(this.height));
  }

  /** Settles what reads a local, a slot or the outgoing cells, since that is about to change. */
  settleReaders(read: number): void {
    for (let h = this.#settledBelow; h < this.height; h++) {
      if (this.#values[h]!.reads.includes(read) && !(read < 0 && this.isSettled(h))) this.settle(h);
    }
  }
}

/** A vector that lies in the slot of that height. */
export function settledVector(height: number, vector: Vector): Value {
  return {
    node: js.NULL,
    type: 'v128',
    effects: 0,
    reads: readOf(slotRead(height)),
    operations: 0,
    isBoolean: false,
    constant: undefined,
    vector,
  };
}

/** The value as a number: a boolean becomes 0 or 1 (`| 0` is twice as fast as `? 1 : 0`, except in an interpreter). */
export function numeric(value: Value): js.Expression {
  if (value.high !== undefined) return value.high.joined(value.node);
  if (!value.isBoolean) return value.node;
  if (value.facts !== undefined) return js.conditional(value.node, js.number(1), js.number(0));
  return js.binary('|', value.node, js.number(0));
}

/** A value to be kept: an i64 literal is no object then, see opcodes/i64.ts. */
export function machineValue(value: Value): js.Expression {
  if (typeof value.constant !== 'bigint') return numeric(value);
  return js.call(js.id('A'), [js.number(64), value.node]);
}

/** All reads of several values. */
export function joinReads(values: readonly Value[]): Reads {
  let joined: Reads = NOTHING;
  for (let i = 0; i < values.length; i++) {
    const { reads } = values[i]!;
    if (reads.length === 0 || reads === joined) continue;
    if (joined.length === 0) joined = reads;
    else {
      const missing = reads.filter((read) => !joined.includes(read));
      if (missing.length > 0) joined = [...joined, ...missing];
    }
  }
  return joined;
}

/** The effects of several values. */
export function effectsOf(values: readonly Value[]): number {
  let effects = 0;
  for (let i = 0; i < values.length; i++) effects |= values[i]!.effects;
  return effects;
}

/** With the one that is made of these values. */
export function operationsOf(values: readonly Value[]): number {
  let sum = 1;
  for (let i = 0; i < values.length; i++) sum += values[i]!.operations;
  return sum;
}
