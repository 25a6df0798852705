/**
 * What generated functions declare at their head: the fields of `E` and the views of the register file that they keep in
 * constants of their own, and the views of memories.
 *
 *   const RL = _RL, GI = E.GI; let V = E.V;
 */
import * as js from './js.ts';
import { isThreads, nameInGroup, THREAD } from './registers.ts';
import { isArray, viewOf } from './views.ts';

const ENVIRONMENT_FIELDS = ['GI', 'GL', 'GH', 'GD', 'GR', 'GV'];

/** Names that are fields or views, not free names that the group binds. */
export function isField(name: string): boolean {
  return isThreads(name) || ENVIRONMENT_FIELDS.includes(name) || isView(name) || isByIndex(name);
}

function isView(name: string): boolean {
  return /^V\d*$/.test(name) || isArray(name);
}

export function declare(
  constants: readonly (readonly [string, js.Expression])[],
  variables: readonly (readonly [string, js.Expression | null])[],
): js.Statement[] {
  const statements: js.Statement[] = [];
  if (constants.length > 0) statements.push(js.declare('const', constants));
  if (variables.length > 0) statements.push(js.declare('let', variables));
  return statements;
}

export function fieldConstants(needed: ReadonlySet<string>): [string, js.Expression][] {
  const constants: [string, js.Expression][] = [];
  for (const name of THREAD) if (needed.has(name)) constants.push([name, js.id(nameInGroup(name))]);
  for (const name of ENVIRONMENT_FIELDS)
    if (needed.has(name)) constants.push([name, js.member(js.id('E'), name)]);
  for (const name of needed) if (isByIndex(name)) constants.push([name, byIndex(name)]);
  return constants;
}

function isByIndex(name: string): boolean {
  return /^[TID]\d+$/.test(name);
}

/** `T1`: the elements of table 1, whose identity never changes; `I3`: the canonical number of type 3; `D3`: type 3 itself. */
function byIndex(name: string): js.Expression {
  const index = js.number(Number(name.slice(1)));
  if (name.startsWith('I')) return js.index(js.member(js.id('E'), 'types'), index);
  if (name.startsWith('D')) return js.index(js.member(js.id('E'), 'defined'), index);
  return js.member(js.index(js.member(js.id('E'), 'T'), index), 'elements');
}

export function viewVariables(needed: ReadonlySet<string>): [string, js.Expression][] {
  return [...needed].filter(isView).map((name) => [name, viewOf(name)]);
}
