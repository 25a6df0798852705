/**
 * One wasm function → JavaScript function declarations: itself, and the regions that were split off.
 *
 *   function f12_mix(E, l0) {
 *     const S = E.S, R = S.R, q = S.sp, w = q + 3;      frame of three cells
 *     let V = E.V, fl = S.fuel, l2 = 0, s0;
 *     if (w > S.limit) exhausted();
 *     S.sp = w;
 *     try { … S.sp = q; S.fuel = fl; return s0; } catch (e) { if (fl !== AWAY) S.fuel = fl; throw e; }
 *   }
 */

import type { ModuleInfo } from '../binary/module-info.ts';
import { readFunction } from '../function/reader.ts';
import type { Resolve } from './calls.ts';
import {
  AWAY,
  type EmitOptions,
  FunctionEmitter,
  NeedsCells,
  REGION_PARAMETERS,
  type Region,
  viewOf,
} from './function-emitter.ts';
import * as js from './js.ts';
import { JsSink } from './js-sink.ts';
import { leaveRegion } from './outline.ts';
import type { Layout } from './places.ts';

export interface EmittedFunction {
  readonly name: string;
  readonly declarations: readonly js.FunctionDeclaration[];
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
): EmittedFunction {
  const { start, end } = module.bodies[definedIndex]!;
  const layout: Layout = end - start > options.outline.giantBytes ? 'cells' : 'plain';
  try {
    return emitWith(layout);
  } catch (error) {
    if (!(error instanceof NeedsCells)) throw error;
    return emitWith('cells');
  }

  function emitWith(chosen: Layout): EmittedFunction {
    const sink = new JsSink((context) => new FunctionEmitter(context, options, name, chosen), resolve);
    readFunction(module, definedIndex, sink);
    return assemble(sink.emitter);
  }
}

/** The fields of `E` and `S` that functions keep in constants of the same name. */
const STORE_FIELDS = ['R', 'RL', 'RD', 'RF', 'RR'];
const ENVIRONMENT_FIELDS = ['GI', 'GL', 'GD', 'GR'];

function assemble(emitter: FunctionEmitter): EmittedFunction {
  const { places, uses, regions } = emitter;
  const cells = initialCells(emitter);
  for (const bank of places.banks) uses.add(bank);
  emitter.settleMetering();
  const { exits, handlers } = bookkeeping(emitter);
  emitter.fillExits(exits, handlers);
  emitter.fillCrossings();
  const body = emitter.frame.list.statements;
  const parts = [main(emitter, cells, body), ...regions.map((region) => regionFunction(emitter, region))];
  const bound = new Set([...uses].filter((use) => !isField(use)));
  return { name: emitter.name, declarations: parts, uses: bound };
}

function isField(name: string): boolean {
  return STORE_FIELDS.includes(name) || ENVIRONMENT_FIELDS.includes(name) || /^V\d*$/.test(name);
}

/** Whether calls must not use our cells: a leaf's frame need not be announced, see LEAF_FRAME. */
function announcesFrame(emitter: FunctionEmitter): boolean {
  return emitter.places.frameSize > 0 && (emitter.makesCalls || emitter.places.frameSize > LEAF_FRAME);
}

/** `onOutOfFuel` may run code of other instances in the middle of a leaf: the runtime leaves this many cells to it. */
export const LEAF_FRAME = 256;

function countsLocally({ meter }: FunctionEmitter): boolean {
  return meter.enabled && meter.isLocal;
}

function storeField(name: string): js.Expression {
  return js.member(js.id('S'), name);
}

function bookkeeping(emitter: FunctionEmitter): { exits: js.Statement[]; handlers: js.Statement[] } {
  const { places, options } = emitter;
  const exits: js.Statement[] = [];
  const handlers: js.Statement[] = [];
  if (announcesFrame(emitter)) exits.push(js.set(storeField('sp'), js.id('q')));
  if (places.referenceCells > 0)
    exits.push(js.statement(js.call(emitter.use('release'), [js.id('S'), js.id('r'), js.id('t')])));
  if (emitter.makesCalls)
    handlers.push(js.set(storeField('sp'), js.id('w')), js.set(storeField('rp'), js.id('t')));
  if (options.countDepth) {
    exits.push(js.set(storeField('depth'), js.binary('-', js.id('d'), js.number(1))));
    handlers.push(js.set(storeField('depth'), js.id('d')));
  }
  if (countsLocally(emitter)) exits.push(js.set(storeField('fuel'), js.id('fl')));
  return { exits, handlers };
}

// -------------------------------------------------------------------- the function itself

function main(
  emitter: FunctionEmitter,
  cells: js.Statement[],
  body: js.Statement[],
): js.FunctionDeclaration {
  const { places, options } = emitter;
  const needed = new Set<string>(emitter.uses);
  const frame = needsFrame(emitter);
  if (
    frame ||
    emitter.meter.enabled ||
    options.countDepth ||
    [...needed].some((n) => STORE_FIELDS.includes(n))
  ) {
    needed.add('S');
  }
  const statements = [
    ...declarations(emitter, needed, frame),
    ...checks(emitter, frame),
    ...cells,
    ...guarded(emitter, body),
  ];
  return js.functionDeclaration(emitter.name, ['E', ...places.parameters], statements);
}

function needsFrame(emitter: FunctionEmitter): boolean {
  const { frameSize, banks, restored } = emitter.places;
  return frameSize > 0 || banks.size > 0 || restored;
}

function declarations(emitter: FunctionEmitter, needed: ReadonlySet<string>, frame: boolean): js.Statement[] {
  const { places, options, context } = emitter;
  const constants: [string, js.Expression][] = fieldConstants(needed);
  if (frame) {
    constants.push(['q', storeField('sp')], ['w', js.plus(js.id('q'), places.frameSize)]);
    constants.push(...derivedPointers(places.banks));
    if (places.banks.has('RR') || places.restored)
      constants.push(['r', storeField('rp')], ['t', js.plus(js.id('r'), places.referenceCells)]);
  }
  if (options.countDepth) constants.push(['d', js.plus(storeField('depth'), 1)]);
  if (emitter.regions.length > 0) addMissingPointers(constants);
  const variables: [string, js.Expression | null][] = viewVariables(needed);
  if (countsLocally(emitter)) variables.push(['fl', storeField('fuel')]);
  if (places.layout === 'plain') {
    const first = context.type.params.length;
    for (let i = first; i < context.locals.length; i++) {
      const type = context.locals[i]!;
      if (type !== 'i64') variables.push([`l${i}`, typeof type === 'string' ? js.number(0) : js.NULL]);
    }
  }
  for (const name of places.variables) variables.push([name, null]);
  return declare(constants, variables);
}

/** Regions take all pointers; those that the function has no use for are 0. */
function addMissingPointers(constants: [string, js.Expression][]): void {
  const present = new Set(constants.map(([name]) => name));
  for (const name of REGION_PARAMETERS) if (!present.has(name)) constants.push([name, js.number(0)]);
}

function declare(
  constants: readonly (readonly [string, js.Expression])[],
  variables: readonly (readonly [string, js.Expression | null])[],
): js.Statement[] {
  const statements: js.Statement[] = [];
  if (constants.length > 0) statements.push(js.declare('const', constants));
  if (variables.length > 0) statements.push(js.declare('let', variables));
  return statements;
}

function fieldConstants(needed: ReadonlySet<string>): [string, js.Expression][] {
  const constants: [string, js.Expression][] = [];
  if (needed.has('S')) constants.push(['S', js.member(js.id('E'), 'S')]);
  for (const name of STORE_FIELDS) if (needed.has(name)) constants.push([name, storeField(name)]);
  for (const name of ENVIRONMENT_FIELDS)
    if (needed.has(name)) constants.push([name, js.member(js.id('E'), name)]);
  return constants;
}

/** i32 cells are addressed in halves of cells. */
function derivedPointers(banks: ReadonlySet<string>): [string, js.Expression][] {
  if (!banks.has('RL')) return [];
  return [
    ['p', js.binary('*', js.id('q'), js.number(2))],
    ['u', js.binary('*', js.id('w'), js.number(2))],
  ];
}

function viewVariables(needed: ReadonlySet<string>): [string, js.Expression][] {
  return [...needed].filter((name) => /^V\d*$/.test(name)).map((name) => [name, viewOf(name)]);
}

/** The frame fits, the call depth too. */
function checks(emitter: FunctionEmitter, frame: boolean): js.Statement[] {
  const { places, options } = emitter;
  const statements: js.Statement[] = [];
  const overflow = () => [js.statement(js.call(emitter.use('exhausted'), []))];
  if (frame && places.frameSize > 0) {
    statements.push(js.ifElse(js.binary('>', js.id('w'), storeField('limit')), overflow()));
    if (announcesFrame(emitter)) statements.push(js.set(storeField('sp'), js.id('w')));
  }
  if (places.referenceCells > 0) {
    statements.push(js.statement(js.call(emitter.use('reserve'), [js.id('S'), js.id('t')])));
  }
  if (options.countDepth) {
    statements.push(js.ifElse(js.binary('>', js.id('d'), storeField('maxDepth')), overflow()));
    statements.push(js.set(storeField('depth'), js.id('d')));
  }
  return statements;
}

/** Cells that are locals start at zero, or as the arguments. */
function initialCells(emitter: FunctionEmitter): js.Statement[] {
  const { places, context } = emitter;
  const parameters = context.type.params.length;
  const statements: js.Statement[] = [];
  context.locals.forEach((type, i) => {
    if (places.layout === 'plain' && type !== 'i64') return;
    if (i >= parameters) {
      const zero = type === 'i64' ? js.bigint(0n) : typeof type === 'string' ? js.number(0) : js.NULL;
      statements.push(js.set(places.local(i), zero));
    } else if (type !== 'i64') statements.push(js.set(places.local(i), js.id(`l${i}`)));
  });
  if (emitter.delegation !== undefined) statements.push(js.set(emitter.delegation, js.number(0)));
  return statements;
}

/** An error made here brings the account up to date on its way out. */
function guarded(emitter: FunctionEmitter, body: js.Statement[]): js.Statement[] {
  if (!emitter.guardsFuel) return body;
  const update = js.ifElse(js.binary('!==', js.id('fl'), AWAY), [js.set(storeField('fuel'), js.id('fl'))]);
  return [js.tryCatch(body, 'e', [update, js.throws(js.id('e'))])];
}

// -------------------------------------------------------------------- regions

function regionFunction(emitter: FunctionEmitter, { name, statements }: Region): js.FunctionDeclaration {
  const body = [...statements, leaveRegion(0)];
  const heading = (text: string) => regionHeading(emitter, namesIn(text));
  return js.functionDeclaration(name, ['E', ...REGION_PARAMETERS], body, heading);
}

function regionHeading(emitter: FunctionEmitter, names: Set<string>): js.Statement[] {
  for (const field of STORE_FIELDS) if (names.has(field)) names.add('S');
  const constants = fieldConstants(names);
  if (names.has('p')) constants.push(['p', js.binary('*', js.id('q'), js.number(2))]);
  if (names.has('u')) constants.push(['u', js.binary('*', js.id('w'), js.number(2))]);
  const variables: [string, js.Expression | null][] = viewVariables(names);
  for (const variable of emitter.places.variables) if (names.has(variable)) variables.push([variable, null]);
  return declare(constants, variables);
}

function namesIn(text: string): Set<string> {
  return new Set(text.match(/\b[A-Za-z]\w*/g));
}
