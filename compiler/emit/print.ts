/**
 * Statements → text, one a line. Expressions are text already; here they get their semicolons, braces and, for people,
 * indentation. On request the printer reports where each mark of a byte offset landed (for traps and source maps: generated
 * line and column → byte offset in the module), and takes the marks out. Statements bring their offset along, expressions have marks.
 */
import { MARK_END, MARK_START, textOf } from './expressions.ts';
import type * as js from './js.ts';

export interface Position {
  /** 1-based line and 0-based column in the text. */
  readonly line: number;
  readonly column: number;
  /** Byte offset in the module. */
  readonly offset: number;
}

/** `indent` is for people; machines get one statement a line. Marks are expected where `positions` is given. */
export function print(statements: readonly js.Statement[], indent = false, positions?: Position[]): string {
  const printer = new Printer(indent ? '  ' : '');
  printer.statements(statements);
  const text = printer.pieces.join('');
  return positions === undefined ? text : withoutMarks(text, positions);
}

/** What was taken back leaves an empty block. */
function isNothing(node: js.Statement): boolean {
  return node.type === 'BlockStatement' && node.body.length === 0;
}

class Printer {
  /** Joined at the end: V8 would keep all steps of a text that grows by adding. */
  readonly pieces: string[] = [];
  readonly #indent: string;
  /** What a line begins with. */
  #margin = '';

  constructor(indent: string) {
    this.#indent = indent;
  }

  statements(statements: readonly js.Statement[]): void {
    for (let i = 0; i < statements.length; i++) {
      if (isNothing(statements[i]!)) continue;
      if (this.#indent !== '') this.pieces.push(this.#margin);
      this.#statement(statements[i]!);
      this.pieces.push('\n');
    }
  }

  #statement(node: js.Statement): void {
    if (node.offset !== undefined && node.type !== 'DoWhileStatement') this.#mark(node.offset);
    switch (node.type) {
      case 'ExpressionStatement':
        this.pieces.push(`${textOf(node.expression)};`);
        break;
      case 'BlockStatement':
        this.#block(node.body);
        break;
      case 'IfStatement':
        this.pieces.push(`if (${textOf(node.test)}) `);
        // An `else` belongs to the nearest `if`: a charge may have become one.
        if (node.alternate !== undefined && node.consequent.type === 'IfStatement')
          this.#block([node.consequent]);
        else this.#statement(node.consequent);
        if (node.alternate === undefined) break;
        this.pieces.push(' else ');
        this.#statement(node.alternate);
        break;
      case 'LabeledStatement':
        this.pieces.push(`${node.label}: `);
        this.#statement(node.body);
        break;
      case 'BreakStatement':
        this.pieces.push(node.label === undefined ? 'break;' : `break ${node.label};`);
        break;
      case 'ContinueStatement':
        this.pieces.push(`continue ${node.label};`);
        break;
      case 'ReturnStatement':
        this.pieces.push(node.argument === undefined ? 'return;' : `return ${textOf(node.argument)};`);
        break;
      case 'ThrowStatement':
        this.pieces.push(`throw ${textOf(node.argument)};`);
        break;
      case 'ForStatement':
        this.pieces.push('for (;;) ');
        this.#block(node.body.body);
        break;
      case 'DoWhileStatement':
        this.pieces.push('do ');
        this.#block(node.body.body);
        this.pieces.push(' ');
        if (node.offset !== undefined) this.#mark(node.offset);
        this.pieces.push(`while (${textOf(node.test)});`);
        break;
      case 'SwitchStatement':
        this.#switch(node);
        break;
      case 'TryStatement':
        this.pieces.push('try ');
        this.#block(node.block.body);
        this.pieces.push(` catch (${node.parameter}) `);
        this.#block(node.handler.body);
        break;
      case 'VariableDeclaration':
        this.pieces.push(`${node.text};`);
        break;
      case 'FunctionDeclaration':
        this.#function(node);
        break;
    }
  }

  #mark(offset: number): void {
    this.pieces.push(MARK_START + offset + MARK_END);
  }

  #block(statements: readonly js.Statement[]): void {
    if (statements.length === 0) {
      this.pieces.push('{}');
      return;
    }
    this.pieces.push('{\n');
    this.#indented(statements);
    this.pieces.push(`${this.#margin}}`);
  }

  #indented(statements: readonly js.Statement[]): void {
    const margin = this.#margin;
    this.#margin = margin + this.#indent;
    this.statements(statements);
    this.#margin = margin;
  }

  #switch({ discriminant, cases }: js.SwitchStatement): void {
    this.pieces.push(`switch (${textOf(discriminant)}) {\n`);
    const margin = this.#margin;
    this.#margin = margin + this.#indent;
    for (const { test, consequent } of cases) {
      this.pieces.push(this.#margin + (test === undefined ? 'default:\n' : `case ${textOf(test)}:\n`));
      this.#indented(consequent);
    }
    this.#margin = margin;
    this.pieces.push(`${margin}}`);
  }

  #function({ name, parameters, body, eager }: js.FunctionDeclaration): void {
    const head = `function ${name}(${parameters.join(', ')}) {\n`;
    this.pieces.push(eager ? `var ${name} = (${head}` : head);
    this.#indented(body.body);
    this.pieces.push(`${this.#margin}${eager ? '});' : '}'}`);
  }
}

/** Every mark becomes a position: `\x01291\x02f12(E)` is `f12(E)`, made from what stands at offset 291. */
function withoutMarks(text: string, positions: Position[]): string {
  const [first, ...marked] = text.split(MARK_START);
  const pieces = [first!];
  let line = 1;
  let column = 0;
  for (const piece of marked) {
    const before = pieces.at(-1)!;
    const lines = before.split('\n');
    column = lines.length === 1 ? column + before.length : lines.at(-1)!.length;
    line += lines.length - 1;
    const end = piece.indexOf(MARK_END);
    positions.push({ line, column, offset: Number(piece.slice(0, end)) });
    pieces.push(piece.slice(end + 1));
  }
  return pieces.join('');
}
