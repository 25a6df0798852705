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
 * called, may have written. (CPython's evaluation loop runs a fifth faster so than with every read from the cell.)
 */
import { declare, fieldConstants, isField, viewVariables } from './declarations.ts';
import type { FunctionEmitter, Region } from './function-emitter.ts';
import * as js from './js.ts';
import { expressionOf, leaveRegion, visitStatements } from './outline.ts';
import { CALLERS_COUNTS, COUNTS } from './region-counts.ts';

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
  /** Weight of what is loaded again. */
  readonly reloads: number;
}

/** The regions as functions. `body`: what has stayed in the function itself; tells of the locals that it mentions. */
export function completeRegions(
  emitter: FunctionEmitter,
  body: readonly js.Statement[],
): { regions: Part[]; mirrored: readonly number[]; reloads: number } {
  if (emitter.places.layout === 'plain') return { regions: [], mirrored: [], reloads: 0 };
  js.fill(emitter.regionArguments, ['E', ...regionParameters(emitter)].join(', '));
  const done: Survey[] = [];
  // A region calls only regions that were split off before it.
  for (const { statements } of emitter.regions) done.push(survey(emitter, statements, done));
  const { mirrored, reloads } = survey(emitter, body, done);
  return {
    regions: emitter.regions.map((region, i) => regionPart(emitter, region, done[i]!)),
    mirrored,
    reloads,
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
  done: readonly Survey[],
): Survey {
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
  const whole = text.join('\n');
  const { variables, written } = variablesIn(whole);
  const mirrored = [...variables]
    .map(localOf)
    .filter((local) => local !== undefined && emitter.places.isMirrored(local)) as number[];
  const stale = new Set<number>();
  let reloads = 0;
  const load = (local: number): js.Expression => {
    const node = js.assign(js.id(`l${local}`), emitter.places.localCell(local));
    reloads += node.weight;
    return node;
  };
  for (const [node, region] of calls) {
    for (const local of mirrored) if (region.written.has(local)) js.append(node, load(local));
    for (const local of region.written) stale.add(local);
  }
  for (const handler of handlers) {
    for (const local of mirrored) if (stale.has(local)) handler.body.push(js.statement(load(local)));
  }
  for (const local of stale) written.add(local);
  return { text: whole, variables, mirrored, written, reloads };
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
  { text, variables: numbered, mirrored, reloads }: Survey,
): Part {
  const { places, uses } = emitter;
  const loads = mirrored.map((local) => [`l${local}`, places.localCell(local)] as const);
  const whole = [text, ...loads.map(([, cell]) => cell.text)].join('\n');
  const candidates = [...[...uses].filter(isField), ...UNNUMBERED];
  const names = new Set(candidates.filter((each) => mentions(whole, each)));
  const constants = fieldConstants(names);
  if (names.has('p')) constants.push(['p', js.binary('*', js.id('q'), js.number(2))]);
  if (names.has('w') || names.has('u')) constants.push(['w', js.plus(js.id('q'), places.frameSize)]);
  if (names.has('u')) constants.push(['u', js.binary('*', js.id('w'), js.number(2))]);
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
    weight: weight + reloads + js.weightOfAll(head),
  };
}
