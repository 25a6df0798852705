/**
 * Loads and stores of memory 0 through typed arrays, for an interpreter (5 M loads under --jitless on Node 20 / 26: DataView 100 / 96 ms, an
 * element 41 / 32, with the look for `undefined` 49 / 39).
 *
 *   i32.load offset=8      →     M32[((l0 >>> 0) + 8) / 4] ?? load32(E, l0, 8)
 *   i32.store              →     M32[y1 = l0 / 4] !== undefined ? M32[y1] = l1 : store32(E, y1 * 4, 0, l1)
 *
 * An index that is no integer, is negative, or lies out of bounds answers `undefined`: then a helper does the access, or traps.
 * A test like `a & 3` for alignment would cost more than the division. Where the address is known to lie in the memory's first
 * pages, at a multiple of the element's size, nothing is tested.
 */
import type { MemoryArgument } from '../../function/sink.ts';
import type { Opcode } from '../../opcodes.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { LOADS, TRAPS, type Value } from '../operand-stack.ts';
import { type Interval, intervalOf, loose, plus, rangeOf } from './facts.ts';

type ArrayName = 'M8' | 'S8' | 'M16' | 'S16' | 'M32' | 'MF' | 'MD';

interface Access {
  readonly array: ArrayName;
  readonly log: 0 | 1 | 2 | 3;
  readonly helper: string;
  /** Of loads: what the value lies between. */
  readonly interval?: Interval;
}

const E = js.id('E');
/** A literal: the name is a global one, which is looked up. */
const INFINITE = js.raw('1e999');

const ACCESSES: Readonly<Record<string, Access>> = {
  'i32.load': { array: 'M32', log: 2, helper: 'load32' },
  'i32.load8_u': { array: 'M8', log: 0, helper: 'load8_u', interval: { min: 0, max: 0xff, multiple: 1 } },
  'i32.load8_s': { array: 'S8', log: 0, helper: 'load8_s' },
  'i32.load16_u': {
    array: 'M16',
    log: 1,
    helper: 'load16_u',
    interval: { min: 0, max: 0xffff, multiple: 1 },
  },
  'i32.load16_s': { array: 'S16', log: 1, helper: 'load16_s' },
  'f32.load': { array: 'MF', log: 2, helper: 'load_f32' },
  'f64.load': { array: 'MD', log: 3, helper: 'load_f64' },
  'i32.store': { array: 'M32', log: 2, helper: 'store32' },
  'i32.store8': { array: 'M8', log: 0, helper: 'store8' },
  'i32.store16': { array: 'M16', log: 1, helper: 'store16' },
  'f32.store': { array: 'MF', log: 2, helper: 'store_f32' },
  'f64.store': { array: 'MD', log: 3, helper: 'store_f64' },
};

/** Memory 0 of this thread alone, with 32-bit addresses. */
export function hasArrays({ context: { module } }: FunctionEmitter, { memory }: MemoryArgument): boolean {
  const type = module.memories[0]!;
  return memory === 0 && !type.shared && type.address === 'i32';
}

interface Place {
  /** Of the element; it stands where it is evaluated once. */
  readonly index: js.Expression;
  /** The element is there. */
  readonly certain: boolean;
}

/** Where an access goes; undefined: nowhere in bounds, or not at a multiple of its size. */
export function placeOf(
  { context: { module } }: FunctionEmitter,
  value: Value,
  argument: MemoryArgument,
  log: number,
  bytes = 1 << log,
): Place | undefined {
  const { min, pageSize } = module.memories[0]!;
  const size = 1 << log;
  const offset = Number(argument.offset);
  if (typeof value.constant === 'number') {
    const address = (value.constant >>> 0) + offset;
    const fits = address % size === 0 && address + bytes <= min * pageSize;
    return fits ? { index: js.number(address / size), certain: true } : undefined;
  }
  const range = rangeOf(value);
  const certain = range !== undefined && range + offset + bytes <= min * pageSize;
  // An address from 2 GB on must not come down again by the offset.
  const exact = range !== undefined || offset === 0;
  const scaled = value.facts?.scaled;
  if (log > 0 && exact && scaled !== undefined && scaled.shift >= log) {
    const base = (scaled.base + offset) / size;
    const { term, shift } = scaled;
    const words = shift === log ? term : js.binary('*', term, js.number(2 ** (shift - log)));
    if (Number.isInteger(base)) return { index: plus(words, base), certain };
  }
  const start = exact ? loose(value) : js.binary('>>>', loose(value), js.number(0));
  const address = plus(start, offset);
  if (log === 0) return { index: address, certain };
  const aligned = offset % size === 0 && (intervalOf(value)?.multiple ?? 1) >= size;
  return { index: js.binary('/', address, js.number(size)), certain: certain && aligned };
}

/** The address that an index stands for, without the offset. */
export function addressAt(index: js.Expression, argument: MemoryArgument, log: number): js.Expression {
  const bytes = log === 0 ? index : js.binary('*', index, js.number(1 << log));
  const offset = Number(argument.offset);
  return offset === 0 ? bytes : js.binary('-', bytes, js.number(offset));
}

export function emitArrayAccess(
  emitter: FunctionEmitter,
  row: Opcode,
  argument: MemoryArgument,
  offset: number,
): boolean {
  if (ACCESSES[row.name] === undefined || !hasArrays(emitter, argument)) return false;
  const emit = row.effect === 'load' ? emitArrayLoad : emitArrayStore;
  return emit(emitter, row.name, argument, offset);
}

/** False: not by an array. */
export function emitArrayLoad(
  emitter: FunctionEmitter,
  name: string,
  argument: MemoryArgument,
  offset: number,
): boolean {
  const { stack } = emitter;
  const access = ACCESSES[name]!;
  const value = stack.peek();
  const place = placeOf(emitter, value, argument, access.log);
  if (place === undefined) return false;
  stack.pop();
  const found = loadFrom(emitter, value, place, access, argument, offset);
  stack.push({
    node: found.exact,
    type: name.slice(0, 3) as 'i32' | 'f32' | 'f64',
    effects: value.effects | TRAPS | LOADS,
    reads: value.reads,
    operations: value.operations + 1,
    isBoolean: false,
    constant: undefined,
    facts: { interval: access.interval, rough: found.rough },
  });
  return true;
}

/** The element, or what the helper makes of the address; of an f32 also without a look at what it is. */
function loadFrom(
  emitter: FunctionEmitter,
  value: Value,
  place: Place,
  { array, log, helper }: Pick<Access, 'array' | 'log' | 'helper'>,
  argument: MemoryArgument,
  offset: number,
): { readonly exact: js.Expression; readonly rough?: js.Expression } {
  const element = (index: js.Expression) => js.index(emitter.useArray(array), index);
  const isFloat = array === 'MF';
  if (place.certain && !isFloat) return { exact: element(place.index) };
  const again = js.isSimple(value.node) || (value.operations <= 2 && value.effects === 0);
  const kept = again ? undefined : emitter.temporary('y', emitter.stack.height);
  const index = kept === undefined ? place.index : js.assign(kept, place.index);
  const address = kept === undefined ? loose(value) : addressAt(kept, argument, log);
  const slowly = js.call(emitter.use(helper, emitter.at(offset)), [
    E,
    address,
    js.number(Number(argument.offset)),
  ]);
  const rough = js.coalesce(element(index), slowly);
  if (!isFloat) return { exact: rough };
  // What is neither a NaN nor missing is less, infinity apart.
  const float = emitter.temporary('x', emitter.stack.height);
  const found = js.assign(float, element(index));
  const exact = js.conditional(js.binary('<', found, INFINITE), float, slowly);
  return { exact, rough: place.certain ? element(place.index) : rough };
}

/** The address lies below the value. */
export function mayStore(emitter: FunctionEmitter, name: string, argument: MemoryArgument): boolean {
  return placeOf(emitter, emitter.stack.peek(1), argument, ACCESSES[name]!.log) !== undefined;
}

/** False: not by an array. */
export function emitArrayStore(
  emitter: FunctionEmitter,
  name: string,
  argument: MemoryArgument,
  offset: number,
): boolean {
  const { stack } = emitter;
  const access = ACCESSES[name]!;
  if (!mayStore(emitter, name, argument)) return false;
  // What traps comes in order; the address is looked at before the value is computed.
  if (stack.peek().effects & TRAPS && stack.peek(1).effects & TRAPS) stack.settle(stack.height - 2);
  const [address, value] = stack.popMany(2) as [Value, Value];
  const place = placeOf(emitter, address, argument, access.log)!;
  stack.settleEffects(TRAPS | LOADS);
  const target = { access, argument, offset };
  const stored =
    access.array === 'MF'
      ? storeFloat(emitter, place, target, value)
      : storeNumber(emitter, place, target, value);
  emitter.emit(js.statement(stored));
  return true;
}

/** Where a store goes. */
interface Target {
  readonly access: Access;
  readonly argument: MemoryArgument;
  readonly offset: number;
}

/** So many operations are written twice, rather than kept in a variable. Either is evaluated before the store can trap. */
const SHORT = 4;

function isShort({ operations }: Value, node: js.Expression): boolean {
  return js.isSimple(node) || operations <= SHORT;
}

/** The array takes the low bits of an i32. */
function storeNumber(emitter: FunctionEmitter, place: Place, target: Target, stored: Value): js.Expression {
  const node = stored.type === 'i32' ? loose(stored) : stored.node;
  const short = isShort(stored, node);
  const { array } = target.access;
  if (place.certain) return js.assign(js.index(emitter.useArray(array), place.index), node);
  const { test, element, slowly } = probed(emitter, place, target);
  const value = short ? node : emitter.places.variable(`k${emitter.stack.height}`);
  const choice = js.conditional(test, js.assign(element, value), slowly(value));
  return short ? choice : js.sequence([js.assign(value, node), choice]);
}

/** The array rounds; a NaN is the helper's. */
function storeFloat(
  emitter: FunctionEmitter,
  place: Place,
  target: Target,
  { node, facts }: Value,
): js.Expression {
  const unrounded = facts?.unrounded;
  const value = emitter.places.variable(`k${emitter.stack.height}`);
  const { test, element, slowly } = probed(emitter, place, target);
  const isNumber = js.binary('===', value, value);
  return js.sequence([
    js.assign(value, unrounded ?? node),
    js.conditional(
      js.logical('&&', test, isNumber),
      js.assign(element, value),
      slowly(unrounded === undefined ? value : js.call(emitter.use('fround'), [value])),
    ),
  ]);
}

/** Whether the element is there; the element, and what is done if not, once that was asked. */
function probed(
  emitter: FunctionEmitter,
  { index }: Place,
  { access: { array, log, helper }, argument, offset }: Target,
): {
  readonly test: js.Expression;
  readonly element: js.Expression;
  readonly slowly: (...values: readonly js.Expression[]) => js.Expression;
} {
  const isSimple = js.isSimple(index);
  const kept = isSimple ? index : emitter.temporary('y', emitter.stack.height);
  const found = js.index(emitter.useArray(array), isSimple ? index : js.assign(kept, index));
  const at = [E, addressAt(kept, argument, log), js.number(Number(argument.offset))];
  return {
    test: js.binary('!==', found, js.UNDEFINED),
    element: js.index(emitter.useArray(array), kept),
    slowly: (...values) => js.call(emitter.use(helper, emitter.at(offset)), [...at, ...values]),
  };
}
