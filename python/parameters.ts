/**
 * What a JavaScript function's parameters are called, read from its own text, so that a callback needs no schema:
 *
 *   ({ city, days = 3 }) => …     one object: city is required, days is an integer
 *   (a, b) => …                   two values by name
 *   (args) => …                   one object of anything
 *
 * Where the text says nothing (a bound or built-in function), it is one object of anything.
 */
export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  /** JSON type of the default, where that is plain to see. */
  readonly type?: string | undefined;
}

export interface Parameters {
  /** How the function takes them: one object, or one argument each. */
  readonly style: 'object' | 'values';
  readonly list: readonly Parameter[];
  /** There may be others. */
  readonly open: boolean;
}

const ANYTHING: Parameters = { style: 'object', list: [], open: true };
const NAME = /^[\p{ID_Start}_$][\p{ID_Continue}$\u200c\u200d]*$/u;

export function parametersOf(fn: (...args: never[]) => unknown): Parameters {
  const text = parameterText(withoutComments(Function.prototype.toString.call(fn)));
  if (text === undefined) return ANYTHING;
  const parts = splitAtCommas(text);
  const [first = ''] = parts;
  if (parts.length === 0) return { style: 'object', list: [], open: false };
  if (first.startsWith('{')) return ofPattern(first);
  if (parts.length === 1) return ANYTHING;
  const list = parts.map((part) => parameterOf(part, '='));
  return list.every((parameter) => parameter !== undefined)
    ? { style: 'values', list, open: false }
    : ANYTHING;
}

function ofPattern(text: string): Parameters {
  const inside = text.slice(1, matching(text, 0));
  const parts = splitAtCommas(inside);
  const open = parts.some((part) => part.startsWith('...'));
  const list = parts
    .filter((part) => !part.startsWith('...'))
    .map((part) => {
      const [key = ''] = part.split(/[:=]/);
      const name = key.trim();
      const equals = topLevel(part, '=');
      return parameterOf(equals < 0 ? name : `${name}=${part.slice(equals + 1)}`, '=');
    });
  return list.every((parameter) => parameter !== undefined) ? { style: 'object', list, open } : ANYTHING;
}

function parameterOf(part: string, sign: string): Parameter | undefined {
  const at = topLevel(part, sign);
  const name = (at < 0 ? part : part.slice(0, at)).trim();
  if (!NAME.test(name)) return undefined;
  return at < 0
    ? { name, required: true }
    : { name, required: false, type: typeOf(part.slice(at + 1).trim()) };
}

function typeOf(value: string): string | undefined {
  if (/^-?\d+$/.test(value)) return 'integer';
  if (/^-?[\d.]+(e[+-]?\d+)?$/i.test(value)) return 'number';
  if (/^['"`]/.test(value)) return 'string';
  if (value === 'true' || value === 'false') return 'boolean';
  if (value.startsWith('[')) return 'array';
  return value.startsWith('{') ? 'object' : undefined;
}

/** Between the parentheses; of `x => …`, the name. */
function parameterText(source: string): string | undefined {
  if (source.includes('[native code]')) return undefined;
  const single = /^(?:async\s+)?([\p{ID_Start}_$][\p{ID_Continue}$]*)\s*=>/u.exec(source);
  if (single !== null) return single[1];
  const open = source.indexOf('(');
  const computed = source.indexOf('[');
  if (open < 0 || (computed >= 0 && computed < open)) return undefined;
  const close = matching(source, open);
  return close < 0 ? undefined : source.slice(open + 1, close);
}

function withoutComments(source: string): string {
  return source.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, kept) => kept ?? '',
  );
}

function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let rest = text;
  for (let at = topLevel(rest, ','); at >= 0; at = topLevel(rest, ',')) {
    parts.push(rest.slice(0, at).trim());
    rest = rest.slice(at + 1);
  }
  return [...parts, rest.trim()].filter((part) => part !== '');
}

/** Where `sign` stands outside of brackets and strings; -1: nowhere. */
function topLevel(text: string, sign: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === sign) return at;
    at = skipped(text, at);
    if (at < 0) return -1;
  }
  return -1;
}

/** The bracket that closes the one at `open`; -1: none does. */
function matching(text: string, open: number): number {
  const close = { '(': ')', '[': ']', '{': '}' }[text[open] ?? ''];
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === close) return at;
    at = skipped(text, at);
    if (at < 0) return -1;
  }
  return -1;
}

/** The end of the string or the brackets that begin at `at`; `at` where none do, -1 where they do not end. */
function skipped(text: string, at: number): number {
  const character = text[at] ?? '';
  if (`'"\``.includes(character)) return endOfString(text, at, character);
  return '([{'.includes(character) ? matching(text, at) : at;
}

function endOfString(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}
