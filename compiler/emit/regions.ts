/**
 * The functions that a split function becomes: the regions that `outline.ts` moved out of it, each with what it needs of
 * the frame, and the variables that stand before cells.
 *
 *   function f12$3(E, q) {
 *     const RL = _RL, p = q * 2;
 *     let V = E.V, l3 = RL[p + 6];
 *     RL[p + 8] = l4 = l3 + 1 | 0; …
 *     return 0;
 *   }
 *
 * A local that is a number is read from a variable, `l3`, and written to its cell as well. A region begins by loading the
 * variables that it mentions. After it has returned or thrown, its caller loads those again that the region, or one that it
 * called, may have written. (CPython's evaluation loop runs a fifth faster so than with every read from the cell.) A part that would
 * become too long by that, such as a dispatch that calls a region for every opcode, does without variables.
 */
import { declare, fieldConstants, isField, viewVariables } from './declarations.ts';
import type { FunctionEmitter, Region } from './function-emitter.ts';
import * as js from './js.ts';
import { expressionOf, leaveRegion, replaceExpression, visitStatements } from './outline.ts';
import { CALLERS_COUNTS, COUNTS } from './region-counts.ts';
import { HALVES } from './registers.ts';
import { WEIGHTS } from './weights.ts';

/** One JavaScript function. */
export interface Part {
  readonly name: string;
  readonly declaration: js.FunctionDeclaration;
  /** Estimated bytecode. */
  readonly weight: number;
}

/** What the statements of one function mention. */
interface Survey {
  /** Their expressions. */
  readonly text: string;
  readonly variables: ReadonlySet<string>;
  /** Locals with a variable before their cell. */
  readonly mirrored: readonly number[];
  /** Those that are written, by called regions too. */
  readonly written: Set<number>;
  /** What it weighs more than it seemed to: by what is loaded again, or by cells where variables were meant. */
  readonly added: number;
}

/** A part may be this much heavier than what it was split into: by its head, and by what it loads again after calls. */
const TOLERANCE = 1.1;

/** The weight that no part may exceed. */
export function heaviestPart({ options }: FunctionEmitter): number {
  return options.outline.heaviest * TOLERANCE;
}

/** The regions as functions. `body`: what has stayed in the function itself; tells of the locals that it has in variables. */
export function completeRegions(
  emitter: FunctionEmitter,
  body: readonly js.Statement[],
  weight: number,
): { regions: Part[]; mirrored: readonly number[]; added: number } {
  if (emitter.places.layout === 'plain') return { regions: [], mirrored: [], added: 0 };
  js.fill(emitter.regionArguments, ['E', ...regionParameters(emitter)].join(', '));
  const done: Survey[] = [];
  // A region calls only regions that were split off before it.
  for (const region of emitter.regions) done.push(survey(emitter, region.statements, region.weight, done));
  const { mirrored, added } = survey(emitter, body, weight, done);
  return {
    regions: emitter.regions.map((region, i) => regionPart(emitter, region, done[i]!)),
    mirrored,
    added,
  };
}

/** Pointers that a region takes over from its function; it derives the others. */
function regionParameters({ places, options }: FunctionEmitter): string[] {
  const references = places.banks.has('RR') || places.restored;
  return [
    ...(places.needsFrame ? ['q'] : []),
    ...(references ? ['r'] : []),
    ...(options.countDepth ? ['d'] : []),
    ...(options.counting === undefined ? [] : [COUNTS, CALLERS_COUNTS]),
  ];
}

/** Looks through statements, and completes the calls of regions and the handlers in them. */
function survey(
  emitter: FunctionEmitter,
  statements: readonly js.Statement[],
  weight: number,
  done: readonly Survey[],
): Survey {
  const { text, calls, handlers } = contents(emitter, statements, done);
  const { variables, written } = variablesIn(text);
  const mirrored = [...variables]
    .map(localOf)
    .filter((local) => local !== undefined && emitter.places.isMirrored(local)) as number[];
  const stale = new Set(calls.flatMap(([, region]) => [...region.written]));
  for (const local of stale) written.add(local);
  const loads = calls.map(([, region]) => mirrored.filter((local) => region.written.has(local)));
  const load = (local: number) => js.assign(js.id(`l${local}`), emitter.places.localCell(local));
  const reloads = loads.flat().reduce((sum, local) => sum + load(local).weight, 0);
  if (weight + reloads > heaviestPart(emitter)) {
    const added = readCells(emitter, statements, new Set(mirrored));
    const bare = contents(emitter, statements, done).text;
    return { text: bare, variables: variablesIn(bare).variables, mirrored: [], written, added };
  }
  calls.forEach(([node], i) => {
    for (const local of loads[i]!) js.append(node, load(local));
  });
  for (const handler of handlers) {
    for (const local of mirrored) if (stale.has(local)) handler.body.push(js.statement(load(local)));
  }
  return { text, variables, mirrored, written, added: reloads };
}

function contents(emitter: FunctionEmitter, statements: readonly js.Statement[], done: readonly Survey[]) {
  const text: string[] = [];
  const calls: [js.Expression, Survey][] = [];
  const handlers: js.BlockStatement[] = [];
  visitStatements(statements, (node) => {
    const expression = expressionOf(node);
    if (expression !== undefined) text.push(js.textOf(expression));
    if (node.type === 'ExpressionStatement') {
      const called = emitter.regionCalls.get(node.expression);
      if (called !== undefined) calls.push([node.expression, done[called]!]);
    } else if (node.type === 'BlockStatement' && emitter.handlers.has(node)) handlers.push(node);
  });
  return { text: text.join('\n'), calls, handlers };
}

/** The same statements without these locals' variables: `RL[p + 6] = l3 = l4` → `RL[p + 6] = RL[p + 8]`. Returns what that weighs more. */
function readCells(
  { places }: FunctionEmitter,
  statements: readonly js.Statement[],
  locals: ReadonlySet<number>,
): number {
  let added = 0;
  visitStatements(statements, (node) => {
    const expression = expressionOf(node);
    if (expression === undefined) return;
    const before = js.textOf(expression);
    const after = before.replace(/\bl(\d+)\b( = )?/g, (found, digits, assigned) => {
      const local = Number(digits);
      if (!locals.has(local)) return found;
      if (assigned !== undefined) return '';
      const cell = places.localCell(local);
      added += cell.weight - WEIGHTS.name;
      return cell.text;
    });
    if (after !== before) replaceExpression(node, js.withText(expression, after));
  });
  return added;
}

/** Numbered variables (`l3`, `x0`) that a text mentions, and the locals among them that it assigns to. */
function variablesIn(text: string): { variables: Set<string>; written: Set<number> } {
  const variables = new Set<string>();
  const written = new Set<number>();
  for (const found of new Set(text.match(/\b[a-z]\d+(?: = )?/g))) {
    const name = found.endsWith(' ') ? found.slice(0, -3) : found;
    variables.add(name);
    const local = localOf(name);
    if (found !== name && local !== undefined) written.add(local);
  }
  return { variables, written };
}

/** `l3` → 3. */
function localOf(name: string): number | undefined {
  return name.startsWith('l') ? Number(name.slice(1)) : undefined;
}

/** Pointers, and the variable that a region's code for its way out goes to. */
const UNNUMBERED = ['p', 'u', 'w', 't', 'x'];
const patterns = new Map<string, RegExp>();

function mentions(text: string, name: string): boolean {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    pattern = new RegExp(`\\b${name}\\b`);
    patterns.set(name, pattern);
  }
  return pattern.test(text);
}

function regionPart(
  emitter: FunctionEmitter,
  { name, statements, weight }: Region,
  { text, variables: numbered, mirrored, added }: Survey,
): Part {
  const { places, uses } = emitter;
  const loads = mirrored.map((local) => [`l${local}`, places.localCell(local)] as const);
  const whole = [text, ...loads.map(([, cell]) => cell.text)].join('\n');
  const candidates = [...[...uses].filter(isField), ...UNNUMBERED];
  const names = new Set(candidates.filter((each) => mentions(whole, each)));
  const constants = fieldConstants(names);
  if (names.has('p') || names.has('u')) constants.push(['p', HALVES]);
  if (names.has('w')) constants.push(['w', js.plus(js.id('q'), places.frameSize)]);
  if (names.has('u')) constants.push(['u', js.plus(js.id('p'), 2 * places.frameSize)]);
  if (names.has('t')) constants.push(['t', js.plus(js.id('r'), places.referenceCells)]);
  const variables: [string, js.Expression | null][] = [
    ...viewVariables(names),
    ...loads.map(([n, cell]) => [n, cell] as [string, js.Expression]),
  ];
  for (const variable of places.variables) {
    if (numbered.has(variable) || names.has(variable)) variables.push([variable, null]);
  }
  const head = declare(constants, variables);
  const parameters = ['E', ...regionParameters(emitter)];
  const declaration = js.functionDeclaration(name, parameters, [...head, ...statements, leaveRegion(0)]);
  const first = statements.find((statement) => statement.offset !== undefined);
  return {
    name,
    declaration: js.tracedTo(declaration, first?.offset),
    weight: weight + added + js.weightOfAll(head),
  };
}
