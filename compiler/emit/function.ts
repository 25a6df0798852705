/**
 * One wasm function → JavaScript function declarations: itself, and the regions that were split off.
 *
 *   function f12_mix(E, l0) {
 *     const S = _S, R = _R, q = S.sp, w = q + 3;      frame of three cells
 *     let V = E.V, fl = S.fuel, l2 = 0, s0;
 *     if (w > S.limit) exhausted();
 *     S.sp = w;
 *     try { … S.sp = q; S.fuel = fl; return s0; } catch (e) { if (fl !== AWAY) S.fuel = fl; throw e; }
 *   }
 */

import { MATH } from '../../runtime/library.ts';
import { cellsOf, type ValueType } from '../../runtime/types.ts';
import type { ModuleInfo } from '../binary/module-info.ts';
import { notingOffsets } from '../function/offset-sink.ts';
import { readFunction } from '../function/reader.ts';
import type { FunctionContext } from '../function/sink.ts';
import type { Resolve } from './calls.ts';
import { declare, fieldConstants, isField, viewVariables } from './declarations.ts';
import {
  AWAY,
  CallsItself,
  type EmitOptions,
  FunctionEmitter,
  NotInHalves,
  TooLarge,
} from './function-emitter.ts';
import { type Entry, HIGH, otherEntry, outerName } from './jitless/entries.ts';
import { surveyOf } from './jitless/survey.ts';
import * as js from './js.ts';
import { JsSink } from './js-sink.ts';
import type { Purse } from './metering.ts';
import type { Layout, Places } from './places.ts';
import { CALLERS_COUNTS, COUNTS } from './region-counts.ts';
import { completeRegions, heaviestPart, type Part } from './regions.ts';
import { HALVES, isThreads, nameInGroup, register } from './registers.ts';
import type { LocalShape } from './simd/local-shapes.ts';
import { vectorParameters, vectorVariables, zeroVector } from './simd/local-vectors.ts';
import { tailName, trampoline } from './tail-calls.ts';
import { WEIGHTS } from './weights.ts';

export interface EmittedFunction {
  readonly name: string;
  /** The function itself, then its regions. */
  readonly parts: readonly Part[];
  /** Helpers and other free names that the wrapper must bind. */
  readonly uses: ReadonlySet<string>;
}

/** Emits a defined function; `resolve` says how the functions it calls are named. */
export function emitFunction(
  module: ModuleInfo,
  definedIndex: number,
  name: string,
  options: EmitOptions,
  resolve: Resolve,
  purse: Purse = 'fuel',
): EmittedFunction {
  const { start, end } = module.bodies[definedIndex]!;
  let at = end - start > options.outline.giantBytes ? 1 : 0;
  let loops = false;
  let inHalves = true;
  const surveyed = options.target === 'jitless' ? surveyOf(module, definedIndex).loops : undefined;
  const entry = resolve.entry?.(definedIndex + module.importedFunctions);
  const emit = (shapes?: readonly (LocalShape | undefined)[]): EmittedFunction => {
    const create = (context: FunctionContext) =>
      new FunctionEmitter(
        context,
        options,
        name,
        LAYOUTS[at]!,
        purse,
        loops,
        shapes,
        inHalves,
        surveyed,
        entry,
      );
    const sink = new JsSink(create, resolve);
    const note = (offset: number) => {
      sink.emitter.offset = offset;
    };
    readFunction(module, definedIndex, options.recordOffsets ? notingOffsets(sink, note) : sink);
    const wanted = sink.emitter.votes?.decide();
    return wanted?.some(Boolean) ? emit(wanted) : assemble(sink.emitter, entry);
  };
  for (;;) {
    try {
      return emit();
    } catch (error) {
      if (error instanceof CallsItself) loops = true;
      else if (error instanceof NotInHalves) inHalves = false;
      else if (error instanceof TooLarge && at < LAYOUTS.length - 1) at++;
      else throw error;
    }
  }
}

/** From fast to short. */
const LAYOUTS: readonly Layout[] = ['plain', 'cells', 'bare'];

function assemble(emitter: FunctionEmitter, entry: Entry | undefined): EmittedFunction {
  const { places, uses } = emitter;
  const saved = emitter.mirrors?.fillStores() ?? 0;
  const vectors = vectorParameters(emitter);
  for (const bank of places.banks) uses.add(bank);
  for (const use of places.uses) uses.add(use);
  if (places.needsFrame || emitter.meter.enabled || emitter.options.countDepth) uses.add('S');
  emitter.settleMetering();
  const { exits, handlers } = bookkeeping(emitter);
  const zeroes = zeroLocals(emitter);
  for (const restart of emitter.restarts) restart.body = zeroes;
  emitter.fillExits(exits, handlers);
  emitter.fillCrossings();
  const { statements, weight } = emitter.frame.list;
  const late = emitter.lateWeight(exits) + emitter.restarts.length * js.weightOfAll(zeroes);
  const own = weight - saved + late;
  const { regions, mirrored, added } = completeRegions(emitter, statements, own);
  const whole = own + added;
  const parts = [mainPart(emitter, mirrored, vectors, statements, whole, entry !== undefined), ...regions];
  if (emitter.hasTrampoline)
    parts.push({ name: emitter.name, declaration: trampoline(emitter), weight: WEIGHTS.call });
  if (entry !== undefined) {
    const { name, context } = emitter;
    const declaration = otherEntry(name, context.type, entry, emitter.entry === undefined);
    parts.push({ name: declaration.name, declaration, weight: WEIGHTS.call });
  }
  const limit = heaviestPart(emitter);
  if (places.layout !== 'bare' && parts.some((part) => part.weight > limit)) throw new TooLarge();
  const bound = new Set([...uses].filter((use) => !isField(use)));
  if (entry !== undefined) for (const name of [HIGH.text, '_RL', '_S']) bound.add(name);
  if (emitter.interpreted) for (const name of ownMath(uses)) bound.add(`_${name}`);
  if (emitter.hasTrampoline) uses.add('S');
  for (const use of uses) if (isThreads(use)) bound.add(nameInGroup(use));
  return { name: emitter.name, parts, uses: bound };
}

/** Whether calls must not use our cells: a leaf's frame need not be announced, see LEAF_FRAME. */
function announcesFrame(emitter: FunctionEmitter): boolean {
  return emitter.places.frameSize > 0 && (emitter.makesCalls || emitter.places.frameSize > LEAF_FRAME);
}

/** `onOutOfFuel` may run code of other instances in the middle of a leaf: the runtime leaves this many cells to it. */
export const LEAF_FRAME = 256;

function bookkeeping(emitter: FunctionEmitter): { exits: js.Statement[]; handlers: js.Statement[] } {
  const { places, options } = emitter;
  const exits: js.Statement[] = [];
  const handlers: js.Statement[] = [];
  if (announcesFrame(emitter)) exits.push(js.set(register('sp'), js.id('q')));
  if (places.referenceCells > 0)
    exits.push(js.statement(js.call(emitter.use('release'), [js.id('r'), js.id('t')])));
  if (emitter.makesCalls)
    handlers.push(js.set(register('sp'), js.id('w')), js.set(register('rp'), js.id('t')));
  if (options.countDepth) {
    exits.push(js.set(register('depth'), js.binary('-', js.id('d'), js.number(1))));
    handlers.push(js.set(register('depth'), js.id('d')));
  }
  if (emitter.countsLocally) exits.push(js.set(emitter.meter.stored, js.id('fl')));
  if (options.counting !== undefined) exits.push(chargeCaller(emitter));
  return { exits, handlers };
}

// -------------------------------------------------------------------- the function itself

function mainPart(
  emitter: FunctionEmitter,
  mirrored: readonly number[],
  vectors: readonly js.Statement[],
  body: js.Statement[],
  weight: number,
  hasEntries: boolean,
): Part {
  const { places } = emitter;
  const needed = new Set<string>(emitter.uses);
  const frame = places.needsFrame;
  const head = [
    ...declarations(emitter, needed, frame, mirrored),
    ...checks(emitter, frame),
    ...initialCells(emitter, mirrored),
    ...vectors,
  ];
  const statements = [...head, ...guarded(emitter, body)];
  const name = mainName(emitter, hasEntries);
  const counter = emitter.hasTrampoline ? ['n'] : [];
  const environment = emitter.entry?.isPure ? [] : ['E'];
  const parameters = [...environment, ...places.parameters, ...counter];
  const declaration = js.functionDeclaration(name, parameters, statements);
  return {
    name,
    declaration: js.tracedTo(declaration, startOf(emitter)),
    weight: weight + js.weightOfAll(head),
  };
}

function mainName({ name, hasTrampoline, entry }: FunctionEmitter, hasEntries: boolean): string {
  if (hasTrampoline) return tailName(name);
  return hasEntries && entry === undefined ? outerName(name) : name;
}

/** Where the function begins in the module, if offsets are wanted. */
function startOf({ context: { module, index }, options }: FunctionEmitter): number | undefined {
  return options.recordOffsets ? module.bodies[index - module.importedFunctions]!.start : undefined;
}

function declarations(
  emitter: FunctionEmitter,
  needed: ReadonlySet<string>,
  frame: boolean,
  mirrored: readonly number[],
): js.Statement[] {
  const { places, options, context } = emitter;
  const constants: [string, js.Expression][] = [...counts(emitter), ...fieldConstants(needed)];
  // Around a loop: an interpreter finds its own constants sooner than those of the group.
  if (emitter.interpreted && emitter.closedLoops > 0)
    constants.push(...ownMath(needed).map((name) => [name, js.id(`_${name}`)] as [string, js.Expression]));
  if (frame) {
    constants.push(['q', register('sp')], ['w', js.plus(js.id('q'), places.frameSize)]);
    constants.push(...derivedPointers(places));
    if (places.banks.has('RR') || places.restored)
      constants.push(['r', register('rp')], ['t', js.plus(js.id('r'), places.referenceCells)]);
  }
  if (options.countDepth) constants.push(['d', js.plus(register('depth'), 1)]);
  const variables: [string, js.Expression | null][] = viewVariables(needed);
  if (emitter.countsLocally) variables.push(['fl', emitter.meter.stored]);
  if (places.layout === 'plain') {
    const first = context.type.params.length;
    for (let i = first; i < context.locals.length; i++) {
      const type = context.locals[i]!;
      if (cellsOf(type) === 0) variables.push([`l${i}`, zeroOf(type)]);
    }
    if (places.halves) variables.push(...halvedLocals(emitter));
  }
  variables.push(...vectorVariables(emitter));
  for (const local of mirrored) if (local >= context.type.params.length) variables.push([`l${local}`, null]);
  for (const name of places.variables) variables.push([name, null]);
  return declare(constants, variables);
}

function ownMath(needed: ReadonlySet<string>): string[] {
  return MATH.filter((name) => needed.has(name));
}

/** i64 locals that are two variables; parameters come out of their cells. */
function halvedLocals({ places, context, entry }: FunctionEmitter): [string, js.Expression][] {
  const { locals, type } = context;
  return locals.flatMap((each, i): [string, js.Expression][] => {
    if (each !== 'i64') return [];
    if (i < type.params.length && entry !== undefined) return [];
    const from = i < type.params.length ? places.cellHalves(places.localCellNumber(i), false) : [ZERO, ZERO];
    return places.localHalves(i).map((place, n) => [place.text, from[n]!]);
  });
}

const ZERO = js.number(0);

/** i32 and f32 cells are addressed in halves of cells. */
function derivedPointers({ banks, frameSize }: Places): [string, js.Expression][] {
  if (!banks.has('RL') && !banks.has('RF')) return [];
  return [
    ['p', HALVES],
    ['u', js.plus(js.id('p'), 2 * frameSize)],
  ];
}

/** The frame fits, the call depth too. */
function checks(emitter: FunctionEmitter, frame: boolean): js.Statement[] {
  const { places, options } = emitter;
  const statements: js.Statement[] = [];
  const overflow = () => [js.statement(js.call(emitter.use('exhausted'), []))];
  if (frame && places.frameSize > 0) {
    statements.push(js.ifElse(js.binary('>', js.id('w'), register('limit')), overflow()));
    if (announcesFrame(emitter)) statements.push(js.set(register('sp'), js.id('w')));
  }
  if (places.referenceCells > 0) {
    statements.push(js.statement(js.call(emitter.use('reserve'), [js.id('t')])));
  }
  if (options.countDepth) {
    statements.push(js.ifElse(js.binary('>', js.id('d'), register('maxDepth')), overflow()));
    statements.push(js.set(register('depth'), js.id('d')));
  }
  return statements;
}

/** Cells that are locals start at zero, or as the arguments; so do the variables before them. */
function initialCells(emitter: FunctionEmitter, mirrored: readonly number[]): js.Statement[] {
  const { places, context } = emitter;
  const parameters = context.type.params.length;
  const statements = places.fillsLocals ? places.fillLocals(parameters) : [];
  const mentioned = new Set(mirrored);
  context.locals.forEach((type, i) => {
    if (places.layout === 'plain' && (type !== 'i64' || places.halves)) return;
    if (i >= parameters && places.fillsLocals) {
      if (mentioned.has(i)) statements.push(js.set(js.id(`l${i}`), js.number(0)));
    } else if (i >= parameters) {
      if (emitter.mirrors?.startsAtZero(i) === false) return;
      if (type === 'v128') {
        statements.push(...zeroVector(places, i));
        return;
      }
      const zero = zeroOf(type);
      const value = mentioned.has(i) ? js.assign(js.id(`l${i}`), zero) : zero;
      statements.push(js.set(places.localCell(i), value));
    } else if (cellsOf(type) === 0) statements.push(js.set(places.localCell(i), js.id(`l${i}`)));
  });
  if (emitter.delegation !== undefined) statements.push(js.set(emitter.delegation, js.number(0)));
  return statements;
}

/** Where the body starts again: what `initialCells` and the declarations do for locals at the first time. */
function zeroLocals({ places, context, mirrors }: FunctionEmitter): js.Statement[] {
  const parameters = context.type.params.length;
  const statements = places.fillsLocals ? places.fillLocals(parameters) : [];
  for (let i = parameters; i < context.locals.length; i++) {
    const type = context.locals[i]!;
    const variable = places.layout === 'plain' && type !== 'i64';
    if (type === 'v128' && (variable || !places.fillsLocals)) statements.push(...zeroVector(places, i));
    else if (type === 'i64' && places.halves) {
      for (const half of places.localHalves(i)) statements.push(js.set(half, ZERO));
    } else if (!variable && places.fillsLocals) {
      if (places.isMirrored(i)) statements.push(js.set(places.local(i), js.number(0)));
    } else if (variable || mirrors?.startsAtZero(i) !== false) {
      const zero = zeroOf(type);
      const value = places.isMirrored(i) ? js.assign(places.local(i), zero) : zero;
      statements.push(js.set(variable ? places.local(i) : places.localCell(i), value));
    }
  }
  return statements;
}

function zeroOf(type: ValueType): js.Expression {
  if (type === 'i64') return js.bigint(0n);
  return typeof type === 'string' ? js.number(0) : js.NULL;
}

/** An error made here brings the account up to date on its way out. */
function guarded(emitter: FunctionEmitter, body: js.Statement[]): js.Statement[] {
  const { countsLocally, options } = emitter;
  const update = js.ifElse(js.binary('!==', js.id('fl'), AWAY), [js.set(emitter.meter.stored, js.id('fl'))]);
  const before = [
    ...(countsLocally ? [update] : []),
    ...(options.counting === undefined ? [] : [chargeCaller(emitter)]),
  ];
  return before.length === 0 ? body : [js.tryCatch(body, 'e', [...before, js.throws(js.id('e'))])];
}

// -------------------------------------------------------------------- for profiles, see region-counts.ts

function counts(emitter: FunctionEmitter): [string, js.Expression][] {
  const { module, index } = emitter.context;
  if (emitter.options.counting === undefined) return [];
  const defined = js.number(index - module.importedFunctions);
  return [
    [CALLERS_COUNTS, js.call(emitter.use('current'), [])],
    [COUNTS, js.call(emitter.use('entered'), [defined])],
  ];
}

function chargeCaller(emitter: FunctionEmitter): js.Statement {
  return js.statement(js.call(emitter.use('resume'), [js.id(CALLERS_COUNTS)]));
}
