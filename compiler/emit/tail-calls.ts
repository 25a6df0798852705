/**
 * Tail calls: the callee takes the caller's frame and place on the stack.
 *
 * A function that calls itself is a loop around its body: `l0 = …; continue L1`. Where the stack stays small in any case
 * (`tail-forms.ts`), a tail call is `return f7(E, l0)`, after the frame has been given back.
 *
 * All others need a *tail form*, `f12$tail`, of their function; under the usual name stands a trampoline, so that callers do
 * not know:
 *
 *   function f12(E, l0) { const x = f12$tail(E, l0, 32); return _S.tail === null ? x : bounce(); }
 *   function f12$tail(E, l0, n) { …
 *     return n > 0 ? f7$tail(E, l0 + 1 | 0, n - 1) : leave(f7$tail, E, l0 + 1 | 0); }
 *
 * `n` counts down: V8 inlines calls, and an ordinary one takes a tenth of the time of one by way of the trampoline. At zero
 * the call is left in the store, all frames return, and the trampoline makes it. Out of a `try` or a split function the call
 * is always left, since the callee runs outside of both.
 *
 * i64 and v128 arguments go to the first cells of our frame, where the callee's will start.
 */
import { TAIL_CALLS_IN_A_ROW } from '../../runtime/abi.ts';
import { cellsOf, type FuncType } from '../../runtime/types.ts';
import { byName, findElement, findReferenced, located, type Resolve } from './calls.ts';
import { enter, jump } from './control.ts';
import { isGuarding } from './frames.ts';
import { CallsItself, type FunctionEmitter, NotInHalves } from './function-emitter.ts';
import { indirectTargets } from './indirect-targets.ts';
import * as js from './js.ts';
import { machineValue, TRAPS, type Value } from './operand-stack.ts';
import { nameInGroup } from './registers.ts';
import { toVectorLocal } from './simd/local-vectors.ts';
import { staysShallow } from './tail-forms.ts';

const E = js.id('E');
const TAIL_CALLS_LEFT = js.id('n');

/** What an ordinary call and a tail call enter, and their first argument. */
interface Callee {
  /** Undefined: not known before run time. */
  readonly index: number | undefined;
  readonly code: () => js.Expression;
  readonly tail: () => js.Expression;
  readonly env: js.Expression;
  /** The call of the tail form with these arguments behind `env`. */
  readonly enter: (args: js.Expression[]) => js.Expression;
}

export function tailName(name: string): string {
  return `${name}$tail`;
}

// -------------------------------------------------------------------- a function that calls itself

/** Before the first instruction: the body is a loop. */
export function enterBody(emitter: FunctionEmitter): void {
  enter(emitter, 'loop', { params: [], results: emitter.context.type.results });
  emitter.frame.isBody = true;
}

function emitSelfCall(emitter: FunctionEmitter, args: readonly Value[]): void {
  const { places } = emitter;
  if (places.halves && args.some(({ type }) => type === 'i64')) throw new NotInHalves();
  const body = emitter.frames[1];
  if (body?.isBody !== true) throw new CallsItself();
  const changed = args
    .map((value, local) => ({ value, local }))
    .filter(({ value, local }) => value.vector !== undefined || value.node !== places.local(local));
  const statements: js.Statement[] = [];
  const values = keepVectors(
    emitter,
    changed.map(({ value }) => value),
    statements,
  );
  const nodes = changed.length > 1 ? keep(emitter, values, statements, isLiteral) : values.map(machineValue);
  changed.forEach(({ local }, i) => {
    const { vector } = values[i]!;
    if (vector !== undefined) {
      statements.push(...together(toVectorLocal(emitter, local, vector)));
      return;
    }
    const place = places.local(local);
    if (!places.isMirrored(local)) statements.push(js.set(place, nodes[i]!));
    else statements.push(js.set(places.localCell(local), js.assign(place, nodes[i]!)));
  });
  const zeroed = js.block([]);
  emitter.restarts.push(zeroed);
  finish(emitter, [...statements, zeroed, jump(body)]);
}

function isLiteral({ type }: js.Expression): boolean {
  return type === 'Literal';
}

// -------------------------------------------------------------------- other functions

export function emitReturnCall(
  emitter: FunctionEmitter,
  index: number,
  type: FuncType,
  offset: number,
  resolve: Resolve,
): void {
  const args = operands(emitter, type.params.length);
  if (index === emitter.context.index) {
    emitSelfCall(emitter, args);
  } else if (index < emitter.context.module.importedFunctions) {
    const reference = emitter.temporary('x', emitter.stack.height);
    const found = js.set(reference, js.index(js.member(E, 'I'), js.number(index)));
    replace(emitter, type, args, calleeIn(emitter, reference, offset), found);
  } else {
    const code = () => located(emitter, resolve(index), offset);
    const tail = () => located(emitter, resolve(index, true), offset);
    const enter = (rest: js.Expression[]) => js.call(tail(), [E, ...rest]);
    replace(emitter, type, args, { index, code, tail, env: E, enter });
  }
}

export function emitReturnCallIndirect(
  emitter: FunctionEmitter,
  typeIndex: number,
  table: number,
  type: FuncType,
  offset: number,
  resolve: Resolve,
): void {
  const args = operands(emitter, type.params.length + 1);
  const selector = args.pop()!;
  const element = findElement(emitter, typeIndex, table, selector, offset);
  const callee = calleeIn(emitter, element.reference, offset);
  const targets = indirectTargets(emitter.context.module, type);
  const enter = (rest: js.Expression[]) => {
    const named = targets.map((target) => {
      const name = located(emitter, resolve(target, true), offset);
      return [target, js.call(name, [E, ...rest])] as const;
    });
    const looked = { ...element, found: element.reference };
    return named.length === 0 ? callee.enter(rest) : byName(looked, named, callee.enter(rest));
  };
  replace(emitter, type, args, { ...callee, enter }, js.statement(element.found));
}

export function emitReturnCallRef(
  emitter: FunctionEmitter,
  typeIndex: number,
  type: FuncType,
  offset: number,
): void {
  const args = operands(emitter, type.params.length + 1);
  const callee = args.pop()!;
  const { found, reference } = findReferenced(emitter, typeIndex, callee, offset);
  replace(emitter, type, args, calleeIn(emitter, reference, offset), js.statement(found));
}

/** What may trap is computed, in order; the rest may be computed in any. */
function operands({ stack }: FunctionEmitter, count: number): Value[] {
  stack.settleEffects(TRAPS);
  return [...stack.popMany(count)];
}

function calleeIn(emitter: FunctionEmitter, reference: js.Expression, offset: number): Callee {
  const env = js.member(reference, 'env');
  const tail = () => js.member(reference, 'tail', emitter.at(offset));
  return {
    index: undefined,
    code: () => js.member(reference, 'code', emitter.at(offset)),
    tail,
    env,
    enter: (rest) => js.call(tail(), [env, ...rest]),
  };
}

/** Values as variables, which `statements` sets, but for those that can stay as they are. */
function keep(
  emitter: FunctionEmitter,
  values: readonly Value[],
  statements: js.Statement[],
  stays: (node: js.Expression) => boolean = js.isSimple,
): js.Expression[] {
  return values.map((value, i) => {
    const node = machineValue(value);
    if (stays(node) || value.vector !== undefined) return node;
    const place = emitter.temporary('b', emitter.stack.height + i);
    statements.push(js.set(place, node));
    return place;
  });
}

/** The same for vectors, where there are other values that may be set before them. */
function keepVectors(
  { places }: FunctionEmitter,
  values: readonly Value[],
  statements: js.Statement[],
): readonly Value[] {
  if (values.length < 2) return values;
  return values.map((value, i) => {
    if (value.vector === undefined) return value;
    const { vector, expressions } = places.vectors.keep(value.vector, i);
    statements.push(...together(expressions));
    return { ...value, vector };
  });
}

function together(expressions: readonly js.Expression[]): js.Statement[] {
  return expressions.length === 0 ? [] : [js.statement(js.sequence(expressions))];
}

/** Where the function may be split, in one piece: no part may move into another function than the rest. */
function finish(emitter: FunctionEmitter, statements: js.Statement[]): void {
  const pieces = emitter.places.layout === 'plain' ? statements : [js.block(statements)];
  for (const piece of pieces) emitter.emit(piece, 1);
  emitter.meter.endRegion();
}

/**
 * The arguments go where the callee expects them, the frame is given back, the callee called or left to the trampoline.
 * `found` finds the callee.
 */
function replace(
  emitter: FunctionEmitter,
  { params }: FuncType,
  values: readonly Value[],
  callee: Callee,
  found?: js.Statement,
): void {
  const { places, context } = emitter;
  const statements: js.Statement[] = [];
  const kept = keepVectors(emitter, values, statements);
  const args = keep(emitter, kept, statements);
  if (found !== undefined) statements.push(found);
  const rest = [callee.env, ...args.filter((_, i) => cellsOf(params[i]!) === 0)];
  let cell = 0;
  kept.forEach(({ type, vector }, i) => {
    if (vector !== undefined) {
      statements.push(...together(places.vectors.toCells(places.vectors.frameCells(cell), vector)));
    } else if (type === 'i64') statements.push(js.set(places.cell('i64', cell), args[i]!));
    cell += cellsOf(type);
  });
  places.reserve(cell);
  const left = () => js.call(emitter.use('leave'), [callee.tail(), ...rest]);
  emitter.makesTailCalls = true;
  if (places.layout !== 'plain' || emitter.frames.some(isGuarding)) {
    emitter.hasTrampoline = true;
    const out = places.layout === 'plain' ? emitter.exit(undefined, []) : js.breakTo(emitter.tailExit());
    statements.push(js.statement(left()), out);
  } else if (staysShallow(context.module, context.index, callee.index)) {
    statements.push(emitter.exitInto(js.call(callee.code(), rest)));
  } else {
    emitter.hasTrampoline = true;
    const enough = js.binary('>', TAIL_CALLS_LEFT, js.number(0));
    const again = [...rest.slice(1), js.binary('-', TAIL_CALLS_LEFT, js.number(1))];
    const called = callee.enter(again);
    statements.push(emitter.exitInto(js.conditional(enough, called, left())));
  }
  finish(emitter, statements);
}

// -------------------------------------------------------------------- the trampoline

/** What stands under the function's name, where its body is the tail form. */
export function trampoline(emitter: FunctionEmitter): js.FunctionDeclaration {
  const { name, places } = emitter;
  const result = js.id('x');
  const parameters = ['E', ...places.parameters];
  const entered = js.call(js.id(tailName(name)), [
    ...parameters.map((each) => js.id(each)),
    js.number(TAIL_CALLS_IN_A_ROW),
  ]);
  const nothingLeft = js.binary('===', js.member(js.id(nameInGroup('S')), 'tail'), js.NULL);
  return js.functionDeclaration(name, parameters, [
    js.declare('const', [['x', entered]]),
    js.returns(js.conditional(nothingLeft, result, js.call(emitter.use('bounce'), []))),
  ]);
}
