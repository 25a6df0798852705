/**
 * The only builder of JavaScript: everything the emitter writes is made here, statements as nodes, expressions as text (expressions.ts).
 * Statements stay nodes until the function is finished, because they are moved about (outline.ts, ladder.ts) and some are decided
 * on late. The node types bear ESTree's names.
 *
 * Not here: what any node means, and how it is laid out (print.ts).
 */
import { assign, type Expression, number } from './expressions.ts';
import { WEIGHTS } from './weights.ts';

export * from './expressions.ts';

/** Byte offset of the instruction that a statement was made from; only where that is recorded. Of a `do` loop, its condition's. */
export interface Traced {
  offset?: number | undefined;
}

// The frequent ones are classes: V8 watches where object literals are made, and once those of a giant function have
// outlived two collections, makes all later ones in the old generation, where garbage stays and keeps its children.
export class ExpressionStatement {
  readonly type = 'ExpressionStatement';
  declare offset?: number | undefined;
  readonly expression: Expression;
  constructor(expression: Expression) {
    this.expression = expression;
  }
}
export class BlockStatement {
  readonly type = 'BlockStatement';
  declare offset?: number | undefined;
  body: Statement[];
  constructor(body: Statement[]) {
    this.body = body;
  }
}
export class IfStatement {
  readonly type = 'IfStatement';
  declare offset?: number | undefined;
  readonly test: Expression;
  readonly consequent: Statement;
  readonly alternate: Statement | undefined;
  constructor(test: Expression, consequent: Statement, alternate: Statement | undefined) {
    this.test = test;
    this.consequent = consequent;
    this.alternate = alternate;
  }
}
export class LabeledStatement {
  readonly type = 'LabeledStatement';
  declare offset?: number | undefined;
  readonly label: string;
  readonly body: Statement;
  constructor(label: string, body: Statement) {
    this.label = label;
    this.body = body;
  }
}
/** Without a label: out of a `switch`. */
export class JumpStatement {
  readonly type: 'BreakStatement' | 'ContinueStatement';
  declare offset?: number | undefined;
  readonly label: string | undefined;
  constructor(type: JumpStatement['type'], label: string | undefined) {
    this.type = type;
    this.label = label;
  }
}

/** `for (;;) …`. */
export interface ForStatement extends Traced {
  readonly type: 'ForStatement';
  readonly body: BlockStatement;
}
export interface DoWhileStatement extends Traced {
  readonly type: 'DoWhileStatement';
  readonly body: BlockStatement;
  readonly test: Expression;
}
export interface ReturnStatement extends Traced {
  readonly type: 'ReturnStatement';
  readonly argument: Expression | undefined;
}
export interface ThrowStatement extends Traced {
  readonly type: 'ThrowStatement';
  readonly argument: Expression;
}
export interface SwitchStatement extends Traced {
  readonly type: 'SwitchStatement';
  readonly discriminant: Expression;
  cases: SwitchCase[];
}
export interface SwitchCase {
  /** Undefined: the default. */
  readonly test: Expression | undefined;
  consequent: Statement[];
}
export interface TryStatement extends Traced {
  readonly type: 'TryStatement';
  readonly block: BlockStatement;
  readonly parameter: string;
  readonly handler: BlockStatement;
}
export interface VariableDeclaration extends Traced {
  readonly type: 'VariableDeclaration';
  /** `const a = 1, b`, without the semicolon. */
  readonly text: string;
  readonly weight: number;
}
export interface FunctionDeclaration extends Traced {
  readonly type: 'FunctionDeclaration';
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: BlockStatement;
  /** V8 takes parentheses as a sign that the function is called soon, and parses it only once: `var f = (function f() …)`. */
  readonly eager: boolean;
}

export type Statement =
  | ExpressionStatement
  | BlockStatement
  | IfStatement
  | LabeledStatement
  | ForStatement
  | DoWhileStatement
  | JumpStatement
  | ReturnStatement
  | ThrowStatement
  | SwitchStatement
  | TryStatement
  | VariableDeclaration
  | FunctionDeclaration;

/** The text is complete: V8 joins its pieces at the first look into it, and forgets them (a tenth less to do, with GC). */
export function statement(expression: Expression): ExpressionStatement {
  expression.text.charCodeAt(0);
  return new ExpressionStatement(expression);
}

export function set(left: Expression, right: Expression): ExpressionStatement {
  return statement(assign(left, right));
}

export function block(body: Statement[]): BlockStatement {
  return new BlockStatement(body);
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
  const other = alternate !== undefined && alternate.length > 0 ? body(alternate) : undefined;
  return new IfStatement(test, body(consequent), other);
}

export function labeled(label: string, inner: Statement): Statement {
  return new LabeledStatement(label, inner);
}

export function forever(statements: Statement[]): Statement {
  return { type: 'ForStatement', body: block(statements) };
}

export function doWhile(statements: Statement[], test: Expression): Statement {
  return { type: 'DoWhileStatement', body: block(statements), test };
}

export function breakTo(label: string): JumpStatement {
  return new JumpStatement('BreakStatement', label);
}

export function continueTo(label: string): JumpStatement {
  return new JumpStatement('ContinueStatement', label);
}

/** Out of a `switch`. */
export function breakOut(): JumpStatement {
  return new JumpStatement('BreakStatement', undefined);
}

export function returns(argument: Expression | undefined): ReturnStatement {
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
  return { test: value === undefined ? undefined : number(value), consequent };
}

export function tryCatch(guarded: Statement[], parameter: string, handler: Statement[]): Statement {
  return { type: 'TryStatement', block: block(guarded), parameter, handler: block(handler) };
}

export function declare(
  kind: 'let' | 'const',
  entries: readonly (readonly [string, Expression | null])[],
): Statement {
  const texts = entries.map(([name, init]) => (init === null ? name : `${name} = ${init.text}`));
  let weight = 0;
  for (const [, init] of entries) if (init !== null) weight += WEIGHTS.assignment + init.weight;
  return { type: 'VariableDeclaration', text: `${kind} ${texts.join(', ')}`, weight };
}

/** `var name = 0`: of a group. */
export function variable(name: string): Statement {
  return { type: 'VariableDeclaration', text: `var ${name} = 0`, weight: 0 };
}

/** `const { a, b } = object`. */
export function destructure(names: readonly string[], object: Expression, kind: 'const' | 'var'): Statement {
  return { type: 'VariableDeclaration', text: `${kind} {${names.join(', ')}} = ${object.text}`, weight: 0 };
}

export function functionDeclaration(
  name: string,
  parameters: readonly string[],
  statements: Statement[],
): FunctionDeclaration {
  return { type: 'FunctionDeclaration', name, parameters, body: block(statements), eager: false };
}

/** The same function, called soon. */
export function eagerFunction(declaration: FunctionDeclaration): FunctionDeclaration {
  return { ...declaration, eager: true };
}

/** Notes what a statement was made from, if that is known. */
export function tracedTo<S extends Statement>(node: S, offset: number | undefined): S {
  if (offset !== undefined) node.offset = offset;
  return node;
}

/** Turns a statement into another one in place, for statements that are decided on late. */
export function become(node: Statement, other: Statement): void {
  Object.assign(node, other);
}

/** Estimated bytecode of a statement that holds few others. Loops and the like are weighed by who makes them. */
export function weightOf(node: Statement): number {
  switch (node.type) {
    case 'ExpressionStatement':
      return node.expression.weight;
    case 'BreakStatement':
    case 'ContinueStatement':
      return WEIGHTS.jump;
    case 'ReturnStatement':
    case 'ThrowStatement':
      return WEIGHTS.return + (node.argument?.weight ?? 0);
    case 'IfStatement': {
      const other = node.alternate === undefined ? 0 : WEIGHTS.jump + weightOf(node.alternate);
      return WEIGHTS.branch + node.test.weight + weightOf(node.consequent) + other;
    }
    case 'BlockStatement':
      return weightOfAll(node.body);
    case 'VariableDeclaration':
      return node.weight;
    default:
      throw new Error(`${node.type}: not for weighing`);
  }
}

/** Of all of them. */
export function weightOfAll(nodes: readonly Statement[]): number {
  let weight = 0;
  for (const node of nodes) weight += weightOf(node);
  return weight;
}
