/**
 * How functions of one group call each other in code for an interpreter, where an argument costs what it costs. Under its own name a
 * function takes i64 as two parameters each and returns the low half, the high one in `_high`; one that reaches nothing of its instance
 * takes no `E`. Whoever else calls it enters by `f1$out`, which keeps to the convention of runtime/abi.ts.
 *
 *   function f1(E, l0, g0) { … _high = g1; return l1; }
 *   function f1$out(E) { const RL = _RL, p = _S.sp * 2, x = f1(E, RL[p], RL[p + 1]); RL[p] = x; RL[p + 1] = _high; }
 *
 * Not in modules with tail calls: these enter functions by other names.
 */
import { type FuncType, funcTypeAt } from '../../../runtime/types.ts';
import type { ModuleInfo } from '../../binary/module-info.ts';
import type { EmitOptions } from '../function-emitter.ts';
import * as js from '../js.ts';
import { surveyOf } from './survey.ts';

/** A function that has two entries. */
export interface Entry {
  /** The inner one takes no `E`. */
  readonly isPure: boolean;
}

export const HIGH: js.Expression = js.id('_high');

export function outerName(name: string): string {
  return `${name}$out`;
}

/** More functions than these are not looked through for what they reach. */
const MOST_REACHED = 64;

/** What all functions of a module say together. */
interface Whole {
  readonly makesTailCalls: boolean;
  /** Called by name, and in no table: a second entry would only cost those who come through one. */
  readonly called: ReadonlySet<number>;
  /** Nothing that runs in a call of one of its functions, whichever it is, makes memory 0 grow. */
  readonly neverGrows: boolean;
}

const wholes = new WeakMap<ModuleInfo, Whole>();

function wholeOf(module: ModuleInfo): Whole {
  let whole = wholes.get(module);
  if (whole === undefined) {
    const surveys = module.bodies.map((_, defined) => surveyOf(module, defined));
    const called = new Set(surveys.flatMap(({ callees }) => [...callees]));
    for (const { items } of module.elements) {
      for (const [only] of items) if (only?.op === 'ref.func') called.delete(only.index);
    }
    whole = {
      makesTailCalls: surveys.some(({ makesTailCalls }) => makesTailCalls),
      called,
      neverGrows: isAlone(module) && !surveys.some(({ grows }) => grows),
    };
    wholes.set(module, whole);
  }
  return whole;
}

/** No code but its own can be called by its code. */
function isAlone({ importedFunctions, importedTables, exports }: ModuleInfo): boolean {
  return importedFunctions + importedTables === 0 && !exports.some(({ kind }) => kind === 'table');
}

/** Whether a function, or one that it calls, may make memory grow, or let others do it; `undefined`: any function of a table. */
export function mayGrow(module: ModuleInfo, index: number | undefined, { costs }: EmitOptions): boolean {
  // Who grants fuel may do anything.
  if (costs !== undefined) return true;
  if (wholeOf(module).neverGrows) return false;
  if (index === undefined) return true;
  const reached = new Set([index]);
  for (const each of reached) {
    if (each < module.importedFunctions || reached.size > MOST_REACHED) return true;
    const { callees, grows, callsAny } = surveyOf(module, each - module.importedFunctions);
    if (grows || callsAny) return true;
    for (const callee of callees) reached.add(callee);
  }
  return false;
}

/** The entries of a group's functions. */
export class Entries {
  readonly #module: ModuleInfo;
  readonly #options: EmitOptions;
  /** All that the group will ever have, by defined index; undefined: it grows. */
  readonly #members: ReadonlySet<number> | undefined;
  readonly #known = new Map<number, Entry | undefined>();

  constructor(module: ModuleInfo, options: EmitOptions, members: ReadonlySet<number> | undefined) {
    this.#module = module;
    this.#options = options;
    this.#members = members;
  }

  /** Of a function of the group, by defined index. */
  of(defined: number): Entry | undefined {
    if (!this.#known.has(defined)) this.#known.set(defined, this.#find(defined));
    return this.#known.get(defined);
  }

  #find(defined: number): Entry | undefined {
    if (this.#options.target !== 'jitless') return undefined;
    const module = this.#module;
    const { makesTailCalls, called } = wholeOf(module);
    if (makesTailCalls || !called.has(defined + module.importedFunctions)) return undefined;
    const { params, results } = funcTypeAt(
      module.types,
      module.functions[defined + module.importedFunctions]!,
    );
    const types = [...params, ...results];
    if (results.length > 1 || types.includes('v128')) return undefined;
    const isPure = this.#isPure(defined);
    return isPure || types.includes('i64') ? { isPure } : undefined;
  }

  /** It and all that it calls only compute, and nobody counts. */
  #isPure(defined: number): boolean {
    const { costs, countDepth, countAllocation } = this.#options;
    if (this.#members === undefined || costs !== undefined || countDepth || countAllocation) return false;
    const reached = new Set([defined]);
    for (const each of reached) {
      if (!this.#members.has(each) || reached.size > MOST_REACHED) return false;
      const { computes, callees } = surveyOf(this.#module, each);
      if (!computes) return false;
      for (const callee of callees) reached.add(callee - this.#module.importedFunctions);
    }
    return true;
  }
}

const E = js.id('E');
const RL = js.id('RL');

/** What stands beside the function, under the name that it does not have: its other entry. */
export function otherEntry(
  name: string,
  { params, results }: FuncType,
  { isPure }: Entry,
  isInner: boolean,
): js.FunctionDeclaration {
  const inner = params.flatMap((type, i) => (type === 'i64' ? [`l${i}`, `g${i}`] : [`l${i}`]));
  const outer = params.flatMap((type, i) => (type === 'i64' ? [] : [`l${i}`]));
  const usesCells = params.includes('i64') || results[0] === 'i64';
  const head = usesCells
    ? [
        js.declare('const', [
          ['RL', js.id('_RL')],
          ['p', js.binary('*', js.member(js.id('_S'), 'sp'), js.number(2))],
        ]),
      ]
    : [];
  const cells = (n: number) => [0, 1].map((half) => js.index(RL, js.plus(js.id('p'), 2 * n + half)));
  return isInner
    ? adapterIn(name, params, results, isPure, { inner, outer, head, cells })
    : adapterOut(name, params, results, isPure, { inner, outer, head, cells });
}

interface Adapter {
  readonly inner: readonly string[];
  readonly outer: readonly string[];
  readonly head: readonly js.Statement[];
  readonly cells: (n: number) => readonly js.Expression[];
}

/** For others: into the function that is entered by its own name. */
function adapterOut(
  name: string,
  params: FuncType['params'],
  results: FuncType['results'],
  isPure: boolean,
  { outer, head, cells }: Adapter,
): js.FunctionDeclaration {
  let cell = 0;
  const args = params.flatMap((type, i) => (type === 'i64' ? cells(cell++) : [js.id(`l${i}`)]));
  const called = js.call(js.id(name), isPure ? args : [E, ...args]);
  const [low, high] = cells(0);
  const rest =
    results[0] === 'i64'
      ? [js.set(low!, called), js.set(high!, HIGH)]
      : results.length > 0
        ? [js.returns(called)]
        : [js.statement(called)];
  return js.functionDeclaration(outerName(name), ['E', ...outer], [...head, ...rest]);
}

/** For its own group: into a function that, too long for its variables, is entered as from outside. */
function adapterIn(
  name: string,
  params: FuncType['params'],
  results: FuncType['results'],
  isPure: boolean,
  { inner, outer, head, cells }: Adapter,
): js.FunctionDeclaration {
  let cell = 0;
  const stores = params.flatMap((type, i) => {
    if (type !== 'i64') return [];
    const halves = [js.id(`l${i}`), js.id(`g${i}`)];
    return cells(cell++).map((place, n) => js.set(place, halves[n]!));
  });
  const called = js.call(js.id(outerName(name)), [
    isPure ? js.UNDEFINED : E,
    ...outer.map((each) => js.id(each)),
  ]);
  const [low, high] = cells(0);
  const rest =
    results[0] === 'i64'
      ? [js.statement(called), js.set(HIGH, high!), js.returns(low!)]
      : results.length > 0
        ? [js.returns(called)]
        : [js.statement(called)];
  return js.functionDeclaration(name, isPure ? inner : ['E', ...inner], [...head, ...stores, ...rest]);
}
