/**
 * Looking at references: `ref.test`, `ref.cast`, and the branches on null and on a cast.
 *
 *   ref.cast (ref $circle)      →      l0 !== null && l0.rtt.s1 === D4 ? l0 : cast_failure()
 *
 * Every object has its type in `rtt`, and every type its supertypes in `s0`, `s1`, … by depth: one comparison decides. A
 * number is an i31. What the operand's own type excludes is not asked for.
 */
import { FIRST_SUPERTYPES } from '../../runtime/abi.ts';
import { bottomOf, ModuleDefinitions, matchesHeap } from '../../runtime/subtyping.ts';
import { type HeapType, nonNull, type RefType, type ValueType } from '../../runtime/types.ts';
import type { Immediate } from '../function/sink.ts';
import type { Opcode } from '../opcodes.ts';
import { branch, flushBefore, settleFrom, target } from './control.ts';
import { labelTypes } from './frames.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import * as js from './js.ts';
import type { Handler } from './objects.ts';
import { TRAPS, type Value } from './operand-stack.ts';

export const REFERENCES: Readonly<Record<string, Handler>> = {
  'ref.test': emitTest,
  'ref.test_null': emitTest,
  'ref.cast': emitCast,
  'ref.cast_null': emitCast,
};

function emitTest(emitter: FunctionEmitter, _: Opcode, types: Immediate): void {
  const { stack } = emitter;
  const to = (types as readonly ValueType[])[0] as RefType;
  const value = stack.peek();
  const from = value.type as RefType;
  const known = knownTest(emitter, from, to);
  if (known !== undefined) {
    if (value.effects & TRAPS) stack.settle(stack.height - 1);
    stack.pop();
    emitter.pushConstant('i32', js.number(known ? 1 : 0), known ? 1 : 0);
    return;
  }
  stack.pop();
  const { first, again } = twice(emitter, value.node);
  const { effects, reads, operations } = value;
  const node = typeTest(emitter, first, again, from, to);
  stack.push({
    node,
    type: 'i32',
    effects,
    reads,
    operations: operations + 1,
    isBoolean: true,
    constant: undefined,
  });
}

function emitCast(emitter: FunctionEmitter, _: Opcode, types: Immediate, offset: number): void {
  const { stack } = emitter;
  const to = (types as readonly ValueType[])[0] as RefType;
  const from = stack.peek().type as RefType;
  const known = knownTest(emitter, from, to);
  if (known === true) return;
  const { node, effects, reads, operations } = stack.pop();
  const { first, again } = twice(emitter, node);
  const failure = js.call(emitter.use('cast_failure', offset), []);
  const cast =
    known === false
      ? js.sequence([first, failure])
      : js.conditional(typeTest(emitter, first, again, from, to), again, failure);
  emitter.push(to, cast, effects | TRAPS, reads, operations + 1);
}

/** An expression for its first use, and for those behind it. */
function twice(
  emitter: FunctionEmitter,
  node: js.Expression,
): { first: js.Expression; again: js.Expression } {
  if (js.isSimple(node)) return { first: node, again: node };
  const again = emitter.temporary('x', emitter.stack.height);
  return { first: js.assign(again, node), again };
}

// -------------------------------------------------------------------- tests

/** What the types alone decide. */
function knownTest({ context }: FunctionEmitter, from: RefType, to: RefType): boolean | undefined {
  const definitions = new ModuleDefinitions(context.module.types);
  if (matchesHeap(from.heap, to.heap, definitions)) return to.nullable || !from.nullable || undefined;
  const isBottom = to.heap === bottomOf(to.heap, definitions);
  return isBottom && !(to.nullable && from.nullable) ? false : undefined;
}

/** Whether a reference of type `from` has type `to`, which is not known. */
function typeTest(
  emitter: FunctionEmitter,
  first: js.Expression,
  again: js.Expression,
  from: RefType,
  to: RefType,
): js.Expression {
  const definitions = new ModuleDefinitions(emitter.context.module.types);
  if (matchesHeap(from.heap, to.heap, definitions)) return js.binary('!==', first, js.NULL);
  if (to.heap === bottomOf(to.heap, definitions)) return js.binary('===', first, js.NULL);
  if (!from.nullable) return heapTest(emitter, first, again, from.heap, to.heap);
  const rest = heapTest(emitter, again, again, from.heap, to.heap);
  return to.nullable
    ? js.logical('||', js.binary('===', first, js.NULL), rest)
    : js.logical('&&', js.binary('!==', first, js.NULL), rest);
}

const MAY_BE_NUMBERS: ReadonlySet<HeapType> = new Set<HeapType>(['any', 'eq', 'i31']);

/** The same of a reference that is not null. */
function heapTest(
  emitter: FunctionEmitter,
  first: js.Expression,
  again: js.Expression,
  from: HeapType,
  to: HeapType,
): js.Expression {
  const isNumber = (operator: '===' | '!==') => js.binary(operator, js.typeOf(first), js.string('number'));
  if (to === 'i31') return isNumber('===');
  if (to === 'eq') return js.logical('||', isNumber('==='), kindTest(again, '!==', 'host'));
  if (!MAY_BE_NUMBERS.has(from)) return objectTest(emitter, first, to);
  return js.logical('&&', isNumber('!=='), objectTest(emitter, again, to));
}

function kindTest(object: js.Expression, operator: '===' | '!==', kind: string): js.Expression {
  return js.binary(operator, js.member(js.member(object, 'rtt'), 'kind'), js.string(kind));
}

function objectTest(emitter: FunctionEmitter, object: js.Expression, to: HeapType): js.Expression {
  if (typeof to === 'string') return kindTest(object, '===', to);
  const { chain, final } = emitter.context.module.types[to as number]!;
  const rtt = js.member(object, 'rtt');
  const depth = chain.length - 1;
  const wanted = emitter.use(`D${to as number}`);
  if (final) return js.binary('===', rtt, wanted);
  const found =
    depth < FIRST_SUPERTYPES
      ? js.member(rtt, `s${depth}`)
      : js.index(js.member(rtt, 'chain'), js.number(depth));
  return js.binary('===', found, wanted);
}

// -------------------------------------------------------------------- branches

/** The reference, settled, is looked at by whatever follows. */
function popReference({ stack }: FunctionEmitter): Value {
  stack.settleEffects(TRAPS);
  stack.settle(stack.height - 1);
  return stack.pop();
}

/** `br_on_null`: a branch without the reference; behind it, the reference is not null. */
export function emitBrOnNull(emitter: FunctionEmitter, depth: number): void {
  const { node, type } = popReference(emitter);
  emitBranch(emitter, depth, js.binary('===', node, js.NULL));
  emitter.stack.pushSettled(nonNull(type as RefType));
}

/** `br_on_non_null`: the reference goes along with the branch, and is dropped behind it. */
export function emitBrOnNonNull(emitter: FunctionEmitter, depth: number): void {
  const { node, type } = popReference(emitter);
  emitter.stack.pushSettled(nonNull(type as RefType));
  emitBranch(emitter, depth, js.binary('!==', node, js.NULL));
  emitter.stack.pop();
}

/** `br_on_cast` and, `onFail`, `br_on_cast_fail`: the reference goes along, and stays where it does not branch. */
export function emitBrOnCast(emitter: FunctionEmitter, depth: number, to: RefType, onFail: boolean): void {
  const { node, type } = popReference(emitter);
  const from = type as RefType;
  const rest = to.nullable ? nonNull(from) : from;
  const known = knownTest(emitter, from, to);
  const test = known === undefined ? typeTest(emitter, node, node, from, to) : js.raw(String(known));
  // A cast that cannot fail tells nothing new.
  const cast = known === true ? from : to;
  emitter.stack.pushSettled(onFail ? rest : cast);
  emitBranch(emitter, depth, onFail ? js.unary('!', test) : test);
  emitter.stack.pop();
  emitter.stack.pushSettled(onFail ? cast : rest);
}

function emitBranch(emitter: FunctionEmitter, depth: number, condition: js.Expression): void {
  const { stack } = emitter;
  settleFrom(emitter, stack.height - labelTypes(target(emitter, depth)).length);
  flushBefore(emitter, depth);
  emitter.emit(js.ifElse(condition, branch(emitter, depth)), 2);
  emitter.meter.endRegion();
}
