/**
 * Control frames at emission time: what a block, loop, if or try has gathered so far, and the statements it becomes.
 *
 *   block … br 0 … end        L3: { … break L3; … }
 *   loop … br_if 0 end        do { … } while (c)          or   L4: for (;;) { … continue L4; … break; }
 *
 * Frames are closed bottom-up, so nothing here recurses per nested block; `nesting` counts the JavaScript levels inside,
 * so that the emitter can move a statement out before V8's parser or the printer would nest too deeply.
 */
import type { FuncType, ValueType } from '../../runtime/types.ts';
import type { CatchClause } from '../function/sink.ts';
import * as js from './js.ts';
import type { LadderPlace } from './ladder.ts';
import type { Charge, Fork, Meter } from './metering.ts';
import { WEIGHTS } from './weights.ts';

export type FrameKind =
  | 'function'
  | 'block'
  | 'loop'
  | 'if'
  | 'else'
  | 'try_table'
  | 'try'
  | 'catch'
  | 'catch_all';

export class StatementList {
  readonly statements: js.Statement[] = [];
  /** Estimated bytecode, in bytes, see weights.ts. */
  readonly weights: number[] = [];
  weight = 0;
  /** Levels of nested JavaScript statements inside. */
  nesting = 0;

  push(statement: js.Statement, nesting = 0, weight = js.weightOf(statement)): void {
    this.statements.push(statement);
    this.weights.push(weight);
    this.weight += weight;
    if (nesting > this.nesting) this.nesting = nesting;
  }

  pop(): void {
    this.statements.pop();
    this.weight -= this.weights.pop()!;
  }

  /** The statements behind one move into it, namely to the end of `inner`, and count as its weight. */
  moveTail(at: number, inner: StatementList): void {
    for (let i = at + 1; i < this.weights.length; i++) {
      inner.push(this.statements[i]!, 0, this.weights[i]!);
      this.weights[at]! += this.weights[i]!;
    }
    this.weights.length = at + 1;
    this.statements.length = at + 1;
  }

  /** A statement has become lighter inside. */
  lighten(at: number, weight: number): void {
    this.weights[at]! -= weight;
    this.weight -= weight;
  }

  /** Replaces `count` statements at `from` by one. */
  splice(from: number, count: number, statement: js.Statement, weight: number): void {
    this.statements.splice(from, count, statement);
    const removed = this.weights.splice(from, count, weight);
    for (const old of removed) this.weight -= old;
    this.weight += weight;
  }
}

export interface Frame {
  kind: FrameKind;
  readonly label: string;
  readonly type: FuncType;
  /** Operand-stack height below the parameters: where results go. */
  readonly height: number;
  list: StatementList;
  /** The function's body as a loop, for a function that calls itself in its place; no label of wasm means it. */
  isBody: boolean;
  /** Some `break` (or, in a loop, `continue`) names the label. */
  targeted: boolean;
  /** `if`: the condition; the then-branch once `else` is reached. */
  test?: js.Expression;
  consequent?: StatementList;
  /** `loop`: the charge of the region that leads into it. */
  regionBefore?: Charge | undefined;
  /** `loop`: its header's charge, and how many `continue`s there are. */
  header?: Charge | undefined;
  continues: number;
  /** Branches to the label. */
  jumps: number;
  /** Where control parts: at the condition, or, in a block, at the only branch to its end. */
  fork: Fork | undefined;
  /** A `switch` at the foot of nested blocks, see ladder.ts. */
  ladder: LadderPlace | undefined;
  /** When it was entered, as the mirrors count. */
  enteredAt: number;
  /** Of the instruction that opened it, where that is recorded. */
  offset: number | undefined;
  /** `loop`: calls made, and loops closed, before it. */
  callsBefore: number;
  loopsBefore: number;
  /** `try_table`. */
  readonly catches?: readonly CatchClause[];
  /** Legacy try: the guarded statements, the variable of the caught exception, the handlers so far. */
  guarded?: StatementList;
  exception?: js.Expression;
  handlers?: StatementList;
  /** Statements of `handlers` that look at what was thrown. */
  handlersHead?: number;
  /** The condition of the handler being read. */
  handlerTest?: js.Expression | undefined;
  /** A `delegate` inside skips handlers: this one must look whether it is the one meant. */
  passedOver: boolean;
}

export function frame(kind: FrameKind, label: string, type: FuncType, height: number): Frame {
  return {
    kind,
    label,
    type,
    height,
    list: new StatementList(),
    isBody: false,
    targeted: false,
    continues: 0,
    jumps: 0,
    fork: undefined,
    ladder: undefined,
    enteredAt: 0,
    offset: undefined,
    callsBefore: 0,
    loopsBefore: 0,
    passedOver: false,
  };
}

/** What a branch to the frame carries. */
export function labelTypes(target: Frame): readonly ValueType[] {
  return target.kind === 'loop' ? target.type.params : target.type.results;
}

/** A frame whose body guards against exceptions (not its handlers). */
export function isGuarding(candidate: Frame): boolean {
  return candidate.kind === 'try' || candidate.kind === 'try_table';
}

export interface Closed {
  readonly statement: js.Statement;
  readonly weight: number;
  readonly nesting: number;
}

/** Statements that need no braces of their own. Not those that charge fuel: a loop looks for them. */
const NESTED: ReadonlySet<string> = new Set(['BlockStatement', 'LabeledStatement', 'SwitchStatement']);

export function closeBlock({ label, targeted, list }: Frame): Closed {
  const [only] = list.statements;
  // The code behind it has climbed into a ladder: hundreds of such levels stand around one `switch`.
  if (!targeted && list.statements.length === 1 && NESTED.has(only!.type)) {
    return { statement: only!, weight: list.weight, nesting: list.nesting };
  }
  const inner = js.block(list.statements);
  return {
    statement: targeted ? js.labeled(label, inner) : inner,
    weight: list.weight,
    nesting: list.nesting + (targeted ? 2 : 1),
  };
}

export function closeIf(current: Frame): Closed {
  const { label, targeted, list } = current;
  const consequent = current.consequent ?? list;
  const alternate = current.consequent === undefined ? undefined : list.statements;
  const weight = consequent.weight + (alternate === undefined ? 0 : list.weight);
  const choice = js.tracedTo(js.ifElse(current.test!, consequent.statements, alternate), current.offset);
  return {
    statement: targeted ? js.labeled(label, choice) : choice,
    weight: current.test!.weight + WEIGHTS.branch + WEIGHTS.jump + weight,
    nesting: Math.max(consequent.nesting, list.nesting) + (targeted ? 3 : 2),
  };
}

/**
 * The loop as statements. If its only `continue` is `if (c) continue`, it becomes `do … while (c)`, what follows moves behind
 * it, and the header's charge is made once before it and then on the back edge, where it costs least.
 *
 *   do { A } while (c && ((fl = fl - 7 | 0) >= 0 || (slow path, true)));
 *
 * `clean`: nothing inside calls or loops. Such a loop is left for the slow path and entered again, since V8 moves what does
 * not change (the view's map, length and address) out of innermost loops without calls. (sieve, metered to not metered: 1.35
 * before, 1.0 so; matmul 1.65 and 1.1.) Without a statement between the two loops' heads V8 takes them for one.
 *
 *   L3: for (;;) { fl = fl | 0; do { A if (!c) break L3; } while ((fl = fl - 7 | 0) >= 0); slow path }
 */
export function closeLoop(current: Frame, reachable: boolean, clean: boolean, meter: Meter): Closed[] {
  const { label, list, header, continues } = current;
  const { statements } = list;
  const nesting = list.nesting + 3;
  const at = continues === 1 ? statements.findLastIndex((each) => isContinue(each, label)) : -1;
  if (at < 0) {
    if (!current.targeted) return [{ statement: js.block(statements), weight: list.weight, nesting }];
    if (clean && header !== undefined && statements[0] === header.statement) {
      return closeCleanLoop(current, header, reachable, meter);
    }
    if (reachable) statements.push(js.breakTo(label));
    return [
      {
        statement: js.labeled(label, js.forever(statements)),
        weight: list.weight + WEIGHTS.loop + WEIGHTS.jump,
        nesting,
      },
    ];
  }
  const [{ test, offset }, ...after] = statements.splice(at) as [js.IfStatement, ...js.Statement[]];
  const behind = after.map((statement, i) => ({ statement, weight: list.weights[at + 1 + i]!, nesting }));
  const weight = behind.reduce((left, moved) => left - moved.weight, list.weight + WEIGHTS.loop);
  // Unless the header's charge has moved into a region, where it is made at every turn.
  if (header === undefined || statements[0] !== header.statement) {
    const loop = js.tracedTo(js.doWhile(statements, test), offset);
    return [{ statement: loop, weight, nesting }, ...behind];
  }
  const { first, enough, refuel } = moveCharge(current, header, meter);
  if (!clean) {
    const goOn = js.logical('||', enough, js.sequence([refuel, js.TRUE]));
    const loop = js.tracedTo(js.doWhile(statements, js.logical('&&', test, goOn)), offset);
    return [...first, { statement: loop, weight: weight + goOn.weight, nesting }, ...behind];
  }
  statements.push(js.tracedTo(js.ifElse(js.unary('!', test), [js.breakTo(label)]), offset));
  const turns = [meter.touch(), js.doWhile(statements, enough), js.statement(refuel)];
  const twice = weight + WEIGHTS.loop + enough.weight + refuel.weight;
  return [
    ...first,
    { statement: js.labeled(label, js.forever(turns)), weight: twice, nesting: nesting + 2 },
    ...behind,
  ];
}

/**
 * A clean loop with several `continue`s, which in a `do … while` lead to its condition:
 *
 *   O3: for (;;) { fl = fl | 0; L3: do { A … continue L3; … break O3; } while ((fl = fl - 7 | 0) >= 0); slow path }
 */
function closeCleanLoop(current: Frame, header: Charge, reachable: boolean, meter: Meter): Closed[] {
  const { label, list } = current;
  const { statements } = list;
  const outer = `O${label.slice(1)}`;
  const { first, enough, refuel } = moveCharge(current, header, meter);
  if (reachable) statements.push(js.breakTo(outer));
  const inner = js.labeled(label, js.doWhile(statements, enough));
  const turns = js.forever([meter.touch(), inner, js.statement(refuel)]);
  const weight = list.weight + 2 * WEIGHTS.loop + enough.weight + refuel.weight;
  return [...first, { statement: js.labeled(outer, turns), weight, nesting: list.nesting + 5 }];
}

/** The header's charge leaves the loop's head: the first turn's stands before the loop, or is paid by the region there. */
function moveCharge(
  { list, regionBefore }: Frame,
  header: Charge,
  meter: Meter,
): { first: Closed[]; enough: js.Expression; refuel: js.Expression } {
  list.statements.shift();
  const once = { statement: header.statement, weight: js.weightOf(header.statement), nesting: 1 };
  const first = meter.join(regionBefore, header) ? [] : [once];
  return { first, enough: meter.enough(header), refuel: meter.refuel() };
}

/** `if (c) continue L`. */
function isContinue(statement: js.Statement, label: string): boolean {
  if (statement.type !== 'IfStatement' || statement.alternate !== undefined) return false;
  const jump = statement.consequent;
  return jump.type === 'ContinueStatement' && jump.label === label;
}
