/**
 * i32 instructions in as few bytecodes as possible, for an interpreter: `| 0` only where somebody looks at all bits, no `>>> 0` on what
 * is not negative, calls of built-in functions only where arithmetic would not be exact.
 *
 *   local.get 0 · i32.const 2 · i32.shl · i32.const 1024 · i32.add · i32.load      →      M32[l0 + 256] ?? load32(…)
 *
 * Not here: loads and stores (arrays.ts), 64-bit integers (pairs.ts); what has no handler is made by its row's template.
 */
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { effectsOf, joinReads, numeric, operationsOf, type Value } from '../operand-stack.ts';
import {
  between,
  CHOICE,
  type Facts,
  type Interval,
  intervalOf,
  loose,
  lowestBit,
  plus,
  rangeOf,
} from './facts.ts';

export type Integers = (emitter: FunctionEmitter) => void;

const MOST = 0x7fff_ffff;
const SIGN = js.number(-0x8000_0000);

export function pushComputed(
  { stack }: FunctionEmitter,
  values: readonly Value[],
  node: js.Expression,
  facts?: Facts,
  isBoolean = false,
): void {
  stack.push({
    node,
    type: 'i32',
    effects: effectsOf(values),
    reads: joinReads(values),
    operations: operationsOf(values),
    isBoolean,
    constant: undefined,
    facts,
  });
}

type Operands = (emitter: FunctionEmitter, a: Value, b: Value) => void;

function two(make: Operands): Integers {
  return (emitter) => {
    const [a, b] = emitter.stack.popMany(2) as [Value, Value];
    make(emitter, a, b);
  };
}

const upTo = (max: number, multiple = 1): Interval => ({ min: 0, max, multiple });

/** The constant operand, if it is one. */
function literal({ constant }: Value): number | undefined {
  return typeof constant === 'number' ? constant : undefined;
}

const normalised = (node: js.Expression) => js.binary('|', node, js.number(0));

const add: Operands = (emitter, a, b) => {
  const c = literal(b);
  const sum = c === undefined ? js.binary('+', loose(a), loose(b)) : plus(loose(a), c);
  const [one, other] = [intervalOf(a), intervalOf(b)];
  const interval = one && other && between(one.min + other.min, one.max + other.max, common(one, other));
  const known = a.facts?.scaled;
  const scaled = c !== undefined && known ? { ...known, base: known.base + c } : undefined;
  pushComputed(emitter, [a, b], interval ? sum : normalised(sum), { loose: sum, interval, scaled });
};

const common = (a: Interval, b: Interval) => Math.min(a.multiple, b.multiple);

const sub: Operands = (emitter, a, b) => {
  const difference = js.binary('-', loose(a), loose(b));
  const [one, other] = [intervalOf(a), intervalOf(b)];
  const interval = one && other && between(one.min - other.max, one.max - other.min, common(one, other));
  pushComputed(emitter, [a, b], interval ? difference : normalised(difference), {
    loose: difference,
    interval,
  });
};

/** Products below this are exact, of a factor with so many terms as a loose one may have. */
const SMALL_FACTOR = 2 ** 16;

const mul: Operands = (emitter, a, b) => {
  const c = literal(b);
  if (c !== undefined && Math.abs(c) <= SMALL_FACTOR) {
    const product = js.binary('*', loose(a), b.node);
    const known = intervalOf(a);
    const interval = known && scaledInterval(known, c);
    pushComputed(emitter, [a, b], interval ? product : normalised(product), { interval });
  } else pushComputed(emitter, [a, b], js.call(emitter.use('imul'), [loose(a), loose(b)]));
};

/** Times c, unless that may be negative zero. */
function scaledInterval({ min, max, multiple }: Interval, c: number): Interval | undefined {
  return c > 0 ? between(min * c, max * c, multiple * lowestBit(c)) : undefined;
}

const shl: Operands = (emitter, a, b) => {
  const node = js.binary('<<', loose(a), loose(b));
  const c = literal(b);
  if (c === undefined) return pushComputed(emitter, [a, b], node);
  const shift = c & 31;
  const known = intervalOf(a);
  const interval = known && scaledInterval(known, 2 ** shift);
  const scaled = shift <= 3 ? { term: loose(a), shift, base: 0 } : undefined;
  pushComputed(emitter, [a, b], node, { interval, scaled });
};

const shr_u: Operands = (emitter, a, b) => {
  const node = js.binary('>>>', loose(a), loose(b));
  const c = literal(b);
  if (c === undefined || (c & 31) === 0)
    return pushComputed(emitter, [a, b], normalised(node), { loose: node });
  pushComputed(emitter, [a, b], node, { interval: upTo((rangeOf(a) ?? 2 ** 32 - 1) >>> (c & 31)) });
};

const shr_s: Operands = (emitter, a, b) => {
  const most = rangeOf(a);
  const c = literal(b);
  const interval = most !== undefined && c !== undefined ? upTo(most >> c) : undefined;
  pushComputed(emitter, [a, b], js.binary('>>', loose(a), loose(b)), { interval });
};

const and: Operands = (emitter, a, b) => {
  const ranges = [rangeOf(a), rangeOf(b)].filter((range) => range !== undefined);
  const multiple = Math.max(intervalOf(a)?.multiple ?? 1, intervalOf(b)?.multiple ?? 1);
  const interval = ranges.length > 0 ? upTo(Math.min(...ranges), multiple) : undefined;
  pushComputed(emitter, [a, b], js.binary('&', loose(a), loose(b)), { interval });
};

/** All ones up to the highest bit of either. */
function joinedRange(a: Value, b: Value): Interval | undefined {
  const [one, other] = [rangeOf(a), rangeOf(b)];
  if (one === undefined || other === undefined) return undefined;
  return upTo(2 ** (32 - Math.clz32(one | other)) - 1);
}

const or: Operands = (emitter, a, b) =>
  pushComputed(emitter, [a, b], js.binary('|', loose(a), loose(b)), { interval: joinedRange(a, b) });

const xor: Operands = (emitter, a, b) => {
  if (literal(b) === -1) pushComputed(emitter, [a, b], js.unary('~', loose(a)));
  else pushComputed(emitter, [a, b], js.binary('^', loose(a), loose(b)), { interval: joinedRange(a, b) });
};

function signed(operator: js.BinaryOperator): Operands {
  return (emitter, a, b) =>
    pushComputed(emitter, [a, b], js.binary(operator, numeric(a), numeric(b)), CHOICE, true);
}

/** Of floats. */
function comparison(operator: js.BinaryOperator): Operands {
  return (emitter, a, b) => {
    const [one, other] = [a, b].map(({ facts, node }) => facts?.rough ?? node) as [
      js.Expression,
      js.Expression,
    ];
    pushComputed(emitter, [a, b], js.binary(operator, one, other), CHOICE, true);
  };
}

/** What is not negative is as large without a sign; else both signs are turned over. */
function unsigned(operator: '<' | '<=' | '>' | '>='): Operands {
  return (emitter, a, b) => {
    const plain = rangeOf(a) !== undefined && rangeOf(b) !== undefined;
    const c = literal(b);
    const node = plain
      ? js.binary(operator, numeric(a), numeric(b))
      : c !== undefined
        ? js.binary(operator, js.binary('>>>', loose(a), js.number(0)), js.number(c >>> 0))
        : js.binary(operator, turned(a), turned(b));
    pushComputed(emitter, [a, b], node, CHOICE, true);
  };
}

const turned = (value: Value) => js.binary('^', loose(value), SIGN);

/** Division without a test where the divisor is known. */
function unsignedDivision(operator: '/' | '%', helper: string): Operands {
  return (emitter, a, b) => {
    const c = literal(b);
    if (c === undefined || c === 0) {
      const node = js.call(emitter.use(helper, emitter.offset), [numeric(a), numeric(b)]);
      emitter.stack.push({
        node,
        type: 'i32',
        effects: effectsOf([a, b]) | 1,
        reads: joinReads([a, b]),
        operations: operationsOf([a, b]),
        isBoolean: false,
        constant: undefined,
      });
      return;
    }
    const most = rangeOf(a);
    const dividend = most === undefined ? js.binary('>>>', loose(a), js.number(0)) : a.node;
    const result = js.binary(operator, dividend, js.number(c >>> 0));
    const largest = operator === '/' ? Math.floor((most ?? 2 ** 32 - 1) / (c >>> 0)) : (c >>> 0) - 1;
    const interval = largest <= MOST ? upTo(largest) : undefined;
    const exact = operator === '%' && interval !== undefined;
    pushComputed(emitter, [a, b], exact ? result : normalised(result), { interval });
  };
}

const eqz: Integers = (emitter) => {
  const value = emitter.stack.pop();
  pushComputed(emitter, [value], js.unary('!', value.node), CHOICE, true);
};

export const INTEGERS: Readonly<Record<string, Integers>> = {
  'i32.add': two(add),
  'i32.sub': two(sub),
  'i32.mul': two(mul),
  'i32.div_u': two(unsignedDivision('/', 'i32_div_u')),
  'i32.rem_u': two(unsignedDivision('%', 'i32_rem_u')),
  'i32.and': two(and),
  'i32.or': two(or),
  'i32.xor': two(xor),
  'i32.shl': two(shl),
  'i32.shr_u': two(shr_u),
  'i32.shr_s': two(shr_s),
  'i32.eqz': eqz,
  'i32.eq': two(signed('===')),
  'i32.ne': two(signed('!==')),
  'i32.lt_s': two(signed('<')),
  'i32.le_s': two(signed('<=')),
  'i32.gt_s': two(signed('>')),
  'i32.ge_s': two(signed('>=')),
  'i32.lt_u': two(unsigned('<')),
  'i32.le_u': two(unsigned('<=')),
  'i32.gt_u': two(unsigned('>')),
  'i32.ge_u': two(unsigned('>=')),
};
for (const type of ['f32', 'f64']) {
  const comparisons = { eq: '===', ne: '!==', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
  for (const [name, operator] of Object.entries(comparisons))
    (INTEGERS as Record<string, Integers>)[`${type}.${name}`] = two(comparison(operator));
}
