/**
 * The variables in which generated functions keep views of memories: `V` of memory 0, `V3` of memory 3, and memory 0's arrays where code is
 * interpreted (jitless/arrays.ts). When they are read again is function-emitter.ts's business.
 */
import * as js from './js.ts';

const FIRST_RELOAD = js.assign(js.id('V'), js.member(js.id('E'), 'V'));

/** `V = E.V`. */
export function reloadOf(name: string): js.Expression {
  return name === 'V' ? FIRST_RELOAD : js.assign(js.id(name), viewOf(name));
}

const ARRAYS: ReadonlySet<string> = new Set(['M8', 'S8', 'M16', 'S16', 'M32', 'MF', 'MD']);

/** The name of one of memory 0's arrays. */
export function isArray(name: string): boolean {
  return ARRAYS.has(name);
}

/** Where a memory's view comes from: `V` is memory 0's, `V3` memory 3's. */
export function viewOf(name: string): js.Expression {
  const environment = js.id('E');
  if (name === 'V' || isArray(name)) return js.member(environment, name);
  return js.member(js.index(js.member(environment, 'M'), js.number(Number(name.slice(1)))), 'view');
}
