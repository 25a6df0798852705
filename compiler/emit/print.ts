/**
 * ESTree → text, by astring. Three additions: an empty statement prints nothing, a
 * function expression may stand in parentheses, and on request the printer reports
 * where each node that carries a location landed (for traps: generated line and column → byte offset in the module).
 */
import { GENERATOR, generate, type State } from 'astring';
import type { FunctionExpression, Node } from 'estree';

export interface Position {
  /** 1-based line and 0-based column in the text. */
  readonly line: number;
  readonly column: number;
  /** Byte offset in the module. */
  readonly offset: number;
}

const generator = {
  ...GENERATOR,
  EmptyStatement(): void {},
  ParenthesizedExpression(node: { expression: FunctionExpression }, state: State): void {
    state.write('(');
    GENERATOR.FunctionExpression(node.expression, state);
    state.write(')');
  },
};

/** `indent` is for people; machines get one statement a line. */
export function print(node: Node, indent = false, positions?: Position[]): string {
  const sourceMap = {
    addMapping(mapping: {
      original: { column: number } | null;
      generated: { line: number; column: number };
    }): void {
      if (mapping.original === null) return;
      const { line, column } = mapping.generated;
      positions?.push({ line, column, offset: mapping.original.column });
    },
  };
  return generate(node, {
    generator,
    indent: indent ? '  ' : '',
    lineEnd: '\n',
    ...(positions === undefined ? {} : { sourceMap: sourceMap as never }),
  });
}
