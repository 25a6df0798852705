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
import { CHARGING, COUNTS } from '../compiler/emit/region-counts.ts';
import { shapeText } from '../compiler/emit/shapes.ts';
import type { ModuleSources } from '../compiler/emit/source-map.ts';
import { exportWrapperText, importWrapperText } from '../compiler/emit/wrappers.ts';
import { opcodeOf } from '../compiler/opcodes.ts';
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
import { inlineMap, linesOf, sourcesOf } from './source-lines.ts';

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

let modules = 0;

export class JitCode implements ModuleCode {
  /** Tells this code's lines in a stack trace from other modules'. */
  readonly #number = modules++;
  readonly description: ModuleInfo;
  readonly functions: Code[];
  readonly tails: Code[];
  readonly #options: EmitOptions;
  readonly #groups: Group[] = [];
  /** Groups that call a function they do not contain, by its index. */
  readonly #callers = new Map<number, Group[]>();
  readonly #groupOf = new Map<number, number>();
  /** Functions whose body is a tail form: under their own name stands something that is no frame of wasm. */
  readonly #trampolines = new Set<number>();
  #bytesOfText = 0;
  /** What generated code binds by name. */
  readonly #library: Library;
  /** For source maps, where they are wanted. */
  readonly #sources: ModuleSources | undefined;

  readonly #variant: (options: EmitOptions) => JitCode;

  /** `variant` gives the module's code for other options. */
  constructor(module: ModuleInfo, options: EmitOptions, variant: (options: EmitOptions) => JitCode) {
    this.description = module;
    this.#options = options;
    this.#variant = variant;
    const { counting } = options;
    this.#library = counting
      ? { ...LIBRARY, [COUNTS]: counting.counts, [CHARGING]: counting.charging }
      : LIBRARY;
    this.#sources = options.sourceMaps && sourcesOf(module, options.sourceMaps, this.#number);
    this.functions = module.bodies.map((_, defined) => this.#stub(defined, () => this.functions));
    this.tails = module.bodies.map((_, defined) => this.#stub(defined, () => this.tails));
  }

  get stats(): { functions: number; compiled: number; groups: number; bytes: number } {
    return {
      functions: this.functions.length,
      compiled: this.#groupOf.size,
      groups: this.#groups.length,
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
    const number = this.#groups.length;
    const script = `sandglass-${this.#number}-group-${number}`;
    const lines = [text, `//# sourceURL=${script}`];
    if (sources !== undefined) lines.push(inlineMap(script, sources, positions!, HEADER_LINES + 1));
    const body = lines.join('\n');
    const [codes, patch, tails] = evaluate(body, ['H', 'F', 'T'])(
      this.#library,
      this.functions,
      this.tails,
    ) as [Code[], Group['patch'], Code[]];
    this.#groups.push({ members, patch });
    this.#bytesOfText += text.length;
    for (const index of trampolines) this.#trampolines.add(index);
    for (const callee of callees) {
      const callers = this.#callers.get(callee);
      if (callers === undefined) this.#callers.set(callee, [{ members, patch }]);
      else callers.push({ members, patch });
    }
    members.forEach((member, i) => {
      this.#groupOf.set(member, number);
      this.functions[member] = codes[i]!;
      this.tails[member] = tails[i]!;
    });
    members.forEach((member, i) => {
      for (const caller of this.#callers.get(member) ?? []) caller.patch(member, codes[i]!, tails[i]!);
      this.#callers.delete(member);
    });
  }

  /** Which callees join a group: small ones not compiled yet, until the group is large. */
  #admission(first: number): (defined: number) => boolean {
    let total = this.#bytesOf(first);
    return (defined) => {
      if (this.#groupOf.has(defined)) return false;
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
    return this.#variant({ ...this.#options, checkEveryRegion: true });
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
    const { bytes } = this.description;
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
      if (before !== undefined && offset !== found.start && isTailCall(bytes[offset ?? 0]!)) {
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
      /\b(f\d+\w*)(?:\$twin)?(?:\$(tail|\d+))? (?:\[as code\] )?\(.*sandglass-(\d+)-group-(\d+):(\d+):(\d+)\)$/.exec(
        text,
      );
    const index = functionIndexOf(match?.[1] ?? '');
    if (match === null || index === undefined || Number(match[3]) !== this.#number) return undefined;
    const group = Number(match[4]);
    if (this.#groupOf.get(index - this.description.importedFunctions) !== group) return undefined;
    const isRegion = /^\d/.test(match[2] ?? '');
    if (match[2] === undefined && this.#trampolines.has(index)) return undefined;
    const { start } = this.description.bodies[index - this.description.importedFunctions]!;
    const [line, column] = [Number(match[5]) - HEADER_LINES, Number(match[6]) - 1];
    return { index, isRegion, group, line, column, start };
  }

  /** Emits a group once more, noting where the instructions that may trap land in its text. */
  #positions(group: number): Position[] {
    const members = this.#groups[group]!.members;
    const known = new Set(members);
    const positions: Position[] = [];
    groupText(
      this.description,
      [...members],
      { ...this.#options, recordOffsets: true },
      (d) => known.has(d),
      {
        positions,
      },
    );
    return positions;
  }
}

function isTailCall(opcode: number): boolean {
  return opcodeOf(opcode)?.name.startsWith('return_call') === true;
}

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
