import { describe, expect, test } from 'vitest';
import { type Call, type CalledFunction, CallTree } from './fuel-calls.ts';

const functions = new Map<string, CalledFunction>();
const names = new Map<CalledFunction, string>();
function fn(name: string): CalledFunction {
  let found = functions.get(name);
  if (found === undefined) {
    found = { regions: [[0, 1]] };
    functions.set(name, found);
    names.set(found, name);
  }
  return found;
}

/** Each step enters a function, or leaves one (`.`); each function counts once when it is entered. */
function grown(steps: string, { places, shown = 100 }: { places?: number; shown?: number } = {}): string {
  const tree = new CallTree(places);
  const callers: Call[] = [];
  for (const step of steps) {
    if (step === '.') tree.current = callers.pop()!;
    else {
      callers.push(tree.current);
      tree.enter(fn(step)).counts[0]!++;
    }
  }
  const { kept, others } = tree.overview(shown);
  const rest = [...others].map(([called, { counts }]) => `${names.get(called)}${counts[0]}`).sort();
  return [told(tree.root, kept), ...(rest.length === 0 ? [] : [`others ${rest.join(' ')}`])].join('; ');
}

function told({ calls }: Call, kept: ReadonlySet<Call>): string {
  return calls
    .filter((call) => kept.has(call))
    .map((call) => {
      const inner = told(call, kept);
      return `${names.get(call.called!)}${call.counts[0]}${inner === '' ? '' : `(${inner})`}`;
    })
    .join(' ');
}

describe('a tree of calls', () => {
  test.each([
    ['a.b.a.', 'a2 b1'],
    ['ab..ac..ab..', 'a3(b2 c1)'],
    // Recursion, of one function and of two.
    ['aaab....', 'a3(b1)'],
    ['abab....', 'a2(b2)'],
    ['abaab.....c.', 'a3(b2) c1'],
    // Who is called by a function that is being executed further out is its callee there.
    ['abac....', 'a2(b1 c1)'],
  ])('%s → %s', (steps, expected) => {
    expect(grown(steps)).toBe(expected);
  });

  test('beyond its size, functions are told together', () => {
    expect(grown('ab.c.d..cd..d.', { places: 3 })).toBe('a1(b1 c1); others c1 d3');
    expect(grown('ab.c.dab....', { places: 3 })).toBe('a1(b1 c1); others a1 b1 d1');
  });

  test('the dearest places are shown, the rest by function', () => {
    const steps = 'ab.b.b.c..da.a.b..';
    expect(grown(steps)).toBe('a1(b3 c1) d1(a2 b1)');
    expect(grown(steps, { shown: 4 })).toBe('a1(b3) d1(a2); others b1 c1');
    expect(grown(steps, { shown: 1 })).toBe('a1; others a2 b4 c1 d1');
  });
});
