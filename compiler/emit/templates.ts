/**
 * Instructions whose meaning is their row's template: operands are bound to the template's names, the effects decide what must
 * be computed before, and the result is pushed as a value that is still an expression.
 *
 *   i32.add with operands l0 and 5   →   a pending value `l0 + 5 | 0`
 *   i32.store offset=8               →   V.setInt32((l0 >>> 0) + 8, l1, true);
 *
 * Not here: how a template becomes text (template.ts), instructions that the emitter has to know (instructions.ts).
 */
import { nonNull, type RefType, refType, type ValueType } from '../../runtime/types.ts';
import type { Immediate, MemoryArgument } from '../function/sink.ts';
import { subjectOf } from '../function/subject.ts';
import { dependsOnSubject, givesSize, isAccess, unsignedOperands } from '../opcodes/row.ts';
import { CONSTANTS, type Opcode, signatureOf, type Target } from '../opcodes.ts';
import { address, fromSize, unsigned } from './addresses.ts';
import { emitCallLike } from './calls.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import * as js from './js.ts';
import {
  ANY_EFFECT,
  effectsOf,
  joinReads,
  LOADS,
  numeric,
  operationsOf,
  TRAPS,
  type Value,
} from './operand-stack.ts';
import { ARGUMENT, type Template, TemplateArguments, template } from './template.ts';

const EFFECTS: Readonly<Record<Opcode['effect'], number>> = {
  pure: 0,
  trap: TRAPS,
  load: TRAPS | LOADS,
  store: TRAPS,
  call: ANY_EFFECT,
  control: ANY_EFFECT,
};

export function emitTemplate(
  emitter: FunctionEmitter,
  row: Opcode,
  immediate: Immediate,
  offset: number,
): void {
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
    if (type === 'i64' && emitter.places.halves) {
      stack.freeSlot();
      stack.pushSettled(type);
      const halves = emitter.places.slotHalves(stack.height - 1);
      const lanes = emitter.use('RL');
      return js.sequence(halves.map((half, n) => js.assign(half, js.index(lanes, js.number(2 * i + n)))));
    }
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

const PLANS: Readonly<Record<Target, (Plan | undefined)[]>> = {
  'v8-11': [],
  'v8-12+': [],
  jitless: [],
};

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
