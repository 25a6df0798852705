/**
 * A module's source lines, for whoever shows them, and source maps of code made at run time. Damaged debug information is
 * told as a warning, once.
 */
import type { LineTable } from '../compiler/binary/line-table.ts';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { sourceLinesOf } from '../compiler/binary/source-lines.ts';
import type { SourceMaps } from '../compiler/emit/function-emitter.ts';
import type { Position } from '../compiler/emit/print.ts';
import { ModuleSources, SourceMapBuilder } from '../compiler/emit/source-map.ts';
import { opcodeOf } from '../compiler/opcodes.ts';

const warned = new WeakSet<LineTable>();

export function linesOf(module: ModuleInfo): LineTable | undefined {
  const table = sourceLinesOf(module);
  if (table !== undefined && !warned.has(table)) {
    warned.add(table);
    table.warnings.forEach(warn);
  }
  return table;
}

/** As the host tells warnings. */
function warn(message: string): void {
  if (typeof process === 'object' && typeof process.emitWarning === 'function') process.emitWarning(message);
  else console.warn(message);
}

/** Whether the instruction at an offset is a tail call: in a stack trace, its frame has become another function's. */
export function isTailCall({ bytes, bodies }: ModuleInfo, defined: number, offset: number): boolean {
  return (
    offset !== bodies[defined]!.start && opcodeOf(bytes[offset]!)?.name.startsWith('return_call') === true
  );
}

/** Where code came from: of a module, as its code object with that number. */
export function sourcesOf(module: ModuleInfo, kind: SourceMaps, number: number): ModuleSources {
  return new ModuleSources(module, {
    lines: kind === 'source' ? linesOf(module) : undefined,
    root: `sandglass://module-${number}/`,
    readSource: sourceReader,
  });
}

/** How the program that embeds us reads source files, if it does. */
let sourceReader: ((file: string) => string | undefined) | undefined;

/** Source maps shall hold the contents of the files that they name, where `read` finds them. */
export function readSourcesWith(read: (file: string) => string | undefined): void {
  sourceReader = read;
}

/** The source map of a group of functions, as the comment that engines look for. `firstLine`: the text's in its script. */
export function inlineMap(
  script: string,
  sources: ModuleSources,
  positions: readonly Position[],
  firstLine: number,
): string {
  const map = new SourceMapBuilder(script, sources);
  map.add(positions, firstLine);
  return `//# ${'sourceMappingURL'}=data:application/json;base64,${base64(map.toString())}`;
}

function base64(text: string): string {
  let binary = '';
  const bytes = new TextEncoder().encode(text);
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}
