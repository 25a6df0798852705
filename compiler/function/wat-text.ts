/**
 * Spellings of the text format: identifiers made from arbitrary names, float constants from raw bits, types.
 */
import { type FuncType, typeText, type ValueType } from '../../runtime/types.ts';

const LONGEST_NAME = 80;

/** `$name` with only characters that an identifier may have. */
export function identifier(name: string): string {
  return `$${name.slice(0, LONGEST_NAME).replace(/[^0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]/gu, '_')}`;
}

/**
 * Identifiers for an index space: those that would be equal get their index as a suffix, nameless ones are their index.
 */
export function identifiers(names: ReadonlyMap<number, string>): (index: number) => string {
  const known = new Map<number, string>();
  const taken = new Set<string>();
  for (const [index, name] of names) {
    const plain = identifier(name);
    const text = plain === '$' || taken.has(plain) ? `${plain}#${index}` : plain;
    taken.add(text);
    known.set(index, text);
  }
  return (index) => known.get(index) ?? String(index);
}

/** ` (param i32) (result i64)`, or nothing. */
export function signatureText({ params, results }: FuncType): string {
  return listText('param', params) + listText('result', results);
}

function listText(keyword: string, types: readonly ValueType[]): string {
  return types.length === 0 ? '' : ` (${keyword} ${types.map(typeText).join(' ')})`;
}

const bits = new DataView(new ArrayBuffer(8));

/** An f32 as the shortest decimal that reads back as the same bits, or `nan:0x…`. */
export function f32Text(raw: number): string {
  bits.setInt32(0, raw);
  const value = bits.getFloat32(0);
  if (Number.isNaN(value)) return nanText(raw < 0, BigInt(raw & 0x7fffff), 0x400000n);
  if (value === 0) return floatText(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return floatText(short);
  }
  return floatText(Number(value.toPrecision(9)));
}

export function f64Text(raw: bigint): string {
  bits.setBigInt64(0, raw);
  const value = bits.getFloat64(0);
  if (Number.isNaN(value)) return nanText(raw < 0n, raw & 0xfffffffffffffn, 0x8000000000000n);
  return floatText(value);
}

function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return String(value).replace('Infinity', 'inf');
}

function nanText(negative: boolean, payload: bigint, canonical: bigint): string {
  return `${negative ? '-' : ''}nan${payload === canonical ? '' : `:0x${payload.toString(16)}`}`;
}
