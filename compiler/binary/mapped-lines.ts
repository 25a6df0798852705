/**
 * Source lines from a source map: the custom section `sourceMappingURL` names it (Emscripten's and AssemblyScript's way). Generated
 * columns of such a map are byte offsets of the module; its generated code is one line.
 *
 * A `data:` URL holds the map itself. Other URLs are for whoever loaded the module to read: there is no I/O here.
 */
import { decodedMappings, type SourceMapInput, TraceMap } from '@jridgewell/trace-mapping';
import { CompileError } from '../../runtime/errors.ts';
import { ByteReader } from './bytes.ts';
import { LineRows, LineTable } from './line-table.ts';
import type { ModuleInfo } from './module-info.ts';

/** The URL in the module's custom section, if it is one. */
export function sourceMappingUrl({ bytes, customSections }: ModuleInfo): string | undefined {
  const section = customSections.find(({ name }) => name === 'sourceMappingURL');
  if (section === undefined) return undefined;
  try {
    return new ByteReader(bytes, section.start, section.end).name();
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}

/** The text of a map in a `data:` URL. */
export function inlineSourceMap(url: string): string {
  const match = /^data:application\/json(?:;charset=[\w-]+)?(;base64)?,/i.exec(url);
  if (match === null) throw new Error('the URL holds no JSON');
  const data = url.slice(match[0].length);
  if (match[1] === undefined) return decodeURIComponent(data);
  const binary = atob(data);
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

/** `json` gives the map's text, if there is one; what is wrong with it becomes a warning. */
export function readMappedLines(module: ModuleInfo, json: () => string | undefined): LineTable | undefined {
  try {
    const text = json();
    return text === undefined
      ? undefined
      : mappedLines(module, new TraceMap(JSON.parse(text) as SourceMapInput));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return new LineTable([], new LineRows(), [], [`source map of the module: ${reason}`]);
  }
}

function mappedLines(module: ModuleInfo, map: TraceMap): LineTable {
  const rows = new LineRows();
  const segments = decodedMappings(map)[0] ?? [];
  for (const [offset, source = -1, line = -1, column = -1] of segments) {
    if (!(offset >= 0 && offset < module.bytes.length)) continue;
    if (rows.length > 0 && rows.offsets[rows.length - 1]! > offset) continue;
    rows.push(offset, source, line + 1, column + 1);
  }
  const files = map.resolvedSources.map((source) => source ?? '');
  const contents = new Map<string, string>();
  files.forEach((file, i) => {
    const content = map.sourcesContent?.[i];
    if (typeof content === 'string') contents.set(file, content);
  });
  const start = rows.offsets[0]!;
  const whole = { first: 0, last: rows.length, start, end: module.bytes.length };
  return new LineTable(files, rows, rows.length === 0 ? [] : [whole], [], contents);
}
