/**
 * Host functions that Python may call: how users give them, and what Python is told of them.
 *
 *   callbacks: { add: (a, b) => a + b, 'search.users': async ({ query, limit = 10 }) => … }
 *
 * Not here: running one (callback-runner.ts).
 */
import { quoteName, wrongType } from '../runtime/errors.ts';
import { checkKeys } from './options.ts';
import { type Parameters, parametersOf } from './parameters.ts';
import { checkArguments, type JsonSchema } from './schema.ts';

export interface CallbackContext {
  /** Aborted when the call's time is up, or the run ends before it. */
  readonly signal: AbortSignal;
}

/** Takes one object of arguments, or one argument each; see `parameters`. Its result, awaited, goes to Python as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: arguments are what Python passes, checked against the schema
export type CallbackFunction = (...args: any[]) => unknown;

export interface CallbackOptions {
  readonly description?: string | undefined;
  /** JSON schema of the object of arguments; the order of its properties is that of positional arguments. */
  readonly schema?: JsonSchema | undefined;
  /**
   * `object`: `fn({ a, b }, context)`; `values`: `fn(a, b)`. By default `values` for functions written with two or more plain
   * parameters, `(a, b) => …`, and `object` for others.
   */
  readonly parameters?: 'object' | 'values' | undefined;
}

export interface CallbackDefinition extends CallbackOptions {
  /** Dots make namespaces: `search.users`. */
  readonly name: string;
  readonly fn: CallbackFunction;
}

/** A callback, checked and complete. */
export interface Callback {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonSchema;
  /** Calls it; throws an `InvalidArguments` for arguments that do not fit. */
  readonly call: (args: Readonly<Record<string, unknown>>, context: CallbackContext) => unknown;
}

/** What Python gets to know. */
export type CallbackInfo = Pick<Callback, 'name' | 'description' | 'schema'>;

export type Callbacks =
  | CallbackRegistry
  | readonly (CallbackDefinition | CallbackRegistry)[]
  | Readonly<Record<string, CallbackFunction>>;

const KEYS = ['name', 'fn', 'description', 'schema', 'parameters'];
const LONGEST_NAME = 200;

/** Callbacks to be collected in one place, and given to several sandboxes. */
export class CallbackRegistry {
  readonly #callbacks = new Map<string, CallbackDefinition>();

  add(fn: CallbackFunction, options: Partial<Omit<CallbackDefinition, 'fn'>> = {}): this {
    const definition = { ...options, name: options.name ?? fn?.name, fn };
    callbackOf(definition);
    if (this.#callbacks.has(definition.name)) throw twice(definition.name);
    this.#callbacks.set(definition.name, definition);
    return this;
  }

  /** `const add = registry.callback({ name: 'add' })(({ a, b }) => a + b)`; answers the function. */
  callback(
    options: Partial<Omit<CallbackDefinition, 'fn'>> = {},
  ): <Fn extends CallbackFunction>(fn: Fn) => Fn {
    return (fn) => {
      this.add(fn, options);
      return fn;
    };
  }

  get size(): number {
    return this.#callbacks.size;
  }

  [Symbol.iterator](): IterableIterator<CallbackDefinition> {
    return this.#callbacks.values();
  }
}

/** What a user passed for `callbacks`, by name. */
export function callbacksOf(value: Callbacks | undefined): ReadonlyMap<string, Callback> {
  const callbacks = new Map<string, Callback>();
  for (const definition of definitionsOf(value)) {
    const callback = callbackOf(definition);
    if (callbacks.has(callback.name)) throw twice(callback.name);
    callbacks.set(callback.name, callback);
  }
  return callbacks;
}

export function infoOf({ name, description, schema }: Callback): CallbackInfo {
  return { name, description, schema };
}

function definitionsOf(value: unknown): CallbackDefinition[] {
  if (value === undefined) return [];
  if (value instanceof CallbackRegistry) return [...value];
  if (Array.isArray(value)) {
    return value.flatMap((entry: unknown) =>
      entry instanceof CallbackRegistry ? [...entry] : [entry as CallbackDefinition],
    );
  }
  if (typeof value !== 'object' || value === null)
    throw wrongType('callbacks to be a list, a CallbackRegistry or an object of functions', value);
  return Object.entries(value).map(([name, fn]) => ({ name, fn: fn as CallbackFunction }));
}

function callbackOf(definition: CallbackDefinition): Callback {
  checkKeys('key of a callback', definition, KEYS);
  const { name, fn, description = '', schema, parameters } = definition;
  if (typeof name !== 'string') throw wrongType("a callback's name to be a string", name);
  if (name === '' || name.length > LONGEST_NAME || name.split('.').includes(''))
    throw new TypeError(`${quoteName(name)} is no name for a callback`);
  const what = `callback ${quoteName(name)}`;
  if (typeof fn !== 'function') throw wrongType(`${what}: fn to be a function`, fn);
  if (typeof description !== 'string') throw wrongType(`${what}: description to be a string`, description);
  if (schema !== undefined && (typeof schema !== 'object' || schema === null))
    throw wrongType(`${what}: schema to be an object`, schema);
  if (parameters !== undefined && parameters !== 'object' && parameters !== 'values')
    throw wrongType(`${what}: parameters to be "object" or "values"`, parameters);
  const written = parametersOf(fn);
  const complete = schema ?? schemaOf(written);
  return { name, description, schema: complete, call: caller(fn, complete, parameters, written) };
}

function caller(
  fn: CallbackFunction,
  schema: JsonSchema,
  parameters: CallbackOptions['parameters'],
  written: Parameters,
): Callback['call'] {
  const names = Object.keys(schema.properties ?? {});
  const values = (parameters ?? written.style) === 'values';
  return (args, context) => {
    checkArguments(schema, args);
    return values ? fn(...names.map((name) => args[name])) : fn(args, context);
  };
}

function schemaOf({ list, open }: Parameters): JsonSchema {
  const properties = Object.fromEntries(
    list.map(({ name, type }) => [name, type === undefined ? {} : { type }]),
  );
  const required = list.filter((parameter) => parameter.required).map(({ name }) => name);
  return { type: 'object', properties, required, ...(!open && { additionalProperties: false }) };
}

function twice(name: string): TypeError {
  return new TypeError(`there are two callbacks named ${quoteName(name)}`);
}
