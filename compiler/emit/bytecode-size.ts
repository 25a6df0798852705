/**
 * How long V8's bytecode will be for the JavaScript that we make, in bytes: V8 optimises no function beyond 60 KiB of it
 * (`outline.ts` splits accordingly).
 *
 * The costs were fitted to the functions of CPython, Ruby and Pyodide with 4 KiB of bytecode and more (Node 20 and 26, with
 * and without metering): there most operands take 16 bits; small functions come out shorter. How far off the estimate is for
 * a module, `bench/giant` tells.
 *
 * Estimates add up where nodes are made, each value and statement carrying its own; `bytesOf` looks at nodes, for what is
 * made rarely or once.
 */
import type { Node } from 'estree';

/** What a node takes beyond its children. */
export const BYTES = {
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
  /** A case costs nothing in a table of jumps, which V8 makes of six cases and more if they are not sparse. */
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
  /** What is given back at a way out. */
  exit: 14,
  /** `x = f12$3(E, q, w, r, t, d)`. */
  regionCall: 42,
} as const;

const COMPARISONS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '===', '!==']);

/** The estimate for an expression or a simple statement; `null` is none. Recursive: not for nested blocks. */
export function bytesOf(node: Node | null | undefined): number {
  if (!node) return 0;
  switch (node.type) {
    case 'Identifier':
    case 'Literal':
      return BYTES.value;
    case 'MemberExpression':
      return place(node.object, node.property, node.computed) + (node.computed ? BYTES.element : BYTES.property);
    case 'BinaryExpression':
      if (node.right.type === 'Literal') return bytesOf(node.left) + BYTES.binaryWithLiteral;
      return bytesOf(node.left) + bytesOf(node.right) + (COMPARISONS.has(node.operator) ? BYTES.comparison : BYTES.binary);
    case 'AssignmentExpression':
      return bytesToSet(node.left) + bytesOf(node.right);
    case 'CallExpression': {
      const { callee, arguments: args } = node;
      const called = callee.type === 'MemberExpression' ? BYTES.methodCall + bytesOf(callee.object) : BYTES.call;
      return called + sum(args) + BYTES.argument * args.length;
    }
    case 'ConditionalExpression':
      return BYTES.conditional + bytesOf(node.test) + bytesOf(node.consequent) + bytesOf(node.alternate);
    case 'LogicalExpression':
      return BYTES.branch + bytesOf(node.left) + bytesOf(node.right);
    case 'UnaryExpression':
      return BYTES.unary + bytesOf(node.argument);
    case 'SequenceExpression':
      return sum(node.expressions);
    case 'ExpressionStatement':
      return bytesOf(node.expression);
    case 'BlockStatement':
      return sum(node.body);
    case 'BreakStatement':
    case 'ContinueStatement':
      return BYTES.jump;
    case 'ReturnStatement':
    case 'ThrowStatement':
      return BYTES.return + bytesOf(node.argument);
    default:
      throw new Error(`${node.type} has no size`);
  }
}

/** A variable or a cell, as `bytesOf` without looking into it. */
export function bytesToRead({ type }: Node): number {
  return type === 'MemberExpression' ? BYTES.cell : BYTES.value;
}

/** An assignment to a variable, a cell or a property, without the value. */
export function bytesToSet(target: Node): number {
  if (target.type !== 'MemberExpression') return BYTES.assignment;
  const { object, property, computed } = target;
  return place(object, property, computed) + (computed ? BYTES.setElement : BYTES.setProperty);
}

function place(object: Node, property: Node, computed: boolean): number {
  return bytesOf(object) + (computed ? bytesOf(property) : 0);
}

function sum(nodes: readonly Node[]): number {
  let bytes = 0;
  for (const node of nodes) bytes += bytesOf(node);
  return bytes;
}
