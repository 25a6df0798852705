/**
 * Comparisons and conversions of i64 that are halves, and `select` (see pairs.ts, whose rules hold here too).
 *
 *   i64.lt_u      (g0 ^ MIN) < (g1 ^ MIN) || g0 === g1 && (l0 ^ MIN) < (l1 ^ MIN)
 */
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { joinReads, numeric, TRAPS, type Value } from '../operand-stack.ts';
import { CHOICE, plus } from './facts.ts';
import type { Halves } from './halves.ts';
import { type Integers, pushComputed } from './integers.ts';
import {
  arithmetic,
  give,
  halves,
  isLiteral,
  left,
  PAIR_ARITHMETIC,
  plus2,
  popHalves,
  turned,
  unsigned,
} from './pairs.ts';

const { binary } = js;
const ZERO = js.number(0);
const SPAN = js.number(0x1_0000_0000);

// -------------------------------------------------------------------- comparisons

function pushBoolean(emitter: FunctionEmitter, values: readonly Value[], node: js.Expression): void {
  pushComputed(emitter, values, node, CHOICE, true);
}

const eqz: Integers = (emitter) => {
  const values = popHalves(emitter, 1);
  const [low, high] = halves(values[0]!);
  pushBoolean(emitter, values, js.unary('!', binary('|', low, high)));
};

function equality(isEqual: boolean): Integers {
  return (emitter) => {
    const values = popHalves(emitter, 2) as [Value, Value];
    const [[a0, a1], [b0, b1]] = [halves(values[0]), halves(values[1])];
    const operator = isEqual ? '===' : '!==';
    const [low, high] = [binary(operator, a0, b0), binary(operator, a1, b1)];
    pushBoolean(emitter, values, js.logical(isEqual ? '&&' : '||', low, high));
  };
}

/** `a1 < b1 || a1 === b1 && (a0 ^ MIN) < (b0 ^ MIN)` */
function order(operator: '<' | '<=' | '>' | '>=', isSigned: boolean): Integers {
  return (emitter) => {
    const values = popHalves(emitter, 2) as [Value, Value];
    const [[a0, a1], [b0, b1]] = [halves(values[0]), halves(values[1])];
    if (isSigned && isLiteral(b0, 0) && isLiteral(b1, 0) && (operator === '<' || operator === '>='))
      return pushBoolean(emitter, values, binary(operator, a1, ZERO));
    const lows = binary(operator, turned(a0), turned(b0));
    if (isLiteral(a1, 0) && isLiteral(b1, 0)) return pushBoolean(emitter, values, lows);
    const strict = operator[0] as '<' | '>';
    const highs = isSigned ? binary(strict, a1, b1) : binary(strict, turned(a1), turned(b1));
    const sameHigh = binary('===', a1, b1);
    if (!isSigned && isLiteral(b1, 0) && strict === '<')
      return pushBoolean(emitter, values, js.logical('&&', sameHigh, lows));
    pushBoolean(emitter, values, js.logical('||', highs, js.logical('&&', sameHigh, lows)));
  };
}

// -------------------------------------------------------------------- conversions

const wrap: Integers = (emitter) => {
  const values = popHalves(emitter, 1);
  const [low] = halves(values[0]!);
  const { reads } = values[0]!;
  emitter.stack.push({
    node: low,
    type: 'i32',
    effects: 0,
    reads,
    // It may be half of a slot: not the slot.
    operations: 1,
    isBoolean: false,
    constant: low.type === 'Literal' ? Number(low.text) : undefined,
  });
};

/** An i32 on the stack becomes an i64. */
export function extend(emitter: FunctionEmitter, isSigned: boolean): void {
  const { stack } = emitter;
  const value = stack.pop();
  const node = numeric(value);
  if (value.effects & TRAPS) stack.settleEffects(TRAPS);
  give(emitter, (to) => [js.assign(to[0], node), js.assign(to[1], isSigned ? arithmetic(to[0], 31) : ZERO)]);
}

/** The low bits of an i64, extended with their sign. */
function extendFrom(bits: 8 | 16 | 32): Integers {
  return (emitter) => {
    const [low] = halves(popHalves(emitter, 1)[0]!);
    const own = bits === 32 ? low : arithmetic(left(low, 32 - bits), 32 - bits);
    give(emitter, (to) => [js.assign(to[0], own), js.assign(to[1], arithmetic(to[0], 31))]);
  };
}

/** Counts of bits, as i32. */
function count(make: (emitter: FunctionEmitter, a: Halves) => js.Expression): Integers {
  return (emitter) => {
    const node = make(emitter, halves(popHalves(emitter, 1)[0]!));
    give(emitter, (to) => [js.assign(to[0], node), js.assign(to[1], ZERO)]);
  };
}

const call = (emitter: FunctionEmitter, name: string, a: js.Expression) => js.call(emitter.use(name), [a]);

const clz = count((emitter, [low, high]) =>
  js.conditional(high, call(emitter, 'clz32', high), plus(call(emitter, 'clz32', low), 32)),
);
const ctz = count((emitter, [low, high]) => {
  const zeros = (a: js.Expression) =>
    call(emitter, 'clz32', binary('&', js.unary('~', a), binary('-', a, js.number(1))));
  return js.conditional(low, binary('-', js.number(32), zeros(low)), binary('-', js.number(64), zeros(high)));
});
const popcnt = count((emitter, [low, high]) =>
  binary('+', call(emitter, 'i32_popcnt', low), call(emitter, 'i32_popcnt', high)),
);

function toDouble(isSigned: boolean): Integers {
  return (emitter) => {
    const values = popHalves(emitter, 1);
    const [low, high] = halves(values[0]!);
    const upper = binary('*', isSigned ? high : unsigned(high), SPAN);
    emitter.stack.push({
      node: plus2(upper, unsigned(low)),
      type: 'f64',
      effects: 0,
      reads: joinReads(values),
      operations: 1,
      isBoolean: false,
      constant: undefined,
    });
  };
}

const bitsOfDouble: Integers = (emitter) => {
  const { stack } = emitter;
  const value = stack.pop();
  if (value.effects & TRAPS) stack.settleEffects(TRAPS);
  const [doubles, words] = [emitter.use('RD'), emitter.use('RL')];
  give(emitter, (to) => [
    js.assign(js.index(doubles, ZERO), value.node),
    js.assign(to[0], js.index(words, ZERO)),
    js.assign(to[1], js.index(words, js.number(1))),
  ]);
};

/** `c ? a : b`, half by half. */
export function emitHalvedSelect(emitter: FunctionEmitter, values: readonly Value[]): void {
  const { stack } = emitter;
  for (const value of values.slice(0, 2)) stack.push(value);
  const [first, second] = popHalves(emitter, 2).map(halves) as [Halves, Halves];
  const condition = values[2]!;
  if (condition.effects & TRAPS) stack.settleEffects(TRAPS);
  give(emitter, (to) => {
    const kept = emitter.temporary('x', stack.height);
    const lane = (n: 0 | 1) => js.assign(to[n], js.conditional(kept, first[n], second[n]));
    return [js.assign(kept, condition.node), lane(0), lane(1)];
  });
}

/** Every instruction that has a form for halves, those of memory and globals apart. */
export const PAIRS: Readonly<Record<string, Integers>> = {
  ...PAIR_ARITHMETIC,
  'i64.eqz': eqz,
  'i64.eq': equality(true),
  'i64.ne': equality(false),
  'i64.lt_s': order('<', true),
  'i64.le_s': order('<=', true),
  'i64.gt_s': order('>', true),
  'i64.ge_s': order('>=', true),
  'i64.lt_u': order('<', false),
  'i64.le_u': order('<=', false),
  'i64.gt_u': order('>', false),
  'i64.ge_u': order('>=', false),
  'i64.clz': clz,
  'i64.ctz': ctz,
  'i64.popcnt': popcnt,
  'i32.wrap_i64': wrap,
  'i64.extend_i32_s': (emitter) => extend(emitter, true),
  'i64.extend_i32_u': (emitter) => extend(emitter, false),
  'i64.extend8_s': extendFrom(8),
  'i64.extend16_s': extendFrom(16),
  'i64.extend32_s': extendFrom(32),
  'f64.convert_i64_s': toDouble(true),
  'f64.convert_i64_u': toDouble(false),
  'i64.reinterpret_f64': bitsOfDouble,
};
