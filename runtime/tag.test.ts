import { expect, test } from 'vitest';
import { defineFunction } from './defined-types.ts';
import { Exception } from './errors.ts';
import { Tag } from './tag.ts';
import { EXNREF, FUNCREF } from './types.ts';

test('a defined tag has its type', () => {
  const type = { params: ['i32', FUNCREF], results: [] } as const;
  const tag = Tag.define(defineFunction(type));
  expect(tag.type).toEqual(type);
  expect(`${tag}`).toBe('(i32 funcref)');
});

test.each([[[]], [[1, 2]]])('a payload of the wrong length is refused: %j', (payload) => {
  const tag = new Tag({ parameters: ['i32'] });
  const message = `the tag has 1 parameters, found ${payload.length} values`;
  expect(() => new Exception(tag, payload)).toThrow(new TypeError(message));
});

test('an internal payload is taken as it is, a host one is converted', () => {
  const tag = new Tag({ parameters: ['i32', 'externref'] });
  expect(Exception.of(tag, [1, null]).payload).toEqual([1, null]);
  expect(new Exception(tag, new Set(['7', 'x'])).payload).toEqual([7, 'x']);
});

test('an exnref argument stays inside', () => {
  const tag = Tag.define(defineFunction({ params: [EXNREF], results: [] }));
  expect(() => Exception.of(tag, [null]).getArg(tag, 0)).toThrow(TypeError);
});
