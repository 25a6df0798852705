/**
 * Turns a row's `js` template into a builder of expressions. A template is text already; each is looked through once,
 * on first use, for the places where an operand goes and how tightly the operators beside such a place bind. Building
 * an instruction's JavaScript is then joining texts.
 *
 *   'a + b | 0'  with  a = l0 & 1, b = 5   →   (l0 & 1) + 5 | 0
 *
 * Operands are `a`, `b`, `c`; `i`, `j` the immediate's indices; `ea` the effective address; `k`, `m`, `u`
 * literals made of a constant operand; `V` the memory's view; `x`, `y` fresh temporaries. Every other name is global to generated code (`R`, helpers …).
 */
import {
  ASSIGNMENT,
  BINDING,
  CALL,
  CONDITIONAL,
  Expression,
  MARK_END,
  MARK_START,
  number,
  operand,
  PRIMARY,
  SEQUENCE,
  UNARY,
} from './expressions.ts';

const NAMES = ['a', 'b', 'c', 'i', 'j', 'k', 'm', 'u', 'ea', 'V', 'x', 'y'] as const;
export type Name = (typeof NAMES)[number];

/** What a template's names stand for: operands, indices, temporaries. Fields, since this is a hot path. */
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

/** A place for an operand, and the text from there to the next one. */
interface Hole {
  readonly name: Name;
  /** How tightly the operand must bind to stand without parentheses. */
  readonly binding: number;
  /** ` >>> 0` follows: a literal is converted here. */
  readonly unsigned: boolean;
  readonly after: string;
}

export class Template {
  /** Names that occur more than once: such an operand must be bound first. */
  readonly repeated: ReadonlySet<string>;
  readonly usesX: boolean;
  readonly usesY: boolean;
  /** Free names: registers, helpers. */
  readonly free: readonly string[];
  /** The value is a JavaScript boolean. */
  readonly isBoolean: boolean;
  readonly #head: string;
  readonly #holes: readonly Hole[];
  readonly #binding: number;

  constructor(text: string) {
    const tokens = tokensOf(text);
    const uses = tokens.filter(isHole).map(({ text }) => text as Name);
    this.repeated = new Set(uses.filter((name, i) => uses.indexOf(name) !== i));
    this.usesX = uses.includes('x');
    this.usesY = uses.includes('y');
    this.free = [...new Set(tokens.filter(isFree).map((token) => token.text))];
    this.#binding = weakest(tokens);
    this.isBoolean = this.#binding === BINDING['==='] || this.#binding === BINDING['<'];
    const holes = tokens.flatMap((token, i) => (isHole(token) ? [i] : []));
    this.#head = text.slice(0, holes[0] === undefined ? undefined : tokens[holes[0]]!.at);
    this.#holes = holes.map((i, n) => holeAt(text, tokens, i, tokens[holes[n + 1] ?? tokens.length]?.at));
  }

  /** With an offset, free names and properties are marked with it (for traps). */
  build(args: TemplateArguments, offset: number | undefined): Expression {
    const holes = this.#holes;
    if (this.#binding === PRIMARY && this.#head === '' && holes.length === 1)
      return args.take(holes[0]!.name);
    let text = offset === undefined ? this.#head : marked(this.#head, offset);
    for (let i = 0; i < holes.length; i++) {
      const { name, binding, unsigned, after } = holes[i]!;
      const node = args.take(name);
      const rest = offset === undefined ? after : marked(after, offset);
      if (unsigned && node.type === 'Literal') {
        text += number(Number(node.text) >>> 0).text + rest.slice(UNSIGNED.length);
      } else text += operand(node, binding) + rest;
    }
    return new Expression('Operation', this.#binding, text);
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
  return { name: name as Name, binding, unsigned: after.startsWith(UNSIGNED), after };
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
