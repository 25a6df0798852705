/**
 * Loads and stores of i64 that are two int32, through memory 0's arrays (arrays.ts), and globals.
 *
 *   i64.load      s0 = M32[y0 = l0 / 4] ?? load32(E, y0 * 4, 0), o0 = M32[y0 + 1] ?? load32(E, y0 * 4, 4)
 *   i64.store     MD[y0 = l0 / 8] !== undefined ? (M32[y0 = y0 * 2] = l1, M32[y0 + 1] = g1) : store64(…)
 *
 * What is stored as a whole lies at a multiple of eight as a rule; the look at the double says that all of it is there.
 */
import type { Immediate, MemoryArgument } from '../../function/sink.ts';
import type { Opcode } from '../../opcodes.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { LOADS, READS_GLOBAL, TRAPS, type Value } from '../operand-stack.ts';
import { emitAll } from '../simd/local-vectors.ts';
import { addressAt, emitArrayLoad, emitArrayStore, hasArrays, mayStore, placeOf } from './arrays.ts';
import { plus } from './facts.ts';
import { assignHalves, halvesOf } from './halves.ts';
import { extend, PAIRS } from './pair-conversions.ts';
import { give } from './pairs.ts';

type Handler = (emitter: FunctionEmitter, argument: MemoryArgument, offset: number) => boolean;

const E = js.id('E');

/** With fewer bits in memory: as an i32, extended. */
function narrowLoad(name: string, isSigned: boolean): Handler {
  return (emitter, argument, offset) => {
    if (!emitArrayLoad(emitter, name, argument, offset)) return false;
    extend(emitter, isSigned);
    return true;
  };
}

/** The low bits, as of an i32. */
function narrowStore(name: string): Handler {
  return (emitter, argument, offset) => {
    if (!mayStore(emitter, name, argument)) return false;
    PAIRS['i32.wrap_i64']!(emitter);
    return emitArrayStore(emitter, name, argument, offset);
  };
}

function load(emitter: FunctionEmitter, argument: MemoryArgument, offset: number): boolean {
  const { stack } = emitter;
  const place = placeOf(emitter, stack.peek(), argument, 2, 8);
  if (place === undefined) return false;
  stack.pop();
  stack.settleEffects(TRAPS);
  const words = emitter.useArray('M32');
  give(emitter, ([low, high]) => {
    if (place.certain && place.index.type === 'Literal') {
      const next = js.number(Number(place.index.text) + 1);
      return [js.assign(low, js.index(words, place.index)), js.assign(high, js.index(words, next))];
    }
    const at = emitter.temporary('y', stack.height);
    const [first, second] = [js.index(words, js.assign(at, place.index)), js.index(words, plus(at, 1))];
    if (place.certain) return [js.assign(low, first), js.assign(high, second)];
    const slowly = (more: number) =>
      js.call(emitter.use('load32', emitter.at(offset)), [
        E,
        addressAt(at, argument, 2),
        js.number(Number(argument.offset) + more),
      ]);
    return [js.assign(low, js.coalesce(first, slowly(0))), js.assign(high, js.coalesce(second, slowly(4)))];
  });
  return true;
}

function store(emitter: FunctionEmitter, argument: MemoryArgument, offset: number): boolean {
  const { stack } = emitter;
  const height = stack.height - 2;
  if (placeOf(emitter, stack.peek(1), argument, 2, 8) === undefined) return false;
  if (halvesOf(stack.peek()) === undefined) {
    // The address may trap before the value does.
    if (stack.peek(1).effects & TRAPS) stack.settle(height);
    stack.settle(height + 1);
  }
  const [address, value] = stack.popMany(2) as [Value, Value];
  stack.settleEffects(TRAPS | LOADS);
  const [low, high] = halvesOf(value)!;
  const words = emitter.useArray('M32');
  const certain = placeOf(emitter, address, argument, 2, 8)!;
  const at = emitter.temporary('y', height);
  const both = (first: js.Expression, second: js.Expression) => [
    js.assign(js.index(words, first), low),
    js.assign(js.index(words, second), high),
  ];
  if (certain.certain) {
    const { index } = certain;
    emitAll(
      emitter,
      index.type === 'Literal'
        ? both(index, js.number(Number(index.text) + 1))
        : both(js.assign(at, index), plus(at, 1)),
    );
    return true;
  }
  const place = placeOf(emitter, address, argument, 3)!.index;
  const found = js.index(emitter.useArray('MD'), js.assign(at, place));
  const doubled = js.assign(at, js.binary('*', at, js.number(2)));
  const slowly = js.call(emitter.use('store64', emitter.at(offset)), [
    E,
    addressAt(at, argument, 3),
    js.number(Number(argument.offset)),
    low,
    high,
  ]);
  emitAll(emitter, [
    js.conditional(js.binary('!==', found, js.UNDEFINED), js.sequence(both(doubled, plus(at, 1))), slowly),
  ]);
  return true;
}

const ACCESSES: Readonly<Record<string, Handler>> = {
  'i64.load': load,
  'i64.load8_s': narrowLoad('i32.load8_s', true),
  'i64.load8_u': narrowLoad('i32.load8_u', false),
  'i64.load16_s': narrowLoad('i32.load16_s', true),
  'i64.load16_u': narrowLoad('i32.load16_u', false),
  'i64.load32_s': narrowLoad('i32.load', true),
  'i64.load32_u': narrowLoad('i32.load', false),
  'i64.store': store,
  'i64.store8': narrowStore('i32.store8'),
  'i64.store16': narrowStore('i32.store16'),
  'i64.store32': narrowStore('i32.store'),
};

export function emitPairAccess(
  emitter: FunctionEmitter,
  row: Opcode,
  argument: MemoryArgument,
  offset: number,
): boolean {
  const handler = ACCESSES[row.name];
  return handler !== undefined && hasArrays(emitter, argument) && handler(emitter, argument, offset);
}

/** A global of this instance's own, or one that nobody changes. */
function wordsOf(emitter: FunctionEmitter, index: number): [js.Expression, js.Expression] | undefined {
  const { module } = emitter.context;
  const { type, mutable } = module.globals[index]!;
  if (type !== 'i64' || (mutable && index < module.importedGlobals)) return undefined;
  const words = emitter.use('GH');
  return [js.index(words, js.number(2 * index)), js.index(words, js.number(2 * index + 1))];
}

export function emitPairGlobal(emitter: FunctionEmitter, row: Opcode, immediate: Immediate): boolean {
  const words = wordsOf(emitter, immediate as number);
  if (words === undefined) return false;
  if (row.name === 'global.get') {
    give(emitter, (to) => to.map((place, i) => js.assign(place, words[i]!)));
    return true;
  }
  const value = emitter.stack.pop();
  emitter.stack.settleEffects(READS_GLOBAL | TRAPS);
  emitAll(emitter, assignHalves(words, value, emitter.places.uses));
  return true;
}
