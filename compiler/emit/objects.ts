/**
 * Structs and arrays, whose JavaScript depends on the fields of their type (runtime/layout.ts):
 *
 *   struct.new $point           →   new Struct_2_0(D3, l0, l1)
 *   struct.get $point 1         →   l2.f1                          a null is the engine's TypeError: see runtime/boundary.ts
 *   array.get_u $bytes          →   (x0 = l2.a[l3]) === undefined ? array_bounds() : x0
 *   array.set $bytes            →   (x0 = l2.a, y0 = l3) >>> 0 < x0.length ? x0[y0] = l4 : array_bounds();
 *
 * JavaScript would look at an object before it computes the operands behind it: those that may trap are computed first.
 */
import { type FieldKind, kindOf, layoutOf, type Slot, structBytes } from '../../runtime/layout.ts';
import { EXTERNREF, type FieldType, type RefType, refType, type ValueType } from '../../runtime/types.ts';
import type { Immediate } from '../function/sink.ts';
import type { Opcode } from '../opcodes.ts';
import { emitCallLike } from './calls.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import * as js from './js.ts';
import { ANY_EFFECT, joinReads, LOADS, machineValue, numeric, TRAPS, type Value } from './operand-stack.ts';
import { boxedVector, giveBoxedVector } from './simd/instructions.ts';

export type Handler = (emitter: FunctionEmitter, row: Opcode, immediate: Immediate, offset: number) => void;

const E = js.id('E');
const R0 = js.index(js.id('R'), js.number(0));
const RL0 = js.index(js.id('RL'), js.number(0));
const RL1 = js.index(js.id('RL'), js.number(1));
const ZERO = js.number(0);

export const OBJECTS: Readonly<Record<string, Handler>> = {
  'struct.new'(emitter, _, index) {
    const type = index as number;
    pushStruct(emitter, type, [...emitter.stack.popMany(fieldsOf(emitter, type).length)]);
  },
  'struct.new_default': (emitter, _, index) => pushStruct(emitter, index as number, []),
  'struct.get': getField,
  'struct.get_s': getField,
  'struct.get_u': getField,
  'struct.set'(emitter, _, immediate, offset) {
    const { slot } = fieldAt(emitter, immediate);
    const [object, value] = operands(emitter, 2) as [Value, Value];
    emitter.stack.settleEffects(TRAPS | LOADS);
    const at = emitter.at(offset);
    if (slot.high === undefined) {
      emitter.emit(js.set(js.member(object.node, slot.name, at), kept(emitter, value)));
      return;
    }
    const place = emitter.temporary('x', emitter.stack.height);
    const [low, high] = halves(emitter, value);
    const write = [
      js.assign(place, object.node),
      js.assign(js.member(place, slot.name, at), low),
      js.assign(js.member(place, slot.high), high),
    ];
    emitter.emit(js.statement(js.sequence(write)));
  },

  'array.new': (emitter, row, index, offset) => makeArray(emitter, row, 2, [index as number], offset),
  'array.new_default': (emitter, row, index, offset) => makeArray(emitter, row, 1, [index as number], offset),
  'array.new_fixed'(emitter, row, immediate, offset) {
    const [index, count] = immediate as readonly [number, number];
    makeArray(emitter, row, count, [index], offset);
  },
  'array.new_data': (emitter, row, both, offset) =>
    makeArray(emitter, row, 2, both as readonly [number, number], offset),
  'array.new_elem': (emitter, row, both, offset) =>
    makeArray(emitter, row, 2, both as readonly [number, number], offset),
  'array.get': getElement,
  'array.get_s': getElement,
  'array.get_u': getElement,
  'array.set'(emitter, _row, _index, offset) {
    const [array, at, value] = operands(emitter, 3) as [Value, Value, Value];
    const { stack } = emitter;
    stack.settleEffects(TRAPS | LOADS);
    const { place, position, inBounds } = checked(emitter, array, at, offset);
    const written = js.assign(js.index(place, position), kept(emitter, value));
    emitter.emit(js.statement(js.conditional(inBounds, written, outOfBounds(emitter, offset))));
  },
  'array.fill': (emitter, row, _, offset) => helper(emitter, row, 4, [], undefined, offset),
  'array.copy': (emitter, row, _, offset) => helper(emitter, row, 5, [], undefined, offset),
  'array.init_data': (emitter, row, both, offset) => init(emitter, row, both, offset),
  'array.init_elem': (emitter, row, both, offset) => init(emitter, row, both, offset),
};

// -------------------------------------------------------------------- operands

/** What may trap behind the first operand is computed before the object is looked at. */
function operands({ stack }: FunctionEmitter, count: number): Value[] {
  const base = stack.height - count;
  let mayTrap = false;
  for (let h = base + 1; h < stack.height; h++) if (stack.at(h).effects & TRAPS) mayTrap = true;
  if (mayTrap) stack.settleEffects(TRAPS);
  return [...stack.popMany(count)];
}

/** The same; a vector is read at once, and so whatever else may trap comes first. */
function popBefore(emitter: FunctionEmitter, { type }: FieldType, count: number): Value[] {
  if (type === 'v128') emitter.stack.settleEffects(TRAPS);
  return operands(emitter, count);
}

/** The node, whose view of the register file the function needs. */
function use(emitter: FunctionEmitter, node: js.Expression): js.Expression {
  emitter.use('R');
  emitter.use('RL');
  return node;
}

/** Pushes what is made of these values. */
function push(
  emitter: FunctionEmitter,
  type: ValueType,
  node: js.Expression,
  values: readonly Value[],
  own: number,
): void {
  if (type === 'v128') {
    giveBoxedVector(emitter, node);
    return;
  }
  let effects = own;
  let operations = 1;
  for (const value of values) {
    effects |= value.effects;
    operations += value.operations;
  }
  emitter.push(type, node, effects, joinReads(values), operations);
}

function unpacked({ type }: FieldType): ValueType {
  return type === 'i8' || type === 'i16' ? 'i32' : type;
}

/** As an object, or a helper, takes it. */
function kept(emitter: FunctionEmitter, value: Value): js.Expression {
  return value.vector === undefined ? machineValue(value) : boxedVector(emitter, value.vector);
}

/** What was stored as an int32 with more bits than it has. */
function extended(node: js.Expression, kind: FieldKind, row: Opcode): js.Expression {
  const bits = kind === 'i8' ? 8 : kind === 'i16' ? 16 : 32;
  if (bits === 32) return node;
  if (row.name.endsWith('_u')) return js.binary('&', node, js.number(2 ** bits - 1));
  const shift = js.number(32 - bits);
  return js.binary('>>', js.binary('<<', node, shift), shift);
}

// -------------------------------------------------------------------- structs

function fieldsOf({ context }: FunctionEmitter, index: number): readonly FieldType[] {
  const { composite } = context.module.types[index]!;
  return composite.kind === 'struct' ? composite.fields : [];
}

function fieldAt(emitter: FunctionEmitter, immediate: Immediate): { slot: Slot; field: FieldType } {
  const [index, number] = immediate as readonly [number, number];
  const fields = fieldsOf(emitter, index);
  return { slot: layoutOf(fields).slots[number]!, field: fields[number]! };
}

/** `new Struct_4_0(D3, …)`; fields without a value have their default. */
function pushStruct(emitter: FunctionEmitter, index: number, values: readonly Value[]): void {
  const fields = fieldsOf(emitter, index);
  const { slots, tagged, doubles } = layoutOf(fields);
  const args = {
    f: new Array<js.Expression>(tagged).fill(ZERO),
    d: new Array<js.Expression>(doubles).fill(ZERO),
  };
  slots.forEach(({ kind, name, high }, i) => {
    const value = values[i];
    const bank = name[0] as 'f' | 'd';
    const at = Number(name.slice(1));
    if (value === undefined) args[bank][at] = defaultOf(emitter, kind);
    else if (high === undefined) args[bank][at] = kept(emitter, value);
    else [args.f[at], args.f[at + 1]] = halves(emitter, value);
  });
  const made = js.create(emitter.use(`Struct_${tagged}_${doubles}`), [
    emitter.use(`D${index}`),
    ...args.f,
    ...args.d,
  ]);
  const { countAllocation } = emitter.options;
  const node = countAllocation ? js.sequence([allocate(emitter, structBytes(fields)), made]) : made;
  push(emitter, refType(false, index), node, values, countAllocation ? TRAPS : 0);
}

function defaultOf(emitter: FunctionEmitter, kind: FieldKind): js.Expression {
  if (kind === 'v128') return js.call(emitter.use('v128_words'), [ZERO, ZERO, ZERO, ZERO]);
  return kind === 'reference' ? js.NULL : ZERO;
}

function allocate(emitter: FunctionEmitter, bytes: number): js.Expression {
  return js.call(emitter.use('allocate'), [E, js.number(bytes)]);
}

/** The second is evaluated right after the first: the scratch cell still holds the value. */
function halves(emitter: FunctionEmitter, value: Value): [js.Expression, js.Expression] {
  if (typeof value.constant === 'bigint') {
    const { constant } = value;
    return [js.number(Number(BigInt.asIntN(32, constant))), js.number(Number(constant >> 32n))];
  }
  const low = js.sequence([js.assign(use(emitter, R0), machineValue(value)), RL0]);
  return [low, RL1];
}

function getField(emitter: FunctionEmitter, row: Opcode, immediate: Immediate, offset: number): void {
  const { slot, field } = fieldAt(emitter, immediate);
  const object = popBefore(emitter, field, 1)[0]!;
  const effects = (mayBeNull(object) ? TRAPS : 0) | (field.mutable ? LOADS : 0);
  const at = emitter.at(offset);
  if (slot.high === undefined) {
    const node = extended(js.member(object.node, slot.name, at), slot.kind, row);
    push(emitter, unpacked(field), node, [object], effects);
    return;
  }
  const place = emitter.temporary('x', emitter.stack.height);
  const high = js.member(js.assign(place, object.node), slot.high, at);
  push(emitter, 'i64', joinHalves(emitter, high, js.member(place, slot.name)), [object], effects);
}

/** `A(64, A(64, A(64, BigInt(high >>> 0)) << 32n) | A(64, BigInt(low >>> 0)))`. */
function joinHalves(emitter: FunctionEmitter, high: js.Expression, low: js.Expression): js.Expression {
  const A = emitter.use('A');
  const bigint = emitter.use('BigInt');
  const closed = (node: js.Expression) => js.call(A, [js.number(64), node]);
  const wide = (node: js.Expression) => closed(js.call(bigint, [js.binary('>>>', node, ZERO)]));
  return closed(js.binary('|', closed(js.binary('<<', wide(high), js.bigint(32n))), wide(low)));
}

/** By its type. */
export function mayBeNull({ type }: Value): boolean {
  return typeof type === 'string' || type.nullable;
}

// -------------------------------------------------------------------- arrays

function elementOf({ context }: FunctionEmitter, index: number): FieldType {
  const { composite } = context.module.types[index]!;
  if (composite.kind !== 'array') throw new Error(`type ${index} is no array type`);
  return composite.field;
}

/** Calls the helper of an instruction: `array_new_data(E, 3, 0, …)`. */
function helper(
  emitter: FunctionEmitter,
  row: Opcode,
  count: number,
  indices: readonly number[],
  result: RefType | undefined,
  offset: number,
): void {
  const values = [...emitter.stack.popMany(count)];
  emitter.stack.settleEffects(ANY_EFFECT);
  const args = [E, ...indices.map(js.number), ...values.map((value) => kept(emitter, value))];
  emitCallLike(emitter, js.call(emitter.use(HELPERS[row.name]!, offset), args), result);
}

/** Their names, for the law that every helper is used. */
const HELPERS: Readonly<Record<string, string>> = {
  'array.new': 'array_new',
  'array.new_default': 'array_new_default',
  'array.new_fixed': 'array_new_fixed',
  'array.new_data': 'array_new_data',
  'array.new_elem': 'array_new_elem',
  'array.fill': 'array_fill',
  'array.copy': 'array_copy',
  'array.init_data': 'array_init_data',
  'array.init_elem': 'array_init_elem',
};

function makeArray(
  emitter: FunctionEmitter,
  row: Opcode,
  count: number,
  indices: readonly number[],
  offset: number,
): void {
  helper(emitter, row, count, indices, refType(false, indices[0]!), offset);
}

function init(emitter: FunctionEmitter, row: Opcode, immediate: Immediate, offset: number): void {
  helper(emitter, row, 4, immediate as readonly [number, number], undefined, offset);
}

function getElement(emitter: FunctionEmitter, row: Opcode, index: Immediate, offset: number): void {
  const field = elementOf(emitter, index as number);
  const values = popBefore(emitter, field, 2) as [Value, Value];
  const effects = TRAPS | LOADS;
  // An i64 must not be one side of a choice: it would be an object then. An externref may be undefined.
  if (field.type === 'i64' || mayHoldUndefined(field)) {
    const { place, position, inBounds } = checked(emitter, ...values, offset);
    const node = js.sequence([
      js.logical('||', inBounds, outOfBounds(emitter, offset)),
      js.index(place, position),
    ]);
    push(emitter, field.type as ValueType, node, values, effects);
    return;
  }
  const place = emitter.temporary('x', emitter.stack.height);
  const elements = js.member(values[0].node, 'a', emitter.at(offset));
  const read = js.assign(place, js.index(elements, numeric(values[1])));
  const missing = js.binary('===', read, js.UNDEFINED);
  const kind = kindOf(field);
  // Elements are unsigned already.
  const found = row.name.endsWith('_s') ? extended(place, kind, row) : place;
  push(
    emitter,
    unpacked(field),
    js.conditional(missing, outOfBounds(emitter, offset), found),
    values,
    effects,
  );
}

function mayHoldUndefined({ type }: FieldType): boolean {
  return typeof type !== 'string' && type.heap === EXTERNREF.heap;
}

function outOfBounds(emitter: FunctionEmitter, offset: number): js.Expression {
  return js.call(emitter.use('array_bounds', offset), []);
}

/** The elements are in `place` and the index in `position` when `inBounds` has been computed. */
function checked(
  emitter: FunctionEmitter,
  array: Value,
  index: Value,
  offset: number,
): { place: js.Expression; position: js.Expression; inBounds: js.Expression } {
  const { height } = emitter.stack;
  const place = emitter.temporary('x', height);
  const elements = js.assign(place, js.member(array.node, 'a', emitter.at(offset)));
  const given = numeric(index);
  const position = js.isSimple(given) ? given : emitter.temporary('y', height);
  const steps = js.isSimple(given) ? [elements] : [elements, js.assign(position, given)];
  const inBounds = js.binary('<', js.binary('>>>', position, ZERO), js.member(place, 'length'));
  return { place, position, inBounds: js.sequence([...steps, inBounds]) };
}
