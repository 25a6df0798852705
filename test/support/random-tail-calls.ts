/**
 * Tail calls in random function bodies: to any function with the same results, itself among them; by name, through the
 * table, or through a reference. Every function pays from the budget at its start, so chains of them end.
 */
import type { Callable, FunctionGenerator } from './random-code.ts';

export function tailCall(g: FunctionGenerator): void {
  const { random, around } = g;
  const candidates = around.functions.filter(({ results }) => results.join() === g.results.join());
  if (candidates.length === 0) return;
  const target = random.chance(0.3) ? g.self : random.pick(candidates);
  g.diverge(() => {
    for (const type of target.params) g.expression(type);
    emitTailCall(g, target);
  });
}

function emitTailCall(g: FunctionGenerator, target: Callable): void {
  const { random, around } = g;
  const type = around.type(`${target.params.join(' ')} -> ${target.results.join(' ')}`);
  const slot = around.slots.indexOf(target);
  if (around.references && random.chance(0.35)) {
    if (g.risk(0.03)) g.emit(['ref.null', type]);
    else g.emit(['ref.func', target.index]);
    g.emit(['return_call_ref', type]);
  } else if (slot < 0 || random.chance(0.4)) g.emit(['return_call', target.index]);
  else {
    if (!g.risk(0.04)) g.emit(['i32.const', slot]);
    else g.address(random.pick([4, 31]), 1);
    g.emit(['return_call_indirect', type, 0]);
  }
}
