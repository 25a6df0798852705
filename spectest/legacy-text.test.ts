import { expect, test } from 'vitest';
import { flattenTries } from './legacy-text.ts';

const body = (text: string) =>
  flattenTries(`(module (func ${text}))`)
    .replace(/^\(module\n\(func (.*)\)\)$/s, '$1')
    .replace(/\s+/g, ' ');

test.each([
  [
    '(try $l (result i32) (do (call $f (i32.const 1))) (catch $e (drop) (i32.const 2)) (catch_all (i32.const 3)))',
    'try $l (result i32) i32.const 1 call $f catch $e drop i32.const 2 catch_all i32.const 3 end',
  ],
  ['(try (do) (delegate 0))', 'try delegate 0'],
  ['(try (do nop) (catch_all))', 'try nop catch_all end'],
  [
    '(param i32) (drop (try (result i32) (do (local.get 0))))',
    '(param i32) try (result i32) local.get 0 end drop',
  ],
  [
    '(if (result i32) (i32.const 1) (then (block $b (try (do)))) (else (loop (nop))))',
    'i32.const 1 if (result i32) block $b try end end else loop nop end end',
  ],
  ['(try (do)) (call_indirect (type $t) (i32.const 0))', 'try end i32.const 0 call_indirect (type $t)'],
])('%s', (folded, flat) => {
  expect(body(folded)).toBe(flat);
});

test('a text without try is left alone', () => {
  expect(flattenTries('(module (func (drop (i32.const 1))))')).toBe('(module (func (drop (i32.const 1))))');
});

test('the fields of a module stand alone, or are no text at all', () => {
  expect(flattenTries('(tag $e) (func (try (do)))')).toBe('(tag $e)\n(func try  end)');
  expect(flattenTries('(func (try (do))')).toBe('(func (try (do))');
});
