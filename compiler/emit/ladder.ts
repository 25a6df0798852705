/**
 * Ladders: nested blocks that end in one `br_table`, the way compilers write a `switch`.
 *
 *   block block block br_table 0 1 2 end A end B end C
 *
 * Nested as written, hundreds of cases are hundreds of levels. Instead the code behind a block's end moves into the
 * `switch`, if the block is reached by no other branch:
 *
 *   switch (x) { case 0: A; case 1: B; default: C }
 *
 * A falls into B as it did before. Where something stands in between (a block with branches of its own), the code moves
 * in all the same if nothing falls into it.
 */
import { type Frame, StatementList } from './frames.ts';
import * as js from './js.ts';

/** The cases of one target; the last one holds the statements. */
export interface Rung {
  readonly cases: readonly js.SwitchCase[];
  readonly body: StatementList;
}

/** `jump`: how the target is reached as long as its code stands elsewhere. */
export function newRung(cases: readonly js.SwitchCase[], jump: readonly js.Statement[]): Rung {
  const body = new StatementList();
  for (const statement of jump) body.push(statement);
  cases.at(-1)!.consequent = body.statements;
  return { cases, body };
}

export interface Ladder {
  readonly node: js.SwitchStatement;
  readonly rungs: Map<Frame, Rung>;
  /** Estimated bytecode of the jumps alone. */
  readonly weight: number;
  /** Code that has moved into cases, and not further into regions. */
  bodies: StatementList[];
  /** The end of the `switch` is the end of the list that it stands in: its last case may fall out there. */
  atEnd: boolean;
  /** The last case does fall out. */
  fallsOut: boolean;
}

/** A frame's list contains the ladder in this statement. */
export interface LadderPlace {
  readonly ladder: Ladder;
  readonly at: number;
  /** The code that follows in the list belongs to this rung. */
  readonly rung: Rung | undefined;
}

/** The `switch` behind a region's call. Nothing happens if the region says 0. */
export function ladderOfExits(node: js.SwitchStatement, weight: number, frames: readonly Frame[]): Ladder {
  const rungs = new Map<Frame, Rung>();
  for (const each of node.cases) {
    const [jump] = each.consequent;
    const label = jump?.type === 'BreakStatement' ? jump.label : undefined;
    const target = frames.find((frame) => frame.label === label);
    if (target !== undefined) rungs.set(target, newRung([each], each.consequent));
  }
  node.cases.push(js.switchCase(undefined, []));
  return { ...newLadder(node, rungs, weight), fallsOut: true };
}

export function newLadder(node: js.SwitchStatement, rungs: Map<Frame, Rung>, weight: number): Ladder {
  return { node, rungs, weight, bodies: [], atEnd: true, fallsOut: false };
}

/** The rung that a block's end stands for, if only the `switch` leads there. */
export function rungOf(block: Frame, reachable: boolean): Rung | undefined {
  const place = block.ladder;
  if (place === undefined || block.kind !== 'block' || block.jumps !== 1) return undefined;
  const { ladder, at } = place;
  const rung = ladder.rungs.get(block);
  if (rung === undefined || !reachable) return rung;
  // Falling in from the last case: only if nothing stands between, and the jump moves no values.
  const adjoins = ladder.atEnd && ladder.fallsOut && at === block.list.statements.length - 1;
  return adjoins && rung.cases.at(-1)!.consequent.length === 1 ? rung : undefined;
}

/** Before a list is closed: what stands behind a rung's block moves into its case. */
export function climb(frame: Frame, reachable: boolean): void {
  const place = frame.ladder;
  if (place?.rung === undefined) return;
  const { ladder, at, rung } = place;
  const { body } = rung;
  // The jump to where the code now is.
  body.pop();
  frame.list.moveTail(at, body);
  if (reachable && !ladder.atEnd) {
    body.push(js.breakTo(frame.label));
    frame.targeted = true;
    frame.jumps++;
  }
  ladder.bodies.push(body);
  putIn(ladder, rung, reachable);
  frame.ladder = { ladder, at, rung: undefined };
}

/** Code that another case falls into, or that falls out itself, stands last; everything else ends with a jump. */
function putIn(ladder: Ladder, rung: Rung, fallsOut: boolean): void {
  const moved = new Set(rung.cases);
  const others = ladder.node.cases.filter((each) => !moved.has(each));
  const isLast = ladder.atEnd && (ladder.fallsOut || fallsOut);
  ladder.node.cases = isLast ? [...others, ...rung.cases] : [...rung.cases, ...others];
  if (isLast) ladder.fallsOut = fallsOut;
}
