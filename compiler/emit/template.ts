/**
 * Turns a row's `js` template into a builder of expressions. A template is text already; each is looked through once,
 * on first use, for the places where an operand goes and how tightly the operators beside such a place bind. Building
 * an instruction's JavaScript is then joining texts.
 *
 *   'a + b | 0'  with  a = l0 & 1, b = 5   →   (l0 & 1) + 5 | 0
 *
 * Operands are `a`, `b`, `c`, `d`; `i`, `j` the immediate's indices; `ea` the effective address; `k`, `m`, `u`
 * literals made of a constant operand; `V` the memory's view; `x`, `y` fresh temporaries; `a0` … `b3` lanes. Every other name is global to generated code (`R`, helpers …).
 */
import {
  ASSIGNMENT,
  BINDING,
  CALL,
  CONDITIONAL,
  Expression,
  isComparison,
  MARK_END,
  MARK_START,
  number,
  operand,
  PRIMARY,
  SEQUENCE,
  UNARY,
} from './expressions.ts';
import { WEIGHTS } from './weights.ts';

const SCALARS = ['a', 'b', 'c', 'i', 'j', 'k', 'm', 'u', 'ea', 'V', 'x', 'y', 'd'];
/** Lanes of vectors, see opcodes/lane-forms.ts. */
const LANES = ['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3'];
const NAMES = [...SCALARS, ...LANES];

/** The position of a name in the arguments; that of operand n is n, and `d` the fourth's. */
export const ARGUMENT = { i: 3, j: 4, k: 5, m: 6, u: 7, ea: 8, V: 9, x: 10, y: 11, d: 12 } as const;
/** That of lane n of vector operand k is 4k + n behind this. */
export const FIRST_LANE = SCALARS.length;

/** What a template's names stand for, by position: operands, indices, temporaries. */
export class TemplateArguments {
  readonly all: (Expression | undefined)[] = new Array(NAMES.length).fill(undefined);
  /** What a name's first use stands for, where that differs: `(b0 = …)`. */
  readonly firsts: (Expression | undefined)[] = new Array(NAMES.length).fill(undefined);

  take(position: number): Expression {
    const first = this.firsts[position];
    if (first === undefined) return this.all[position]!;
    this.firsts[position] = undefined;
    return first;
  }
}

/** A place for an operand, and the text from there to the next one. */
interface Hole {
  /** Of its name in the arguments. */
  readonly position: number;
  /** How tightly the operand must bind to stand without parentheses. */
  readonly binding: number;
  /** ` >>> 0` follows: a literal is converted here. */
  readonly unsigned: boolean;
  readonly after: string;
}

export class Template {
  /** By position, whether a name occurs more than once: such an operand must be bound first. */
  readonly repeated: readonly boolean[];
  /** By position, whether a name occurs. */
  readonly used: readonly boolean[];
  readonly usesX: boolean;
  readonly usesY: boolean;
  /** Free names: registers, helpers. */
  readonly free: readonly string[];
  /** The value is a JavaScript boolean. */
  readonly isBoolean: boolean;
  readonly #head: string;
  readonly #holes: readonly Hole[];
  readonly #binding: number;
  /** Without what the places for operands hold. */
  readonly #weight: number;

  constructor(text: string) {
    const tokens = tokensOf(text);
    const uses = tokens.filter(isHole).map(({ text }) => text);
    this.repeated = NAMES.map((name) => uses.indexOf(name) !== uses.lastIndexOf(name));
    this.used = NAMES.map((name) => uses.includes(name));
    this.usesX = uses.includes('x');
    this.usesY = uses.includes('y');
    this.free = [...new Set(tokens.filter(isFree).map((token) => token.text))];
    this.#binding = weakest(tokens);
    this.#weight = weightOf(tokens);
    this.isBoolean = isComparison(this.#binding);
    const holes = tokens.flatMap((token, i) => (isHole(token) ? [i] : []));
    this.#head = text.slice(0, holes[0] === undefined ? undefined : tokens[holes[0]]!.at);
    this.#holes = holes.map((i, n) => holeAt(text, tokens, i, tokens[holes[n + 1] ?? tokens.length]?.at));
  }

  /** With an offset, free names and properties are marked with it (for traps). */
  build(args: TemplateArguments, offset: number | undefined): Expression {
    const holes = this.#holes;
    if (this.#binding === PRIMARY && this.#head === '' && holes.length === 1)
      return args.take(holes[0]!.position);
    let text = offset === undefined ? this.#head : marked(this.#head, offset);
    let weight = this.#weight;
    for (let i = 0; i < holes.length; i++) {
      const { position, binding, unsigned, after } = holes[i]!;
      const node = args.take(position);
      weight += node.weight;
      const rest = offset === undefined ? after : marked(after, offset);
      if (unsigned && node.type === 'Literal') {
        text += number(Number(node.text) >>> 0).text + rest.slice(UNSIGNED.length);
      } else text += operand(node, binding) + rest;
    }
    return new Expression('Operation', this.#binding, text, weight);
  }
}

const cache = new Map<string, Template>();

export function template(text: string): Template {
  let found = cache.get(text);
  if (found === undefined) {
    found = new Template(text);
    cache.set(text, found);
  }
  return found;
}

const UNSIGNED = ' >>> 0';

/** All names in a piece, as far as they are not text of an operand. */
function marked(piece: string, offset: number): string {
  return piece.replace(/(?<![\w$])[A-Za-z_][\w$]*/g, `${MARK_START}${offset}${MARK_END}$&`);
}

// -------------------------------------------------------------------- reading

interface Token {
  readonly text: string;
  readonly at: number;
  readonly kind: 'name' | 'property' | 'literal' | 'operator' | 'prefix' | 'open' | 'close';
}

const TOKEN = />>>|===|!==|<<|>>|<=|>=|&&|\|\||[A-Za-z_]\w*|\d+n?|[()[\],.?:=+\-*/%&|^~!<>]/g;
const LITERALS = new Set(['true', 'false', 'null']);

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    tokens.push({ text: match[0], at: match.index, kind: kindOf(match[0], tokens.at(-1)) });
  }
  if (text.replace(TOKEN, '').trim() !== '') throw new Error(`template: ${text} is not understood`);
  return tokens;
}

function kindOf(text: string, before: Token | undefined): Token['kind'] {
  if (/^\d/.test(text) || LITERALS.has(text)) return 'literal';
  if (/^\w/.test(text)) return before?.text === '.' ? 'property' : 'name';
  if (text === '(' || text === '[') return 'open';
  if (text === ')' || text === ']') return 'close';
  const startsOperand = before === undefined || /operator|prefix|open/.test(before.kind);
  return startsOperand ? 'prefix' : 'operator';
}

const SUBSTITUTED: ReadonlySet<string> = new Set(NAMES);

function isHole({ kind, text }: Token): boolean {
  return kind === 'name' && SUBSTITUTED.has(text);
}

function isFree({ kind, text }: Token): boolean {
  return kind === 'name' && !SUBSTITUTED.has(text);
}

function holeAt(text: string, tokens: readonly Token[], i: number, end: number | undefined): Hole {
  const { text: name, at } = tokens[i]!;
  const after = text.slice(at + name.length, end);
  const binding = Math.max(behind(tokens[i - 1]), before(tokens[i + 1]));
  return { position: NAMES.indexOf(name), binding, unsigned: after.startsWith(UNSIGNED), after };
}

/** How tightly an operand must bind behind a token. */
function behind(token: Token | undefined): number {
  if (token === undefined) return 0;
  if (token.kind === 'prefix') return token.text === '-' ? CALL : UNARY;
  const binding = BINDING[token.text];
  return binding === undefined ? ASSIGNMENT : binding + 1;
}

/** How tightly an operand must bind before a token. */
function before(token: Token | undefined): number {
  if (token === undefined) return 0;
  if (token.text === '?') return CONDITIONAL + 1;
  if (token.text === '.' || token.kind === 'open') return CALL;
  return BINDING[token.text] ?? ASSIGNMENT;
}

/** How tightly the template's outermost operator binds. */
function weakest(tokens: readonly Token[]): number {
  let depth = 0;
  let least = PRIMARY;
  tokens.forEach((token, i) => {
    if (token.kind === 'close') depth--;
    if (depth === 0) least = Math.min(least, bindingOf(token, i === 0));
    if (token.kind === 'open') depth++;
  });
  return least;
}

function bindingOf({ kind, text }: Token, first: boolean): number {
  if (kind === 'prefix') return UNARY;
  if (text === '.' || (kind === 'open' && !first)) return CALL;
  if (kind !== 'operator') return PRIMARY;
  if (text === ',') return SEQUENCE;
  if (text === '=') return ASSIGNMENT;
  return BINDING[text] ?? CONDITIONAL;
}

/** Estimated bytecode, as the builders of expressions.ts count it; without the operands. */
function weightOf(tokens: readonly Token[]): number {
  let weight = 0;
  /** Of each open bracket, whether it is a call's. */
  const calls: boolean[] = [];
  tokens.forEach((token, i) => {
    const [last, next] = [tokens[i - 1], tokens[i + 1]];
    const { kind, text } = token;
    if (kind === 'literal') weight += WEIGHTS.literal;
    else if (kind === 'prefix') weight += WEIGHTS.unary;
    else if (kind === 'property') weight += next?.text === '(' ? WEIGHTS.method : WEIGHTS.member;
    else if (kind === 'name' && isFree(token)) weight += next?.text === '(' ? WEIGHTS.call : WEIGHTS.name;
    else if (kind === 'close') calls.pop();
    else if (kind === 'open') {
      const called = text === '(' && (last?.kind === 'name' || last?.kind === 'property');
      if (text === '[') weight += WEIGHTS.member;
      if (called && next?.kind !== 'close') weight += WEIGHTS.argument;
      calls.push(called);
    } else if (kind === 'operator') weight += operatorWeight(text, last, calls.at(-1) === true);
  });
  return weight;
}

function operatorWeight(text: string, left: Token | undefined, inCall: boolean): number {
  if (text === ',') return inCall ? WEIGHTS.argument : 0;
  if (text === '=') return left?.kind === 'name' ? WEIGHTS.assignment - WEIGHTS.name : WEIGHTS.store;
  if (text === '?') return WEIGHTS.conditional;
  if (text === '&&' || text === '||') return WEIGHTS.branch;
  const binding = BINDING[text];
  if (binding === undefined) return 0;
  return isComparison(binding) ? WEIGHTS.comparison : WEIGHTS.binary;
}
