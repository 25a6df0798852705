/**
 * As much of JSON Schema as arguments of callbacks need: types, required properties, unknown ones, enumerations, items.
 * What else a schema says is for its reader, and not checked.
 */
import { quoteName } from '../runtime/errors.ts';

export interface JsonSchema {
  readonly type?: string | readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | JsonSchema | undefined;
  readonly items?: JsonSchema | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly [keyword: string]: unknown;
}

/** Its message is for the Python code that called. */
export class InvalidArguments extends Error {}

const DEEPEST = 20;

export function checkArguments(schema: JsonSchema, args: Readonly<Record<string, unknown>>): void {
  check(schema, args, '', 0);
}

function check(schema: JsonSchema, value: unknown, where: string, depth: number): void {
  if (depth > DEEPEST || typeof schema !== 'object' || schema === null) return;
  const { type, items } = schema;
  const types = typeof type === 'string' ? [type] : Array.isArray(type) ? (type as string[]) : [];
  if (types.length > 0 && !types.some((name) => isOf(name, value)))
    throw new InvalidArguments(
      `${where || 'the arguments'} must be ${types.join(' or ')}, found ${nameOf(value)}`,
    );
  if (schema.enum !== undefined && !schema.enum.includes(value))
    throw new InvalidArguments(`${where} must be one of ${JSON.stringify(schema.enum)}`);
  if (Array.isArray(value)) {
    if (items === undefined) return;
    for (const [i, item] of value.entries()) check(items, item, `${where}[${i}]`, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    checkProperties(schema, value as Record<string, unknown>, where, depth);
  }
}

function checkProperties(
  { properties = {}, required = [], additionalProperties }: JsonSchema,
  value: Readonly<Record<string, unknown>>,
  where: string,
  depth: number,
): void {
  const path = (name: string) => (where === '' ? quoteName(name) : `${where}.${name}`);
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new InvalidArguments(`missing argument ${path(missing)}`);
  for (const [name, entry] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known !== undefined) check(known, entry, path(name), depth + 1);
    else if (additionalProperties === false) throw new InvalidArguments(`unexpected argument ${path(name)}`);
    else if (typeof additionalProperties === 'object')
      check(additionalProperties, entry, path(name), depth + 1);
  }
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      return true;
  }
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'bigint' ? 'integer' : typeof value;
}
