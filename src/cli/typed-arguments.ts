/**
 * The arguments and results of `run --invoke`: text to values by the function's type and back. Strict: a number that
 * does not fit its type is an error, never rounded or wrapped.
 */
import { type FuncType, typeText, type ValueType } from '../../runtime/types.ts';
import { CliError } from './exit-status.ts';

const INTEGER = /^(?<sign>[+-]?)(?<digits>\d+|0[xX][0-9a-fA-F]+)$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  '+inf': Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
  '+infinity': Infinity,
  '-infinity': -Infinity,
};

/** Signed or unsigned, decimal or 0x…: from −2^(bits−1) to 2^bits − 1. */
function parseWhole(text: string, bits: number): bigint | undefined {
  const groups = INTEGER.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const magnitude = BigInt(groups.digits!);
  const value = groups.sign === '-' ? -magnitude : magnitude;
  return value >= -(1n << BigInt(bits - 1)) && value < 1n << BigInt(bits)
    ? BigInt.asIntN(bits, value)
    : undefined;
}

function parseDecimal(text: string): number | undefined {
  const special = text.toLowerCase();
  if (Object.hasOwn(SPECIAL, special)) return SPECIAL[special];
  return FLOAT.test(text) ? Number(text) : undefined;
}

function parseValue(text: string, type: ValueType): unknown {
  switch (type) {
    case 'i32': {
      const value = parseWhole(text, 32);
      return value === undefined ? undefined : Number(value);
    }
    case 'i64':
      return parseWhole(text, 64);
    case 'v128': {
      const value = parseWhole(text, 128);
      return value === undefined ? undefined : BigInt.asUintN(128, value);
    }
    case 'f32':
    case 'f64':
      return parseDecimal(text);
    default:
      throw new CliError(`an argument of type ${typeText(type)} cannot be given on the command line`);
  }
}

/** The arguments for function `name`, counted and typed. */
export function parseArguments(name: string, type: FuncType, texts: readonly string[]): unknown[] {
  const { params } = type;
  if (texts.length !== params.length) {
    const types = params.length === 0 ? '' : ` (${params.map(typeText).join(' ')})`;
    throw new CliError(
      `${name}: expected ${plural(params.length, 'argument')}${types}, found ${texts.length}`,
    );
  }
  return texts.map((text, i) => {
    const value = parseValue(text, params[i]!);
    if (value === undefined)
      throw new CliError(`${name}: argument ${i + 1}: "${text}" is not an ${typeText(params[i]!)}`);
    return value;
  });
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The shortest decimal that reads back as the same f32: `0.1`, not `0.10000000149011612`. */
function f32Text(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

function floatText(value: number, type: 'f32' | 'f64'): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0';
  return type === 'f32' ? f32Text(value) : String(value);
}

/** A result as a line of output. References have no text of their own: `null`, or the name of their type. */
export function resultText(value: unknown, type: ValueType): string {
  if (type === 'f32' || type === 'f64') return floatText(value as number, type);
  if (type === 'v128') return `0x${(value as bigint).toString(16).padStart(32, '0')}`;
  if (typeof type === 'string') return String(value);
  return value === null ? 'null' : type.text;
}

/** What `invoke` answered, as lines: nothing, one value, or an array of several. */
export function resultLines(value: unknown, type: FuncType): string[] {
  const values = type.results.length > 1 ? (value as unknown[]) : [value];
  return type.results.map((result, i) => resultText(values[i], result));
}
