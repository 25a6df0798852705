import { describe, expect, test } from 'vitest';
import { type Node, parseSexprs, SyntaxProblem } from './sexpr.ts';

/** `(a "b" ())` → `['a', '"b"', []]` */
function shape(node: Node): unknown {
  if (node.kind === 'atom') return node.text;
  return node.kind === 'string' ? `"${Buffer.from(node.bytes).toString('latin1')}"` : node.items.map(shape);
}
const shapes = (text: string) => parseSexprs(text).map(shape);

describe('tokens', () => {
  test.each([
    ['(a b)', [['a', 'b']]],
    ['(a(b)c"d")', [['a', ['b'], 'c', '"d"']]],
    ['a ;; comment ( "\nb', ['a', 'b']],
    ['a (; one (; two ;) ;) b', ['a', 'b']],
    ['a(;;)b', ['a', 'b']],
    ['a;b', ['a;b']],
    ['(a (@note "x" (y)) b)', [['a', 'b']]],
    ['$"a b" c', ['$"a b"', 'c']],
    [String.raw`"\00\ff\t\n\"\\\'"`, ['"\0\xff\t\n"\\\'"']],
    [String.raw`"\u{e9}"`, ['"\xc3\xa9"']],
    ['"é"', ['"\xc3\xa9"']],
  ])('%s', (text, expected) => {
    expect(shapes(text)).toEqual(expected);
  });

  test.each(['(a', 'a)', '"a', '(; a', '(@a'])('%s is refused', (text) => {
    expect(() => parseSexprs(text)).toThrow(SyntaxProblem);
  });
});

test('every node knows its line and its place', () => {
  const text = 'a (; \n ;)\n ("b\nc"\n d)';
  const [, list] = parseSexprs(text);
  expect(list).toMatchObject({ line: 3, items: [{ line: 3 }, { line: 5 }] });
  expect(text.slice(list!.start, list!.end)).toBe('("b\nc"\n d)');
});

test('lists may nest a hundred thousand deep', () => {
  expect(parseSexprs('('.repeat(100_000) + ')'.repeat(100_000))).toHaveLength(1);
});
