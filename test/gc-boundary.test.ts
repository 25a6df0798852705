/**
 * Garbage-collected values at the host's side: an i31 is a number, structs and arrays are opaque objects with an identity,
 * and what comes from the host comes back as it was. The same under native WebAssembly, where it has garbage collection.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CompileError, type Exports, Global, Runtime, Table, Trap } from '../src/index.ts';
import { native } from './support/native.ts';

const BYTES = readFileSync(new URL('fixtures/gc/boundary.wasm', import.meta.url));
const REFUSE = { env: { fail: () => null } };

function ours(imports: object = REFUSE, runtime = new Runtime()): Exports {
  return runtime.instantiateSync(BYTES, imports as never).exports;
}

const WORLDS: Record<string, (imports?: object) => Exports> = {
  ours: (imports) => ours(imports),
  unmetered: (imports) => ours(imports, new Runtime({ metering: false })),
};
if (native.validate(BYTES)) {
  WORLDS.native = (imports: object = REFUSE) =>
    new native.Instance(new native.Module(BYTES), imports as never).exports;
}

const I31 = 1;
const EQ = 2;
const STRUCT = 4;
const ARRAY = 8;
const POINT = 16;
const NAMED = 32;

describe.each(Object.keys(WORLDS))('%s', (name) => {
  const make = WORLDS[name]!;

  it('an i31 is a number', () => {
    const { i31, i31_get, kind, same_any, same_eq } = make();
    expect([0, 5, -1, 2 ** 30 - 1, -(2 ** 30)].map((n) => i31(n))).toEqual([
      0,
      5,
      -1,
      2 ** 30 - 1,
      -(2 ** 30),
    ]);
    expect(i31(2 ** 30)).toBe(-(2 ** 30));
    expect([i31_get(-7), kind(-7), same_any(-7), same_eq(-7)]).toEqual([-7, I31 | EQ, -7, -7]);
    for (const other of [2 ** 30, 1.5, -0, Number.NaN]) {
      expect([kind(other), same_any(other)]).toEqual([0, other]);
      expect(() => same_eq(other)).toThrow(TypeError);
      expect(() => i31_get(other)).toThrow(TypeError);
    }
  });

  it.each([
    ['undefined', undefined],
    ['a text', 'text'],
    ['a bigint', 5n],
    ['a symbol', Symbol.iterator],
    ['an object', {}],
    ['a function', () => 1],
    ['true', true],
  ])('%s passes through anyref unchanged, and is nothing of ours', (_, value) => {
    const { kind, same_any, internalize, externalize, same_extern, same_eq } = make();
    expect(same_any(value)).toBe(value);
    expect(same_extern(value)).toBe(value);
    expect(internalize(value)).toBe(value);
    expect(externalize(value)).toBe(value);
    expect(kind(value)).toBe(0);
    expect(() => same_eq(value)).toThrow(TypeError);
  });

  it('a proxy is never asked for anything', () => {
    const { kind, same_any, internalize } = make();
    const refuse = () => {
      throw new Error('asked');
    };
    const handler = { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse };
    const proxy = new Proxy({}, handler);
    expect(same_any(proxy) === proxy).toBe(true);
    expect(internalize(proxy) === proxy).toBe(true);
    expect(kind(proxy)).toBe(0);
  });

  it('a struct is opaque, and keeps its identity', () => {
    const { new_point, x, x_of_some, kind, same_any, same_struct, externalize, same_extern, internalize } =
      make();
    const point = new_point(42);
    expect(typeof point).toBe('object');
    expect([Object.getPrototypeOf(point), Reflect.ownKeys(point)]).toEqual([null, []]);
    expect(() => {
      point.f0 = 1;
    }).toThrow(TypeError);
    expect([x(point), x_of_some(point), kind(point)]).toEqual([42, 42, EQ | STRUCT | POINT]);
    for (const pass of [same_any, same_struct, externalize, same_extern, internalize])
      expect(pass(point) === point).toBe(true);
    expect(kind(internalize(externalize(point)))).toBe(EQ | STRUCT | POINT);
    expect(new_point(42) === point).toBe(false);
  });

  it('types are checked on the way in', () => {
    const { new_point, new_named, new_bytes, x, x_of_some, length, name, same_struct, same_eq } = make();
    const bytes = new_bytes(300, 5);
    const named = new_named(3, 'it');
    expect([x(named), name(named), length(bytes)]).toEqual([3, 'it', 5]);
    for (const wrong of [bytes, 5, {}, 'text', undefined]) expect(() => x(wrong)).toThrow(TypeError);
    for (const wrong of [new_point(1), 5, {}]) expect(() => length(wrong)).toThrow(TypeError);
    expect(() => x_of_some(null)).toThrow(TypeError);
    expect(() => same_struct(bytes)).toThrow(TypeError);
    expect(same_eq(null)).toBeNull();
  });

  it('functions have one face, and the type that is asked for', () => {
    const { function: get, twice, other, call, functions } = make();
    expect(get()).toBe(twice);
    expect(functions.get(0)).toBe(twice);
    expect(call(twice, 21)).toBe(42);
    for (const wrong of [other, (n: number) => n, {}]) {
      expect(() => call(wrong, 1)).toThrow(TypeError);
      expect(() => functions.set(1, wrong)).toThrow(TypeError);
    }
  });

  it('globals and tables hold them', () => {
    const { any, point, table, x, new_point, kind } = make();
    expect(any.value).toBe(7);
    expect(x(point.value)).toBe(1);
    const made = new_point(9);
    any.value = made;
    table.set(2, made);
    expect([any.value === made, table.get(2) === made, table.get(0)]).toEqual([true, true, null]);
    any.value = 'text';
    expect([any.value, kind(any.value)]).toEqual(['text', 0]);
  });

  it('instances share types that are equal', () => {
    const [first, second] = [make(), make()];
    expect(second.x(first.new_point(5))).toBe(5);
    expect(second.kind(first.new_named(5, null))).toBe(EQ | STRUCT | POINT | NAMED);
    expect(second.byte(first.new_bytes(-1, 3), 2)).toBe(255);
    expect(second.kind(first.new_refs(2))).toBe(EQ | ARRAY);
  });

  it("a host's error stays what it is, even one that looks like a null of ours", () => {
    const error = new TypeError("Cannot read properties of null (reading 'f0')");
    const { failing } = make({
      env: {
        fail: () => {
          throw error;
        },
      },
    });
    expect(() => failing()).toThrow(error);
  });
});

describe('traps', () => {
  it.each([
    ['null structure reference', (e: Exports) => e.x(null)],
    ['null array reference', (e: Exports) => e.length(null)],
    ['null array reference', (e: Exports) => e.byte(null, 0)],
    ['null i31 reference', (e: Exports) => e.i31_get(null)],
    ['null function reference', (e: Exports) => e.call(null, 1)],
    ['cast failure', (e: Exports) => e.name(e.new_point(1))],
    ['cast failure', (e: Exports) => e.name('text')],
    ['out of bounds array access', (e: Exports) => e.byte(e.new_bytes(0, 3), 3)],
    ['out of bounds array access', (e: Exports) => e.byte(e.new_bytes(0, 3), -1)],
    ['array too large', (e: Exports) => e.new_bytes(0, -1)],
    ['array too large', (e: Exports) => e.new_refs(2 ** 30)],
  ])('%s', (message, run) => {
    const exports = ours();
    for (let i = 0; i < 3; i++) {
      expect(() => run(exports)).toThrow(Trap);
      expect(() => run(exports)).toThrow(message);
    }
    expect(exports.x(exports.new_point(1))).toBe(1);
  });

  it('a null says where it was', () => {
    const exports = ours();
    try {
      exports.x(null);
    } catch (error) {
      const [frame] = (error as Trap).wasmStack;
      expect(frame?.offset).toBeGreaterThan(0);
      return;
    }
    throw new Error('no trap');
  });
});

describe('limits.gcBytes', () => {
  const limited = (gcBytes: number) => ours(REFUSE, new Runtime({ limits: { gcBytes } }));
  /** The struct of the global. */
  const BEFORE = 32;

  it('is a limit on what is allocated in all, and exact', () => {
    const { allocate, new_bytes } = limited(BEFORE + 100 * 24);
    expect(allocate(60)).toBe(60);
    expect(() => allocate(41)).toThrow('allocation limit exceeded');
    expect(() => new_bytes(0, 1)).toThrow('allocation limit exceeded');
    const again = limited(BEFORE + 100 * 24);
    expect(again.allocate(100)).toBe(100);
    expect(() => again.allocate(1)).toThrow(Trap);
  });

  it('counts arrays by their elements', () => {
    const { new_bytes, new_refs } = limited(BEFORE + 24 + 1000 + 24 + 800);
    expect(() => new_bytes(0, 2000)).toThrow('allocation limit exceeded');
    new_bytes(0, 1000);
    expect(() => new_refs(101)).toThrow('allocation limit exceeded');
    new_refs(100);
    expect(() => new_refs(0)).toThrow('allocation limit exceeded');
  });

  it('holds for constant expressions', () => {
    expect(() => limited(BEFORE - 1)).toThrow('allocation limit exceeded');
  });

  it('there is none by default', () => {
    expect(ours().allocate(1_000_000)).toBe(1_000_000);
  });
});

it('an array costs fuel by its length', () => {
  const runtime = new Runtime();
  const { new_bytes } = ours(REFUSE, runtime);
  const cost = (length: number) => {
    const before = runtime.fuel.consumed;
    new_bytes(0, length);
    return Number(runtime.fuel.consumed - before);
  };
  // Two operands, the instruction, the function's end.
  expect([0, 63, 64, 6400].map(cost)).toEqual([4, 4, 5, 104]);
});

it('structs pass between Runtimes', () => {
  const [first, second] = [ours(REFUSE, new Runtime()), ours(REFUSE, new Runtime({ metering: false }))];
  expect(second.x(first.new_point(5))).toBe(5);
});

it('the host makes globals and tables for them', () => {
  const { new_point } = ours();
  const point = new_point(1);
  expect(new Global({ value: 'structref' }, point).value === point).toBe(true);
  expect(new Global({ value: 'i31ref' }, 5).value).toBe(5);
  expect(() => new Global({ value: 'arrayref' }, point)).toThrow(TypeError);
  const table = new Table({ element: 'anyref', initial: 1 }, 'text');
  expect(table.get(0)).toBe('text');
});

it('without the feature, the module is refused by its name', () => {
  const runtime = new Runtime({ features: { gc: false } });
  expect(() => runtime.compileSync(BYTES)).toThrow(CompileError);
  expect(() => runtime.compileSync(BYTES)).toThrow(/^gc is disabled: /);
});
