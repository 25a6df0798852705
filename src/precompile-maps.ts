/**
 * Source maps of precompiled files: `out.mjs.map` beside `out.mjs`, and one for each side file with code. The parts are emitted
 * once more, noting where each instruction lands; their text is the same, so that they are found in the finished files.
 */
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import type { Position } from '../compiler/emit/print.ts';
import { ModuleSources, SourceMapBuilder } from '../compiler/emit/source-map.ts';
import type { OutputFile } from './precompile.ts';
import { emitPart, type PartRequest } from './precompile-parts.ts';
import { linesOf } from './source-lines.ts';

/** The files with the comments that name their maps, and the maps. */
export function withSourceMaps(
  module: ModuleInfo,
  files: readonly OutputFile[],
  requests: readonly PartRequest[],
): readonly OutputFile[] {
  const parts = requests.map((request) => {
    const positions: Position[] = [];
    return { text: emitPart(module, request, positions), positions };
  });
  const sources = new ModuleSources(module, { lines: linesOf(module) });
  const maps: OutputFile[] = [];
  const mapped = files.map((file) => {
    const { name, contents } = file;
    if (typeof contents !== 'string') return file;
    const map = new SourceMapBuilder(name, sources);
    const placed = parts
      .map(({ text, positions }) => ({ at: contents.indexOf(text), positions }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at);
    if (placed.length === 0) return file;
    for (const { at, positions } of placed) map.add(positions, lineAt(contents, at));
    maps.push({ name: `${name}.map`, contents: map.toString() });
    return { name, contents: `${contents}//# ${'sourceMappingURL'}=${encodeURIComponent(name)}.map\n` };
  });
  return [...mapped, ...maps];
}

/** From 1. */
function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++;
  return line;
}
