/**
 * Finds a precompiled module's frames in an engine's stack trace: lines that name a function of ours, `f12_mix`, within the
 * lines of the file that the module's code takes up. A bundler may have put several modules into one file.
 *
 * Not here: frames of code made at run time, which has a URL of its own (src/jit.ts).
 */
export interface Location {
  readonly url: string;
  readonly line: number;
  readonly column: number;
}
export interface Range {
  readonly from: Location;
  readonly to: Location;
}
export interface FoundFrame extends Location {
  readonly index: number;
  /** `tail`, or a region's number; undefined: the function itself. */
  readonly form: string | undefined;
  /** Lines of the trace that told of it, counted from 0. */
  readonly stackLines: readonly number[];
  /** Which of the ranges it is in. */
  readonly range: number;
}

/** `    at f12_mix$3 (file:///a.mjs:1:20)`. */
const FRAME = /\b(?:f(\d+)(?:_\w*)?)(?:\$twin)?(?:\$(tail|\d+))? (?:\[as \w+\] )?\((.*):(\d+):(\d+)\)$/;
const PLACE = /^(?:\s*at )?(?:.*\()?(.*?):(\d+):(\d+)\)?$/;

/** Where the engine says that two errors were made. */
export function rangeOf([first, last]: readonly [() => Error, () => Error]): Range {
  return { from: placeOf(first()), to: placeOf(last()) };
}

/** An engine whose traces look otherwise has no frames of ours. */
function placeOf({ stack = '' }: Error): Location {
  const line = stack.split('\n').find((each) => PLACE.test(each));
  const [, url = '', row = '0', column = '0'] = (line && PLACE.exec(line)) || [];
  return { url, line: Number(row), column: Number(column) };
}

function isBefore(a: Location, b: Location): boolean {
  return a.line < b.line || (a.line === b.line && a.column <= b.column);
}

/** Innermost first; a region and the function that it was split off are one frame. */
export function foldFrames(
  stack: string,
  ranges: readonly Range[],
  skips: (frame: FoundFrame) => boolean,
): FoundFrame[] {
  const frames: FoundFrame[] = [];
  let inRegion = false;
  stack.split('\n').forEach((text, line) => {
    const frame = frameIn(text, line, ranges);
    if (frame === undefined || skips(frame)) return;
    const last = frames.at(-1);
    const folds = inRegion && last?.index === frame.index;
    inRegion = /^\d/.test(frame.form ?? '');
    if (folds) frames[frames.length - 1] = { ...last, stackLines: [...last.stackLines, line] };
    else frames.push(frame);
  });
  return frames;
}

function frameIn(text: string, at: number, ranges: readonly Range[]): FoundFrame | undefined {
  const match = FRAME.exec(text);
  if (match === null) return undefined;
  const [, index, form, url, line, column] = match;
  const place = { url: url!, line: Number(line), column: Number(column) };
  const range = ranges.findIndex((each) => contains(each, place));
  return range < 0 ? undefined : { index: Number(index), form, ...place, stackLines: [at], range };
}

function contains({ from, to }: Range, place: Location): boolean {
  return place.url === from.url && isBefore(from, place) && isBefore(place, to);
}

/** Where in a part's text its first `new Error` stands: what `Range.from` is in its file. */
export interface Anchor {
  /** From 1. */
  readonly line: number;
  /** From 0. */
  readonly column: number;
}

export function anchorOf(text: string): Anchor {
  const before = text.slice(0, text.search(/\bnew Error\b/)).split('\n');
  return { line: before.length, column: before.at(-1)!.length };
}

/** A place in a file as one in the text of a part, line from 1 and column from 0. */
export function placeInText(anchor: Anchor, { from }: Range, { line, column }: Location): Anchor {
  const inText = line - from.line + anchor.line;
  // What stands before the part in its first line is none of it.
  const margin = inText === 1 && anchor.line === 1 ? from.column - 1 - anchor.column : 0;
  return { line: inText, column: column - 1 - margin };
}
