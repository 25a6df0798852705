/**
 * The just-in-time compiler: a module's functions begin as stubs; the first call of one compiles it, with a few of the
 * functions that it calls, and puts the code in the stub's place. The one file that makes code out of text.
 *
 * The code belongs to the module: all its instances, in all Runtimes with the same options, run the same functions.
 */
import { functionName, type ModuleInfo } from '../compiler/binary/module-info.ts';
import type { EmitOptions } from '../compiler/emit/function-emitter.ts';
import { type EmittedGroup, functionIndexOf, groupText } from '../compiler/emit/module.ts';
import type { Position } from '../compiler/emit/print.ts';
import { shapeText } from '../compiler/emit/shapes.ts';
import type { ModuleSources } from '../compiler/emit/source-map.ts';
import { exportWrapperText, importWrapperText } from '../compiler/emit/wrappers.ts';
import type { Code, EnvironmentAbi } from '../runtime/abi.ts';
import { BOUNDARY } from '../runtime/boundary.ts';
import type { ExportWrapper, ModuleCode } from '../runtime/code.ts';
import type { LocatedFrame } from '../runtime/errors.ts';
import type { Shape } from '../runtime/layout.ts';
import { type Library, library } from '../runtime/library.ts';
import type { StructConstructor } from '../runtime/objects.ts';
import { referenceTypes, sharesWrapper, wrapperKey } from '../runtime/signatures.ts';
import { addStruct, knownStruct, shapeName } from '../runtime/struct-classes.ts';
import type { FuncType, ValueType } from '../runtime/types.ts';
import type { StoredGroup } from './cache/entry.ts';
import { builtin } from './host.ts';
import { inlineMap, isTailCall, linesOf, sourcesOf } from './source-lines.ts';

/** What generated code binds by name. */
const LIBRARY = library(structClass);

/** A callee larger than this, in bytes of wasm, is compiled when it is called, not with its caller. */
const ADMITTED_BYTES = 400;
/** A group takes no more callees beyond this many bytes. */
const GROUP_BYTES = 6000;

interface Group {
  readonly members: readonly number[];
  readonly patch: (index: number, code: Code, tail: Code) => void;
}

/** A group's text, from the compiler or from a store, and what to know about it. */
interface GroupCode {
  readonly members: readonly number[];
  readonly text: string;
  readonly callees: readonly number[];
  readonly trampolines: readonly number[];
  /** Where a source map is wanted. */
  readonly positions?: readonly Position[] | undefined;
}

/** Where code may come from instead of the compiler, and what becomes of code that came from it. */
export interface CodeStock {
  /** Names the scripts, alike wherever the same code is made. */
  readonly id?: string | undefined;
  readonly groups: readonly StoredGroup[];
  /** V8 reads its code caches, and is asked for them by `stored()`. */
  readonly usesV8Data: boolean;
  /** Called when the compiler has made a group. */
  readonly onGenerated?: (() => void) | undefined;
  /** V8 did not accept a code cache. */
  readonly onRejected?: (() => void) | undefined;
}

/** Whose code it is. */
interface CodeOwner {
  readonly hash: string;
  /** The code for other options. */
  codeFor(options: EmitOptions): JitCode;
}

const EMPTY_STOCK: CodeStock = { groups: [], usesV8Data: false };

/** Of a group that the compiler made; its source, with what V8 made of it, where that is to be stored. */
interface MadeGroup extends Omit<GroupCode, 'text'> {
  readonly kept: { readonly source: string; readonly script: Script } | undefined;
}

/** What V8 compiled, to be asked for its code cache. */
interface Script {
  createCachedData(): Uint8Array;
}

let modules = 0;

export class JitCode implements ModuleCode {
  /** Tells this code's lines in a stack trace from other modules'. */
  readonly #id: string;
  readonly description: ModuleInfo;
  readonly usesArrays: boolean;
  readonly functions: Code[];
  readonly tails: Code[];
  readonly #options: EmitOptions;
  /** By their first members, as `#groupOf` names them. */
  readonly #groups = new Map<number, Group>();
  /** Groups that call a function they do not contain, by its index. */
  readonly #callers = new Map<number, Group[]>();
  readonly #groupOf = new Map<number, number>();
  /** Functions whose body is a tail form: under their own name stands something that is no frame of wasm. */
  readonly #trampolines = new Set<number>();
  #bytesOfText = 0;
  /** What generated code binds by name. */
  readonly #library: Library;
  #generated = 0;
  /** For source maps, where they are wanted. */
  readonly #sources: ModuleSources | undefined;

  readonly #owner: CodeOwner;
  readonly #stock: CodeStock;
  /** Groups of the stock by their members. */
  readonly #stored = new Map<number, StoredGroup>();
  /** What the compiler made: for `stored()`. */
  readonly #made: MadeGroup[] = [];
  /** Of the stock, but V8 did not want its data. */
  readonly #rejected = new Map<StoredGroup, Script>();

  constructor(module: ModuleInfo, options: EmitOptions, owner: CodeOwner, stock: CodeStock = EMPTY_STOCK) {
    this.description = module;
    this.usesArrays = options.target === 'jitless';
    this.#options = options;
    this.#owner = owner;
    const { counting } = options;
    this.#library = counting ? { ...LIBRARY, ...counting.library } : LIBRARY;
    this.#stock = stock;
    const number = modules++;
    this.#id = stock.id ?? `${number}`;
    this.#sources = options.sourceMaps && sourcesOf(module, options.sourceMaps, number);
    for (const group of stock.groups) for (const member of group.members) this.#stored.set(member, group);
    const [functions, tails] = [() => this.functions, () => this.tails];
    this.functions = module.bodies.map((_, defined) => this.#stub(defined, functions));
    this.tails = module.bodies.map((_, defined) => this.#stub(defined, tails));
  }

  get hash(): string {
    return this.#owner.hash;
  }

  get stats(): { functions: number; compiled: number; generated: number; groups: number; bytes: number } {
    return {
      functions: this.functions.length,
      compiled: this.#groupOf.size,
      generated: this.#generated,
      groups: this.#groups.size,
      bytes: this.#bytesOfText,
    };
  }

  /** Stands for a function until it is first called, and wherever an instance still holds it. */
  #stub(defined: number, list: () => readonly Code[]): Code {
    const stub: Code = (E: EnvironmentAbi, ...args: unknown[]) => {
      this.compile(defined);
      const code = list()[defined]!;
      const reference = E.refs[defined + this.description.importedFunctions];
      if (reference?.code === stub || reference?.tail === stub) {
        reference.code = this.functions[defined]!;
        reference.tail = this.tails[defined]!;
      }
      return code(E, ...args);
    };
    return stub;
  }

  compile(defined: number): void {
    if (!this.#groupOf.has(defined)) this.#compile(defined);
  }

  /** All state changes come last: if the stack overflows in here, the stub stays and a later call tries again. */
  #compile(defined: number): void {
    const stored = this.#stored.get(defined);
    const group = stored === undefined ? this.#generate(defined) : { ...stored, text: textOf(stored) };
    const { members, text, callees, trampolines } = group;
    const [first] = members as [number];
    const name = `sandglass-${this.#id}-group-${first}`;
    const { make, kept } = this.#evaluate(group, name, stored);
    const [codes, patch, tails] = make(this.#library, this.functions, this.tails) as [
      Code[],
      Group['patch'],
      Code[],
    ];
    this.#groups.set(first, { members, patch });
    this.#bytesOfText += text.length;
    if (stored === undefined) {
      this.#generated += members.length;
      this.#made.push({ members, callees, trampolines, kept });
    }
    for (const index of trampolines) this.#trampolines.add(index);
    for (const callee of callees) {
      const callers = this.#callers.get(callee);
      if (callers === undefined) this.#callers.set(callee, [{ members, patch }]);
      else callers.push({ members, patch });
    }
    members.forEach((member, i) => {
      this.#groupOf.set(member, first);
      this.functions[member] = codes[i]!;
      this.tails[member] = tails[i]!;
    });
    members.forEach((member, i) => {
      for (const caller of this.#callers.get(member) ?? []) caller.patch(member, codes[i]!, tails[i]!);
      this.#callers.delete(member);
    });
    if (stored === undefined) this.#stock.onGenerated?.();
  }

  #generate(defined: number): GroupCode {
    const members = [defined];
    const sources = this.#sources;
    const positions: Position[] | undefined = (sources ?? this.#options.counting) && [];
    const { text, callees, trampolines } = groupText(
      this.description,
      members,
      { ...this.#options, recordOffsets: positions !== undefined },
      this.#admission(defined),
      { ...(positions && { positions }) },
    );
    return { members, text, callees, trampolines, positions };
  }

  #evaluate(
    { text, positions }: GroupCode,
    name: string,
    stored: StoredGroup | undefined,
  ): { make: (...args: unknown[]) => unknown; kept: MadeGroup['kept'] } {
    const vm = this.#stock.usesV8Data ? builtin('node:vm') : undefined;
    if (vm === undefined) {
      const lines = [text, `//# sourceURL=${name}`];
      if (this.#sources !== undefined)
        lines.push(inlineMap(name, this.#sources, positions!, HEADER_LINES + 1));
      return { make: evaluate(lines.join('\n'), GROUP_PARAMETERS), kept: undefined };
    }
    const source = SOURCE_HEAD + text + SOURCE_TAIL;
    const cachedData = stored?.data;
    const script = new vm.Script(source, { filename: name, ...(cachedData && { cachedData }) });
    if (stored !== undefined && script.cachedDataRejected === true) {
      this.#rejected.set(stored, script);
      this.#stock.onRejected?.();
    }
    return { make: script.runInThisContext() as (...args: unknown[]) => unknown, kept: { source, script } };
  }

  /** How many functions `stored()` has. */
  get storedFunctions(): number {
    return this.#stored.size + this.#generated;
  }

  /** All groups that there are: those of the stock, called or not, and those made here. */
  stored(): StoredGroup[] {
    const stock = this.#stock.groups.map((group) => {
      const script = this.#rejected.get(group);
      return script === undefined ? group : { ...group, data: script.createCachedData() };
    });
    const made = this.#made.map(({ kept, ...group }) => {
      if (kept === undefined)
        return { ...group, text: ENCODER.encode(this.#again(group.members)), data: undefined };
      const text = ENCODER.encode(kept.source).subarray(SOURCE_HEAD.length, -SOURCE_TAIL.length);
      return { ...group, text, data: kept.script.createCachedData() };
    });
    return [...stock, ...made];
  }

  /** Which callees join a group: small ones not compiled yet, until the group is large. */
  #admission(first: number): (defined: number) => boolean {
    let total = this.#bytesOf(first);
    return (defined) => {
      if (this.#groupOf.has(defined) || this.#stored.has(defined)) return false;
      const bytes = this.#bytesOf(defined);
      if (bytes > ADMITTED_BYTES || total + bytes > GROUP_BYTES) return false;
      total += bytes;
      return true;
    };
  }

  #bytesOf(defined: number): number {
    const { start, end } = this.description.bodies[defined]!;
    return end - start;
  }

  /** A function, by function index, as a group of its own, for people to look at. */
  emitted(index: number): EmittedGroup {
    const defined = index - this.description.importedFunctions;
    const options = { ...this.#options, counting: undefined };
    return groupText(this.description, [defined], options, () => false, { indent: true });
  }

  checkingEveryRegion(): JitCode {
    return this.#owner.codeFor({ ...this.#options, checkEveryRegion: true });
  }

  readonly structs = structClass;

  exportWrapper(type: FuncType): ExportWrapper {
    return wrapper(exportWrappers, type, exportWrapperText) as ExportWrapper;
  }

  importWrapper(type: FuncType): Code {
    return wrapper(importWrappers, type, importWrapperText) as Code;
  }

  // ------------------------------------------------------------------ where a trap struck

  locate(stack: string): readonly LocatedFrame[] {
    const frames: (LocatedFrame & { readonly stackLines: number[] })[] = [];
    const positions = new Map<number, Position[]>();
    let inRegion = false;
    const lines = linesOf(this.description);
    stack.split('\n').forEach((line, stackLine) => {
      const found = this.#frameOf(line);
      if (found === undefined) return;
      const before = frames.at(-1);
      // A region and the function that it was split off are one frame.
      const folded = inRegion && before?.functionIndex === found.index;
      inRegion = found.isRegion;
      if (folded) {
        before.stackLines.push(stackLine);
        return;
      }
      let mapped = positions.get(found.group);
      if (mapped === undefined) {
        mapped = this.#positions(found.group);
        positions.set(found.group, mapped);
      }
      const offset = nearest(mapped, found.line, found.column);
      // Another function has taken its place.
      if (
        before !== undefined &&
        offset !== undefined &&
        isTailCall(this.description, found.defined, offset)
      ) {
        before.stackLines.push(stackLine);
        return;
      }
      frames.push({
        functionIndex: found.index,
        functionName: functionName(this.description, found.index),
        offset,
        source: offset === undefined ? undefined : lines?.at(offset),
        stackLines: [stackLine],
      });
    });
    return frames;
  }

  /** A line of an engine's stack trace, if it is one of this module's functions. */
  #frameOf(text: string) {
    const match =
      /\b(f\d+\w*)(?:\$twin)?(?:\$(tail|\d+))? (?:\[as code\] )?\(.*sandglass-(\w+)-group-(\d+):(\d+):(\d+)\)$/.exec(
        text,
      );
    const index = functionIndexOf(match?.[1] ?? '');
    if (match === null || index === undefined || match[3] !== this.#id) return undefined;
    const group = Number(match[4]);
    const defined = index - this.description.importedFunctions;
    if (this.#groupOf.get(defined) !== group) return undefined;
    const isRegion = /^\d/.test(match[2] ?? '');
    if (match[2] === undefined && this.#trampolines.has(index)) return undefined;
    const [line, column] = [Number(match[5]) - HEADER_LINES, Number(match[6]) - 1];
    return { index, defined, isRegion, group, line, column };
  }

  #positions(group: number): Position[] {
    const positions: Position[] = [];
    this.#again(this.#groups.get(group)!.members, positions);
    return positions;
  }

  /** The text of a group once more; with `positions`, noting where the instructions that may trap land in it. */
  #again(members: readonly number[], positions?: Position[]): string {
    const known = new Set(members);
    const kept = { ...this.#options, counting: undefined };
    const options = positions === undefined ? kept : { ...this.#options, recordOffsets: true };
    const layout = positions && { positions };
    return groupText(this.description, [...members], options, (d) => known.has(d), layout).text;
  }
}

const GROUP_PARAMETERS = ['H', 'F', 'T'];
/** What `new Function` puts around a body. */
const SOURCE_HEAD = `(function (${GROUP_PARAMETERS.join(', ')}\n) {\n`;
const SOURCE_TAIL = '\n})';
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

const textOf = ({ text }: StoredGroup) => DECODER.decode(text);

/** Lines that `new Function` puts before a body. */
const HEADER_LINES = 2;

function nearest(positions: readonly Position[], line: number, column: number): number | undefined {
  let best: Position | undefined;
  for (const position of positions) {
    if (position.line !== line || position.column > column) continue;
    if (best === undefined || position.column >= best.column) best = position;
  }
  return best?.offset;
}

/** What makes a wrapper, and one that it made. */
interface Wrappers {
  readonly make: (boundary: typeof BOUNDARY, types: readonly ValueType[]) => unknown;
  readonly first: unknown;
}

const exportWrappers = new Map<string, Wrappers>();
const importWrappers = new Map<string, Wrappers>();

function wrapper(cache: Map<string, Wrappers>, type: FuncType, text: (type: FuncType) => string): unknown {
  const key = wrapperKey(type);
  let wrappers = cache.get(key);
  if (wrappers !== undefined && !sharesWrapper(type)) return wrappers.make(BOUNDARY, referenceTypes(type));
  if (wrappers === undefined) {
    const names = Object.keys(BOUNDARY);
    const body = `'use strict';\nconst { ${names.join(', ')} } = B;\nreturn ${text(type)};`;
    const make = evaluate(body, ['B', 'T']) as Wrappers['make'];
    wrappers = { make, first: make(BOUNDARY, referenceTypes(type)) };
    cache.set(key, wrappers);
  }
  return wrappers.first;
}

/** The class of all structs of a shape. */
function structClass(shape: Shape): StructConstructor {
  let made = knownStruct(shape);
  if (made === undefined) {
    const name = shapeName(shape);
    made = evaluate(`'use strict';\n${shapeText(shape)}\nreturn ${name};`, [])() as StructConstructor;
    addStruct(name, made);
  }
  return made;
}

/** Text → function. */
function evaluate(body: string, parameters: readonly string[]): (...args: unknown[]) => unknown {
  return new Function(...parameters, body) as (...args: unknown[]) => unknown;
}
