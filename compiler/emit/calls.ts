/**
 * Calls, by the convention of runtime/abi.ts:
 *
 *   call $g (i32 i64) -> i64     →     R[w] = a; S.fuel = fl; f7_g(E, l0); fl = S.fuel, V = E.V;     and then R[w]
 *
 * i64 and v128 arguments go to the cells above our frame, where the callee's frame starts; results that are not the JavaScript
 * return value come back in the same cells. Functions of the same group are called by name, others through the module's
 * array `F`; imports and table entries through their function reference, with the callee's environment.
 */
import { cellsOf, type FuncType, type ValueType } from '../../runtime/types.ts';
import { unsigned } from './addresses.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import { indirectTargets } from './indirect-targets.ts';
import { type Entry, mayGrow, outerName } from './jitless/entries.ts';
import { assignHalves, halvesOf } from './jitless/halves.ts';
import { takeHalves } from './jitless/pairs.ts';
import * as js from './js.ts';
import { ANY_EFFECT, LOADS, numeric, OUTGOING, TRAPS, type Value } from './operand-stack.ts';
import { emitAll } from './simd/local-vectors.ts';
import { cellVector } from './simd/vector.ts';

const E = js.id('E');

/** How a function of this module is called: the callee expression for a defined function's index; `tail`: its tail form. */
export interface Resolve {
  (functionIndex: number, tail?: boolean): js.Expression;
  /** Of a function of the same group that is called otherwise than others, by the same name; see jitless/entries.ts. */
  readonly entry?: (functionIndex: number) => Entry | undefined;
}

export function emitCall(
  emitter: FunctionEmitter,
  index: number,
  type: FuncType,
  offset: number,
  resolve: Resolve,
): void {
  const entry = resolve.entry?.(index);
  if (entry !== undefined && emitter.places.halves) {
    const callee = located(emitter, resolve(index), offset);
    performInside(emitter, type, callee, entry, keepsViews(emitter, index));
    return;
  }
  const args = stack(emitter, type);
  if (index >= emitter.context.module.importedFunctions) {
    const callee = entry === undefined ? resolve(index) : js.id(outerName(resolve(index).text));
    const call = (rest: js.Expression[]) => js.call(located(emitter, callee, offset), [E, ...rest]);
    perform(emitter, type, args, call, keepsViews(emitter, index));
    return;
  }
  const reference = emitter.temporary('x', emitter.stack.height);
  const imported = js.index(js.member(E, 'I'), js.number(index));
  const found = js.assign(reference, imported);
  perform(emitter, type, args, (rest) => callFound(emitter, reference, found, rest, offset));
}

/**
 * The element's type is compared with the expected one by their canonical numbers, inline; whatever is not right is left to
 * the helper (an element of another Runtime, a function that is not compiled yet) or traps there:
 *
 * Where the module's segments hold but a few functions of the type, they are called by name: V8 jumps through a table and
 * inlines, where a call through a variable with many targets goes through a routine of V8's (call-indirect: 82 -> 43 ms on
 * Node 20, 74 -> 61 on Node 26).
 *
 *   s0 = (… x0 …).env === E ? (y0 = x0.index | 0, y0 === 5 ? f5(E, l0) : y0 === 7 ? f7(E, l0) : x0.code(x0.env, l0)) : x0.code(x0.env, l0)
 *
 * Otherwise:
 *
 *   s0 = ((x0 = T0[y0 = l1]) !== null && x0 !== undefined && x0.readyTypeId === I2 ? x0 : x0 = indirect(E, 0, y0, 2)).code(x0.env, l0)
 */
export function emitCallIndirect(
  emitter: FunctionEmitter,
  typeIndex: number,
  table: number,
  type: FuncType,
  offset: number,
  resolve: Resolve,
): void {
  const args = indirectOperands(emitter, type);
  const selector = args.pop()!;
  const { found, reference, at } = findElement(emitter, typeIndex, table, selector, offset);
  const call = (rest: js.Expression[]) => {
    const targets = emitter.interpreted ? [] : indirectTargets(emitter.context.module, type);
    if (targets.length === 0) return callFound(emitter, reference, found, rest, offset);
    const { bindings, args } = bind(emitter, rest);
    const other = callFound(emitter, reference, reference, args, offset);
    const named = targets.map(
      (target) => [target, js.call(located(emitter, resolve(target), offset), [E, ...args])] as const,
    );
    return js.sequence([...bindings, byName({ found, reference, at }, named, other)]);
  };
  perform(emitter, type, args, call, keepsViews(emitter, undefined));
}

/** Of a callee by index, or of any: whether the views of memory 0 are the same after it; known only of code for interpreters. */
function keepsViews({ interpreted, context, options }: FunctionEmitter, index: number | undefined): boolean {
  return interpreted && !mayGrow(context.module, index, options);
}

/** A reference that is looked up by `found`, after which it is in `reference`; `at` is free then. */
export interface Found {
  readonly found: js.Expression;
  readonly reference: js.Expression;
  readonly at: js.Expression;
}

/** One of the calls by name, if the reference is one of these functions of this instance, by index; else the other. */
export function byName(
  { found, reference, at }: Found,
  named: readonly (readonly [index: number, call: js.Expression])[],
  other: js.Expression,
): js.Expression {
  let call = other;
  for (const [index, direct] of [...named].reverse())
    call = js.conditional(js.binary('===', at, js.number(index)), direct, call);
  const which = js.assign(at, js.binary('|', js.member(reference, 'index'), js.number(0)));
  return js.conditional(js.binary('===', js.member(found, 'env'), E), js.sequence([which, call]), other);
}

/** A negative i32 is no index of an array, as little as one of a table. */
function indexOf(emitter: FunctionEmitter, selector: Value): js.Expression {
  return selector.type === 'i64' ? unsigned(emitter, selector) : numeric(selector);
}

/**
 * The same with a reference as operand. Its type is right by validation; what is compared is whether it is of this Runtime and
 * compiled, and of the very type: subtypes go through the helper.
 *
 *   s0 = ((x0 = l1) !== null && x0.readyTypeId === I2 ? x0 : x0 = referenced(E, x0, 2)).code(x0.env, l0)
 */
export function emitCallRef(
  emitter: FunctionEmitter,
  typeIndex: number,
  type: FuncType,
  offset: number,
): void {
  const args = indirectOperands(emitter, type);
  const callee = args.pop()!;
  perform(emitter, type, args, (rest) => {
    const { found, reference } = findReferenced(emitter, typeIndex, callee, offset);
    return callFound(emitter, reference, found, rest, offset);
  });
}

/** The reference that is called, ready to be: `found` finds it, and leaves it in `reference`. */
export function findReferenced(
  emitter: FunctionEmitter,
  typeIndex: number,
  callee: Value,
  offset: number,
): { found: js.Expression; reference: js.Expression } {
  const reference = emitter.temporary('x', emitter.stack.height);
  const given = js.assign(reference, callee.node);
  const id = emitter.use(`I${typeIndex}`);
  const isReady = (node: js.Expression) => js.binary('===', js.member(node, 'readyTypeId'), id);
  const fits = mayBeNull(callee)
    ? js.logical('&&', js.binary('!==', given, js.NULL), isReady(reference))
    : isReady(given);
  const slowly = js.call(emitter.use('referenced', offset), [E, reference, js.number(typeIndex)]);
  return { found: js.conditional(fits, reference, js.assign(reference, slowly)), reference };
}

/** By its type. */
function mayBeNull({ type }: Value): boolean {
  return typeof type === 'string' || type.nullable;
}

/** The reference that an indirect call means: `found` finds it, and leaves it in `reference`, and its index in `at`. */
export function findElement(
  emitter: FunctionEmitter,
  typeIndex: number,
  table: number,
  selector: Value,
  offset: number,
): Found {
  const reference = emitter.temporary('x', emitter.stack.height);
  const at = emitter.temporary('y', emitter.stack.height);
  const element = js.assign(
    reference,
    js.index(emitter.use(`T${table}`), js.assign(at, indexOf(emitter, selector))),
  );
  const slowly = js.call(emitter.use('indirect', offset), [E, js.number(table), at, js.number(typeIndex)]);
  const id = emitter.use(`I${typeIndex}`);
  if (emitter.interpreted) {
    const fits = js.binary('===', js.optionalMember(element, 'readyTypeId'), id);
    return { found: js.conditional(fits, reference, js.assign(reference, slowly)), reference, at };
  }
  const exists = js.logical(
    '&&',
    js.binary('!==', element, js.NULL),
    js.binary('!==', reference, js.UNDEFINED),
  );
  const fits = js.binary('===', js.member(reference, 'readyTypeId'), id);
  const found = js.conditional(js.logical('&&', exists, fits), reference, js.assign(reference, slowly));
  return { found, reference, at };
}

/** Arguments that may be written more than once: computed first where they are more than a name. */
function bind(
  emitter: FunctionEmitter,
  values: readonly js.Expression[],
): { bindings: js.Expression[]; args: js.Expression[] } {
  const bindings: js.Expression[] = [];
  const args = values.map((value, i) => {
    if (js.isSimple(value)) return value;
    const place = emitter.temporary('b', emitter.stack.height + i);
    bindings.push(js.assign(place, value));
    return place;
  });
  return { bindings, args };
}

/**
 * The arguments, then the index. In JavaScript the index is checked before the arguments are evaluated, but after i64
 * arguments went to the outgoing cells: so what may trap comes first, and an index that lies in those cells.
 */
function indirectOperands({ stack }: FunctionEmitter, { params }: FuncType): Value[] {
  const top = stack.height - 1;
  let mayTrap = false;
  for (let h = top - params.length; h < top; h++) if (stack.at(h).effects & TRAPS) mayTrap = true;
  if (mayTrap) stack.settleEffects(TRAPS);
  if (params.some(cellsOf) && stack.at(top).reads.includes(OUTGOING)) stack.settle(top);
  return stack.popMany(params.length + 1);
}

/** Calls what `found` gives, which is in `place` afterwards. */
function callFound(
  emitter: FunctionEmitter,
  place: js.Expression,
  found: js.Expression,
  rest: js.Expression[],
  offset: number,
): js.Expression {
  const code = js.member(found, 'code', emitter.at(offset));
  return js.call(code, [js.member(place, 'env'), ...rest]);
}

export function located(emitter: FunctionEmitter, callee: js.Expression, offset: number): js.Expression {
  const at = emitter.at(offset);
  return at === undefined ? callee : js.idAt(callee.text, at);
}

function stack(emitter: FunctionEmitter, type: FuncType): Value[] {
  return emitter.stack.popMany(type.params.length);
}

function perform(
  emitter: FunctionEmitter,
  type: FuncType,
  args: Value[],
  call: (rest: js.Expression[]) => js.Expression,
  keeps = false,
): void {
  emitter.stack.settleEffects(ANY_EFFECT);
  emitter.stack.settleReaders(OUTGOING);
  const ready = writeCells(emitter, type.params, args);
  const rest = ready.filter(({ type }) => cellsOf(type) === 0);
  const node = call(rest.map(numeric));
  takeResults(emitter, type.results, node, keeps);
}

/** Calls a function of the group by its inner entry. */
function performInside(
  emitter: FunctionEmitter,
  type: FuncType,
  callee: js.Expression,
  entry: Entry,
  keeps: boolean,
): void {
  const { stack: values, places } = emitter;
  const { params, results } = type;
  for (let h = values.height - params.length; h < values.height; h++)
    if (values.at(h).type === 'i64' && halvesOf(values.at(h)) === undefined) values.settle(h);
  const args = values
    .popMany(params.length)
    .flatMap((value) => (value.type === 'i64' ? halvesOf(value)! : [numeric(value)]));
  values.settleEffects(ANY_EFFECT);
  const call = js.call(callee, entry.isPure ? args : [E, ...args]);
  const [result] = results;
  let node = call;
  if (result === 'i64') {
    values.freeSlot();
    const [low, high] = places.slotHalves(values.height);
    node = js.sequence([js.assign(low, call), js.assign(high, emitter.use('_high'))]);
  } else if (result !== undefined) node = js.assign(values.nextSlot(result), call);
  if (entry.isPure) emitter.emitPureCall(node);
  else emitter.emitAway(node, keeps);
  if (result !== undefined) values.pushSettled(result);
}

/** Writes the i64 and v128 arguments to the outgoing cells; what would be disturbed or reordered by that is settled first. */
function writeCells(emitter: FunctionEmitter, params: readonly ValueType[], args: Value[]): Value[] {
  const last = params.findLastIndex((type) => cellsOf(type) > 0);
  if (last < 0) return args;
  const { stack: values, places } = emitter;
  const base = values.height;
  for (const value of args) values.push(value);
  args.forEach((value, i) => {
    const disturbed = value.reads.includes(OUTGOING) && !(i === 0 && cellsOf(value.type) > 0);
    const reordered = i < last && cellsOf(value.type) === 0 && (value.effects & (TRAPS | LOADS)) !== 0;
    if (disturbed || reordered) values.settle(base + i);
  });
  const ready = values.popMany(args.length);
  let cell = 0;
  for (const value of ready) {
    if (value.vector !== undefined)
      emitAll(emitter, places.vectors.toCells(places.vectors.outgoing(cell), value.vector));
    else if (value.type === 'i64' && places.halves)
      emitAll(emitter, assignHalves(places.cellHalves(cell, true), value, places.uses));
    else if (value.type === 'i64') values.store(places.outgoing('i64', cell), value);
    cell += cellsOf(value.type);
  }
  return ready;
}

function takeResults(
  emitter: FunctionEmitter,
  results: readonly ValueType[],
  node: js.Expression,
  keeps: boolean,
): void {
  const { stack: values, places } = emitter;
  const first = results[0];
  const returned = first !== undefined && cellsOf(first) === 0;
  emitter.emitAway(returned ? js.assign(values.nextSlot(first), node) : node, keeps);
  let cell = 0;
  let references = 0;
  results.forEach((type, i) => {
    if (i === 0 && returned) {
      values.pushSettled(type);
      return;
    }
    const isReference = typeof type !== 'string';
    if (type === 'v128') {
      pushResult(emitter, cell);
      cell += 2;
      if (results.length > 1) values.settle(values.height - 1);
      return;
    }
    if (type === 'i64' && places.halves) {
      takeHalves(emitter, places.cellHalves(cell++, true));
      return;
    }
    const place = places.outgoing(type, isReference ? references++ : cell);
    cell++;
    emitter.push(type, place, 0, [OUTGOING]);
    if (results.length > 1) values.settle(values.height - 1);
  });
}

/** An instruction that may do anything, a call to V8. */
export function emitCallLike(
  emitter: FunctionEmitter,
  node: js.Expression,
  type: ValueType | undefined,
): void {
  const { stack } = emitter;
  if (type === 'i64' && emitter.places.halves) {
    stack.freeSlot();
    const { places } = emitter;
    const value = { node, type } as Value;
    emitter.emitAway(js.sequence(assignHalves(places.slotHalves(stack.height), value, places.uses)));
    stack.pushSettled(type);
    return;
  }
  const place = type === undefined ? undefined : stack.nextSlot(type);
  emitter.emitAway(place === undefined ? node : js.assign(place, node));
  if (type !== undefined) stack.pushSettled(type);
}

/** A vector waits in the outgoing cells until somebody says in which shape it is wanted. */
function pushResult({ stack: values, places }: FunctionEmitter, cell: number): void {
  values.push({
    node: js.NULL,
    type: 'v128',
    effects: 0,
    reads: [OUTGOING],
    operations: 1,
    isBoolean: false,
    constant: undefined,
    vector: cellVector(places.vectors.outgoing(cell)),
  });
}
