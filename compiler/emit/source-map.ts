/**
 * Source maps of generated JavaScript: from its lines to those of the program's source, where the module has debug information
 * (DWARF, or a source map of its own), and else to its text (`.wat`), which the map brings along, one file for each function.
 *
 *   const map = new SourceMapBuilder('out.mjs', new ModuleSources(module, { lines: sourceLinesOf(module) }));
 *   const positions: Position[] = [];
 *   const { text } = groupText(module, members, { ...options, recordOffsets: true }, admit, { positions });
 *   map.add(positions, firstLine);        // `text` begins in line `firstLine` (from 1) of out.mjs
 *   map.toString()                        // out.mjs.map
 *
 * With `recordOffsets` the text is the same as without. Not here: who asks for a map, and where it is kept.
 */
import { GenMapping, maybeAddSegment, setSourceContent, toEncodedMap } from '@jridgewell/gen-mapping';
import type { SourcePosition } from '../../runtime/errors.ts';
import { isAbsolute } from '../binary/dwarf-paths.ts';
import type { LineTable } from '../binary/line-table.ts';
import type { ModuleInfo } from '../binary/module-info.ts';
import { disassembly } from '../function/dump-sink.ts';
import { functionName } from './module.ts';
import type { Position } from './print.ts';

export interface SourceMapOptions {
  /** Where the code came from; undefined: everything is shown as text. */
  readonly lines?: LineTable | undefined;
  /** Stands before the names of texts, and of sources that have no absolute path: `sandglass://module-0/`. */
  readonly root?: string | undefined;
  /** The contents of a source file, to stand in the map, for debuggers that do not see the file. */
  readonly readSource?: ((file: string) => string | undefined) | undefined;
}

/** Line (from 1) and column (from 1, 0 if unknown) of a URL. */
interface Original {
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

export class SourceMapBuilder {
  readonly #map: GenMapping;
  readonly #sources: ModuleSources;
  readonly #known = new Set<string>();

  /** `file`: the name of the generated file. */
  constructor(file: string, sources: ModuleSources) {
    this.#map = new GenMapping({ file });
    this.#sources = sources;
  }

  /**
   * The marks of a text that begins at a line of the file, counted from 1, and a column, from 0. Texts are added in their order
   * in the file.
   */
  add(positions: Iterable<Position>, firstLine: number, firstColumn = 0): void {
    for (const { line, column: inLine, offset } of positions) {
      const at = line + firstLine - 2;
      const column = line === 1 ? firstColumn + inLine : inLine;
      const original = this.#sources.at(offset);
      if (original === undefined) maybeAddSegment(this.#map, at, column);
      else {
        const { url } = original;
        const from = Math.max(0, original.column - 1);
        maybeAddSegment(this.#map, at, column, url, original.line - 1, from);
        if (!this.#known.has(url)) this.#addSource(url);
      }
    }
  }

  #addSource(url: string): void {
    this.#known.add(url);
    const content = this.#sources.contentOf(url);
    if (content !== undefined) setSourceContent(this.#map, url, content);
  }

  toString(): string {
    return JSON.stringify(toEncodedMap(this.#map));
  }
}

/** Byte offsets of a module → lines of its sources, or of its text. */
export class ModuleSources {
  readonly #module: ModuleInfo;
  readonly #lines: LineTable | undefined;
  readonly #root: string;
  readonly #readSource: (file: string) => string | undefined;
  readonly #urls = new Map<string, string>();
  readonly #texts = new Map<number, FunctionText>();
  readonly #contents = new Map<string, string>();

  constructor(module: ModuleInfo, { lines, root = '', readSource = () => undefined }: SourceMapOptions) {
    this.#module = module;
    this.#readSource = readSource;
    this.#lines = lines;
    this.#root = root;
  }

  at(offset: number): Original | undefined {
    const defined = this.functionAt(offset);
    if (defined === undefined) return undefined;
    if (!this.hasLines(defined)) return this.#text(defined).at(offset);
    const position = this.#lines?.at(offset);
    return position && { ...position, url: this.#urlOf(position) };
  }

  /** Whether a function came from source lines that are known. */
  hasLines(defined: number): boolean {
    const { start, end } = this.#module.bodies[defined]!;
    return this.#lines?.covers(start, end) === true;
  }

  /** The defined function whose body holds a byte of the module. */
  functionAt(offset: number): number | undefined {
    const { bodies } = this.#module;
    let low = 0;
    let high = bodies.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bodies[middle]!.end <= offset) low = middle + 1;
      else high = middle;
    }
    return low < bodies.length && bodies[low]!.start <= offset ? low : undefined;
  }

  contentOf(url: string): string | undefined {
    return this.#contents.get(url);
  }

  #text(defined: number): FunctionText {
    let text = this.#texts.get(defined);
    if (text === undefined) {
      const index = defined + this.#module.importedFunctions;
      const url = `${this.#root}${functionName(this.#module, index)}.wat`;
      const { text: content, offsets } = disassembly(this.#module, index);
      text = new FunctionText(url, offsets);
      this.#contents.set(url, content);
      this.#texts.set(defined, text);
    }
    return text;
  }

  #urlOf({ file }: SourcePosition): string {
    let url = this.#urls.get(file);
    if (url === undefined) {
      url = urlOf(file, this.#root);
      this.#urls.set(file, url);
      const content = this.#lines?.contents.get(file) ?? this.#readSource(file);
      if (content !== undefined) this.#contents.set(url, content);
    }
    return url;
  }
}

/** A function's text: which line stands for an offset. */
class FunctionText {
  readonly #url: string;
  readonly #lines = new Map<number, number>();

  constructor(url: string, offsets: readonly (number | undefined)[]) {
    this.#url = url;
    offsets.forEach((offset, i) => {
      if (offset !== undefined && !this.#lines.has(offset)) this.#lines.set(offset, i + 1);
    });
  }

  /** Line 1, the function's head, for what is no instruction. */
  at(offset: number): Original {
    return { url: this.#url, line: this.#lines.get(offset) ?? 1, column: 0 };
  }
}

/**
 * A path as a module has it, as a URL. It is text that the module controls: it never becomes a URL that somebody would fetch.
 *
 *   /src/main.c   →   file:///src/main.c         lib/a.c   →   sandglass://module-0/lib/a.c
 */
function urlOf(path: string, root: string): string {
  if (/^(?:file|webpack|sandglass):\/\//.test(path)) return path;
  const parts = path.split(/[\\/]/).map(encodeURIComponent);
  if (!isAbsolute(path)) return root + parts.join('/');
  if (parts[0] === '') return `file://${parts.join('/')}`;
  return `file:///${decodeURIComponent(parts[0]!)}/${parts.slice(1).join('/')}`;
}
