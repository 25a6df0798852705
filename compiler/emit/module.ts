/**
 * A group of functions → the text that defines them. The text captures nothing of an instance: it binds helpers (`H`)
 * and, for functions outside the group, variables that are patched when those are compiled.
 *
 *   const { exhausted } = H;
 *   let f3_g = F[3];
 *   function patch(index, code, tail) { switch (index) { case 3: f3_g = code; break; } }
 *   function f12_f(E, l0) { … f3_g(E, l0) … }
 *   return [[f12_f], patch, [f12_f]];
 *
 * The last list holds the tail forms (tail-calls.ts): `f12_f$tail`, or the function itself. Those of functions outside come from `T`.
 *
 * Names of a module enter as at most 40 characters of [A-Za-z0-9_] behind the function's index.
 */
import type { ModuleInfo } from '../binary/module-info.ts';
import type { Resolve } from './calls.ts';
import { type EmittedFunction, emitFunction } from './function.ts';
import type { EmitOptions } from './function-emitter.ts';
import { Entries, HIGH, outerName } from './jitless/entries.ts';
import * as js from './js.ts';
import { type Position, print } from './print.ts';
import type { Part } from './regions.ts';
import { shapeOf } from './shapes.ts';
import { tailName } from './tail-calls.ts';

export interface EmittedGroup {
  /** Body of a function with the parameters `H`, `F` and `T`. */
  readonly text: string;
  /** Defined functions outside that the group calls. */
  readonly callees: readonly number[];
  /** Functions, by index, that stand under their names as trampolines of their tail forms. */
  readonly trampolines: readonly number[];
  /** Every JavaScript function in it, with its estimated bytecode, in bytes. */
  readonly parts: readonly Pick<Part, 'name' | 'weight'>[];
}

/** `f12_mix`. Functions 32 and 64 get one `_` more, since helpers are called `f32_…` and `f64_…`. */
export function functionName(module: ModuleInfo, index: number): string {
  const name = module.functionNames.get(index) ?? '';
  const safe = name.replace(/[^A-Za-z0-9_]+/g, '_').slice(0, 40);
  if (safe === '') return `f${index}`;
  return `f${index}${index === 32 || index === 64 ? '__' : '_'}${safe}`;
}

/** Index of the function that a generated name stands for; undefined for other names. */
export function functionIndexOf(name: string): number | undefined {
  const match = /^f(\d+)(?:_|$)/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/**
 * Emits defined functions as one group, beginning with `members`; `admit` is asked for each function that they call
 * and that is not in the group yet.
 */
export function emitGroup(
  module: ModuleInfo,
  members: number[],
  options: EmitOptions,
  admit: (definedIndex: number) => boolean,
  isClosed = false,
): {
  parts: Part[];
  uses: Set<string>;
  callees: Set<number>;
  tails: Set<number>;
  /** Under which name others call a function of the group, by defined index. */
  outerOf: (defined: number) => string;
} {
  const group = new Set(members);
  const callees = new Set<number>();
  const tails = new Set<number>();
  const uses = new Set<string>();
  const parts: Part[] = [];
  const entries = new Entries(module, options, isClosed ? group : undefined);
  const named = (index: number, tail = false) => {
    const defined = index - module.importedFunctions;
    if (!group.has(defined) && !callees.has(defined)) {
      if (admit(defined)) {
        group.add(defined);
        members.push(defined);
      } else callees.add(defined);
    }
    const name = functionName(module, index);
    if (!tail) return js.id(name);
    tails.add(defined);
    return js.id(tailName(name));
  };
  const entry = (index: number) => {
    const defined = index - module.importedFunctions;
    if (defined < 0) return undefined;
    // Who is called may come into the group by it.
    named(index);
    return group.has(defined) ? entries.of(defined) : undefined;
  };
  const resolve: Resolve = options.target === 'jitless' ? Object.assign(named, { entry }) : named;
  for (let i = 0; i < members.length; i++) {
    for (const emitted of emitWithTwin(module, members[i]!, options, resolve)) {
      parts.push(...emitted.parts);
      for (const use of emitted.uses) uses.add(use);
    }
  }
  const outerOf = (defined: number) => {
    const name = functionName(module, defined + module.importedFunctions);
    return entries.of(defined) === undefined ? name : outerName(name);
  };
  return { parts, uses, callees, tails, outerOf };
}

/** A recursive function with no more bytes than this gets a twin: two levels of it are still small enough to be inlined. */
const TWIN_BYTES = 128;

/**
 * V8 never inlines a function into itself. So a small recursive function is there twice, each calling the other, and V8
 * inlines several levels (fib: 2.6 times as fast). The twin spends from a purse of its own: two short chains of updates.
 */
function emitWithTwin(
  module: ModuleInfo,
  defined: number,
  options: EmitOptions,
  resolve: Resolve,
): EmittedFunction[] {
  const own = defined + module.importedFunctions;
  const name = functionName(module, own);
  const { start, end } = module.bodies[defined]!;
  if (end - start > TWIN_BYTES || options.target === 'jitless')
    return [emitFunction(module, defined, name, options, resolve)];
  const twin = `${name}$twin`;
  let recursive = false;
  const calling = (itself: string): Resolve => {
    return (index, tail) => {
      if (index !== own || tail) return resolve(index, tail);
      recursive = true;
      return js.id(itself);
    };
  };
  const first = emitFunction(module, defined, name, options, calling(twin));
  if (!recursive) return [first];
  return [first, emitFunction(module, defined, twin, options, calling(name), 'fuel2')];
}

/** The whole text; with `positions`, also where nodes with offsets landed. */
export function groupText(
  module: ModuleInfo,
  members: number[],
  options: EmitOptions,
  admit: (definedIndex: number) => boolean,
  layout: { indent?: boolean; positions?: Position[] } = {},
): EmittedGroup {
  const { parts, uses, callees, tails, outerOf } = emitGroup(module, members, options, admit);
  const name = (defined: number) => functionName(module, defined + module.importedFunctions);
  const outer = [...callees];
  const statements: js.Statement[] = [js.statement(js.string('use strict'))];
  statements.push(...bindings(uses, options.target === 'jitless'));
  if (outer.length > 0) statements.push(outside(outer, name, tails));
  const declarations = parts.map(({ declaration }) => declaration);
  // The group exists because its first function is being called.
  declarations[0] = js.eagerFunction(declarations[0]!);
  statements.push(patcher(outer, name, tails), ...declarations);
  const forms = new Set(parts.map((part) => part.name));
  const hasForm = (defined: number) => forms.has(tailName(name(defined)));
  const aliases = members
    .filter((defined) => tails.has(defined) && !hasForm(defined))
    .map((defined) => [tailName(name(defined)), js.id(name(defined))] as const);
  if (aliases.length > 0) statements.push(js.declare('const', aliases));
  const entries = members.map((defined) => js.id(outerOf(defined)));
  const tailEntries = members.map((defined) =>
    js.id(hasForm(defined) ? tailName(name(defined)) : outerOf(defined)),
  );
  statements.push(js.returns(js.array([js.array(entries), js.id('patch'), js.array(tailEntries)])));
  const trampolines = members.filter(hasForm).map((defined) => defined + module.importedFunctions);
  return { text: print(statements, layout.indent, layout.positions), callees: outer, trampolines, parts };
}

/** Helpers by name; classes of structs by shape. An interpreter looks at each use of a `const` whether that is set by then. */
export function bindings(uses: ReadonlySet<string>, interpreted: boolean): js.Statement[] {
  const names = [...uses].filter((use) => shapeOf(use) === undefined && use !== HIGH.text);
  const classes = [...uses].flatMap((use): [string, js.Expression][] => {
    const shape = shapeOf(use);
    if (shape === undefined) return [];
    const args = [js.number(shape.tagged), js.number(shape.doubles)];
    return [[use, js.call(js.member(js.id('H'), 'struct'), args)]];
  });
  const statements: js.Statement[] = [];
  if (names.length > 0) statements.push(js.destructure(names, js.id('H'), interpreted ? 'var' : 'const'));
  if (uses.has(HIGH.text)) statements.push(js.variable(HIGH.text));
  if (classes.length > 0) statements.push(js.declare('const', classes));
  return statements;
}

/** Variables for functions outside of the group, and for the tail forms that are called. */
function outside(
  outer: readonly number[],
  name: (defined: number) => string,
  tails: ReadonlySet<number>,
): js.Statement {
  const at = (list: string, defined: number) => js.index(js.id(list), js.number(defined));
  const imported = outer.map((defined) => [name(defined), at('F', defined)] as const);
  const entered = outer
    .filter((defined) => tails.has(defined))
    .map((defined) => [tailName(name(defined)), at('T', defined)] as const);
  return js.declare('let', [...imported, ...entered]);
}

function patcher(
  outer: readonly number[],
  name: (defined: number) => string,
  tails: ReadonlySet<number>,
): js.Statement {
  const cases = outer.map((defined) => {
    const set = [js.set(js.id(name(defined)), js.id('code'))];
    if (tails.has(defined)) set.push(js.set(js.id(tailName(name(defined))), js.id('tail')));
    return js.switchCase(defined, [...set, js.breakOut()]);
  });
  return js.functionDeclaration('patch', ['index', 'code', 'tail'], [js.switchOn(js.id('index'), cases)]);
}
