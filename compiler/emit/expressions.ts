/**
 * JavaScript expressions, as text from the start: an expression is its text and how tightly its outermost operator binds, so that a larger
 * one knows where parentheses are needed. Nothing is built to be walked again; V8 joins the pieces of text when the whole is read.
 *
 *   binary('*', sum, name('c'))   with sum = { 'a + b', SUM }   →   { '(a + b) * c', PRODUCT }
 *
 * What is decided only when the whole function is known (an amount of fuel, what a call must save) is `late`: a list of
 * parts that is filled in afterwards and joined by the printer (print.ts). Expressions are shared between places; nobody changes one that is not late.
 * Not here: statements (js.ts).
 */

import { WEIGHTS } from './weights.ts';

/** Binding strengths, weakest first (ECMAScript 2024, chapter 13). */
export const SEQUENCE = 1;
export const ASSIGNMENT = 2;
export const CONDITIONAL = 3;
export const SUM = 12;
export const UNARY = 14;
export const CALL = 16;
export const PRIMARY = 17;

/** Of operators between two operands; all of them group to the left. */
export const BINDING: Readonly<Record<string, number>> = {
  '||': 4,
  '&&': 5,
  '|': 6,
  '^': 7,
  '&': 8,
  '===': 9,
  '!==': 9,
  '<': 10,
  '<=': 10,
  '>': 10,
  '>=': 10,
  '<<': 11,
  '>>': 11,
  '>>>': 11,
  '+': 12,
  '-': 12,
  '*': 13,
  '/': 13,
  '%': 13,
};

export type BinaryOperator =
  | '|'
  | '^'
  | '&'
  | '==='
  | '!=='
  | '<'
  | '<='
  | '>'
  | '>='
  | '<<'
  | '>>'
  | '>>>'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

export class Expression {
  readonly type: 'Identifier' | 'Literal' | 'Operation';
  readonly binding: number;
  /** Empty while the expression is late. */
  text: string;
  /** Bytes of V8's bytecode, as estimated: see weights.ts. */
  readonly weight: number;
  /** Of a late expression. */
  parts: readonly (string | Expression)[] | undefined;

  constructor(type: Expression['type'], binding: number, text: string, weight: number) {
    this.type = type;
    this.binding = binding;
    this.text = text;
    this.weight = weight;
    this.parts = undefined;
  }
}

function operation(binding: number, text: string, weight: number): Expression {
  return new Expression('Operation', binding, text, weight);
}

// -------------------------------------------------------------------- late

const UNDECIDED: readonly (string | Expression)[] = [];

/** To be filled in; until then, only how tightly it will bind is known, and its weight. */
export function late(
  binding: number,
  weight: number,
  parts: readonly (string | Expression)[] = UNDECIDED,
): Expression {
  const made = operation(binding, '', weight);
  made.parts = parts;
  return made;
}

/** Decides a late expression. */
export function fill(node: Expression, content: string | Expression): void {
  if (typeof content !== 'string' && content.parts !== undefined) node.parts = [content];
  else {
    node.text = typeof content === 'string' ? content : content.text;
    node.parts = undefined;
  }
}

/** Decides a late expression: all of these, one after the other; `0` if there are none. */
export function fillSequence(node: Expression, expressions: readonly Expression[]): void {
  if (expressions.length === 0) fill(node, '0');
  else fill(node, sequence(expressions));
}

/** The same in other words, of the same binding. */
export function withText({ type, binding, weight }: Expression, text: string): Expression {
  return new Expression(type, binding, text, weight);
}

/** Adds an expression to a late sequence that is decided on. */
export function append(node: Expression, next: Expression): void {
  const before = node.parts ?? [node.text];
  node.text = '';
  node.parts = [...before, ', ', ...parts(next, ASSIGNMENT)];
}

/** The finished text. */
export function textOf({ text, parts }: Expression): string {
  if (parts === undefined) return text;
  let joined = '';
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    joined += typeof part === 'string' ? part : textOf(part);
  }
  return joined;
}

/** The text as an operand that must bind at least so tightly. */
export function operand(node: Expression, binding: number): string {
  if (node.parts !== undefined) throw new Error('a late expression inside one that is text already');
  return node.binding < binding ? `(${node.text})` : node.text;
}

function parts(node: Expression, binding: number): (string | Expression)[] {
  return node.binding < binding ? ['(', node, ')'] : [node];
}

function joined(
  binding: number,
  left: Expression,
  leftBinding: number,
  operator: string,
  right: Expression,
  rightBinding: number,
  weight: number,
): Expression {
  const whole = weight + left.weight + right.weight;
  if (left.parts === undefined && right.parts === undefined) {
    return operation(binding, operand(left, leftBinding) + operator + operand(right, rightBinding), whole);
  }
  return late(binding, whole, [...parts(left, leftBinding), operator, ...parts(right, rightBinding)]);
}

// -------------------------------------------------------------------- names and literals

const identifiers = new Map<string, Expression>();

/** The shared expression of a name. */
export function id(name: string): Expression {
  let node = identifiers.get(name);
  if (node === undefined) {
    node = new Expression('Identifier', PRIMARY, name, WEIGHTS.name);
    identifiers.set(name, node);
  }
  return node;
}

/** Around a byte offset in the text, which the printer takes out again: `\x01291\x02f12(E)` is `f12(E)`, made from what stands at offset 291. */
export const MARK_START = '\x01';
export const MARK_END = '\x02';

/** A name for an instruction at a byte offset of the module: the printer reports where it lands. */
export function idAt(name: string, offset: number): Expression {
  return new Expression('Identifier', PRIMARY, `${MARK_START}${offset}${MARK_END}${name}`, WEIGHTS.name);
}

/** A literal, or a constant expression that needs no parentheses, as written. */
export function raw(text: string): Expression {
  return literal(PRIMARY, text);
}

function literal(binding: number, text: string): Expression {
  return new Expression('Literal', binding, text, WEIGHTS.literal);
}

const smallIntegers: Expression[] = [];
for (let i = 0; i < 256; i++) smallIntegers.push(raw(String(i)));

/** Any number; −0, NaN and infinities included. */
export function number(value: number): Expression {
  if (value < 0) return literal(UNARY, String(value));
  if (Object.is(value, -0)) return literal(UNARY, '-0');
  return Number.isInteger(value) && value < 256 ? smallIntegers[value]! : raw(String(value));
}

export function bigint(value: bigint): Expression {
  return literal(value < 0n ? UNARY : PRIMARY, `${value}n`);
}

/** JSON, with the two line separators that old JavaScript forbids in strings. */
export function string(value: string): Expression {
  const text = JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) =>
    c === '\u2028' ? '\\u2028' : '\\u2029',
  );
  return raw(text);
}

export const TRUE: Expression = raw('true');
export const NULL: Expression = raw('null');
export const UNDEFINED: Expression = raw('undefined');

/** Neither is changed by anything, and evaluating it costs nothing. */
export function isSimple({ type }: Expression): boolean {
  return type !== 'Operation';
}

// -------------------------------------------------------------------- operators

export function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  if (operator === '>>>' && left.type === 'Literal' && right.text === '0') {
    return number(Number(left.text) >>> 0);
  }
  const binding = BINDING[operator]!;
  const weight = isComparison(binding) ? WEIGHTS.comparison : WEIGHTS.binary;
  return joined(binding, left, binding, ` ${operator} `, right, binding + 1, weight);
}

/** Of an operator that binds so tightly. */
export function isComparison(binding: number): boolean {
  return binding === BINDING['==='] || binding === BINDING['<'];
}

export function logical(operator: '&&' | '||', left: Expression, right: Expression): Expression {
  const binding = BINDING[operator]!;
  return joined(binding, left, binding, ` ${operator} `, right, binding + 1, WEIGHTS.branch);
}

/** `left`, unless that is undefined. */
export function coalesce(left: Expression, right: Expression): Expression {
  return joined(CONDITIONAL, left, CALL, ' ?? ', right, CALL, WEIGHTS.branch);
}

/** Two minus signs in a row would be another operator. */
export function unary(operator: '-' | '!' | '~', argument: Expression): Expression {
  const text = operator + operand(argument, operator === '-' ? CALL : UNARY);
  return operation(UNARY, text, WEIGHTS.unary + argument.weight);
}

export function conditional(test: Expression, consequent: Expression, alternate: Expression): Expression {
  const choice = `${operand(consequent, ASSIGNMENT)} : ${operand(alternate, ASSIGNMENT)}`;
  const weight = WEIGHTS.conditional + test.weight + consequent.weight + alternate.weight;
  return operation(CONDITIONAL, `${operand(test, CONDITIONAL + 1)} ? ${choice}`, weight);
}

export function assign(left: Expression, right: Expression): Expression {
  const weight = left.type === 'Identifier' ? WEIGHTS.assignment - left.weight : WEIGHTS.store;
  return joined(ASSIGNMENT, left, CALL, ' = ', right, ASSIGNMENT, weight);
}

export function sequence(expressions: readonly Expression[]): Expression {
  if (expressions.length === 1) return expressions[0]!;
  const weight = sum(expressions);
  if (expressions.every((each) => each.parts === undefined)) {
    return operation(SEQUENCE, list(expressions), weight);
  }
  return late(
    SEQUENCE,
    weight,
    expressions.flatMap((each, i) => [i === 0 ? '' : ', ', ...parts(each, ASSIGNMENT)]),
  );
}

/** With an offset, the printer reports where the property lands. */
export function member(object: Expression, name: string, offset?: number): Expression {
  const property = offset === undefined ? name : idAt(name, offset).text;
  return operation(CALL, `${operand(object, CALL)}.${property}`, WEIGHTS.member + object.weight);
}

/** `undefined` of what is null or undefined. */
export function optionalMember(object: Expression, name: string): Expression {
  return operation(
    CALL,
    `${operand(object, CALL)}?.${name}`,
    WEIGHTS.member + WEIGHTS.branch + object.weight,
  );
}

export function index(object: Expression, property: Expression): Expression {
  const weight = WEIGHTS.member + object.weight + property.weight;
  return operation(CALL, `${operand(object, CALL)}[${property.text}]`, weight);
}

export function call(callee: Expression, args: readonly Expression[]): Expression {
  // A method's object is in the callee; a name is included.
  const called =
    callee.type === 'Identifier' ? WEIGHTS.call : WEIGHTS.method + callee.weight - WEIGHTS.member;
  const weight = called + sum(args) + WEIGHTS.argument * args.length;
  return operation(CALL, `${operand(callee, CALL)}(${list(args)})`, weight);
}

export function create(made: Expression, args: readonly Expression[]): Expression {
  const weight = WEIGHTS.call + sum(args) + WEIGHTS.argument * args.length;
  return operation(CALL, `new ${made.text}(${list(args)})`, weight);
}

export function typeOf(value: Expression): Expression {
  return operation(UNARY, `typeof ${operand(value, UNARY)}`, WEIGHTS.unary + value.weight);
}

export function array(elements: readonly Expression[]): Expression {
  return operation(PRIMARY, `[${list(elements)}]`, sum(elements));
}

function sum(expressions: readonly Expression[]): number {
  let weight = 0;
  for (let i = 0; i < expressions.length; i++) weight += expressions[i]!.weight;
  return weight;
}

function list(expressions: readonly Expression[]): string {
  let text = '';
  for (let i = 0; i < expressions.length; i++) {
    text =
      i === 0 ? operand(expressions[0]!, ASSIGNMENT) : `${text}, ${operand(expressions[i]!, ASSIGNMENT)}`;
  }
  return text;
}

/** `\`${object}\``: calls its `toString`. */
export function toStringOf(object: Expression): Expression {
  return operation(PRIMARY, `\`\${${object.text}}\``, WEIGHTS.unary + object.weight);
}

/** `base + n`, or just `base`. */
export function plus(base: Expression, n: number): Expression {
  if (n === 0) return base;
  return operation(SUM, `${operand(base, SUM)} + ${n}`, base.weight + WEIGHTS.binary + WEIGHTS.literal);
}
