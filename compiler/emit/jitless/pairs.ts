/**
 * i64 instructions on halves (halves.ts): each is one statement that leaves its result in the two variables of its slot.
 *
 *   i64.add      s0 = l0 + l1 | 0, o0 = (s0 ^ MIN) < (l1 ^ MIN) ? g0 + g1 + 1 | 0 : g0 + g1 | 0
 *
 * (`^ MIN` turns the order of signed numbers into that of unsigned ones.) The second operand is never the slot that is written, which
 * may be the first. Not here: loads and stores (pair-access.ts), and what is made of BigInts by its row's template.
 */

import type { StatementList } from '../frames.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import type { Reads, Value } from '../operand-stack.ts';
import { emitAll } from '../simd/local-vectors.ts';
import { plus } from './facts.ts';
import { type Halves, High, halvesOf } from './halves.ts';
import type { Integers } from './integers.ts';

const ZERO = js.number(0);
const MIN = -0x8000_0000;
const _SPAN = js.number(0x1_0000_0000);
/** 2^-32. */
const SHARE = js.number(2 ** -32);

const binary = js.binary;
const or0 = (node: js.Expression) => binary('|', node, ZERO);

// -------------------------------------------------------------------- values

/** A value that is two names. */
export function pushHalves({ stack, places }: FunctionEmitter, [low, high]: Halves, reads: Reads): void {
  stack.push({
    node: low,
    type: 'i64',
    effects: 0,
    reads,
    operations: 0,
    isBoolean: false,
    constant: undefined,
    high: new High(high, places.uses),
  });
}

/** The topmost values as names or literals, taken from the stack; an i32 may be an expression. */
export function popHalves({ stack }: FunctionEmitter, count: number): Value[] {
  for (let h = stack.height - count; h < stack.height; h++) {
    const value = stack.at(h);
    if (value.type === 'i64' && halvesOf(value) === undefined) stack.settle(h);
  }
  return stack.popMany(count);
}

export const halves = (value: Value): Halves => halvesOf(value)!;

/** The halves of the result: where they go, and what is assigned to them. */
type Make = (to: Halves) => readonly js.Expression[];

/** One statement, after which the result lies in its slot. */
export function give(emitter: FunctionEmitter, make: Make): void {
  const { stack, places } = emitter;
  stack.freeSlot();
  const { list } = emitter.frame;
  emitAll(emitter, make(places.slotHalves(stack.height)));
  stack.pushSettled('i64');
  emitter.lastPair = { make, list, at: list.statements.length, value: stack.peek() };
}

/** The statement that made a value, so that it could go elsewhere. */
export interface LastPair {
  readonly make: Make;
  readonly list: StatementList;
  /** How many statements there are behind it. */
  readonly at: number;
  readonly value: Value;
}

/** A value that was computed just now goes to a local at once, in place of its slot. */
export function movePair(emitter: FunctionEmitter, local: number, value: Value): boolean {
  const { lastPair: last, places } = emitter;
  const { list } = emitter.frame;
  if (last?.value !== value || last.list !== list || last.at !== list.statements.length) return false;
  list.pop();
  emitAll(emitter, last.make(places.localHalves(local)));
  return true;
}

/** Both halves, the low one first; `reads`: what the high one is made of. */
function inOrder(
  emitter: FunctionEmitter,
  low: js.Expression,
  high: js.Expression,
  reads: readonly js.Expression[],
): void {
  give(emitter, (to) => {
    if (!reads.includes(to[0])) return [js.assign(to[0], low), js.assign(to[1], high)];
    const kept = emitter.temporary('x', emitter.stack.height);
    return [js.assign(kept, low), js.assign(to[1], high), js.assign(to[0], kept)];
  });
}

/** What came back from a call in a cell. */
export function takeHalves(emitter: FunctionEmitter, cells: Halves): void {
  give(emitter, (to) => to.map((place, i) => js.assign(place, cells[i]!)));
}

// -------------------------------------------------------------------- parts of expressions

const numberOf = ({ type, text }: js.Expression) => (type === 'Literal' ? Number(text) : undefined);
export const isLiteral = (node: js.Expression, value: number) => numberOf(node) === value;

/** With its sign turned over. */
export function turned(node: js.Expression): js.Expression {
  const value = numberOf(node);
  return value === undefined ? binary('^', node, js.number(MIN)) : js.number(value ^ MIN);
}

/** As an unsigned number. */
export const unsigned = (node: js.Expression) => binary('>>>', node, ZERO);

function sum(a: js.Expression, b: js.Expression, more: number): js.Expression {
  const [one, other] = [numberOf(a), numberOf(b)];
  if (other !== undefined) return other + more === 0 ? a : or0(plus(a, other + more));
  if (one !== undefined) return one + more === 0 ? b : or0(plus(b, one + more));
  return or0(plus(binary('+', a, b), more));
}

function difference(a: js.Expression, b: js.Expression, less: number): js.Expression {
  const other = numberOf(b);
  if (other !== undefined) return other + less === 0 ? a : or0(plus(a, -(other + less)));
  return or0(plus(binary('-', a, b), -less));
}

// -------------------------------------------------------------------- arithmetic

type Operands = (emitter: FunctionEmitter, a: Halves, b: Halves) => void;

function two(make: Operands): Integers {
  return (emitter) => {
    const [a, b] = popHalves(emitter, 2) as [Value, Value];
    make(emitter, halves(a), halves(b));
  };
}

const add: Operands = (emitter, [a0, a1], [b0, b1]) => {
  if (isLiteral(b0, 0)) return inOrder(emitter, a0, sum(a1, b1, 0), []);
  give(emitter, ([low, high]) => {
    // The sum is smaller than either, if it carries: one that it does not overwrite.
    const [other, kept] =
      b0 !== low ? [b0, low] : a0 !== low ? [a0, low] : [b0, emitter.temporary('x', emitter.stack.height)];
    const carries = binary('<', turned(kept), turned(other));
    if (kept !== low)
      return [
        js.assign(kept, or0(plus2(a0, b0))),
        js.assign(high, js.conditional(carries, sum(a1, b1, 1), sum(a1, b1, 0))),
        js.assign(low, kept),
      ];
    return [
      js.assign(low, or0(plus2(a0, b0))),
      js.assign(high, js.conditional(carries, sum(a1, b1, 1), sum(a1, b1, 0))),
    ];
  });
};

export const plus2 = (a: js.Expression, b: js.Expression) => binary('+', a, b);

const sub: Operands = (emitter, [a0, a1], [b0, b1]) =>
  give(emitter, ([low, high]) => {
    const borrows = binary('<', turned(a0), turned(b0));
    const simple = isLiteral(b0, 0);
    const rest = difference(a1, b1, 0);
    return [
      js.assign(high, simple ? rest : js.conditional(borrows, difference(a1, b1, 1), rest)),
      js.assign(low, simple ? a0 : or0(binary('-', a0, b0))),
    ];
  });

/**
 * The product's low half is exact by `imul`. What is above it in the product of the low halves, as signed numbers, a double tells well
 * enough: it is off by less than 2^10. That a low half means 2^32 more where it is negative is made up for in the high ones.
 */
const mul: Operands = (emitter, [a0, a1], [b0, b1]) => {
  const imul = (a: js.Expression, b: js.Expression) => js.call(emitter.use('imul'), [a, b]);
  give(emitter, ([low, high]) => {
    const kept = emitter.temporary('x', emitter.stack.height);
    const rest = binary('*', binary('-', binary('*', a0, b0), kept), SHARE);
    const terms = [or0(plus(rest, ROUNDING)), arithmetic(kept, 31)];
    const [aHigh, bHigh] = [raised(a0, a1), raised(b0, b1)];
    if (!isLiteral(aHigh, 0)) terms.push(imul(aHigh, b0));
    if (!isLiteral(bHigh, 0)) terms.push(imul(a0, bHigh));
    const upper = terms.reduce(plus2);
    return [js.assign(kept, imul(a0, b0)), js.assign(high, or0(upper)), js.assign(low, kept)];
  });
};

/** Positive, before bits are cut off: so this rounds to the nearest. */
const ROUNDING = 2 ** 32 + 0.5;

/** The high half, one more where the low one is negative. */
function raised(low: js.Expression, high: js.Expression): js.Expression {
  const [known, above] = [numberOf(low), numberOf(high)];
  if (known !== undefined && above !== undefined) return js.number((above + (known < 0 ? 1 : 0)) | 0);
  return binary('-', high, arithmetic(low, 31));
}

/** Half by half; a literal may make it simpler. */
function lanes(operator: '&' | '|' | '^'): Operands {
  return (emitter, a, b) => {
    const lane = (n: 0 | 1): js.Expression => {
      const c = numberOf(b[n]);
      if (c === 0) return operator === '&' ? ZERO : a[n];
      if (c === -1 && operator === '&') return a[n];
      if (c === -1 && operator === '^') return js.unary('~', a[n]);
      return binary(operator, a[n], b[n]);
    };
    inOrder(emitter, lane(0), lane(1), []);
  };
}

// -------------------------------------------------------------------- shifts

/** `a << n`, or `a >>> n | 0`. */
export const left = (a: js.Expression, n: number) => (n === 0 ? a : binary('<<', a, js.number(n)));
const right = (a: js.Expression, n: number) => (n === 0 ? a : binary('>>>', a, js.number(n)));
export const arithmetic = (a: js.Expression, n: number) => (n === 0 ? a : binary('>>', a, js.number(n)));

/** The upper of two words that are shifted to the left by n, 0 < n < 32. */
const joined = (high: js.Expression, low: js.Expression, n: number) =>
  binary('|', left(high, n), right(low, 32 - n));

function shiftBy(name: string, emitter: FunctionEmitter, [a0, a1]: Halves, n: number): void {
  const m = n & 31;
  const far = n >= 32;
  if (n === 0) inOrder(emitter, a0, a1, []);
  else if (name === 'shl') {
    const high = far ? left(a0, m) : joined(a1, a0, m);
    give(emitter, (to) => [js.assign(to[1], high), js.assign(to[0], far ? ZERO : left(a0, m))]);
  } else if (name === 'rotl') {
    const [first, second] = far ? [a1, a0] : [a0, a1];
    if (m === 0) inOrder(emitter, first, second, [second]);
    else inOrder(emitter, joined(first, second, m), joined(second, first, m), [a0]);
  } else if (name === 'rotr') shiftBy('rotl', emitter, [a0, a1], 64 - n);
  else {
    const shifted = name === 'shr_s' ? arithmetic : right;
    const above = name === 'shr_s' ? arithmetic(a1, 31) : ZERO;
    if (far) inOrder(emitter, shifted(a1, m), above, []);
    else inOrder(emitter, joined(a1, a0, 32 - m), shifted(a1, m), []);
  }
}

/** By a count that is not known: in a loop's body every time by another. `n` is below 64. */
function shiftByVariable(name: string, emitter: FunctionEmitter, [a0, a1]: Halves, count: Halves): void {
  const n = emitter.temporary('y', emitter.stack.height);
  const mask = js.number(63);
  const amount = name === 'rotr' ? binary('&', js.unary('-', count[0]), mask) : binary('&', count[0], mask);
  const isNear = binary('<', js.assign(n, amount), js.number(32));
  const rest = binary('-', js.number(31), n);
  /** The upper of two words shifted to the left, 0 ≤ n < 32; and the lower of two to the right. */
  const upper = (high: js.Expression, low: js.Expression) =>
    binary('|', binary('<<', high, n), binary('>>>', right(low, 1), rest));
  const lower = (high: js.Expression, low: js.Expression) =>
    binary('|', binary('>>>', low, n), binary('<<', left(high, 1), rest));
  const x = emitter.temporary('x', emitter.stack.height);
  give(emitter, ([low, high]) => {
    const both = (l: js.Expression, h: js.Expression) =>
      js.sequence([js.assign(x, l), js.assign(high, h), js.assign(low, x)]);
    const choose = (near: js.Expression, far: js.Expression) => [js.conditional(isNear, near, far)];
    if (name === 'shl')
      return choose(both(binary('<<', a0, n), upper(a1, a0)), both(ZERO, binary('<<', a0, n)));
    if (name === 'shr_u') {
      const shifted = or0(binary('>>>', a1, n));
      return choose(both(lower(a1, a0), shifted), both(shifted, ZERO));
    }
    if (name === 'shr_s')
      return choose(both(lower(a1, a0), binary('>>', a1, n)), both(binary('>>', a1, n), arithmetic(a1, 31)));
    return choose(both(upper(a0, a1), upper(a1, a0)), both(upper(a1, a0), upper(a0, a1)));
  });
}

function shift(name: string): Integers {
  return (emitter) => {
    const [a, b] = popHalves(emitter, 2) as [Value, Value];
    if (typeof b.constant === 'bigint') shiftBy(name, emitter, halves(a), Number(b.constant & 63n));
    else shiftByVariable(name, emitter, halves(a), halves(b));
  };
}

export const PAIR_ARITHMETIC: Readonly<Record<string, Integers>> = {
  'i64.add': two(add),
  'i64.sub': two(sub),
  'i64.mul': two(mul),
  'i64.and': two(lanes('&')),
  'i64.or': two(lanes('|')),
  'i64.xor': two(lanes('^')),
  'i64.shl': shift('shl'),
  'i64.shr_s': shift('shr_s'),
  'i64.shr_u': shift('shr_u'),
  'i64.rotl': shift('rotl'),
  'i64.rotr': shift('rotr'),
};
