/**
 * Instructions that have no method of their own in the sink: numeric ones from their row's template, and the few that
 * the emitter has to know (locals, globals, constants, `drop`, `select`).
 *
 *   i32.add with operands l0 and 5   →   a pending value `l0 + 5 | 0`
 *   i32.store offset=8               →   V.setInt32((l0 >>> 0) + 8, l1, true);
 */
import { FIELD_GLOBALS } from '../../runtime/abi.ts';
import { nonNull, type RefType, refType, type ValueType } from '../../runtime/types.ts';
import type { Immediate, MemoryArgument } from '../function/sink.ts';
import { subjectOf } from '../function/subject.ts';
import { dependsOnSubject, givesSize, isAccess, unsignedOperands } from '../opcodes/row.ts';
import { CONSTANTS, OPCODES, type Opcode, signatureOf, type Target } from '../opcodes.ts';
import { address, fromSize, unsigned } from './addresses.ts';
import { emitCallLike } from './calls.ts';
import { isGuarding } from './frames.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import * as js from './js.ts';
import { type Handler, OBJECTS } from './objects.ts';
import {
  ANY_EFFECT,
  joinReads,
  LOADS,
  machineValue,
  numeric,
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
import { getVectorLocal, setVectorLocal } from './simd/local-vectors.ts';
import { ARGUMENT, type Template, TemplateArguments, template } from './template.ts';

export function emitInstruction(
  emitter: FunctionEmitter,
  row: Opcode,
  immediate: Immediate,
  offset: number,
): void {
  const special = HANDLERS[row.number];
  if (special !== undefined) special(emitter, row, immediate, offset);
  else emitTemplate(emitter, row, immediate, offset);
}

// -------------------------------------------------------------------- special instructions

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
    const node = localValue(emitter, local);
    emitter.push(emitter.context.locals[local]!, node, 0, readOf(local));
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
  if (value.effects & TRAPS) emitter.stack.settleEffects(TRAPS);
  const { mirrors, places, stack } = emitter;
  if (places.isMirrored(local)) {
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
    const node = isCheap(first, second)
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

function effectsOf(values: readonly Value[]): number {
  let effects = 0;
  for (let i = 0; i < values.length; i++) effects |= values[i]!.effects;
  return effects;
}

/** With the one that is made of these values. */
function operationsOf(values: readonly Value[]): number {
  let sum = 1;
  for (let i = 0; i < values.length; i++) sum += values[i]!.operations;
  return sum;
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

// -------------------------------------------------------------------- templates

const EFFECTS: Readonly<Record<Opcode['effect'], number>> = {
  pure: 0,
  trap: TRAPS,
  load: TRAPS | LOADS,
  store: TRAPS,
  call: ANY_EFFECT,
  control: ANY_EFFECT,
};

function emitTemplate(emitter: FunctionEmitter, row: Opcode, immediate: Immediate, offset: number): void {
  const { stack } = emitter;
  const plan = planOf(row, emitter.options.target);
  const { operands, results } = plan.shape ?? shapeFor(emitter, row, immediate);
  // What the template leaves in scratch cells, no operand's expression may come across.
  if (results.length > 1) for (let h = stack.height - operands; h < stack.height; h++) stack.settle(h);
  const values = stack.popMany(operands);
  const chosen = chooseTemplate(plan, values);
  const args = bindArguments(emitter, values, chosen, plan, row, immediate);
  const { effects } = plan;
  const isCall = row.effect === 'call' || (plan.givesSize && tellsOfGrowth(emitter, row, immediate));
  // Operands go into the statement below; what else is pending must come before it.
  if (row.effect === 'store') stack.settleEffects(TRAPS | LOADS);
  else if (isCall) stack.settleEffects(ANY_EFFECT);
  emitter.useAll(chosen);
  const built = chosen.build(args, effects === 0 ? undefined : emitter.at(offset));
  const node = plan.givesSize ? fromSize(emitter, built, results[0]!) : built;
  if (row.effect === 'store') emitter.emit(js.statement(node));
  else if (isCall) emitCallLike(emitter, node, results[0]);
  else if (results.length > 1) emitSeveral(emitter, node, results);
  else {
    stack.push({
      node,
      type: results[0]!,
      effects: effectsOf(values) | effects,
      reads: joinReads(values),
      operations: operationsOf(values),
      isBoolean: chosen.isBoolean,
      constant: undefined,
    });
  }
}

/** Whoever asks for the size of a shared memory may reach all of it from then on: its view is read again. */
function tellsOfGrowth(emitter: FunctionEmitter, row: Opcode, immediate: Immediate): boolean {
  return row.name === 'memory.size' && emitter.context.module.memories[immediate as number]!.shared;
}

/** An instruction that leaves its results in scratch cells. */
function emitSeveral(emitter: FunctionEmitter, node: js.Expression, results: readonly ValueType[]): void {
  const { stack } = emitter;
  const cells = emitter.use('R');
  const moves = results.map((type, i) => {
    const place = stack.nextSlot(type);
    stack.pushSettled(type);
    return js.assign(place, js.index(cells, js.number(i)));
  });
  emitter.emit(js.statement(js.sequence([node, ...moves])));
}

/** What is known of a row, once it has been emitted for a target. */
interface Plan {
  /** Undefined: it depends on the immediate. */
  readonly shape: Shape | undefined;
  /** By operand, whether the template takes it as an unsigned number; undefined: none. */
  readonly unsigned: readonly boolean[] | undefined;
  /** The template gives a size, as a number. */
  readonly givesSize: boolean;
  /** A load or store: the first operand is an address. */
  readonly isAccess: boolean;
  readonly effects: number;
  readonly template: Template;
  readonly constant: Template | undefined;
  readonly divisor: Template | undefined;
}

const PLANS: Readonly<Record<Target, (Plan | undefined)[]>> = { 'v8-11': [], 'v8-12+': [] };

function planOf(row: Opcode, target: Target): Plan {
  const plans = PLANS[target];
  let plan = plans[row.number];
  if (plan === undefined) {
    const signature = dependsOnSubject(row) && !isAccess(row.immediate) ? undefined : signatureOf(row);
    const sizes = unsignedOperands(row.signature);
    plan = {
      shape: signature && { operands: signature.params.length, results: signature.results },
      unsigned: sizes.includes(true) ? sizes : undefined,
      givesSize: givesSize(row.signature),
      isAccess: isAccess(row.immediate),
      effects: EFFECTS[row.effect],
      template: template(row.variants?.[target] ?? row.js!),
      constant: row.constant === undefined ? undefined : template(row.constant),
      divisor: row.divisor === undefined ? undefined : template(row.divisor),
    };
    plans[row.number] = plan;
  }
  return plan;
}

interface Shape {
  readonly operands: number;
  readonly results: readonly ValueType[];
}

const I32_RESULT: readonly ValueType[] = ['i32'];
const CUSTOM: Readonly<Record<string, (emitter: FunctionEmitter, immediate: Immediate) => Shape>> = {
  'ref.null': (_, types) => ({ operands: 0, results: [...(types as readonly ValueType[])] }),
  'ref.is_null': () => ({ operands: 1, results: I32_RESULT }),
  'ref.func': ({ context }, index) => ({
    operands: 0,
    results: [refType(false, context.module.functions[index as number]!)],
  }),
  'any.convert_extern': ({ stack }) => ({ operands: 1, results: [inHierarchy(stack.peek(), 'any')] }),
  'extern.convert_any': ({ stack }) => ({ operands: 1, results: [inHierarchy(stack.peek(), 'extern')] }),
  'ref.as_non_null': ({ stack }) => ({ operands: 1, results: [nonNull(stack.peek().type as RefType)] }),
};

/** As nullable as the operand. */
function inHierarchy({ type }: Value, heap: 'any' | 'extern'): RefType {
  return refType((type as RefType).nullable, heap);
}

/** What follows from the immediate: from the memories or tables that it names, or else the emitter knows. */
function shapeFor(emitter: FunctionEmitter, row: Opcode, immediate: Immediate): Shape {
  const signature = signatureOf(row, subjectOf(emitter.context.module, row.immediate, immediate));
  if (signature !== undefined) return { operands: signature.params.length, results: signature.results };
  const custom = CUSTOM[row.name];
  if (custom === undefined) throw new Error(`${row.name}: the emitter does not know this instruction`);
  return custom(emitter, immediate);
}

/** The row's template, or a better one where the last operand is a literal. */
function chooseTemplate(plan: Plan, values: readonly Value[]): Template {
  const last = values.length > 1 ? values[values.length - 1]!.constant : undefined;
  if (last !== undefined) {
    if (plan.constant !== undefined) return plan.constant;
    if (plan.divisor !== undefined && Number(last) !== 0 && Number(last) !== -1) return plan.divisor;
  }
  return plan.template;
}

/** One for all: an instruction is built before the next one begins, and sets every name that its template has. */
const ARGUMENTS = new TemplateArguments();

/** Binds a template's names for one instruction. */
function bindArguments(
  emitter: FunctionEmitter,
  values: readonly Value[],
  chosen: Template,
  plan: Plan,
  row: Opcode,
  immediate: Immediate,
): TemplateArguments {
  const { all } = ARGUMENTS;
  const base = emitter.stack.height;
  const memory = plan.isAccess ? (immediate as MemoryArgument) : undefined;
  for (let i = 0; i < values.length; i++) {
    const isAddress = memory !== undefined && i === 0;
    const position = isAddress ? ARGUMENT.ea : i === 3 ? ARGUMENT.d : i;
    const isUnsigned = plan.unsigned?.[i] === true;
    const node = isAddress
      ? address(emitter, values[0]!, memory)
      : isUnsigned
        ? unsigned(emitter, values[i]!)
        : numeric(values[i]!);
    if (!chosen.repeated[position] || js.isSimple(node)) all[position] = node;
    else {
      const place = emitter.temporary('b', base + i);
      ARGUMENTS.firsts[position] = js.assign(place, node);
      all[position] = place;
    }
  }
  if (row.immediate === 'memarg atomic') all[ARGUMENT.i] = js.number(memory!.memory);
  else if (memory !== undefined) all[ARGUMENT.V] = emitter.useView(memory.memory);
  else if (immediate !== undefined) bindIndices(row, immediate);
  if (chosen.usesX) all[ARGUMENT.x] = emitter.temporary('x', base);
  if (chosen.usesY) all[ARGUMENT.y] = emitter.temporary('y', base);
  const constant = values.length > 1 ? values[values.length - 1]!.constant : undefined;
  if (typeof constant === 'bigint') {
    for (const name of ['k', 'm', 'u'] as const) all[ARGUMENT[name]] = js.bigint(CONSTANTS[name](constant));
  }
  return ARGUMENTS;
}

function bindIndices(row: Opcode, immediate: Immediate): void {
  if (row.immediate === 'types' || row.immediate === 'heaptype') return;
  const [first, second] = Array.isArray(immediate) ? (immediate as readonly number[]) : [immediate];
  if (typeof first === 'number') ARGUMENTS.all[ARGUMENT.i] = js.number(first);
  if (typeof second === 'number') ARGUMENTS.all[ARGUMENT.j] = js.number(second);
}
