/**
 * JSON between Python and JavaScript: whole numbers that a double cannot hold are bigints here.
 *
 *   9223372036854775808   ⇄   9223372036854775808n
 */
import { randomUUID } from 'node:crypto';

/** A whole number that may be too large for a double, outside strings. */
const LARGE = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/**
 * Throws a `SyntaxError` for what is no JSON. The text comes from untrusted code: however it is nested or worded, this takes
 * time in proportion to its length, and no stack.
 */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const mark = `${randomUUID()}:`;
  const marked = withMarks(text, mark);
  return marked === text ? JSON.parse(text) : withBigints(JSON.parse(marked), mark);
}

/** Large numbers become strings that begin with `mark`, which nobody could guess. */
function withMarks(text: string, mark: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const from = quote < 0 ? text.length : quote;
    parts.push(text.slice(at, from).replace(LARGE, (token) => markedNumber(token, mark)));
    at = endOfString(text, from);
    parts.push(text.slice(from, at));
  }
  return parts.join('');
}

function markedNumber(token: string, mark: string): string {
  return Number.isSafeInteger(Number(token)) ? token : `"${mark}${token}"`;
}

/** Behind the quote that closes the string beginning at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function withBigints(value: unknown, mark: string): unknown {
  const holder = { value };
  const rest: Record<string, unknown>[] = [holder];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    for (const [key, entry] of Object.entries(next)) {
      if (typeof entry === 'object' && entry !== null) rest.push(entry as Record<string, unknown>);
      else if (typeof entry === 'string' && entry.startsWith(mark))
        next[key] = BigInt(entry.slice(mark.length));
    }
  }
  return holder.value;
}

/**
 * A host's value as JSON for Python: `undefined` is `null`, bigints are whole numbers. Throws a `TypeError` for what has no JSON
 * (functions, cycles).
 */
export function toJson(value: unknown): string {
  if (value === undefined) return 'null';
  const text = JSON.stringify(value, numbersAsText());
  if (text === undefined) throw new TypeError(`a ${typeof value} is no JSON`);
  return BIGINTS.test(text) ? text.replace(BIGINTS_ALL, '$1') : text;
}

/** Marks that no other string has: its first character is escaped by `JSON.stringify`, and so is looked for escaped. */
const MARK = '\ud800sandglass-bigint:';
const BIGINTS = /"\\ud800sandglass-bigint:-?\d+"/;
const BIGINTS_ALL = /"\\ud800sandglass-bigint:(-?\d+)"/g;

function numbersAsText(): (key: string, value: unknown) => unknown {
  return (_, value) => {
    if (typeof value === 'bigint') return `${MARK}${value}`;
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is no JSON`);
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new TypeError(`a ${typeof value} is no JSON`);
    // Nobody else's text may pass for a number.
    if (typeof value === 'string' && value.startsWith(MARK)) return value.slice(1);
    return value;
  };
}
