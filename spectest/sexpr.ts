/**
 * Reads the s-expressions of a `.wast` script: text in, a tree of lists, atoms and strings out, each with its line and
 * its place in the text.
 *
 * Knows tokens, comments and annotations, and nothing of WebAssembly: what a list means is `script.ts`'s business. The
 * places let a text module be handed on as it was written. Annotations `(@name …)` are left out of the tree.
 */

interface Place {
  readonly line: number;
  /** Offsets into the text, the end exclusive. */
  readonly start: number;
  readonly end: number;
}
export interface Atom extends Place {
  readonly kind: 'atom';
  readonly text: string;
}
export interface StringLiteral extends Place {
  readonly kind: 'string';
  /** Escapes resolved: strings are bytes, not text. */
  readonly bytes: Uint8Array;
}
export interface List extends Place {
  readonly kind: 'list';
  readonly items: readonly Node[];
}
export type Node = Atom | StringLiteral | List;

export class SyntaxProblem extends Error {}

interface OpenList {
  readonly start: number;
  readonly line: number;
  readonly items: Node[];
  readonly annotation: boolean;
}

/** All top-level nodes of a script. */
export function parseSexprs(text: string): readonly Node[] {
  return new Parser(text).parse();
}

/** `(module …)` → `module`; undefined where the list does not begin with an atom. */
export function headOf(node: Node | undefined): string | undefined {
  const first = node?.kind === 'list' ? node.items[0] : undefined;
  return first?.kind === 'atom' ? first.text : undefined;
}

// One match per token; the order of alternatives is the order of the longest match.
const BLANK = /(?:[ \t\r\n]|;;[^\n\r]*)+/y;
// An identifier may be quoted: `$"a b"`.
const ATOM = /\$"[^"\\]*(?:\\[\s\S][^"\\]*)*"|(?:[^\s()";]|;(?!;))+/y;
const STRING = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;

class Parser {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #counted = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): readonly Node[] {
    const top: Node[] = [];
    const open: OpenList[] = [];
    for (;;) {
      this.#skipBlank();
      const start = this.#at;
      const items = open.at(-1)?.items ?? top;
      const char = this.#text[start];
      if (char === undefined) break;
      if (char === '(') {
        this.#at++;
        open.push({ start, line: this.#lineOf(start), items: [], annotation: this.#text[this.#at] === '@' });
      } else if (char === ')') {
        this.#at++;
        const list = open.pop() ?? this.#fail('a ")" too many');
        if (!list.annotation) (open.at(-1)?.items ?? top).push(this.#closed(list));
      } else {
        items.push(char === '"' ? this.#string(start) : this.#atom(start));
      }
    }
    const unclosed = open[0];
    if (unclosed !== undefined) throw new SyntaxProblem(`line ${unclosed.line}: "(" is never closed`);
    return top;
  }

  #closed({ start, line, items }: OpenList): List {
    return { kind: 'list', items, line, start, end: this.#at };
  }

  #atom(start: number): Atom {
    const text = this.#match(ATOM) ?? this.#fail('unexpected character');
    return { kind: 'atom', text, line: this.#lineOf(start), start, end: this.#at };
  }

  #string(start: number): StringLiteral {
    const literal = this.#match(STRING) ?? this.#fail('the string is never closed');
    return {
      kind: 'string',
      bytes: bytesOf(literal.slice(1, -1)),
      line: this.#lineOf(start),
      start,
      end: this.#at,
    };
  }

  #skipBlank(): void {
    while (this.#match(BLANK) !== undefined || this.#skipBlockComment());
  }

  /** `(; … (; nested ;) … ;)` */
  #skipBlockComment(): boolean {
    if (!this.#text.startsWith('(;', this.#at)) return false;
    const delimiter = /\(;|;\)/g;
    delimiter.lastIndex = this.#at;
    for (let depth = 0; ; ) {
      const found = delimiter.exec(this.#text) ?? this.#fail('the comment is never closed');
      depth += found[0] === '(;' ? 1 : -1;
      if (depth === 0) break;
    }
    this.#at = delimiter.lastIndex;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** Offsets are asked for in rising order, so that every line break is counted once. */
  #lineOf(offset: number): number {
    for (; this.#counted < offset; this.#counted++) {
      if (this.#text[this.#counted] === '\n') this.#line++;
    }
    return this.#line;
  }

  #fail(problem: string): never {
    throw new SyntaxProblem(`line ${this.#lineOf(this.#at)}: ${problem}`);
  }
}

const ESCAPE = /\\(?:u\{([0-9a-fA-F_]+)\}|([0-9a-fA-F]{2})|([\s\S]))/g;
const NAMED_ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

/** `a\00\u{e9}` → the bytes 61 00 c3 a9. */
function bytesOf(literal: string): Uint8Array {
  const parts: Buffer[] = [];
  let copied = 0;
  for (const { 0: whole, 1: codePoint, 2: hex, 3: named, index } of literal.matchAll(ESCAPE)) {
    parts.push(Buffer.from(literal.slice(copied, index)));
    if (hex !== undefined) parts.push(Buffer.from(hex, 'hex'));
    else if (named !== undefined) parts.push(Buffer.from(NAMED_ESCAPES[named] ?? named));
    else parts.push(Buffer.from(String.fromCodePoint(Number.parseInt(codePoint!.replaceAll('_', ''), 16))));
    copied = index + whole.length;
  }
  return Buffer.concat([...parts, Buffer.from(literal.slice(copied))]);
}
