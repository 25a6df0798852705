/**
 * What precompiled files know about where their code came from: source maps (`out.mjs.map` beside `out.mjs`, and one for each
 * side file with code), and the table by which traps tell offsets and lines (runtime/debug-table.ts).
 */
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { type Marks, NOWHERE, positionsIn } from '../compiler/emit/marks.ts';
import { type ModuleSources, SourceMapBuilder } from '../compiler/emit/source-map.ts';
import { packDebugTable, type TextPlace } from '../runtime/debug-table.ts';
import type { MarkedText } from './bundle.ts';
import type { OutputFile } from './precompile.ts';
import { isTailCall, linesOf } from './source-lines.ts';

export interface CodeFile {
  readonly name: string;
  readonly contents: string;
  /** In the order in which they stand there. */
  readonly parts: readonly MarkedText[];
}

/** The files with the comments that name their maps, and the maps. */
export function withSourceMaps(files: readonly CodeFile[], sources: ModuleSources): readonly OutputFile[] {
  const maps: OutputFile[] = [];
  const mapped = files.map(({ name, contents, parts }) => {
    const map = new SourceMapBuilder(name, sources);
    let at = 0;
    let [line, column] = [1, 0];
    for (const { text, marks } of parts) {
      const found = contents.indexOf(text, at);
      [line, column] = placeAfter(contents.slice(at, found), line, column);
      map.add(positionsIn(marks!), line, column);
      at = found;
    }
    maps.push({ name: `${name}.map`, contents: map.toString() });
    return { name, contents: `${contents}//# ${'sourceMappingURL'}=${encodeURIComponent(name)}.map\n` };
  });
  return [...mapped, ...maps];
}

/** Where one is after a text that begins at a place. */
function placeAfter(text: string, line: number, column: number): [number, number] {
  const last = text.lastIndexOf('\n');
  if (last < 0) return [line, column + text.length];
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return [line + lines, text.length - last - 1];
}

/** Places in all functions, or only in those whose source lines are known. */
export type DebugScope = 'all' | 'lines';

/** The table of these parts. Functions are found without the parentheses around them. */
export function debugTable(
  module: ModuleInfo,
  parts: readonly MarkedText[],
  sources: ModuleSources,
  scope: DebugScope,
): Uint8Array {
  const lines = linesOf(module);
  const texts = parts.map(({ text, marks }) => ({
    text: text.slice(1, -1),
    places: placesOf(module, marks!, sources, scope),
  }));
  return packDebugTable(texts, (offset) => lines?.at(offset));
}

function* placesOf(
  module: ModuleInfo,
  marks: Marks,
  sources: ModuleSources,
  scope: DebugScope,
): Iterable<TextPlace> {
  for (const { line, column, offset } of positionsIn(marks)) {
    const defined = sources.functionAt(offset);
    const known = defined !== undefined && (scope === 'all' || sources.hasLines(defined));
    yield {
      line,
      column: line === 1 ? Math.max(0, column - 1) : column,
      offset: known ? offset : NOWHERE,
      isTailCall: known && isTailCall(module, defined, offset),
    };
  }
}
