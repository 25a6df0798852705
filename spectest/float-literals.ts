/**
 * The text format's number literals as raw bits, rounded exactly once.
 *
 * `Math.fround(Number(text))` would round decimals twice and JavaScript has no hexadecimal floats, so a literal becomes
 * an exact fraction of bigints first, and that is rounded to nearest, ties to even.
 */

export interface FloatFormat {
  readonly mantissaBits: number;
  readonly exponentBits: number;
}
export const F32: FloatFormat = { mantissaBits: 23, exponentBits: 8 };
export const F64: FloatFormat = { mantissaBits: 52, exponentBits: 11 };

/** `-0x1.8p+1`, `1e10`, `nan:0x200000`, `inf` → bits; undefined: not a float literal. */
export function floatBits(literal: string, format: FloatFormat): bigint | undefined {
  const found = /^([+-]?)(.*)$/.exec(literal.replaceAll('_', ''));
  const magnitude = magnitudeBits(found?.[2] ?? '', format);
  if (magnitude === undefined) return undefined;
  const sign = found?.[1] === '-' ? 1n << BigInt(format.mantissaBits + format.exponentBits) : 0n;
  return sign | magnitude;
}

/** `-1`, `0xffff_ffff` → unsigned bits of that width; undefined: not an integer literal. */
export function integerBits(literal: string, width: number): bigint | undefined {
  const found = /^([+-]?)(0x[0-9a-fA-F]+|[0-9]+)$/.exec(literal.replaceAll('_', ''));
  if (found === null) return undefined;
  const magnitude = BigInt(found[2]!);
  return BigInt.asUintN(width, found[1] === '-' ? -magnitude : magnitude);
}

export function infinityBits({ mantissaBits, exponentBits }: FloatFormat): bigint {
  return ((1n << BigInt(exponentBits)) - 1n) << BigInt(mantissaBits);
}

/** The canonical NaN's payload: the top bit of the mantissa. */
export function quietBit({ mantissaBits }: FloatFormat): bigint {
  return 1n << BigInt(mantissaBits - 1);
}

function magnitudeBits(text: string, format: FloatFormat): bigint | undefined {
  if (text === 'inf') return infinityBits(format);
  if (text === 'nan') return infinityBits(format) | quietBit(format);
  const payload = /^nan:(0x[0-9a-fA-F]+)$/.exec(text)?.[1];
  if (payload !== undefined) return infinityBits(format) | BigInt(payload);
  const hex = /^0x([0-9a-fA-F]+)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?$/.exec(text);
  if (hex !== null) {
    const exponent = Number(hex[3] ?? 0) - 4 * hex[2]!.length;
    return round(scaled(BigInt(`0x${hex[1]}${hex[2]}`), 2n, exponent), format);
  }
  const decimal = /^(\d+)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (decimal === null) return undefined;
  const exponent = Number(decimal[3] ?? 0) - decimal[2]!.length;
  return round(scaled(BigInt(decimal[1]! + decimal[2]!), 10n, exponent), format);
}

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function scaled(digits: bigint, base: bigint, exponent: number): Fraction {
  const power = base ** BigInt(Math.abs(exponent));
  return exponent < 0
    ? { numerator: digits, denominator: power }
    : { numerator: digits * power, denominator: 1n };
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

function round({ numerator, denominator }: Fraction, format: FloatFormat): bigint {
  if (numerator === 0n) return 0n;
  const bias = 2 ** (format.exponentBits - 1) - 1;
  // The leading bit's exponent is the difference of the lengths, or one less.
  let exponent = bitLength(numerator) - bitLength(denominator);
  const below =
    exponent < 0 ? numerator << BigInt(-exponent) < denominator : numerator < denominator << BigInt(exponent);
  if (below) exponent--;
  exponent = Math.max(exponent, 1 - bias);
  const mantissa = nearest(numerator, denominator, exponent - format.mantissaBits);
  // A subnormal's mantissa lacks the leading bit, and a mantissa that was rounded up carries: both come out of adding.
  const bits = (BigInt(exponent + bias - 1) << BigInt(format.mantissaBits)) + mantissa;
  return bits < infinityBits(format) ? bits : infinityBits(format);
}

/** numerator / denominator / 2^exponent, to the nearest integer, ties to even. */
function nearest(numerator: bigint, denominator: bigint, exponent: number): bigint {
  const dividend = exponent < 0 ? numerator << BigInt(-exponent) : numerator;
  const divisor = exponent < 0 ? denominator : denominator << BigInt(exponent);
  const floor = dividend / divisor;
  const twiceRest = (dividend % divisor) * 2n;
  const up = twiceRest > divisor || (twiceRest === divisor && floor % 2n === 1n);
  return up ? floor + 1n : floor;
}
