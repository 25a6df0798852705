/**
 * Calls in random function bodies, ordinary ones and tail calls: by name, through the table, or through a reference. Tail calls go to any
 * function with the same results, the function itself among them. Every function pays from the budget at its start, so chains
 * of them end.
 */
import type { Callable, FunctionGenerator } from './random-code.ts';

export function call(g: FunctionGenerator, target: Callable): readonly string[] {
  for (const type of target.params) g.expression(type);
  emitCall(g, target, '', 0.15);
  return target.results;
}

export function tailCall(g: FunctionGenerator): void {
  const { random, around } = g;
  const candidates = around.functions.filter(({ results }) => results.join() === g.results.join());
  if (candidates.length === 0) return;
  const target = random.chance(0.3) ? g.self : random.pick(candidates);
  g.diverge(() => {
    for (const type of target.params) g.expression(type);
    emitCall(g, target, 'return_', 0.6);
  });
}

function emitCall(g: FunctionGenerator, target: Callable, kind: '' | 'return_', byReference: number): void {
  const { random, around } = g;
  const type = () => around.type(`${target.params.join(' ')} -> ${target.results.join(' ')}`);
  const slot = around.slots.indexOf(target);
  if (around.references && random.chance(byReference)) {
    if (g.risk(0.02)) g.emit(['ref.null', type()]);
    else g.emit(['ref.func', target.index]);
    g.emit([`${kind}call_ref`, type()]);
  } else if (slot < 0 || random.chance(0.4)) g.emit([`${kind}call`, target.index]);
  else {
    if (!g.risk(0.04)) g.emit(['i32.const', slot]);
    else g.address(random.pick([4, 31]), 1);
    g.emit([`${kind}call_indirect`, type(), 0]);
  }
}
