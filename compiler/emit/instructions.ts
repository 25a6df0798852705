/**
 * Instructions that have no method of their own in the sink: the few that the emitter has to know (locals, globals, constants,
 * `drop`, `select`, and those of files beside this one), and a way to the templates of all others.
 */
import { FIELD_GLOBALS } from '../../runtime/abi.ts';
import type { ValueType } from '../../runtime/types.ts';
import type { Immediate } from '../function/sink.ts';
import { OPCODES, type Opcode } from '../opcodes.ts';
import { isGuarding } from './frames.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import { assignHalves } from './jitless/halves.ts';
import { emitInterpreted } from './jitless/instructions.ts';
import { emitHalvedSelect } from './jitless/pair-conversions.ts';
import { movePair, pushHalves } from './jitless/pairs.ts';
import * as js from './js.ts';
import { type Handler, OBJECTS } from './objects.ts';
import {
  effectsOf,
  joinReads,
  LOADS,
  machineValue,
  numeric,
  operationsOf,
  READS_GLOBAL,
  readOf,
  TRAPS,
  type Value,
} from './operand-stack.ts';
import { REFERENCES } from './references.ts';
import {
  emitVectorGlobalGet,
  emitVectorGlobalSet,
  emitVectorSelect,
  vectorHandler,
} from './simd/instructions.ts';
import { emitAll, getVectorLocal, setVectorLocal } from './simd/local-vectors.ts';
import { emitTemplate } from './templates.ts';

export function emitInstruction(
  emitter: FunctionEmitter,
  row: Opcode,
  immediate: Immediate,
  offset: number,
): void {
  const special = HANDLERS[row.number];
  if (emitter.interpreted && emitInterpreted(emitter, row, immediate, offset)) return;
  if (special !== undefined) special(emitter, row, immediate, offset);
  else emitTemplate(emitter, row, immediate, offset);
}

const SPECIAL: Readonly<Record<string, Handler>> = {
  nop() {},

  drop(emitter) {
    const value = emitter.stack.peek();
    if (value.effects & TRAPS) emitter.stack.settle(emitter.stack.height - 1);
    emitter.stack.pop();
  },

  /** `a < b` is a boolean already: `!(a < b)`. */
  'i32.eqz'(emitter, row, immediate, offset) {
    const value = emitter.stack.peek();
    if (!value.isBoolean) return emitTemplate(emitter, row, immediate, offset);
    emitter.stack.pop();
    emitter.stack.push({ ...value, node: js.unary('!', value.node), constant: undefined });
  },

  select: (emitter) => emitSelect(emitter, undefined),
  'select t': (emitter, _, types) => emitSelect(emitter, (types as readonly ValueType[])[0]),

  'i32.const'(emitter, _, value) {
    emitter.pushConstant('i32', js.number(value as number), value as number);
  },
  'i64.const'(emitter, _, value) {
    emitter.use('A');
    emitter.pushConstant('i64', js.bigint(value as bigint), value as bigint);
  },
  'f32.const'(emitter, _, bits) {
    const value = floatOf(bits as number);
    if (!Number.isNaN(value)) emitter.pushConstant('f32', js.number(value), value);
    else emitter.push('f32', js.call(emitter.use('f32_from_bits'), [js.number(bits as number)]));
  },
  'f64.const'(emitter, _, bits) {
    const value = doubleOf(bits as bigint);
    if (!Number.isNaN(value)) emitter.pushConstant('f64', js.number(value), value);
    else emitter.push('f64', js.call(emitter.use('f64_from_bits'), [js.bigint(bits as bigint)]));
  },

  'local.get'(emitter, _, index) {
    const local = index as number;
    if (emitter.context.locals[local] === 'v128') {
      getVectorLocal(emitter, local);
      return;
    }
    if (emitter.places.halves && emitter.context.locals[local] === 'i64') {
      pushHalves(emitter, emitter.places.localHalves(local), readOf(local));
      return;
    }
    const node = localValue(emitter, local);
    emitter.push(emitter.context.locals[local]!, node, 0, readOf(local), 0, emitter.localFacts?.get(local));
  },
  'local.set'(emitter, _, index) {
    setAnyLocal(emitter, index as number);
  },
  'local.tee'(emitter, row, index, offset) {
    setAnyLocal(emitter, index as number);
    SPECIAL['local.get']!(emitter, row, index, offset);
  },

  'global.get'(emitter, _, index) {
    const { type, mutable } = emitter.context.module.globals[index as number]!;
    if (type === 'v128') {
      emitVectorGlobalGet(emitter, index as number);
      return;
    }
    const effects = mutable ? READS_GLOBAL : 0;
    emitter.push(type, globalCell(emitter, index as number), effects);
  },
  'global.set'(emitter, _, index) {
    const value = emitter.stack.pop();
    if (value.type === 'v128') {
      emitVectorGlobalSet(emitter, index as number, value);
      return;
    }
    emitter.stack.settleEffects(READS_GLOBAL | TRAPS);
    emitter.stack.store(globalCell(emitter, index as number), value);
  },
};

const HANDLERS: readonly (Handler | undefined)[] = OPCODES.reduce<(Handler | undefined)[]>((all, row) => {
  all[row.number] = SPECIAL[row.name] ?? OBJECTS[row.name] ?? REFERENCES[row.name] ?? vectorHandler(row);
  return all;
}, []);

function setAnyLocal(emitter: FunctionEmitter, local: number): void {
  if (emitter.context.locals[local] === 'v128') setVectorLocal(emitter, local);
  else setLocal(emitter, local);
}

function setLocal(emitter: FunctionEmitter, local: number): void {
  const value = emitter.stack.pop();
  emitter.stack.settleReaders(local);
  emitter.localFacts?.set(local, value);
  if (value.effects & TRAPS) emitter.stack.settleEffects(TRAPS);
  const { mirrors, places, stack } = emitter;
  if (value.type === 'i64' && places.halves) {
    if (!movePair(emitter, local, value))
      emitAll(emitter, assignHalves(places.localHalves(local), value, places.uses));
  } else if (places.isMirrored(local)) {
    const node = js.assign(places.local(local), numeric(value));
    stack.store(places.localCell(local), { ...value, node, isBoolean: false });
  } else if (mirrors === undefined || value.type !== 'i64') stack.store(places.local(local), value);
  else {
    emitter.emit(mirrors.write(local, machineValue(value), emitter.frames));
    // A handler finds its locals in their cells.
    if (emitter.frames.some(isGuarding)) emitter.flushMirrors();
  }
}

function localValue(emitter: FunctionEmitter, local: number): js.Expression {
  const { mirrors, places, context } = emitter;
  if (mirrors === undefined || context.locals[local] !== 'i64') return places.local(local);
  const { variable, fetch } = mirrors.read(local);
  if (fetch !== undefined) emitter.emit(fetch);
  return variable;
}

/** `a b c select`: c ? a : b. Both are computed anyway, so what may trap is computed first. */
function emitSelect(emitter: FunctionEmitter, type: ValueType | undefined): void {
  const { stack } = emitter;
  const base = stack.height - 3;
  for (let h = base; h < base + 2; h++) if (stack.at(h).effects & TRAPS) stack.settle(h);
  const values = stack.popMany(3) as [Value, Value, Value];
  const [first, second, condition] = values;
  const effects = effectsOf(values);
  if (first.vector !== undefined) emitVectorSelect(emitter, first.vector, second.vector!, condition);
  else if (first.type === 'i64' && emitter.places.halves) emitHalvedSelect(emitter, values);
  else if (first.type === 'i64') {
    // A choice between BigInts would be an object: it becomes two stores.
    if (effects & (TRAPS | LOADS)) stack.settleEffects(TRAPS | LOADS);
    const place = stack.nextSlot('i64');
    const choice = js.ifElse(
      condition.node,
      [js.set(place, machineValue(first))],
      [js.set(place, machineValue(second))],
    );
    emitter.emit(choice);
    stack.pushSettled('i64');
  } else {
    const node =
      !emitter.interpreted && isCheap(first, second)
        ? withoutBranch(emitter, values)
        : js.conditional(condition.node, numeric(first), numeric(second));
    emitter.push(type ?? first.type, node, effects, joinReads(values), operationsOf(values));
  }
}

/** So many operations are computed for two operands rather than one of them chosen by a jump. */
const CHEAP_OPERATIONS = 3;

/** Both operands cost next to nothing, and cannot trap. */
function isCheap(first: Value, second: Value): boolean {
  const { type, effects, operations } = first;
  if (type !== 'i32' || (effects | second.effects) !== 0) return false;
  return operations + second.operations <= CHEAP_OPERATIONS;
}

/**
 * `b ^ (a ^ b) & -c` with c 0 or 1. V8 makes jumps of `c ? a : b`, which are mispredicted where data decide, as in a bitwise CRC
 * (native code has conditional moves).
 */
function withoutBranch(
  emitter: FunctionEmitter,
  [first, second, condition]: [Value, Value, Value],
): js.Expression {
  let other = numeric(second);
  let again = other;
  if (other.type === 'Operation') {
    again = emitter.temporary('b', emitter.stack.height + 1);
    other = js.assign(again, other);
  }
  const mask = js.unary('-', bitOf(condition));
  const difference = js.binary('^', numeric(first), other);
  return js.binary('^', js.binary('&', difference, mask), again);
}

/** 1 where the value is not 0. */
function bitOf(value: Value): js.Expression {
  const { node } = value;
  const isBit = node.binding === js.BINDING['&'] && node.text.endsWith(' & 1');
  if (isBit) return node;
  const truth = value.isBoolean ? node : js.binary('!==', node, js.number(0));
  return js.binary('|', truth, js.number(0));
}

const BANKS: Readonly<Record<string, string>> = { i32: 'GI', i64: 'GL', f32: 'GD', f64: 'GD' };

/** A global's cell: in this instance's arrays, or, imported and mutable, wherever it lives. */
function globalCell(emitter: FunctionEmitter, index: number): js.Expression {
  const { module } = emitter.context;
  const { type, mutable } = module.globals[index]!;
  if (index < module.importedGlobals && mutable) {
    const cell = emitter.temporary('x', emitter.stack.height);
    const shared = js.index(js.member(js.id('E'), 'G'), js.number(index));
    return js.index(js.member(js.assign(cell, shared), 'cells'), js.member(cell, 'cell'));
  }
  if (type === 'i32' && index >= module.importedGlobals && index < FIELD_GLOBALS) {
    return js.member(js.id('E'), `g${index}`);
  }
  const bank = typeof type === 'string' ? BANKS[type]! : 'GR';
  return js.index(emitter.use(bank), js.number(index));
}

const scratch = new DataView(new ArrayBuffer(8));

function floatOf(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

function doubleOf(bits: bigint): number {
  scratch.setBigInt64(0, bits);
  return scratch.getFloat64(0);
}
