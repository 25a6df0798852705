/**
 * Turns a row's `js` template into a builder of nodes. Each template is parsed by acorn once, on first use, and becomes
 * a tree of closures; building an instruction's JavaScript is then a few calls.
 *
 *   'a + b | 0'  with  a = l0, b = 5   →   l0 + 5 | 0
 *
 * Operands are `a`, `b`, `c`; `i`, `j` the immediate's indices; `ea` the effective address; `k`, `m`, `u`
 * literals made of a constant operand; `V` the memory's view; `x`, `y` fresh temporaries. Every other name is global to generated code (`R`, helpers …).
 */
import { parseExpressionAt } from 'acorn';
import type { Expression, Node } from 'estree';
import * as js from './js.ts';
import { WEIGHTS, weightOf } from './weights.ts';

const NAMES = ['a', 'b', 'c', 'i', 'j', 'k', 'm', 'u', 'ea', 'V', 'x', 'y'] as const;
export type Name = (typeof NAMES)[number];
/** Their first uses bring estimates of their own. */
const OPERANDS = ['a', 'b', 'c', 'ea'];

/** The nodes that a template's names stand for: operands, indices, temporaries. Fields, since this is a hot path. */
export class TemplateArguments {
  a: Expression | undefined = undefined;
  b: Expression | undefined = undefined;
  c: Expression | undefined = undefined;
  i: Expression | undefined = undefined;
  j: Expression | undefined = undefined;
  k: Expression | undefined = undefined;
  m: Expression | undefined = undefined;
  u: Expression | undefined = undefined;
  ea: Expression | undefined = undefined;
  V: Expression | undefined = undefined;
  x: Expression | undefined = undefined;
  y: Expression | undefined = undefined;
  /** What a name's first use stands for, where that differs: `(b0 = …)`. */
  firsts: Map<Name, Expression> | undefined = undefined;

  take(name: Name): Expression {
    const first = this.firsts?.get(name);
    if (first !== undefined) this.firsts!.delete(name);
    return (first ?? this[name])!;
  }
}

export interface Template {
  /** Names that occur more than once: such an operand must be bound first. */
  readonly repeated: ReadonlySet<string>;
  readonly usesX: boolean;
  readonly usesY: boolean;
  /** Free names: registers, helpers. */
  readonly free: readonly string[];
  /** Estimated bytecode, without the operands'. */
  readonly weight: number;
  /** The value is a JavaScript boolean. */
  readonly isBoolean: boolean;
  /** With an offset, free names are nodes of their own that carry it (for traps). */
  build(args: TemplateArguments, offset: number | undefined): Expression;
}

type Builder = (args: TemplateArguments, offset: number | undefined) => Expression;

const SUBSTITUTED: ReadonlySet<string> = new Set(NAMES);
const COMPARISONS = new Set(['<', '<=', '>', '>=', '===', '!==']);
const cache = new Map<string, Template>();

export function template(text: string): Template {
  let found = cache.get(text);
  if (found === undefined) {
    found = parseTemplate(text);
    cache.set(text, found);
  }
  return found;
}

function parseTemplate(text: string): Template {
  const tree = parseExpressionAt(text, 0, { ecmaVersion: 2022 }) as unknown as Expression;
  const uses = new Map<string, number>();
  const free = new Set<string>();
  const build = compile(tree, (name) => {
    if (SUBSTITUTED.has(name)) uses.set(name, (uses.get(name) ?? 0) + 1);
    else free.add(name);
  });
  const repeated = new Set([...uses.keys()].filter((name) => uses.get(name)! > 1));
  return {
    repeated,
    usesX: uses.has('x'),
    usesY: uses.has('y'),
    free: [...free],
    weight: weightOf(tree) - WEIGHTS.value * OPERANDS.filter((name) => uses.has(name)).length,
    isBoolean: isBoolean(tree),
    build,
  };
}

function isBoolean(tree: Node): boolean {
  if (tree.type === 'BinaryExpression') return COMPARISONS.has(tree.operator);
  if (tree.type === 'UnaryExpression') return tree.operator === '!';
  return tree.type === 'LogicalExpression' && isBoolean(tree.left) && isBoolean(tree.right);
}

function compile(node: Node, seen: (name: string) => void): Builder {
  switch (node.type) {
    case 'Identifier':
      return identifier(node.name, seen);
    case 'Literal':
      return constant(
        'bigint' in node && node.bigint
          ? js.bigint(BigInt(node.bigint))
          : { type: 'Literal', value: 0, raw: node.raw! },
      );
    case 'BinaryExpression': {
      const left = compile(node.left, seen);
      const right = compile(node.right, seen);
      return (args, at) => js.binary(node.operator, left(args, at), right(args, at));
    }
    case 'LogicalExpression': {
      const left = compile(node.left, seen);
      const right = compile(node.right, seen);
      const operator = node.operator as '&&' | '||';
      return (args, at) => js.logical(operator, left(args, at), right(args, at));
    }
    case 'UnaryExpression': {
      const argument = compile(node.argument, seen);
      return (args, at) => js.unary(node.operator, argument(args, at));
    }
    case 'ConditionalExpression': {
      const test = compile(node.test, seen);
      const consequent = compile(node.consequent, seen);
      const alternate = compile(node.alternate, seen);
      return (args, at) => js.conditional(test(args, at), consequent(args, at), alternate(args, at));
    }
    case 'AssignmentExpression': {
      const left = compile(node.left, seen);
      const right = compile(node.right, seen);
      return (args, at) => js.assign(left(args, at), right(args, at));
    }
    case 'SequenceExpression': {
      const parts = node.expressions.map((part) => compile(part, seen));
      return (args, at) => js.sequence(parts.map((part) => part(args, at)));
    }
    case 'CallExpression': {
      const callee = compile(node.callee, seen);
      const parts = node.arguments.map((part) => compile(part, seen));
      return (args, at) =>
        js.call(
          callee(args, at),
          parts.map((part) => part(args, at)),
        );
    }
    case 'MemberExpression': {
      const object = compile(node.object, seen);
      if (node.computed) {
        const property = compile(node.property, seen);
        return (args, at) => js.index(object(args, at), property(args, at));
      }
      const name = (node.property as { name: string }).name;
      return (args, at) => {
        const target = js.member(object(args, at), name);
        if (at !== undefined) target.property = js.idAt(name, at);
        return target;
      };
    }
    default:
      throw new Error(`template: ${node.type} is not understood`);
  }
}

function identifier(name: string, seen: (name: string) => void): Builder {
  seen(name);
  if (SUBSTITUTED.has(name)) {
    return (args) => args.take(name as Name);
  }
  const shared = js.id(name);
  return (_, at) => (at === undefined ? shared : js.idAt(name, at));
}

function constant(node: Expression): Builder {
  return () => node;
}
