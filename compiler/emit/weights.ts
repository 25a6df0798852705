/**
 * How long V8's bytecode will be for the JavaScript that we make, in bytes: V8 optimises no function beyond 60 KiB of it
 * (`outline.ts` splits accordingly).
 *
 * The costs were fitted to the functions of CPython, Ruby and Pyodide with 4 KiB of bytecode and more (Node 20 and 26, with
 * and without metering): there most operands take 16 bits; small functions come out shorter. How far off the estimate is for
 * a module, `bench/giant` tells.
 *
 * Estimates add up where nodes are made, each value and statement carrying its own; `weightOf` looks at nodes, for what is
 * made rarely or once.
 */
import type { Node } from 'estree';

/** What a node takes beyond its children. */
export const WEIGHTS = {
  /** A variable or literal that is read. */
  value: 2,
  assignment: 1,
  binary: 5,
  /** Its literal included. */
  binaryWithLiteral: 6,
  comparison: 6,
  unary: 2,
  /** `RL[…]` and `RL[…] = …`. */
  element: 2,
  setElement: 9,
  /** `S.fuel` and `S.fuel = …`. */
  property: 2,
  setProperty: 3,
  /** Its callee included. */
  call: 14,
  methodCall: 12,
  argument: 2,
  conditional: 6,
  /** `if`, `&&`, `||`. */
  branch: 3,
  /** `break`, `continue`. */
  jump: 4,
  return: 3,
  loop: 6,
  switch: 10,
  /** A case that V8 compares with; in a table of jumps it costs nothing. */
  lonelyCase: 10,
  try: 20,

  /** A literal where an operation takes it along, as most do. */
  literal: 1,
  /** `RL[p + 6]` and `RL[p + 6] = …`. */
  cell: 12,
  setCell: 19,
  /** `S.fuel -= 7`, and with the look at the account. */
  charge: 14,
  check: 34,
  /** `V = E.V`: what a call leaves to be done, and what else if the fuel was in a variable. */
  arrival: 5,
  arrivalWithFuel: 24,
  /** `S.sp = w; S.rp = t`: how a handler begins. */
  restore: 14,
  /** `x = f12$3(E, q, w, r, t, d)`. */
  regionCall: 42,
} as const;

const COMPARISONS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '===', '!==']);

/** The estimate for an expression or a simple statement; `null` is none. Recursive: not for nested blocks. */
export function weightOf(node: Node | null | undefined): number {
  if (!node) return 0;
  switch (node.type) {
    case 'Identifier':
    case 'Literal':
      return WEIGHTS.value;
    case 'MemberExpression':
      return (
        place(node.object, node.property, node.computed) +
        (node.computed ? WEIGHTS.element : WEIGHTS.property)
      );
    case 'BinaryExpression':
      if (node.right.type === 'Literal') return weightOf(node.left) + WEIGHTS.binaryWithLiteral;
      return (
        weightOf(node.left) +
        weightOf(node.right) +
        (COMPARISONS.has(node.operator) ? WEIGHTS.comparison : WEIGHTS.binary)
      );
    case 'AssignmentExpression':
      return weightToSet(node.left) + weightOf(node.right);
    case 'CallExpression': {
      const { callee, arguments: args } = node;
      const called =
        callee.type === 'MemberExpression' ? WEIGHTS.methodCall + weightOf(callee.object) : WEIGHTS.call;
      return called + weightOfAll(args) + WEIGHTS.argument * args.length;
    }
    case 'IfStatement':
      return WEIGHTS.branch + weightOf(node.test) + weightOf(node.consequent) + weightOf(node.alternate);
    case 'ConditionalExpression':
      return WEIGHTS.conditional + weightOf(node.test) + weightOf(node.consequent) + weightOf(node.alternate);
    case 'LogicalExpression':
      return WEIGHTS.branch + weightOf(node.left) + weightOf(node.right);
    case 'UnaryExpression':
      return WEIGHTS.unary + weightOf(node.argument);
    case 'SequenceExpression':
      return weightOfAll(node.expressions);
    case 'VariableDeclaration':
      return weightOfAll(node.declarations);
    case 'VariableDeclarator':
      return node.init ? WEIGHTS.assignment + weightOf(node.init) : 0;
    case 'ExpressionStatement':
      return weightOf(node.expression);
    case 'BlockStatement':
      return weightOfAll(node.body);
    case 'BreakStatement':
    case 'ContinueStatement':
      return WEIGHTS.jump;
    case 'ReturnStatement':
    case 'ThrowStatement':
      return WEIGHTS.return + weightOf(node.argument);
    default:
      throw new Error(`${node.type} has no size`);
  }
}

/** A variable or a cell, as `weightOf` without looking into it. */
export function weightToRead({ type }: Node): number {
  return type === 'MemberExpression' ? WEIGHTS.cell : WEIGHTS.value;
}

/** An assignment to a variable, a cell or a property, without the value. */
export function weightToSet(target: Node): number {
  if (target.type !== 'MemberExpression') return WEIGHTS.assignment;
  const { object, property, computed } = target;
  return place(object, property, computed) + (computed ? WEIGHTS.setElement : WEIGHTS.setProperty);
}

/** `switch (x)`, without what stands in it. V8 makes a table of `cases` that are many and not spread over too wide a range. */
export function switchWeight(cases: number, range = cases): number {
  const hasTable = cases >= 6 && range <= 3 * cases;
  return WEIGHTS.switch + (hasTable ? 0 : WEIGHTS.lonelyCase * cases);
}

function place(object: Node, property: Node, computed: boolean): number {
  return weightOf(object) + (computed ? weightOf(property) : 0);
}

/** Of all of them. */
export function weightOfAll(nodes: readonly Node[]): number {
  let bytes = 0;
  for (const node of nodes) bytes += weightOf(node);
  return bytes;
}
