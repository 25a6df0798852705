/**
 * The only builder of JavaScript nodes (ESTree). Everything the emitter writes goes through here, so the quirks of
 * the printer live in one place: literals carry `raw` (astring prints NaN as null and −0 as 0), and a negative literal
 * under a minus sign is parenthesised.
 *
 * Not here: what any node means. Nodes may be shared between places of a tree; nobody mutates them, except where a
 * builder says that it returns a node to be filled in later.
 */
import type {
  BinaryOperator,
  BlockStatement,
  BreakStatement,
  CallExpression,
  ContinueStatement,
  EmptyStatement,
  Expression,
  ExpressionStatement,
  Identifier,
  IfStatement,
  MemberExpression,
  Node,
  ReturnStatement,
  SimpleLiteral,
  Statement,
  SwitchCase,
  SwitchStatement,
  UnaryOperator,
} from 'estree';

export type { BlockStatement, Expression, Statement, SwitchCase } from 'estree';

const identifiers = new Map<string, Identifier>();

/** The shared node of a name. */
export function id(name: string): Identifier {
  let node = identifiers.get(name);
  if (node === undefined) {
    node = { type: 'Identifier', name };
    identifiers.set(name, node);
  }
  return node;
}

/** A node of its own for a name at a byte offset of the module: the printer reports where it lands. */
export function idAt(name: string, offset: number): Identifier {
  return {
    type: 'Identifier',
    name,
    loc: { start: { line: 1, column: offset }, end: { line: 1, column: offset } },
  };
}

/** A literal, or a constant expression that needs no parentheses, as written. */
export function raw(text: string): SimpleLiteral {
  return literal(text);
}

function literal(raw: string): SimpleLiteral {
  return { type: 'Literal', value: 0, raw };
}

const smallIntegers: SimpleLiteral[] = [];
for (let i = 0; i < 256; i++) smallIntegers.push(literal(String(i)));

/** Any number; −0, NaN and infinities included. */
export function number(value: number): Expression {
  if (value >= 0 && value < 256 && Number.isInteger(value) && !Object.is(value, -0))
    return smallIntegers[value]!;
  if (Object.is(value, -0)) return literal('-0');
  return literal(String(value));
}

export function bigint(value: bigint): Expression {
  return literal(`${value}n`);
}

/** JSON, with the two line separators that old JavaScript forbids in strings. */
export function string(value: string): Expression {
  const raw = JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) =>
    c === '\u2028' ? '\\u2028' : '\\u2029',
  );
  return literal(raw);
}

export const TRUE: Expression = literal('true');
export const NULL: Expression = literal('null');
export const UNDEFINED: Expression = literal('undefined');

/** A literal whose value is set later: `node.raw = '12'`. */
export function placeholder(): SimpleLiteral {
  return literal('0');
}

export function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  if (operator === '>>>' && left.type === 'Literal' && right.type === 'Literal' && right.raw === '0') {
    return number(Number(left.raw) >>> 0);
  }
  return { type: 'BinaryExpression', operator, left, right };
}

export function logical(operator: '&&' | '||', left: Expression, right: Expression): Expression {
  return { type: 'LogicalExpression', operator, left, right };
}

export function unary(operator: UnaryOperator, argument: Expression): Expression {
  const negative = operator === '-' && argument.type === 'Literal' && argument.raw?.startsWith('-') === true;
  const inner = negative ? literal(`(${argument.raw})`) : argument;
  return { type: 'UnaryExpression', operator, prefix: true, argument: inner };
}

export function conditional(test: Expression, consequent: Expression, alternate: Expression): Expression {
  return { type: 'ConditionalExpression', test, consequent, alternate };
}

export function assign(left: Expression, right: Expression): Expression {
  return { type: 'AssignmentExpression', operator: '=', left: left as MemberExpression, right };
}

/** `left -= right`. */
export function decrease(left: Expression, right: Expression): Expression {
  return { type: 'AssignmentExpression', operator: '-=', left: left as MemberExpression, right };
}

export function sequence(expressions: Expression[]): Expression {
  return expressions.length === 1 ? expressions[0]! : { type: 'SequenceExpression', expressions };
}

export function member(object: Expression, name: string): MemberExpression {
  return { type: 'MemberExpression', object, property: id(name), computed: false, optional: false };
}

export function index(object: Expression, property: Expression): MemberExpression {
  return { type: 'MemberExpression', object, property, computed: true, optional: false };
}

export function call(callee: Expression, args: Expression[]): CallExpression {
  return { type: 'CallExpression', callee, arguments: args, optional: false };
}

/** `\`${object}\``: calls its `toString`. */
export function toStringOf(object: Expression): Expression {
  const quasi = (tail: boolean) =>
    ({ type: 'TemplateElement', tail, value: { raw: '', cooked: '' } }) as const;
  return { type: 'TemplateLiteral', quasis: [quasi(false), quasi(true)], expressions: [object] };
}

/** `base + n`, or just `base`. */
export function plus(base: Expression, n: number): Expression {
  return n === 0 ? base : binary('+', base, number(n));
}

export function statement(expression: Expression): ExpressionStatement {
  return { type: 'ExpressionStatement', expression };
}

export function set(left: Expression, right: Expression): ExpressionStatement {
  return statement(assign(left, right));
}

export function block(body: Statement[]): BlockStatement {
  return { type: 'BlockStatement', body };
}

/** Statements that may stand without braces: none that could take the `else` of another. */
const BARE: ReadonlySet<string> = new Set([
  'ExpressionStatement',
  'BreakStatement',
  'ContinueStatement',
  'ReturnStatement',
  'ThrowStatement',
  'BlockStatement',
]);

/** One statement, braces only where needed. */
export function body(statements: Statement[]): Statement {
  return statements.length === 1 && BARE.has(statements[0]!.type) ? statements[0]! : block(statements);
}

export function ifElse(test: Expression, consequent: Statement[], alternate?: Statement[]): IfStatement {
  const other = alternate !== undefined && alternate.length > 0 ? body(alternate) : null;
  return { type: 'IfStatement', test, consequent: body(consequent), alternate: other };
}

export function labeled(label: string, inner: Statement): Statement {
  return { type: 'LabeledStatement', label: id(label), body: inner };
}

export function forever(statements: Statement[]): Statement {
  return { type: 'ForStatement', init: null, test: null, update: null, body: block(statements) };
}

export function doWhile(statements: Statement[], test: Expression): Statement {
  return { type: 'DoWhileStatement', body: block(statements), test };
}

export function breakTo(label: string): BreakStatement {
  return { type: 'BreakStatement', label: id(label) };
}

export function continueTo(label: string): ContinueStatement {
  return { type: 'ContinueStatement', label: id(label) };
}

export function returns(argument: Expression | null): ReturnStatement {
  return { type: 'ReturnStatement', argument };
}

export function throws(argument: Expression): Statement {
  return { type: 'ThrowStatement', argument };
}

export function switchOn(discriminant: Expression, cases: SwitchCase[]): SwitchStatement {
  return { type: 'SwitchStatement', discriminant, cases };
}

/** `case n:`, or `default:` for undefined. */
export function switchCase(value: number | undefined, consequent: Statement[]): SwitchCase {
  return { type: 'SwitchCase', test: value === undefined ? null : number(value), consequent };
}

export function tryCatch(guarded: Statement[], parameter: string, handler: Statement[]): Statement {
  return {
    type: 'TryStatement',
    block: block(guarded),
    handler: { type: 'CatchClause', param: id(parameter), body: block(handler) },
    finalizer: null,
  };
}

export function empty(): EmptyStatement {
  return { type: 'EmptyStatement' };
}

export function declare(
  kind: 'let' | 'const',
  entries: readonly (readonly [string, Expression | null])[],
): Statement {
  return {
    type: 'VariableDeclaration',
    kind,
    declarations: entries.map(([name, init]) => ({ type: 'VariableDeclarator', id: id(name), init })),
  };
}

/** `const { a, b } = object`. */
export function destructure(names: readonly string[], object: Expression): Statement {
  return {
    type: 'VariableDeclaration',
    kind: 'const',
    declarations: [
      {
        type: 'VariableDeclarator',
        id: {
          type: 'ObjectPattern',
          properties: names.map((name) => ({
            type: 'Property',
            key: id(name),
            value: id(name),
            kind: 'init',
            computed: false,
            method: false,
            shorthand: true,
          })),
        },
        init: object,
      },
    ],
  };
}

export function functionDeclaration(
  name: string,
  parameters: readonly string[],
  statements: Statement[],
): Statement {
  return {
    type: 'FunctionDeclaration',
    id: id(name),
    params: parameters.map(id),
    body: block(statements),
    generator: false,
    async: false,
  };
}

/** `var f = (function f() …)`: V8 takes the parentheses as a sign that `f` is called soon, and parses it only once. */
export function eagerFunction(declaration: Statement): Statement {
  if (declaration.type !== 'FunctionDeclaration') return declaration;
  const expression = { ...declaration, type: 'FunctionExpression' };
  const init = { type: 'ParenthesizedExpression', expression } as unknown as Expression;
  return {
    type: 'VariableDeclaration',
    kind: 'var',
    declarations: [{ type: 'VariableDeclarator', id: declaration.id!, init }],
  };
}

export function array(elements: Expression[]): Expression {
  return { type: 'ArrayExpression', elements };
}

export function arrow(parameters: readonly string[], statements: Statement[]): Expression {
  return {
    type: 'ArrowFunctionExpression',
    params: parameters.map(id),
    body: block(statements),
    expression: false,
    async: false,
  };
}

/** Out of a `switch`. */
export function breakOut(): BreakStatement {
  return { type: 'BreakStatement', label: null };
}

/** Turns a node into another one in place, for nodes that are decided on late. */
export function become(node: Node, other: Node): void {
  const target = node as unknown as Record<string, unknown>;
  for (const key of Object.keys(node)) if (!(key in other)) delete target[key];
  Object.assign(node, other);
}
