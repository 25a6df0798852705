/**
 * Checks of what users pass: one line per mistake, naming what and where. A misspelt option would be a limit that does not
 * hold, so unknown keys are refused.
 */
import { outOfRange, unknownKey, wrongType } from '../runtime/errors.ts';

/** `what`: "option of Sandbox". */
export function checkKeys(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw wrongType(`an object (${what})`, options);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw unknownKey(what, unknown);
}

type TypeNames = {
  string: string;
  boolean: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: what it takes, its caller knows
  function: (...args: any[]) => unknown;
};

export function optional<Name extends keyof TypeNames>(
  type: Name,
  name: string,
  value: unknown,
): TypeNames[Name] | undefined {
  if (value !== undefined && typeof value !== type) throw wrongType(`${name} to be a ${type}`, value);
  return value as TypeNames[Name] | undefined;
}

/** A whole number of something, from `smallest` up; null: no limit. */
export function count(name: string, value: unknown, smallest = 0): number | null {
  if (value === null) return null;
  if (typeof value !== 'number' || !(Number.isSafeInteger(value) || value === Infinity))
    throw wrongType(`${name} to be a whole number or null`, value);
  if (value < smallest) throw outOfRange(name, value, smallest, Number.MAX_SAFE_INTEGER);
  return value === Infinity ? null : value;
}

/** The same, of any size. */
export function bigCount(name: string, value: unknown): bigint | null {
  if (typeof value !== 'bigint') {
    const small = count(name, value);
    return small === null ? null : BigInt(small);
  }
  if (value < 0n) throw outOfRange(name, value, 0, Number.MAX_SAFE_INTEGER);
  return value;
}

/** A whole number that must be one. */
export function number(name: string, value: unknown, smallest: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw wrongType(`${name} to be a whole number`, value);
  if (value < smallest) throw outOfRange(name, value, smallest, Number.MAX_SAFE_INTEGER);
  return value;
}

/** A signal as `AbortController` makes one. */
export function signalOf(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  const signal = value as AbortSignal | null;
  if (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')
    throw wrongType('signal to be an AbortSignal', value);
  return signal;
}

/** How a program is called, and what with. */
export function namingOf({ filename, argv }: { filename?: unknown; argv?: unknown }): {
  readonly filename: string | undefined;
  readonly argv: readonly string[] | undefined;
} {
  if (argv !== undefined && !(Array.isArray(argv) && argv.every((each) => typeof each === 'string')))
    throw wrongType('argv to be an array of strings', argv);
  return { filename: optional('string', 'filename', filename), argv };
}
