/**
 * Moves runs of statements into functions of their own ("regions"), where a function is larger than V8 optimises, or
 * nests deeper than its parser allows. Only in the cells layout: everything a region needs lies in the frame.
 *
 *   L1: { L0: { switch … } …200 lines… break L7; … }
 *
 *   L1: { L0: { switch … } x = f12_r3(E, q); switch (x) { case 1: break L7; } }
 *
 * A jump out of a region becomes `return n`, and the caller jumps on. What stays inline is the spine: the nested blocks
 * that lead to a dispatch; a call there would be paid at every turn (PERFORMANCE.md §3).
 */
import type { Node } from 'estree';
import type { Frame, StatementList } from './frames.ts';
import { type FunctionEmitter, NeedsCells } from './function-emitter.ts';
import * as js from './js.ts';

/** Nesting of JavaScript statements beyond which an inner one moves out. */
const NESTING_LIMIT = 150;
/** A frame heavier than this is split; no region is made heavier. In nodes. */
const REGION_WEIGHT = 4000;
/** Lighter runs are not worth a call. */
const SMALLEST_RUN = 150;

/** Functions with more bytes than this are emitted in cells from the start. */
export const GIANT_BODY_BYTES = 8192;

/** Before a frame closes: keeps its list within bounds. */
export function splitFrame(emitter: FunctionEmitter, { list }: Frame): void {
  if (list.nesting > NESTING_LIMIT) {
    if (emitter.places.layout !== 'cells') throw new NeedsCells();
    outlineRun(emitter, list, 0, list.statements.length);
    list.nesting = 2;
  }
  if (emitter.places.layout !== 'cells' || list.weight <= REGION_WEIGHT) return;
  let end = list.statements.length;
  while (end > 0 && list.weight > REGION_WEIGHT) {
    const start = runStart(list, end);
    if (start < end && weigh(list, start, end) >= SMALLEST_RUN) outlineRun(emitter, list, start, end);
    end = Math.min(start, end - 1);
  }
}

/** The longest run ending before `end` that fits a region. A heavy first statement is the spine: never part of it. */
function runStart(list: StatementList, end: number): number {
  let start = end;
  let weight = 0;
  while (start > 0 && weight + list.weights[start - 1]! <= REGION_WEIGHT) {
    if (start === 1 && list.weights[0]! >= SMALLEST_RUN && end > 1) break;
    weight += list.weights[--start]!;
  }
  return start;
}

function weigh(list: StatementList, start: number, end: number): number {
  let weight = 0;
  for (let i = start; i < end; i++) weight += list.weights[i]!;
  return weight;
}

function outlineRun(emitter: FunctionEmitter, list: StatementList, start: number, end: number): void {
  const statements = list.statements.slice(start, end);
  const name = `${emitter.name}_r${emitter.regions.length}`;
  const exits = rewriteJumps(statements);
  emitter.regions.push({ name, statements });
  const call = emitter.regionCall(name, exits);
  list.splice(start, end - start, call, 20 + 4 * exits.length);
}

/** Jumps to labels outside become returns of their number. Returns the outer jumps, number 1 first. */
function rewriteJumps(statements: readonly js.Statement[]): js.Statement[] {
  const jumps: { node: Node; label: string; again: boolean }[] = [];
  const inside = new Set<string>();
  visitStatements(statements, (node) => {
    if (node.type === 'LabeledStatement') inside.add(node.label.name);
    else if (node.type === 'BreakStatement' || node.type === 'ContinueStatement') {
      jumps.push({ node, label: node.label!.name, again: node.type === 'ContinueStatement' });
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

/** Every statement below, without recursion and without looking into expressions. */
function visitStatements(roots: readonly Node[], see: (node: Node) => void): void {
  const pending: (Node | null | undefined)[] = [...roots];
  while (pending.length > 0) {
    const node = pending.pop();
    if (!node) continue;
    see(node);
    if (node.type === 'BlockStatement') for (const inner of node.body) pending.push(inner);
    else if (node.type === 'IfStatement') pending.push(node.consequent, node.alternate);
    else if (node.type === 'SwitchStatement') for (const each of node.cases) pending.push(...each.consequent);
    else if (node.type === 'TryStatement') pending.push(node.block, node.handler?.body);
    else if ('body' in node) pending.push(node.body as Node);
  }
}

/** Every node below, without recursion. */
export function visit(roots: readonly Node[], see: (node: Node) => void): void {
  const pending: unknown[] = [...roots];
  while (pending.length > 0) {
    const node = pending.pop();
    if (Array.isArray(node)) pending.push(...node);
    else if (node !== null && typeof node === 'object' && 'type' in node) {
      see(node as Node);
      for (const value of Object.values(node)) {
        if (value !== null && typeof value === 'object') pending.push(value);
      }
    }
  }
}
