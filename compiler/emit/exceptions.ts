/**
 * Exceptions, in both forms. A wasm exception is a JavaScript one; `caught` lets traps and the like pass.
 *
 *   try_table (catch $t 1) … end    →    try { … } catch (e) { e1 = caught(e); …; if (e1.tag === E.tags[0]) { s0 = e1.payload[0]; break L2; } throw e1; }
 *
 * The legacy `delegate` hands an exception to an outer handler, past those in between: it notes in `dl` which frame is
 * meant, and handlers that such an exception passes look at it first.
 */
import { EXNREF, type FuncType, funcTypeAt } from '../../runtime/types.ts';
import type { CatchClause } from '../function/sink.ts';
import { anchorFrom, branch, fallOut, finish, target } from './control.ts';
import { type Frame, frame, isGuarding, StatementList } from './frames.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import * as js from './js.ts';
import { ANY_EFFECT, numeric, TRAPS, type Value } from './operand-stack.ts';
import { balanceTry, splitFrame } from './outline.ts';
import { boxedVector, giveBoxedVector } from './simd/instructions.ts';
import { WEIGHTS } from './weights.ts';

export function enterTry(
  emitter: FunctionEmitter,
  kind: 'try' | 'try_table',
  type: FuncType,
  catches?: readonly CatchClause[],
): void {
  emitter.stack.settleAll();
  emitter.flushMirrors();
  const height = emitter.stack.height - type.params.length;
  anchorFrom(emitter, height);
  const label = emitter.newLabel();
  const opened = frame(kind, label, type, height);
  emitter.enterFrame(catches === undefined ? opened : { ...opened, catches });
  emitter.meter.endRegion();
}

// -------------------------------------------------------------------- try_table

export function leaveTryTable(emitter: FunctionEmitter, reachable: boolean): void {
  const current = emitter.frame;
  if (reachable) fallOut(emitter, current);
  splitFrame(emitter, current, reachable);
  const guarded = current.list;
  const exception = emitter.places.hidden(`e${emitter.frames.length}`, EXNREF);
  current.list = new StatementList();
  beginHandler(emitter, current, exception);
  const head = current.list.statements.length;
  // Catch clauses branch as if they stood outside the try_table.
  const own = emitter.frames.pop()!;
  const handler = own.list;
  emitter.stack.truncate(own.height);
  emitter.frames.push({ ...frame('block', own.label, own.type, own.height), list: handler });
  for (const clause of current.catches!) emitCatch(emitter, clause, exception);
  handler.push(js.throws(exception));
  own.list = handler;
  closeTry(emitter, own, guarded, handler, head);
}

function emitCatch(emitter: FunctionEmitter, clause: CatchClause, exception: js.Expression): void {
  const { stack, frame: current } = emitter;
  const outer = current.list;
  const height = stack.height;
  current.list = new StatementList();
  if (clause.tag !== undefined) pushPayload(emitter, clause.tag, exception);
  if (clause.kind.endsWith('_ref')) emitter.push(EXNREF, exception);
  anchorFrom(emitter, height);
  for (const statement of branch(emitter, clause.depth + 1)) emitter.emit(statement);
  stack.truncate(height);
  const { list } = current;
  current.list = outer;
  const test = clause.tag === undefined ? undefined : hasTag(clause.tag, exception);
  pushHandler(outer, test, list);
}

// -------------------------------------------------------------------- legacy

export function emitLegacyCatch(emitter: FunctionEmitter, tag: number | undefined, reachable: boolean): void {
  const current = emitter.frame;
  if (reachable) fallOut(emitter, current);
  closeHandler(emitter, current, reachable);
  emitter.mirrors?.forgetSince(0);
  current.kind = tag === undefined ? 'catch_all' : 'catch';
  current.handlerTest = tag === undefined ? undefined : hasTag(tag, current.exception!);
  emitter.stack.truncate(current.height);
  emitter.meter.endRegion();
  if (tag !== undefined) {
    const base = emitter.stack.height;
    pushPayload(emitter, tag, current.exception!);
    anchorFrom(emitter, base);
  }
}

/** Ends the guarded part, or one handler. */
function closeHandler(emitter: FunctionEmitter, current: Frame, reachable: boolean): void {
  splitFrame(emitter, current, reachable);
  current.ladder = undefined;
  const { list } = current;
  if (current.kind === 'try') {
    current.guarded = list;
    current.exception = emitter.places.hidden(`e${emitter.frames.length}`, EXNREF);
    current.list = new StatementList();
    beginHandler(emitter, current, current.exception);
    current.handlers = current.list;
    current.handlersHead = current.list.statements.length;
  } else {
    if (reachable) {
      current.targeted = true;
      list.push(js.breakTo(current.label));
    }
    const handlers = current.handlers!;
    pushHandler(handlers, current.handlerTest, list);
  }
  current.list = new StatementList();
}

export function leaveLegacyTry(emitter: FunctionEmitter, reachable: boolean): void {
  const current = emitter.frame;
  if (reachable) fallOut(emitter, current);
  if (current.kind === 'try' && !current.passedOver) {
    // No handler at all: a plain block. Unless a `delegate` means it, or passes it: then somebody must see that it has come so far.
    splitFrame(emitter, current, reachable);
    const { list, label, targeted } = current;
    const inner = js.block(list.statements);
    finish(emitter, current, [
      {
        statement: targeted ? js.labeled(label, inner) : inner,
        weight: list.weight,
        nesting: list.nesting + 2,
      },
    ]);
    emitter.mirrors?.forgetSince(current.enteredAt);
    emitter.meter.endRegion();
    return;
  }
  const hasCatchAll = current.kind === 'catch_all';
  closeHandler(emitter, current, reachable);
  if (!hasCatchAll) current.handlers!.push(js.throws(current.exception!));
  closeTry(emitter, current, current.guarded!, current.handlers!, current.handlersHead!);
}

export function emitDelegate(emitter: FunctionEmitter, depth: number, reachable: boolean): void {
  const current = emitter.frame;
  if (reachable) fallOut(emitter, current);
  splitFrame(emitter, current, reachable);
  const to = delegateTarget(emitter, depth);
  const guarded = current.list;
  const exception = emitter.places.hidden(`e${emitter.frames.length}`, EXNREF);
  current.list = new StatementList();
  beginHandler(emitter, current, exception);
  emitter.emit(js.set(delegation(emitter), js.number(to === undefined ? -1 : frameNumber(to))));
  emitter.emit(js.throws(exception));
  closeTry(emitter, current, guarded, current.list, current.list.statements.length);
}

/** The handler that a delegate means: the try at that label, or the first one outside it. Marks those in between. */
function delegateTarget(emitter: FunctionEmitter, depth: number): Frame | undefined {
  const { frames } = emitter;
  const from = frames.length - 2;
  const label = from - depth;
  for (let i = from; i >= 0; i--) {
    const candidate = frames[i]!;
    if (!isGuarding(candidate)) continue;
    candidate.passedOver = true;
    if (i <= label) return candidate;
  }
  return undefined;
}

function frameNumber({ label }: Frame): number {
  return Number(label.slice(1)) + 1;
}

function delegation(emitter: FunctionEmitter): js.Expression {
  emitter.delegation ??= emitter.places.hidden('dl', 'i32');
  return emitter.delegation;
}

// -------------------------------------------------------------------- shared

/** The head of every handler: traps go on; the frame, fuel and views are as the throw left them: put in order. */
function beginHandler(emitter: FunctionEmitter, current: Frame, exception: js.Expression): void {
  emitter.emit(js.set(exception, js.call(emitter.use('caught'), [js.id('e')])));
  emitter.places.restored = true;
  emitter.emit(emitter.handlerStatement(), 0, WEIGHTS.restore);
  emitter.mirrors?.forgetSince(0);
  emitter.arrive();
  if (!current.passedOver) return;
  const meant = js.number(frameNumber(current));
  const place = delegation(emitter);
  const other = js.logical('&&', js.binary('!==', place, js.number(0)), js.binary('!==', place, meant));
  emitter.emit(js.ifElse(other, [js.throws(exception)]), 2);
  emitter.emit(js.set(place, js.number(0)));
}

function closeTry(
  emitter: FunctionEmitter,
  current: Frame,
  guarded: StatementList,
  handler: StatementList,
  head: number,
): void {
  balanceTry(emitter, guarded, handler, head);
  const statement = js.tryCatch(guarded.statements, 'e', handler.statements);
  finish(emitter, current, [
    {
      statement: current.targeted ? js.labeled(current.label, js.block([statement])) : statement,
      weight: guarded.weight + handler.weight + WEIGHTS.try,
      nesting: Math.max(guarded.nesting, handler.nesting) + 4,
    },
  ]);
  emitter.mirrors?.forgetSince(0);
  emitter.meter.endRegion();
}

/** What is done with an exception that passes the test, or with any. */
function pushHandler(
  handlers: StatementList,
  test: js.Expression | undefined,
  { statements, nesting, weight }: StatementList,
): void {
  if (test === undefined) handlers.push(js.block(statements), nesting + 1, weight);
  else handlers.push(js.ifElse(test, statements), nesting + 2, weight + WEIGHTS.branch + test.weight);
}

function hasTag(tag: number, exception: js.Expression): js.Expression {
  return js.binary(
    '===',
    js.member(exception, 'tag'),
    js.index(js.member(js.id('E'), 'tags'), js.number(tag)),
  );
}

function pushPayload(emitter: FunctionEmitter, tag: number, exception: js.Expression): void {
  const { params } = tagType(emitter, tag);
  params.forEach((type, i) => {
    if (type === 'v128') {
      giveBoxedVector(emitter, js.index(js.member(exception, 'payload'), js.number(i)));
      return;
    }
    emitter.push(type, js.index(js.member(exception, 'payload'), js.number(i)));
    emitter.stack.settle(emitter.stack.height - 1);
  });
}

function tagType(emitter: FunctionEmitter, tag: number): FuncType {
  const { module } = emitter.context;
  return funcTypeAt(module.types, module.tags[tag]!);
}

export function emitThrow(emitter: FunctionEmitter, tag: number, type: FuncType, offset: number): void {
  emitter.stack.settleEffects(TRAPS);
  const values = emitter.stack.popMany(type.params.length);
  const thrown = js.call(emitter.use('throw_', offset), [
    js.id('E'),
    js.number(tag),
    ...values.map((value) => payload(emitter, value)),
  ]);
  emitter.emit(js.throws(emitter.departing(thrown)));
  emitter.meter.endRegion();
}

function payload(emitter: FunctionEmitter, value: Value): js.Expression {
  return value.vector === undefined ? numeric(value) : boxedVector(emitter, value.vector);
}

export function emitThrowRef(emitter: FunctionEmitter, offset: number): void {
  rethrowValue(emitter, emitter.stack.pop().node, offset);
}

export function emitRethrow(emitter: FunctionEmitter, depth: number, offset: number): void {
  rethrowValue(emitter, target(emitter, depth).exception!, offset);
}

function rethrowValue(emitter: FunctionEmitter, exception: js.Expression, offset: number): void {
  emitter.stack.settleEffects(ANY_EFFECT);
  const thrown = js.call(emitter.use('throw_ref', offset), [exception]);
  emitter.emit(js.throws(emitter.departing(thrown)));
  emitter.meter.endRegion();
}
