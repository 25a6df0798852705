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
    const frame = frameIn(text, line);
    if (frame === undefined || !ranges.some((range) => contains(range, frame)) || skips(frame)) return;
    const last = frames.at(-1);
    const folds = inRegion && last?.index === frame.index;
    inRegion = /^\d/.test(frame.form ?? '');
    if (folds) frames[frames.length - 1] = { ...last, stackLines: [...last.stackLines, line] };
    else frames.push(frame);
  });
  return frames;
}

function frameIn(text: string, at: number): FoundFrame | undefined {
  const match = FRAME.exec(text);
  if (match === null) return undefined;
  const [, index, form, url, line, column] = match;
  return {
    index: Number(index),
    form,
    url: url!,
    line: Number(line),
    column: Number(column),
    stackLines: [at],
  };
}

function contains({ from, to }: Range, frame: FoundFrame): boolean {
  return frame.url === from.url && isBefore(from, frame) && isBefore(frame, to);
}
