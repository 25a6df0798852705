import { expect, test } from 'vitest';
import { defineFunction, defineTypes, matchesReference } from './defined-types.ts';
import { type CompositeType, EXTERNREF, FUNCREF, refType, type SubType } from './types.ts';

/** A module's types: each row is a recursion group. */
function types(
  ...groups: readonly (readonly [CompositeType, above?: number | undefined, final?: boolean][])[]
): SubType[] {
  const all: SubType[] = [];
  for (const group of groups) {
    const first = all.length;
    for (const [composite, above, final = true] of group) {
      const index = all.length;
      const supertypes = above === undefined ? [] : [above];
      const chain = above === undefined ? [index] : [...all[above]!.chain, index];
      all.push({ final, supertypes, composite, index, group: first, groupSize: group.length, chain });
    }
  }
  return all;
}

const struct = (...fields: (number | 'i32')[]): CompositeType => ({
  kind: 'struct',
  fields: fields.map((field) => ({ type: field === 'i32' ? field : refType(true, field), mutable: false })),
});

test('equal types of two modules are one, wherever they stand', () => {
  const [list] = defineTypes(types([[struct('i32', 0)]]));
  const [other, same] = defineTypes(types([[struct('i32', 'i32')]], [[struct('i32', 1)]]));
  expect(same).toBe(list);
  expect(other).not.toBe(list);
});

test('recursion groups are equal as wholes', () => {
  const pair = [[struct(1)], [struct(0)]] as [CompositeType][];
  const [a, b] = defineTypes(types(pair));
  const [, c, d] = defineTypes(types([[struct('i32')]], [[struct(2)], [struct(1)]]));
  expect([c, d]).toEqual([a, b]);
  expect(c).toBe(a);
  // The same shape, but a group of one that refers to itself.
  const [alone] = defineTypes(types([[struct(0)]]));
  expect(alone).not.toBe(a);
});

test('a subtype matches its supertypes, and null needs a nullable type', () => {
  const [base, middle, leaf] = defineTypes(
    types([[struct('i32'), undefined, false]], [[struct('i32', 0), 0, false]], [[struct('i32', 0, 1), 1]]),
  ) as [never, never, never];
  const matches = (
    a: [boolean, never | 'none' | 'struct' | 'eq'],
    b: [boolean, never | 'struct' | 'eq' | 'i31'],
  ) => matchesReference(refType(...a), refType(...b));
  expect(matches([false, leaf], [false, base])).toBe(true);
  expect(matches([false, leaf], [true, middle])).toBe(true);
  expect(matches([true, leaf], [false, base])).toBe(false);
  expect(matches([false, base], [false, leaf])).toBe(false);
  expect(matches([false, leaf], [true, 'struct'])).toBe(true);
  expect(matches([false, leaf], [true, 'i31'])).toBe(false);
  expect(matches([true, 'none'], [true, leaf])).toBe(true);
  expect(matches([true, 'struct'], [true, leaf])).toBe(false);
});

test('a long type is cut in messages', () => {
  const [large] = defineTypes(types([[struct(...new Array<'i32'>(10_000).fill('i32'))]]));
  expect(large?.text).toHaveLength(202);
  expect(large?.nonNull.text).toMatch(/^\(ref \(struct \(field i32\) .*…\)\)$/);
});

test('a type that the host makes up is the one that modules declare', () => {
  const func: CompositeType = { kind: 'func', func: { params: ['i32', EXTERNREF], results: [] } };
  expect(defineFunction({ params: ['i32', EXTERNREF], results: [] })).toBe(defineTypes(types([[func]]))[0]);
  expect(defineFunction({ params: ['i32', FUNCREF], results: [] }).text).toBe('(func (param i32 funcref))');
});
