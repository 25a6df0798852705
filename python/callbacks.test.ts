import { describe, expect, test } from 'vitest';
import { CallbackRegistry, type Callbacks, callbacksOf } from './callbacks.ts';
import { parametersOf } from './parameters.ts';

const context = { signal: new AbortController().signal };

describe('parameters of a function', () => {
  const p = (name: string, required = true, type?: string) =>
    required ? { name, required } : { name, required, type };
  test.each([
    // biome-ignore-start lint/correctness/noUnusedFunctionParameters: only their names matter
    [({ a, b = 3 }: { a: number; b?: number }) => a + b, 'object', [p('a'), p('b', false, 'integer')], false],
    [(a: number, b: number) => a + b, 'values', [p('a'), p('b')], false],
    [(a: number, b = 'x,)') => a + b, 'values', [p('a'), p('b', false, 'string')], false],
    [(args: { a: number }) => args.a, 'object', [], true],
    [() => 1, 'object', [], false],
    [async ({ a, ...rest }: Record<string, number>) => [a, rest], 'object', [p('a')], true],
    [
      function named({ a: other = [1, { b: 2 }] }: { a?: unknown }) {
        return other;
      },
      'object',
      [p('a', false, 'array')],
      false,
    ],
    // biome-ignore-end lint/correctness/noUnusedFunctionParameters: only their names matter
    [Math.max, 'object', [], true],
    [parametersOf.bind(null), 'object', [], true],
  ] as const)('%s', (fn, style, list, open) => {
    expect(parametersOf(fn as (...args: never[]) => unknown)).toEqual({ style, list, open });
  });
});

describe('ways to give callbacks', () => {
  const registry = new CallbackRegistry();
  const add = registry.callback({ name: 'add', description: 'sums' })((a: number, b: number) => a + b);
  registry.add(function echo({ message }: { message: string }) {
    return { echoed: message };
  });

  test('a registry', () => {
    expect(registry.size).toBe(2);
    expect(add(1, 2)).toBe(3);
    const callbacks = callbacksOf(registry);
    expect([...callbacks.keys()]).toEqual(['add', 'echo']);
    expect(callbacks.get('add')!.call({ a: 10, b: 32 }, context)).toBe(42);
    expect(callbacks.get('add')).toMatchObject({
      description: 'sums',
      schema: { type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] },
    });
    expect(callbacks.get('echo')!.call({ message: 'hi' }, context)).toEqual({ echoed: 'hi' });
  });

  test('a list, with registries in it', () => {
    const own = {
      name: 'one',
      fn: ({ x }: { x: number }) => x,
      schema: { properties: { x: { type: 'integer' } } },
    };
    const callbacks = callbacksOf([registry, own]);
    expect([...callbacks.keys()]).toEqual(['add', 'echo', 'one']);
    expect(callbacks.get('one')!.call({ x: 5 }, context)).toBe(5);
    expect(() => callbacks.get('one')!.call({ x: 'five' }, context)).toThrow(
      '"x" must be integer, found string',
    );
  });

  test('an object of functions', () => {
    const callbacks = callbacksOf({ 'search.users': ({ query }: { query: string }) => query });
    expect([...callbacks.keys()]).toEqual(['search.users']);
  });

  test('none', () => {
    expect(callbacksOf(undefined).size).toBe(0);
  });
});

describe('arguments', () => {
  const callbacks = callbacksOf([
    { name: 'f', fn: ({ a, b = 1 }: { a: number; b?: number }) => a * b },
    { name: 'g', fn: (x: number) => x, schema: { properties: { x: {} } }, parameters: 'values' },
  ]);
  test.each([
    [{}, 'missing argument "a"'],
    [{ a: 1, c: 2 }, 'unexpected argument "c"'],
    [{ a: 1, b: 'x' }, '"b" must be integer, found string'],
  ])('%s', (args, message) => {
    expect(() => callbacks.get('f')!.call(args, context)).toThrow(message);
  });

  test('as values', () => {
    expect(callbacks.get('g')!.call({ x: 7 }, context)).toBe(7);
  });
});

test.each([
  [[{ name: 'a' }], 'fn to be a function'],
  [[{ fn: () => 1 }], "a callback's name to be a string"],
  [[{ name: 'a..b', fn: () => 1 }], '"a..b" is no name for a callback'],
  [[{ name: 'a', fn: () => 1, shema: {} }], 'shema'],
  [
    [
      { name: 'a', fn: () => 1 },
      { name: 'a', fn: () => 2 },
    ],
    'there are two callbacks named "a"',
  ],
  [5, 'callbacks to be a list'],
  [{ a: 5 }, 'fn to be a function'],
] as [unknown, string][])('refuses %j', (callbacks, message) => {
  expect(() => callbacksOf(callbacks as unknown as Callbacks)).toThrow(message);
});
