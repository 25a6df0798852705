/**
 * Structured control: blocks, branches, returns. Frames are in frames.ts, exceptions in exceptions.ts.
 *
 * A branch's operands move to the target's slots (the operand stack above the target's height), so that all ways into a
 * label leave its values in the same places:
 *
 *   br 1 with one i32 on the stack     →     s0 = l3; break L2;
 */
import { cellsOf, type FuncType, type ValueType } from '../../runtime/types.ts';
import {
  type Closed,
  closeBlock,
  closeIf,
  closeLoop,
  type Frame,
  frame,
  labelTypes,
  StatementList,
} from './frames.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import { HIGH } from './jitless/entries.ts';
import { assignHalves, halvesOf } from './jitless/halves.ts';
import * as js from './js.ts';
import { type Ladder, type LadderPlace, newLadder, newRung, type Rung, rungOf } from './ladder.ts';
import { numeric, TRAPS, type Value } from './operand-stack.ts';
import { balance, splitFrame } from './outline.ts';
import { switchWeight } from './weights.ts';

export function enter(emitter: FunctionEmitter, kind: 'block' | 'loop', type: FuncType): void {
  emitter.stack.settleAll();
  const height = emitter.stack.height - type.params.length;
  anchorFrom(emitter, height);
  if (kind === 'loop') emitter.flushMirrors();
  emitter.enterFrame(frame(kind, emitter.newLabel(), type, height));
  if (kind === 'loop') {
    // Other turns may bring values of the declared types only.
    emitter.stack.truncate(height);
    for (const each of type.params) emitter.stack.pushSettled(each);
    emitter.mirrors?.forgetSince(0);
    emitter.localFacts?.enterLoop();
    emitter.frame.regionBefore = emitter.meter.quietRegion;
    emitter.frame.callsBefore = emitter.calls;
    emitter.frame.loopsBefore = emitter.closedLoops;
    emitter.loops++;
    emitter.meter.endRegion();
  }
}

export function enterIf(emitter: FunctionEmitter, type: FuncType): void {
  const condition = emitter.stack.pop();
  const height = emitter.stack.height - type.params.length;
  if (condition.effects & TRAPS) emitter.stack.settleEffects(TRAPS);
  emitter.stack.settleAll();
  anchorFrom(emitter, height);
  const opened = frame('if', emitter.newLabel(), type, height);
  opened.test = condition.node;
  emitter.flushMirrors();
  opened.fork = emitter.meter.fork();
  emitter.enterFrame(opened);
  emitter.meter.endRegion();
}

/** Parameters and results lie in their slots, constants included. */
export function anchorFrom(emitter: FunctionEmitter, height: number): void {
  for (let h = height; h < emitter.stack.height; h++) emitter.stack.anchor(h);
}

/** What a branch may carry is computed once. */
export function settleFrom(emitter: FunctionEmitter, height: number): void {
  for (let h = height; h < emitter.stack.height; h++) emitter.stack.settle(h);
}

export function emitElse(emitter: FunctionEmitter, reachable: boolean): void {
  const current = emitter.frame;
  if (reachable) fallOut(emitter, current);
  splitFrame(emitter, current, reachable);
  emitter.forgetSince(current.enteredAt);
  current.kind = 'else';
  current.ladder = undefined;
  current.consequent = current.list;
  current.list = new StatementList();
  emitter.stack.truncate(current.height);
  for (const type of current.type.params) emitter.stack.pushSettled(type);
  emitter.meter.endRegion();
  if (current.fork !== undefined) emitter.meter.otherArm(current.fork);
}

/** Results go to their slots at the end of a block. */
export function fallOut(emitter: FunctionEmitter, current: Frame): void {
  anchorFrom(emitter, current.height);
  // Code that climbs into a ladder may have to jump to the end.
  const joins = current.kind !== 'block' || current.jumps > 0 || current.ladder?.rung !== undefined;
  if (joins) emitter.flushMirrors();
}

/**
 * Whether the code behind a rung's block can move into the ladder. Not where the ladder is handed up into other code that gathers
 * a rung's; nor in a loop's body, which it might have to leave by a jump to its end: a loop's label means its head.
 */
function mayClimb(outer: Frame | undefined): boolean {
  return outer?.kind !== 'loop' && outer?.ladder?.rung === undefined;
}

/** Closes block, loop or if, and puts its statement into the enclosing frame. */
export function leave(emitter: FunctionEmitter, reachable: boolean): void {
  const current = emitter.frame;
  if (reachable) fallOut(emitter, current);
  splitFrame(emitter, current, reachable);
  if (current.consequent !== undefined) balance(emitter, current.consequent, current.list);
  const rung = mayClimb(emitter.frames.at(-2)) ? rungOf(current, reachable) : undefined;
  if (rung !== undefined) current.targeted = false;
  const closed = current.kind === 'loop' ? leaveLoop(emitter, current, reachable) : [closeOther(current)];
  // After a loop, or a block that nothing branches to, the straight line goes on.
  const goesOn = reachable && (current.kind === 'loop' || (current.kind === 'block' && current.jumps === 0));
  finish(emitter, current, closed);
  if (current.kind !== 'block' || current.jumps > 0) emitter.forgetSince(current.enteredAt);
  if (!goesOn) emitter.meter.endRegion();
  const onlyWay = current.kind === 'block' && current.jumps === 1 && !reachable;
  if (onlyWay && current.fork !== undefined) emitter.meter.otherArm(current.fork);
  if (current.kind === 'block') handUp(current, emitter.frame, rung);
}

function closeOther(current: Frame): Closed {
  return current.kind === 'block' ? closeBlock(current) : closeIf(current);
}

function leaveLoop(emitter: FunctionEmitter, current: Frame, reachable: boolean): Closed[] {
  const callless = emitter.calls === current.callsBefore;
  const innermost = emitter.closedLoops === current.loopsBefore;
  if (current.targeted) {
    emitter.closedLoops++;
    if (callless) emitter.hasCalllessLoop = true;
  }
  const clean = callless && innermost && emitter.places.layout === 'plain';
  const closed = closeLoop(current, reachable, clean, emitter.meter);
  emitter.loops--;
  return closed;
}

/** The ladder is now inside the enclosing frame's last statement. */
function handUp({ ladder: place }: Frame, to: Frame, rung: LadderPlace['rung']): void {
  if (place === undefined) return;
  if (rung === undefined) place.ladder.atEnd = false;
  placeLadder(to, place.ladder, rung);
}

/** Unless the list already gathers the code of a rung: then this ladder is part of that code. */
function placeLadder(to: Frame, ladder: Ladder, rung: LadderPlace['rung']): void {
  if (to.ladder?.rung === undefined) to.ladder = { ladder, at: to.list.statements.length - 1, rung };
}

export function finish(emitter: FunctionEmitter, current: Frame, closed: readonly Closed[]): void {
  emitter.frames.pop();
  emitter.stack.truncate(current.height);
  for (const type of current.type.results) emitter.stack.pushSettled(type);
  for (const { statement, weight, nesting } of closed) emitter.emit(statement, nesting, weight);
}

// -------------------------------------------------------------------- branches

export function target(emitter: FunctionEmitter, depth: number): Frame {
  const found = emitter.frames[emitter.frames.length - 1 - depth]!;
  return found.isBody ? emitter.frames[0]! : found;
}

/** The statements of a branch: moves, then the jump. */
export function branch(emitter: FunctionEmitter, depth: number): js.Statement[] {
  const to = target(emitter, depth);
  if (to.kind === 'function' && emitter.places.layout === 'plain') return returnStatements(emitter);
  const statements = moves(emitter, to);
  statements.push(jump(to));
  return statements;
}

export function jump(to: Frame): js.Statement {
  to.targeted = true;
  to.jumps++;
  if (to.kind !== 'loop') return js.breakTo(to.label);
  to.continues++;
  return js.continueTo(to.label);
}

/** Moves the top of the stack to the target's slots; the stack itself stays as it is. */
function moves(emitter: FunctionEmitter, to: Frame): js.Statement[] {
  const types = labelTypes(to);
  const from = emitter.stack.height - types.length;
  const statements: js.Statement[] = [];
  types.forEach((type, i) => {
    if (from === to.height && emitter.stack.isAnchored(from + i)) return;
    const source = emitter.stack.at(from + i);
    if (source.vector !== undefined) {
      const moved = emitter.places.vectors.toSlot(to.height + i, source.vector);
      if (moved.length > 0) statements.push(js.statement(js.sequence(moved)));
      return;
    }
    if (type === 'i64' && emitter.places.halves) {
      const { places } = emitter;
      const moved = assignHalves(places.slotHalves(to.height + i), source, places.uses);
      if (moved.length > 0) statements.push(js.statement(js.sequence(moved)));
      return;
    }
    statements.push(js.set(emitter.places.slot(to.height + i, type), numeric(source)));
  });
  return statements;
}

/** A branch that leaves the function leaves its locals behind. */
export function flushBefore(emitter: FunctionEmitter, depth: number): void {
  if (target(emitter, depth).kind !== 'function') emitter.flushMirrors();
}

export function emitBr(emitter: FunctionEmitter, depth: number): void {
  emitter.stack.settleEffects(TRAPS);
  flushBefore(emitter, depth);
  if (target(emitter, depth).kind === 'function') emitter.meter.noteReturn();
  for (const statement of branch(emitter, depth)) emitter.emit(statement, 1);
  emitter.meter.endRegion();
}

export function emitBrIf(emitter: FunctionEmitter, depth: number): void {
  const { stack } = emitter;
  const condition = stack.pop();
  stack.settleEffects(TRAPS);
  settleFrom(emitter, stack.height - labelTypes(target(emitter, depth)).length);
  flushBefore(emitter, depth);
  emitter.emit(js.ifElse(condition.node, branch(emitter, depth)), 2);
  const to = target(emitter, depth);
  if (to.kind === 'block' && to.jumps === 1) to.fork = emitter.meter.fork();
  emitter.meter.endRegion();
}

export function emitBrTable(emitter: FunctionEmitter, depths: readonly number[]): void {
  const { stack } = emitter;
  const index = stack.pop();
  stack.settleEffects(TRAPS);
  settleFrom(emitter, stack.height - labelTypes(target(emitter, depths.at(-1)!)).length);
  emitter.flushMirrors();
  const byDepth = new Map<number, number[]>();
  for (let i = 0; i < depths.length - 1; i++) {
    const values = byDepth.get(depths[i]!);
    if (values === undefined) byDepth.set(depths[i]!, [i]);
    else values.push(i);
  }
  const fallback = depths.at(-1)!;
  byDepth.delete(fallback);
  const rungs = new Map<Frame, Rung>();
  let count = 0;
  for (const [depth, values] of byDepth) {
    const cases = values.map((value) => js.switchCase(value, []));
    count += cases.length;
    rungs.set(target(emitter, depth), newRung(cases, branch(emitter, depth)));
  }
  rungs.set(target(emitter, fallback), newRung([js.switchCase(undefined, [])], branch(emitter, fallback)));
  const node = js.switchOn(
    numeric(index),
    [...rungs.values()].flatMap(({ cases }) => cases),
  );
  let weight = node.discriminant.weight + switchWeight(count, depths.length);
  for (const { body } of rungs.values()) weight += body.weight;
  emitter.emit(node, 3, weight);
  placeLadder(emitter.frame, newLadder(node, rungs, weight), undefined);
  emitter.meter.endRegion();
}

// -------------------------------------------------------------------- leaving the function

export function emitReturn(emitter: FunctionEmitter): void {
  emitBr(emitter, emitter.frames.length - 1);
}

/** By the inner entry. */
function returnHalves(emitter: FunctionEmitter, value: Value): js.Statement[] {
  const { places } = emitter;
  const halves = halvesOf(value);
  if (halves !== undefined) return [js.set(HIGH, halves[1]), emitter.exit(halves[0], [])];
  const low = places.variable('x0');
  const moved = assignHalves([low, HIGH], value, places.uses);
  return [js.statement(js.sequence(moved)), emitter.exit(low, [])];
}

/** So many cells lie behind any frame, see runtime/registers.ts. */
const UNRESERVED = 64;

/**
 * The results: the first one is returned, unless it is an i64 or a vector; the others go to the frame's first cells. All are
 * computed before the first of those cells is written, since they may be locals.
 */
export function returnStatements(emitter: FunctionEmitter): js.Statement[] {
  const { stack, places } = emitter;
  const { results } = emitter.context.type;
  const base = stack.height - results.length;
  const returned = results[0] !== undefined && cellsOf(results[0]) === 0 ? 0 : -1;
  let size = 0;
  const inCells = results.flatMap((type, i) => {
    if (i === returned) return [];
    const cell = size;
    size += cellsOf(type) || 1;
    return [{ type, i, cell }];
  });
  if (!places.halves || size > UNRESERVED) places.reserve(size);
  const statements: js.Statement[] = [];
  const values = results.map((_, i) => stack.at(base + i));
  if (results.length === 1 && results[0] === 'i64' && places.halves) {
    if (emitter.entry !== undefined) return returnHalves(emitter, values[0]!);
    const moved = assignHalves(places.cellHalves(0, false), values[0]!, places.uses);
    return [js.statement(js.sequence(moved)), emitter.exit(undefined, [])];
  }
  const nodes = values.map(numeric);
  const vectors = values.map(({ vector }) => vector);
  if (results.length > 1) {
    values.forEach(({ vector }, i) => {
      if (vector !== undefined) {
        const kept = places.vectors.keep(vector, i);
        vectors[i] = kept.vector;
        statements.push(js.statement(js.sequence(kept.expressions)));
        return;
      }
      const kept = places.variable(`x${base + i}`);
      statements.push(js.set(kept, nodes[i]!));
      nodes[i] = kept;
    });
  }
  const isReference = (type: ValueType) => typeof type !== 'string';
  for (const { type, i, cell } of inCells) {
    const vector = vectors[i];
    if (vector !== undefined) {
      statements.push(
        js.statement(js.sequence(places.vectors.toCells(places.vectors.frameCells(cell), vector))),
      );
    } else if (!isReference(type)) statements.push(js.set(places.cell(type, cell), nodes[i]!));
  }
  // The exit clears the frame's references: results among them come after it.
  const references = inCells
    .filter(({ type }) => isReference(type))
    .map(({ type, i }, n) => js.set(places.cell(type, n), nodes[i]!));
  statements.push(emitter.exit(returned === 0 ? nodes[0]! : undefined, references));
  return statements;
}
