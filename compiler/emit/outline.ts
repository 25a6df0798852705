/**
 * Moves runs of statements into functions of their own ("regions"), where a function is larger than V8 optimises, or
 * nests deeper than its parser allows. Not in the plain layout: everything a region needs lies in the frame.
 *
 *   L1: { L0: { switch … } …200 lines… break L7; … }
 *
 *   L1: { L0: { switch … } x = f12$3(E, q); switch (x) { case 1: break L7; } }
 *
 * A jump out of a region becomes `return n`, and the caller jumps on. What stays inline is the spine: the nested blocks
 * that lead to a dispatch; a call there would be paid at every turn (PERFORMANCE.md §3). Only where the function would be
 * longer than V8 optimises all the same, the spine moves out too.
 */
import type { Frame, StatementList } from './frames.ts';
import { type FunctionEmitter, TooLarge } from './function-emitter.ts';
import * as js from './js.ts';
import { climb, type Ladder, ladderOfExits } from './ladder.ts';
import { WEIGHTS } from './weights.ts';

/** Where splitting begins; tests set these low, to split small programs. Weights are estimated bytecode, in bytes. */
export interface OutlineLimits {
  /** Functions with more bytes of wasm than this are emitted in cells from the start. */
  readonly giantBytes: number;
  /** Nesting of JavaScript statements beyond which an inner one moves out. */
  readonly nesting: number;
  /** A frame heavier than this is split, if it can be into regions that are not. */
  readonly regionWeight: number;
  /** No function is made heavier, whatever it takes. */
  readonly heaviest: number;
  /** Lighter runs are not worth a call. */
  readonly smallestRun: number;
}

/** V8 optimises up to 61,440 bytes of bytecode; the estimate may be 15 % low, and the head of a function comes on top. */
export const OUTLINE: OutlineLimits = {
  giantBytes: 8192,
  nesting: 400,
  regionWeight: 14_000,
  heaviest: 45_000,
  smallestRun: 250,
};

/** For an interpreter nothing is too long; only the parser's depth counts. */
export const OUTLINE_INTERPRETED: OutlineLimits = {
  giantBytes: Number.POSITIVE_INFINITY,
  nesting: OUTLINE.nesting,
  regionWeight: Number.POSITIVE_INFINITY,
  heaviest: Number.POSITIVE_INFINITY,
  smallestRun: OUTLINE.smallestRun,
};

/** For tests: all that can move out does. */
export const SPLIT_ALL: OutlineLimits = {
  giantBytes: 0,
  nesting: 6,
  regionWeight: 150,
  heaviest: 2000,
  smallestRun: 25,
};

/** Before a frame closes: its list takes its final form, within bounds. */
export function splitFrame(emitter: FunctionEmitter, frame: Frame, reachable: boolean): void {
  climb(frame, reachable);
  const { list } = frame;
  const { nesting, regionWeight, heaviest } = emitter.options.outline;
  if (emitter.places.layout === 'plain') {
    if (list.nesting > nesting || list.weight > heaviest) throw new TooLarge();
    return;
  }
  if (list.weight > regionWeight) lighten(emitter, frame);
  // The jumps of a dispatch stay behind, as many as they are: moving out little else would not help.
  const jumps = frame.ladder?.ladder.weight ?? 0;
  if (list.nesting > nesting || list.weight > Math.max(heaviest, 2 * jumps)) outlineAll(emitter, frame);
}

/** Regions as light as they should be; if that is not enough, heavier ones. */
function lighten(emitter: FunctionEmitter, frame: Frame): void {
  const { list, ladder: place } = frame;
  const { regionWeight, smallestRun, heaviest } = emitter.options.outline;
  const spine = place && list.statements[place.at];
  if (place !== undefined) outlineBodies(emitter, list, place.at, place.ladder);
  outlineRuns(emitter, list, { limit: regionWeight, smallest: smallestRun, spine });
  outlineRuns(emitter, list, { limit: heaviest, smallest: 0, spine });
  if (place !== undefined) frame.ladder = { ...place, at: list.statements.indexOf(spine!) };
}

/** The frame becomes one call; the code behind it can climb into the `switch` that follows the call. */
function outlineAll(emitter: FunctionEmitter, frame: Frame): void {
  const { list } = frame;
  const exits = outlineRun(emitter, list, 0, list.statements.length);
  list.nesting = 2;
  if (exits === undefined) frame.ladder = undefined;
  else frame.ladder = { ladder: ladderOfExits(exits, list.weight, emitter.frames), at: 0, rung: undefined };
}

/** Two lists of one statement, of which no more than one may move out as a whole. */
export function balance(emitter: FunctionEmitter, first: StatementList, second: StatementList): void {
  if (emitter.places.layout === 'plain') return;
  if (first.weight + second.weight <= emitter.options.outline.heaviest) return;
  const heavier = first.weight > second.weight ? first : second;
  outlineRun(emitter, heavier, 0, heavier.statements.length);
}

/** The same for a `try`; `head`: how many of the handler's statements look at what was thrown, which must stay. */
export function balanceTry(
  emitter: FunctionEmitter,
  guarded: StatementList,
  handler: StatementList,
  head: number,
): void {
  const { heaviest } = emitter.options.outline;
  if (emitter.places.layout === 'plain' || guarded.weight + handler.weight <= heaviest) return;
  outlineRuns(emitter, handler, { limit: heaviest, until: heaviest / 2, smallest: 0, first: head });
  if (guarded.weight + handler.weight > heaviest) outlineRun(emitter, guarded, 0, guarded.statements.length);
}

interface RunLimits {
  /** No run is heavier … */
  readonly limit: number;
  /** … and all is well when the list is no heavier than this; the same if not given. */
  readonly until?: number;
  readonly smallest: number;
  /** What stands before this stays. */
  readonly first?: number;
  /** Stays too. */
  readonly spine?: js.Statement | undefined;
}

/** Moves runs out, from the list's end on. */
function outlineRuns(emitter: FunctionEmitter, list: StatementList, limits: RunLimits): void {
  const { limit, until = limit, smallest, first = 0 } = limits;
  let end = list.statements.length;
  while (end > first && list.weight > until) {
    const start = runStart(list, end, limits);
    if (start < end && weigh(list, start, end) >= smallest) outlineRun(emitter, list, start, end);
    end = Math.min(start, end - 1);
  }
}

/** The longest run ending before `end` that fits a region. */
function runStart(list: StatementList, end: number, { limit, first = 0, spine }: RunLimits): number {
  let start = end;
  let weight = 0;
  while (
    start > first &&
    list.statements[start - 1] !== spine &&
    weight + list.weights[start - 1]! <= limit
  ) {
    weight += list.weights[--start]!;
  }
  return start;
}

/** The cases of a dispatch become regions; the dispatch itself stays. */
function outlineBodies(emitter: FunctionEmitter, list: StatementList, at: number, ladder: Ladder): void {
  const { regionWeight, smallestRun } = emitter.options.outline;
  ladder.bodies = ladder.bodies.filter((body) => {
    if (list.weight <= regionWeight || body.weight < smallestRun) return true;
    const before = body.weight;
    outlineRuns(emitter, body, { limit: regionWeight, smallest: smallestRun });
    outlineRun(emitter, body, 0, body.statements.length);
    list.lighten(at, before - body.weight);
    return false;
  });
}

function weigh(list: StatementList, start: number, end: number): number {
  let weight = 0;
  for (let i = start; i < end; i++) weight += list.weights[i]!;
  return weight;
}

/** Returns the `switch` over the ways out, if there are several. */
function outlineRun(
  emitter: FunctionEmitter,
  list: StatementList,
  start: number,
  end: number,
): js.SwitchStatement | undefined {
  const statements = list.statements.slice(start, end);
  const jumps = rewriteJumps(statements);
  const number = emitter.regions.length;
  const weight = weigh(list, start, end) + WEIGHTS.return;
  emitter.regions.push({ name: `${emitter.name}$${number}`, statements, weight });
  const call = emitter.regionCall(number, jumps);
  list.splice(start, end - start, call.statement, call.weight);
  return call.exits;
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
    const key = again ? `continue ${label}` : label;
    let number = numbers.get(key);
    if (number === undefined) {
      exits.push(again ? js.continueTo(label) : js.breakTo(label));
      number = exits.length;
      numbers.set(key, number);
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

/** Puts another expression in the place of `expressionOf(node)`. */
export function replaceExpression(node: js.Statement, other: js.Expression): void {
  if ('expression' in node) js.become(node, { ...node, expression: other });
  else if ('test' in node) js.become(node, { ...node, test: other });
  else if ('argument' in node) js.become(node, { ...node, argument: other });
  else if ('discriminant' in node) js.become(node, { ...node, discriminant: other });
}
