/** Parentheses stand where they are needed and nowhere else; late expressions print what they were filled with. */
import { describe, expect, it } from 'vitest';
import * as js from './expressions.ts';
import { TemplateArguments, template } from './template.ts';

const [a, b, c] = [js.id('a'), js.id('b'), js.id('c')];
const sum = js.binary('+', a, b);

const CASES: readonly (readonly [js.Expression, string])[] = [
  [js.binary('*', sum, c), '(a + b) * c'],
  [js.binary('+', sum, c), 'a + b + c'],
  [js.binary('-', c, sum), 'c - (a + b)'],
  [js.binary('|', sum, js.number(0)), 'a + b | 0'],
  [js.binary('-', a, js.number(-5)), 'a - -5'],
  [js.unary('-', js.number(-5)), '-(-5)'],
  [js.unary('!', js.binary('<', a, b)), '!(a < b)'],
  [js.unary('!', a), '!a'],
  [js.number(-0), '-0'],
  [js.number(Number.NaN), 'NaN'],
  [js.number(0.5), '0.5'],
  [js.bigint(-3n), '-3n'],
  [js.binary('>>>', js.number(-1), js.number(0)), '4294967295'],
  [js.conditional(js.assign(a, b), js.assign(a, b), c), '(a = b) ? a = b : c'],
  [js.call(js.member(js.assign(a, b), 'code'), [js.sequence([a, b]), sum]), '(a = b).code((a, b), a + b)'],
  [js.index(js.member(a, 'T'), js.sequence([a, b])), 'a.T[a, b]'],
  [js.logical('||', js.logical('&&', a, b), c), 'a && b || c'],
  [js.logical('&&', a, js.logical('||', b, c)), 'a && (b || c)'],
  [js.assign(a, js.assign(b, c)), 'a = b = c'],
  [js.toStringOf(a), '`${' + 'a}`'],
];

describe('expressions', () => {
  it.each(CASES)('%#', (node, text) => expect(js.textOf(node)).toBe(text));

  it('late ones take part in others before they are filled', () => {
    const late = js.late(js.SEQUENCE, 0);
    const whole = js.logical('||', js.binary('<', late, a), js.sequence([late, b]));
    js.fillSequence(late, [sum, c]);
    js.append(late, js.number(7));
    expect(js.textOf(whole)).toBe('(a + b, c, 7) < a || ((a + b, c, 7), b)');
  });

  it('text cannot be made of one that is late', () => {
    expect(() => js.call(a, [js.late(js.CALL, 0)])).toThrow('late');
  });
});

/** Template, operands `a` and `b`, text. */
const TEMPLATES: readonly (readonly [string, js.Expression, js.Expression, string])[] = [
  ['a + b | 0', js.binary('&', a, c), js.number(5), '(a & c) + 5 | 0'],
  ['a + b | 0', js.binary('*', a, c), sum, 'a * c + (a + b) | 0'],
  ['imul(a, b)', js.sequence([a, b]), sum, 'imul((a, b), a + b)'],
  ['a >>> 0 < b >>> 0', sum, js.number(-1), 'a + b >>> 0 < 4294967295'],
  ['A(64, a - b)', js.bigint(1n), js.bigint(-2n), 'A(64, 1n - -2n)'],
  ['a === a ? -a : 0', a, b, 'a === a ? -a : 0'],
  ['(R[0] = a, RL[0])', js.assign(a, b), c, '(R[0] = a = b, RL[0])'],
  ['a', sum, c, 'a + b'],
];

describe('templates', () => {
  it.each(TEMPLATES)('%s', (text, first, second, expected) => {
    const args = new TemplateArguments();
    args.all[0] = first;
    args.all[1] = second;
    expect(template(text).build(args, undefined).text).toBe(expected);
  });

  it('know their own outermost operator', () => {
    const args = new TemplateArguments();
    args.all[0] = a;
    args.all[1] = b;
    const built = template('a + b | 0').build(args, undefined);
    expect(js.binary('*', built, c).text).toBe('(a + b | 0) * c');
    expect(template('a < b').isBoolean).toBe(true);
    expect(template('min(a, b)').isBoolean).toBe(false);
  });

  it('mark free names with an offset', () => {
    const args = new TemplateArguments();
    args.all[0] = a;
    expect(template('f(a)').build(args, 9).text).toBe('\x019\x02f(a)');
  });

  it('refuse what they do not understand', () => {
    expect(() => template('a @ b')).toThrow('not understood');
  });
});
