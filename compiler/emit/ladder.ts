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
import type { Frame } from './frames.ts';
import * as js from './js.ts';

/** The cases of one target; the last one holds the statements. */
interface Rung {
  readonly cases: js.SwitchCase[];
}

/** Code that has moved into a case. */
export interface Body {
  readonly statements: js.Statement[];
  weight: number;
}

export interface Ladder {
  readonly node: js.SwitchStatement;
  readonly rungs: Map<Frame, Rung>;
  readonly bodies: Body[];
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

export function newLadder(node: js.SwitchStatement, rungs: Map<Frame, Rung>): Ladder {
  return { node, rungs, bodies: [], atEnd: true, fallsOut: false };
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
  const { list } = frame;
  const weight = list.moveTail(at);
  const statements = list.takeTail(at);
  if (reachable && !ladder.atEnd) {
    statements.push(js.breakTo(frame.label));
    frame.targeted = true;
    frame.jumps++;
  }
  const last = rung.cases.at(-1)!;
  // The jump to where the code now is.
  last.consequent.pop();
  last.consequent.push(...statements);
  ladder.bodies.push({ statements: last.consequent, weight });
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
