/**
 * Where instructions landed in a text, packed: a large module has millions of such marks, and threads send them. And where they
 * are after the text was minified.
 */
import { decodedMappings, type SourceMapInput, TraceMap } from '@jridgewell/trace-mapping';
import type { Position } from './print.ts';

/** Line, column and offset of each, as in `Position`, in the order of the text. */
export type Marks = Int32Array<ArrayBuffer>;

/** In the place of an offset: from here on the text was made from no instruction. */
export const NOWHERE = -1;

export function packMarks(positions: readonly Position[]): Marks {
  const marks = new Int32Array(3 * positions.length);
  let at = 0;
  for (const { line, column, offset } of positions) {
    marks[at++] = line;
    marks[at++] = column;
    marks[at++] = offset;
  }
  return marks;
}

export function* positionsIn(marks: Marks): Iterable<Position> {
  for (let i = 0; i < marks.length; i += 3)
    yield { line: marks[i]!, column: marks[i + 1]!, offset: marks[i + 2]! };
}

/**
 * The marks in a text that was made of the marked one, as the map of that step tells; there, `margin` characters stood before
 * either.
 */
export function movedMarks(marks: Marks, map: string, margin: number): Marks {
  const moved: Position[] = [];
  decodedMappings(new TraceMap(JSON.parse(map) as SourceMapInput)).forEach((segments, i) => {
    for (const [column, , line = -1, from = 0] of segments) {
      const offset = offsetAt(marks, line + 1, line === 0 ? from - margin : from);
      moved.push({ line: i + 1, column: Math.max(0, i === 0 ? column - margin : column), offset });
    }
  });
  return packMarks(moved);
}

/** Of the last mark in a line, at a column or before. */
function offsetAt(marks: Marks, line: number, column: number): number {
  let low = 0;
  let high = marks.length / 3;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = marks[3 * middle]!;
    if (at < line || (at === line && marks[3 * middle + 1]! <= column)) low = middle + 1;
    else high = middle;
  }
  const last = 3 * (low - 1);
  return low > 0 && marks[last] === line ? marks[last + 2]! : NOWHERE;
}
