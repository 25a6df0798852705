/**
 * The functions that a split function becomes: the regions that `outline.ts` moved out of it, each with what it needs of
 * the frame, and the variables that stand before cells.
 *
 *   function f12$3(E, q) {
 *     const S = E.S, RL = S.RL, p = q * 2;
 *     let V = E.V, l3 = RL[p + 6];
 *     RL[p + 8] = l4 = l3 + 1 | 0; …
 *     return 0;
 *   }
 *
 * A local that is a number is read from a variable, `l3`, and written to its cell as well. A region begins by loading the
 * variables that it mentions. After it has returned or thrown, its caller loads those again that the region, or one that it
 * called, may have written. (CPython's evaluation loop runs a fifth faster so than with every read from the cell.)
 */
import type { SequenceExpression } from 'estree';
import { declare, fieldConstants, isStoreField, viewVariables } from './declarations.ts';
import type { FunctionEmitter, Region } from './function-emitter.ts';
import * as js from './js.ts';
import { leaveRegion, visit } from './outline.ts';

/** What the statements of one function mention. */
interface Survey {
  readonly names: Set<string>;
  /** Locals with a variable before their cell. */
  readonly mirrored: readonly number[];
  /** Those that are written, by called regions too. */
  readonly written: Set<number>;
}

/** The regions as functions. `body`: what has stayed in the function itself; returns the locals that it mentions. */
export function completeRegions(
  emitter: FunctionEmitter,
  body: readonly js.Statement[],
): { functions: js.Statement[]; mirrored: readonly number[] } {
  if (emitter.places.layout !== 'cells') return { functions: [], mirrored: [] };
  emitter.regionArguments.push(js.id('E'), ...regionParameters(emitter).map(js.id));
  const done: Survey[] = [];
  // A region calls only regions that were split off before it.
  for (const { statements } of emitter.regions) done.push(survey(emitter, statements, done));
  const { mirrored } = survey(emitter, body, done);
  return {
    functions: emitter.regions.map((region, i) => regionFunction(emitter, region, done[i]!)),
    mirrored,
  };
}

/** Pointers that a region takes over from its function; it derives the others. */
function regionParameters({ places, options }: FunctionEmitter): string[] {
  const references = places.banks.has('RR') || places.restored;
  return [
    ...(places.needsFrame ? ['q'] : []),
    ...(references ? ['r'] : []),
    ...(options.countDepth ? ['d'] : []),
  ];
}

/** Looks through statements, and completes the calls of regions and the handlers in them. */
function survey(
  emitter: FunctionEmitter,
  statements: readonly js.Statement[],
  done: readonly Survey[],
): Survey {
  const names = new Set<string>();
  const written = new Set<number>();
  const calls: [SequenceExpression, Survey][] = [];
  const handlers: js.BlockStatement[] = [];
  visit(statements, (node) => {
    if (node.type === 'Identifier') names.add(node.name);
    else if (node.type === 'AssignmentExpression') {
      const local = node.left.type === 'Identifier' ? localOf(node.left.name) : undefined;
      if (local !== undefined) written.add(local);
    } else if (node.type === 'SequenceExpression') {
      const called = emitter.regionCalls.get(node);
      if (called !== undefined) calls.push([node, done[called]!]);
    } else if (node.type === 'BlockStatement' && emitter.handlers.has(node)) handlers.push(node);
  });
  const mirrored = [...names]
    .map(localOf)
    .filter((local) => local !== undefined && emitter.places.isMirrored(local)) as number[];
  const stale = new Set<number>();
  for (const [node, region] of calls) {
    for (const local of mirrored)
      if (region.written.has(local)) node.expressions.push(reload(emitter, local));
    for (const local of region.written) stale.add(local);
  }
  for (const handler of handlers) {
    for (const local of mirrored)
      if (stale.has(local)) handler.body.push(js.statement(reload(emitter, local)));
  }
  for (const local of stale) written.add(local);
  return { names, mirrored, written };
}

/** `l3` → 3. */
function localOf(name: string): number | undefined {
  return /^l\d+$/.test(name) ? Number(name.slice(1)) : undefined;
}

function reload({ places }: FunctionEmitter, local: number): js.Expression {
  return js.assign(js.id(`l${local}`), places.localCell(local));
}

function regionFunction(
  emitter: FunctionEmitter,
  { name, statements }: Region,
  { names, mirrored }: Survey,
): js.Statement {
  const { places } = emitter;
  const loads = mirrored.map((local) => [`l${local}`, places.localCell(local)] as const);
  visit(
    loads.map(([, cell]) => cell),
    (node) => {
      if (node.type === 'Identifier') names.add(node.name);
    },
  );
  for (const field of [...names]) if (isStoreField(field)) names.add('S');
  const constants = fieldConstants(names);
  if (names.has('p')) constants.push(['p', js.binary('*', js.id('q'), js.number(2))]);
  if (names.has('w') || names.has('u')) constants.push(['w', js.plus(js.id('q'), places.frameSize)]);
  if (names.has('u')) constants.push(['u', js.binary('*', js.id('w'), js.number(2))]);
  if (names.has('t')) constants.push(['t', js.plus(js.id('r'), places.referenceCells)]);
  const variables: [string, js.Expression | null][] = [
    ...viewVariables(names),
    ...loads.map(([n, cell]) => [n, cell] as [string, js.Expression]),
  ];
  for (const variable of places.variables) if (names.has(variable)) variables.push([variable, null]);
  return js.functionDeclaration(
    name,
    ['E', ...regionParameters(emitter)],
    [...declare(constants, variables), ...statements, leaveRegion(0)],
  );
}
