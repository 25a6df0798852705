/**
 * Moves runs of statements into functions of their own ("regions"), where a function is larger than V8 optimises, or
 * nests deeper than its parser allows. Only in the cells layout: everything a region needs lies in the frame.
 *
 *   L1: { L0: { switch … } …200 lines… break L7; … }
 *
 *   L1: { L0: { switch … } x = f12$3(E, q); switch (x) { case 1: break L7; } }
 *
 * A jump out of a region becomes `return n`, and the caller jumps on. What stays inline is the spine: the nested blocks
 * that lead to a dispatch; a call there would be paid at every turn (PERFORMANCE.md §3).
 */
import type { Frame, StatementList } from './frames.ts';
import { type FunctionEmitter, NeedsCells } from './function-emitter.ts';
import * as js from './js.ts';
import { climb, type LadderPlace } from './ladder.ts';

/** Where splitting begins; tests set these low, to split small programs. */
export interface OutlineLimits {
  /** Functions with more bytes than this are emitted in cells from the start. */
  readonly giantBytes: number;
  /** Nesting of JavaScript statements beyond which an inner one moves out. */
  readonly nesting: number;
  /** A frame heavier than this is split; no region is made heavier. In nodes. */
  readonly regionWeight: number;
  /** Lighter runs are not worth a call. In nodes. */
  readonly smallestRun: number;
}

export const OUTLINE: OutlineLimits = {
  giantBytes: 8192,
  nesting: 150,
  regionWeight: 4000,
  smallestRun: 150,
};

/** For tests: all that can move out does. */
export const SPLIT_ALL: OutlineLimits = { giantBytes: 0, nesting: 6, regionWeight: 60, smallestRun: 10 };

/** Before a frame closes: its list takes its final form, within bounds. */
export function splitFrame(emitter: FunctionEmitter, frame: Frame, reachable: boolean): void {
  climb(frame, reachable);
  const { list } = frame;
  const { nesting, regionWeight, smallestRun } = emitter.options.outline;
  if (list.nesting > nesting) {
    if (emitter.places.layout !== 'cells') throw new NeedsCells();
    outlineRun(emitter, list, 0, list.statements.length);
    list.nesting = 2;
    frame.ladder = undefined;
  }
  if (emitter.places.layout !== 'cells' || list.weight <= regionWeight) return;
  if (frame.ladder !== undefined) outlineBodies(emitter, list, frame.ladder);
  const spine = frame.ladder?.at ?? -1;
  let end = list.statements.length;
  while (end > 0 && list.weight > regionWeight) {
    const start = runStart(list, end, spine, regionWeight);
    if (start < end && weigh(list, start, end) >= smallestRun) outlineRun(emitter, list, start, end);
    end = Math.min(start, end - 1);
  }
}

/** The longest run ending before `end` that fits a region and does not contain the spine. */
function runStart(list: StatementList, end: number, spine: number, heaviest: number): number {
  let start = end;
  let weight = 0;
  while (start > 0 && start - 1 !== spine && weight + list.weights[start - 1]! <= heaviest) {
    weight += list.weights[--start]!;
  }
  return start;
}

/** The cases of a dispatch become regions; the dispatch itself stays. */
function outlineBodies(emitter: FunctionEmitter, list: StatementList, { ladder, at }: LadderPlace): void {
  const { regionWeight, smallestRun } = emitter.options.outline;
  for (const body of ladder.bodies) {
    if (list.weight <= regionWeight) return;
    if (body.weight < smallestRun) continue;
    const { call, weight } = outline(emitter, body.statements.splice(0));
    body.statements.push(call);
    list.lighten(at, body.weight - weight);
    body.weight = 0;
  }
}

function weigh(list: StatementList, start: number, end: number): number {
  let weight = 0;
  for (let i = start; i < end; i++) weight += list.weights[i]!;
  return weight;
}

function outlineRun(emitter: FunctionEmitter, list: StatementList, start: number, end: number): void {
  const { call, weight } = outline(emitter, list.statements.slice(start, end));
  list.splice(start, end - start, call, weight);
}

function outline(
  emitter: FunctionEmitter,
  statements: js.Statement[],
): { call: js.Statement; weight: number } {
  const number = emitter.regions.length;
  const exits = rewriteJumps(statements);
  emitter.regions.push({ name: `${emitter.name}$${number}`, statements });
  return { call: emitter.regionCall(number, exits), weight: 20 + 4 * exits.length };
}

/** Jumps to labels outside become returns of their number. Returns the outer jumps, number 1 first. */
function rewriteJumps(statements: readonly js.Statement[]): js.Statement[] {
  const jumps: { node: js.Statement; label: string; again: boolean }[] = [];
  const inside = new Set<string>();
  visitStatements(statements, (node) => {
    if (node.type === 'LabeledStatement') inside.add(node.label);
    else if (node.type === 'BreakStatement' || node.type === 'ContinueStatement') {
      jumps.push({ node, label: node.label!, again: node.type === 'ContinueStatement' });
    }
  });
  const exits: js.Statement[] = [];
  const numbers = new Map<string, number>();
  for (const { node, label, again } of jumps) {
    if (inside.has(label)) continue;
    let number = numbers.get(label);
    if (number === undefined) {
      exits.push(again ? js.continueTo(label) : js.breakTo(label));
      number = exits.length;
      numbers.set(label, number);
    }
    js.become(node, leaveRegion(number));
  }
  return exits;
}

/** The way out of a region: the number of a jump, or 0 for falling out. */
export function leaveRegion(number: number): js.Statement {
  return js.returns(js.number(number));
}

/** Every statement below, without recursion. */
export function visitStatements(roots: readonly js.Statement[], see: (node: js.Statement) => void): void {
  const pending: js.Statement[] = [...roots];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    see(node);
    if (node.type === 'BlockStatement') pushAll(pending, node.body);
    else if (node.type === 'IfStatement') {
      pending.push(node.consequent);
      if (node.alternate !== undefined) pending.push(node.alternate);
    } else if (node.type === 'SwitchStatement') {
      for (const { consequent } of node.cases) pushAll(pending, consequent);
    } else if (node.type === 'TryStatement') pending.push(node.block, node.handler);
    else if ('body' in node) pending.push(node.body);
  }
}

function pushAll(pending: js.Statement[], statements: readonly js.Statement[]): void {
  for (let i = 0; i < statements.length; i++) pending.push(statements[i]!);
}

/** The expression that a statement itself holds, apart from statements inside it. */
export function expressionOf(node: js.Statement): js.Expression | undefined {
  if ('expression' in node) return node.expression;
  if ('test' in node) return node.test;
  if ('argument' in node) return node.argument;
  return 'discriminant' in node ? node.discriminant : undefined;
}
