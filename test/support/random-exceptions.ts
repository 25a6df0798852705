/**
 * Blocks of random function bodies that catch exceptions, in the legacy form and the new one. A module has one form:
 * V8 refuses a mixture.
 */
import type { FunctionGenerator } from './random-code.ts';

/** `try` with handlers or `delegate`. */
export function legacyTry(g: FunctionGenerator, results: readonly string[]): void {
  const { random, around } = g;
  const params = g.parameters();
  for (const type of params) g.expression(type);
  g.emit(['try', g.blockType(params, results)]);
  g.within({ types: results, kind: 'block' }, () => risky(g, params, results));
  if (random.chance(0.2)) {
    g.emit(['delegate', random.int(g.labels.length)]);
    return;
  }
  // Without handlers a try may still be what a delegate means.
  if (random.chance(0.1)) {
    g.emit('end');
    return;
  }
  const tags = around.tags.filter(() => random.chance(0.6));
  for (const tag of tags) {
    g.emit(['catch', tag.index]);
    g.within({ types: results, kind: 'handler' }, () => handler(g, tag.params, results));
  }
  if (tags.length === 0 || random.chance(0.4)) {
    g.emit('catch_all');
    g.within({ types: results, kind: 'handler' }, () => handler(g, [], results));
  }
  g.emit('end');
}

/** A legacy handler, which may throw again what it caught. */
function handler(g: FunctionGenerator, params: readonly string[], results: readonly string[]): void {
  g.store(params);
  if (g.random.chance(0.5)) g.diverge(() => g.emit(['rethrow', 1]));
  g.inside([], results);
}

/** The inside of a try: something is likely to be thrown. */
function risky(g: FunctionGenerator, params: readonly string[], results: readonly string[]): void {
  g.store(params);
  g.statements(1);
  if (g.random.chance(0.7)) {
    g.expression('i32');
    g.emit(['i32.const', 1], 'i32.and', ['if']);
    g.within({ types: [], kind: 'block' }, () => g.throw());
    g.emit('end');
  }
  g.inside([], results);
}
/**
 * `block $out (block $handler (try_table (catch … $handler) …) (br $out)) handler`. Other clauses may stand before and behind, for
 * labels that happen to take what they give.
 */
export function tryTable(g: FunctionGenerator, results: readonly string[]): void {
  const { random, around } = g;
  const tag = random.chance(0.6) ? random.pick(around.tags) : undefined;
  const withReference = random.chance(0.5);
  const clause = clauseOf(tag, withReference);
  const { payload } = clause;
  g.emit(['block', g.blockType([], results)]);
  g.within({ types: results, kind: 'block' }, () => {
    g.emit(['block', g.blockType([], payload)]);
    g.within({ types: payload, kind: 'block' }, () => {
      const params = g.parameters();
      for (const type of params) g.expression(type);
      const clauses = [...strayClauses(g), [...clause.head, 0], ...strayClauses(g)];
      g.emit(['try_table', g.blockType(params, results), ...(clauses as never[])]);
      g.within({ types: results, kind: 'block' }, () => risky(g, params, results));
      g.emit('end', ['br', 1]);
    });
    g.emit('end');
    const caught = g.store(payload).get('exnref');
    if (caught !== undefined && random.chance(0.5)) {
      g.diverge(() => g.emit(['local.get', caught], 'throw_ref'));
    }
    g.inside([], results);
  });
  g.emit('end');
}

type Tag = FunctionGenerator['around']['tags'][number];

/** A clause without its label, and what it gives. */
function clauseOf(tag: Tag | undefined, withReference: boolean): { head: unknown[]; payload: string[] } {
  const head = [`catch${tag === undefined ? '_all' : ''}${withReference ? '_ref' : ''}`];
  return {
    head: tag === undefined ? head : [...head, tag.index as never],
    payload: [...(tag?.params ?? []), ...(withReference ? ['exnref'] : [])],
  };
}

/** Never to a loop: nobody would pay for its next round. */
function strayClauses(g: FunctionGenerator): unknown[][] {
  const { random, around, labels } = g;
  const stray: unknown[][] = [];
  if (random.chance(0.5)) return stray;
  for (const tag of [...around.tags, undefined]) {
    const { head, payload } = clauseOf(tag, random.chance(0.3));
    const fitting = labels.flatMap((label, i) =>
      label.kind !== 'loop' && label.types.join() === payload.join() ? [labels.length - 1 - i] : [],
    );
    if (fitting.length > 0 && random.chance(0.4)) stray.push([...head, random.pick(fitting)]);
  }
  return stray;
}
