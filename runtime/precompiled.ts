/**
 * A module's code out of a file (compiler/emit/precompiled.ts writes it): all functions are there from the start, nothing
 * becomes code here.
 *
 * A file consists of parts, each a function that binds the library (`H`) and returns the functions of a range of indices.
 * Parts find each other's functions in `F` (and tail forms in `T`) once all are there: then each is linked.
 */
import type { Code } from './abi.ts';
import { BOUNDARY } from './boundary.ts';
import type { ExportWrapper, ModuleCode } from './code.ts';
import type { DebugTable, TextPlaces } from './debug-table.ts';
import { type LocatedFrame, SnapshotError } from './errors.ts';
import { type Library, library } from './library.ts';
import type { StructConstructor } from './objects.ts';
import { plainExportWrapper, plainImportWrapper } from './plain-wrappers.ts';
import { referenceTypes, sharesWrapper, wrapperKey } from './signatures.ts';
import {
  type Anchor,
  anchorOf,
  type FoundFrame,
  foldFrames,
  placeInText,
  type Range,
  rangeOf,
} from './stack-trace.ts';
import { addStruct, structOf } from './struct-classes.ts';
import type { FuncType, ModuleDescription, ValueType } from './types.ts';

export interface PartCode {
  /** Defined functions, in the order of their indices. */
  readonly functions: readonly Code[];
  /** Those with a tail form of their own, by defined index. */
  readonly tails: Readonly<Record<number, Code>>;
  /** Takes the functions of other parts out of `F` and `T`. */
  readonly link: () => void;
  /** Errors made at the first and at the last line of the part: its range in stack traces. */
  readonly ends: readonly [() => Error, () => Error];
}
export type Part = (H: Library, F: readonly Code[], T: readonly Code[]) => PartCode;

type Make<Wrapper> = (types: readonly ValueType[]) => Wrapper;
/** What a file has per signature, see `wrapperKey`. */
export interface FileWrappers {
  readonly exports: Readonly<Record<string, Make<ExportWrapper>>>;
  readonly imports: Readonly<Record<string, Make<Code>>>;
  /** Classes of structs, by name. */
  readonly structs: Readonly<Record<string, StructConstructor>>;
}
export type MakeWrappers = (boundary: typeof BOUNDARY) => FileWrappers;

const LIBRARY = library(structOf);

/** Wrappers of one file, made as they are needed. */
export class Wrappers {
  readonly #file: FileWrappers;
  readonly #exports = new Map<string, ExportWrapper>();
  readonly #imports = new Map<string, Code>();

  constructor(make: MakeWrappers) {
    this.#file = make(BOUNDARY);
    for (const [name, made] of Object.entries(this.#file.structs)) addStruct(name, made);
  }

  exportWrapper(type: FuncType): ExportWrapper {
    return kept(this.#exports, this.#file.exports, type, plainExportWrapper);
  }

  importWrapper(type: FuncType): Code {
    return kept(this.#imports, this.#file.imports, type, plainImportWrapper);
  }
}

/** One wrapper per signature, where that says everything. */
function kept<Wrapper>(
  known: Map<string, Wrapper>,
  file: Readonly<Record<string, Make<Wrapper>>>,
  type: FuncType,
  plain: (type: FuncType) => Wrapper,
): Wrapper {
  const key = wrapperKey(type);
  const existing = known.get(key);
  if (existing !== undefined) return existing;
  const make = Object.hasOwn(file, key) ? file[key] : undefined;
  const wrapper = make === undefined ? plain(type) : make(referenceTypes(type));
  if (sharesWrapper(type)) known.set(key, wrapper);
  return wrapper;
}

/** What is known of a part's text. */
interface PartText {
  readonly anchor: Anchor;
  readonly places: TextPlaces | undefined;
}

export class PrecompiledCode implements ModuleCode {
  readonly description: ModuleDescription;
  readonly usesArrays: boolean;
  readonly functions: readonly Code[];
  readonly tails: readonly Code[];
  readonly structs = structOf;
  readonly #wrappers: Wrappers;
  readonly #parts: readonly PartCode[];
  /** What made the parts: for their text. */
  readonly #makers: readonly Part[];
  /** Functions whose body is a tail form: under their own name stands something that is no frame of wasm. */
  readonly #trampolines: ReadonlySet<number>;
  readonly #checking: () => PrecompiledCode;
  readonly #hash: string | undefined;
  readonly #debugTable: () => DebugTable | undefined;
  #ranges: readonly Range[] | undefined;
  readonly #texts = new Map<number, PartText>();

  /**
   * `checking` gives the same module's code that looks at the account in every region; `debugTable`, if there is one, tells
   * where in the module its places are.
   */
  constructor(
    description: ModuleDescription,
    parts: readonly Part[],
    wrappers: Wrappers,
    checking: () => PrecompiledCode,
    debugTable: () => DebugTable | undefined,
    hash: string | undefined,
    usesArrays = false,
  ) {
    const functions: Code[] = [];
    const tails: Code[] = [];
    this.#parts = parts.map((part) => {
      const code = part(LIBRARY, functions, tails);
      for (const each of code.functions) {
        functions.push(each);
        tails.push(each);
      }
      return code;
    });
    const trampolines = new Set<number>();
    for (const part of this.#parts) {
      for (const [defined, tail] of Object.entries(part.tails)) {
        tails[Number(defined)] = tail;
        trampolines.add(Number(defined) + description.importedFunctions);
      }
    }
    for (const part of this.#parts) part.link();
    this.description = description;
    this.usesArrays = usesArrays;
    this.functions = functions;
    this.tails = tails;
    this.#trampolines = trampolines;
    this.#wrappers = wrappers;
    this.#checking = checking;
    this.#makers = parts;
    this.#debugTable = debugTable;
    this.#hash = hash;
  }

  get hash(): string {
    if (this.#hash === undefined)
      throw new SnapshotError('the precompiled file does not say which module it is of: compile it again');
    return this.#hash;
  }

  /** There is nothing left to compile. */
  compile(): void {}

  exportWrapper(type: FuncType): ExportWrapper {
    return this.#wrappers.exportWrapper(type);
  }

  importWrapper(type: FuncType): Code {
    return this.#wrappers.importWrapper(type);
  }

  checkingEveryRegion(): PrecompiledCode {
    return this.#checking();
  }

  locate(stack: string): readonly LocatedFrame[] {
    this.#ranges ??= this.#parts.map(({ ends }) => rangeOf(ends));
    const isTrampoline = ({ index, form }: FoundFrame) => form === undefined && this.#trampolines.has(index);
    const frames: LocatedFrame[] = [];
    for (const found of foldFrames(stack, this.#ranges, isTrampoline)) {
      const place = this.#placeOf(found);
      const before = frames.at(-1);
      // Another function has taken its place.
      if (before !== undefined && place?.isTailCall === true) {
        frames[frames.length - 1] = { ...before, stackLines: [...before.stackLines, ...found.stackLines] };
      } else frames.push(this.#frame(found, place?.offset));
    }
    return frames;
  }

  #frame({ index, stackLines, url, line, column }: FoundFrame, offset: number | undefined): LocatedFrame {
    return {
      stackLines,
      functionIndex: index,
      functionName: this.#nameOf(index),
      offset,
      ...(offset === undefined
        ? { generated: `${url}:${line}:${column}` }
        : { source: this.#debugTable()?.sourceAt(offset) }),
    };
  }

  #placeOf(frame: FoundFrame): { offset: number; isTailCall: boolean } | undefined {
    const text = this.#textOf(frame.range);
    const { line, column } = placeInText(text.anchor, this.#ranges![frame.range]!, frame);
    return text.places?.at(line, column);
  }

  /** Looked for once: a large module's parts are megabytes. */
  #textOf(part: number): PartText {
    let known = this.#texts.get(part);
    if (known === undefined) {
      const table = this.#debugTable();
      const text = table === undefined ? '' : String(this.#makers[part]);
      known = { anchor: anchorOf(text), places: table?.placesOf(text) };
      this.#texts.set(part, known);
    }
    return known;
  }

  #nameOf(index: number): string | undefined {
    const { functionNames, exports } = this.description;
    return (
      functionNames.get(index) ?? exports.find((each) => each.kind === 'func' && each.index === index)?.name
    );
  }
}
