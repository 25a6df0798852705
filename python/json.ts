/**
 * JSON between Python and JavaScript: whole numbers that a double cannot hold are bigints here.
 *
 *   9223372036854775808   ⇄   9223372036854775808n
 */

/** A string, or a whole number that may be too large for a double. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** Throws a `SyntaxError` for what is no JSON. */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const mark = markFor(text);
  const marked = text.replace(TOKENS, (token, at: number) => {
    const isWhole = token[0] !== '"' && !/[\d.eE+-]/.test(text[at - 1] ?? '');
    return isWhole && !Number.isSafeInteger(Number(token)) ? `"${mark}${token}"` : token;
  });
  if (marked === text) return JSON.parse(text);
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

/** A text that no string of `text` begins with, written without escapes. */
function markFor(text: string): string {
  const plain = text.includes('\\') ? String(JSON.stringify(JSON.parse(text))) : text;
  let mark = 'bigint:';
  for (let i = 0; plain.includes(mark); i++) mark = `bigint${i}:`;
  return mark;
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
