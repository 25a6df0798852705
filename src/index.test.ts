/**
 * The public API where it meets careless callers: what is given is checked, kept safe from later changes, and never
 * quietly ignored.
 */
import { describe, expect, test } from 'vitest';
import { ModuleBuilder } from '../test/support/wasm-builder.ts';
import { AbortError, Runtime } from './index.ts';

function program(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importFunc('env', 'f', '->');
  m.func('i32 i32 -> i32', [['local.get', 0], ['local.get', 1], 'i32.add'], { export: 'add' });
  m.func('->', [['call', 0], ['loop', ''], ['br', 0], 'end'], { export: 'spin' });
  return m.build();
}

const none = { env: { f: () => {} } };

describe('bytes', () => {
  test('are copied: the host may reuse its buffer before a function is first called', () => {
    const runtime = new Runtime();
    for (const view of [(bytes: Uint8Array) => bytes, ({ buffer }: Uint8Array<ArrayBuffer>) => buffer]) {
      const bytes = program();
      const module = runtime.compileSync(view(bytes));
      bytes.fill(0xff);
      expect(runtime.instantiateSync(module, none).exports.add(5, 37)).toBe(42);
    }
  });

  test('may be any part of a buffer, shared or not', () => {
    const bytes = program();
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 9)).subarray(5, 5 + bytes.length);
    shared.set(bytes);
    for (const part of [Buffer.from(bytes), new DataView(bytes.buffer), shared])
      expect(new Runtime().instantiateSync(part, none).exports.add(5, 37)).toBe(42);
  });
});

describe('options of Runtime', () => {
  test.each([
    [{ feul: 5n }, 'unknown option of Runtime "feul"'],
    [{ fuel: 5 }, 'expected fuel to be a bigint, found 5'],
    [{ limits: 5 }, 'expected limits to be an object, found 5'],
    [{ limits: null }, 'expected limits to be an object, found null'],
    [{ limits: { pages: 5 } }, 'unknown limit "pages"'],
    [{ metering: 'no' }, 'expected metering to be a boolean, found "no"'],
    [{ validate: 'never' }, 'expected validate to be "eager" or "lazy", found "never"'],
    [{ onOutOfFuel: 5n }, 'expected onOutOfFuel to be a function, found 5n'],
    [{ costs: null }, 'expected costs to be an object, found null'],
    [null, 'expected an object (option of Runtime), found null'],
  ])('%o', (options, message) =>
    expect(() => new Runtime(options as object)).toThrow(new TypeError(message)),
  );

  test('undefined means the default', () => {
    const options = { fuel: undefined, limits: undefined, metering: undefined, onOutOfFuel: undefined };
    expect(new Runtime({ ...options, validate: undefined }).fuel.remaining).toBeUndefined();
  });
});

describe('invoke', () => {
  const { invoke, exports } = bound();
  test.each([
    [['add', [1, 2], { deadline: 5 }], 'unknown option of invoke "deadline"'],
    [['add', [1, 2], null], 'expected an object (option of invoke), found null'],
    [['add', null], 'expected an array of arguments, found null'],
    [['add', '12'], 'expected an array of arguments, found "12"'],
    [['add', [1]], '"add" takes 2 arguments, found 1'],
    [[5], 'expected the name of an export, found 5'],
    [['toString'], 'there is no export "toString"'],
  ])('%j', (args, message) => expect(() => invoke(...args)).toThrow(new TypeError(message)));

  test('exports are called without a cast, and do not count their arguments', () =>
    expect([exports.add(5, 37), exports.add('5'), exports.add(1, 2, 3)]).toEqual([42, 5, 3]));
});

function bound() {
  const instance = new Runtime().instantiateSync(program(), none);
  const invoke = (...args: readonly unknown[]) =>
    (instance.invoke as (...a: unknown[]) => unknown).apply(instance, [...args]);
  return { invoke, exports: instance.exports };
}

test('close stops what is running', () => {
  const runtime = new Runtime();
  const { exports } = runtime.instantiateSync(program(), { env: { f: () => runtime.close() } });
  expect(() => exports.spin()).toThrow(AbortError);
  expect(() => exports.add(1, 2)).toThrow('closed');
});

test('features are switched on and off by name', () => {
  const m = new ModuleBuilder();
  m.memory(1);
  m.memory(1);
  const wasm = m.build();
  expect(() => new Runtime().compileSync(wasm)).not.toThrow();
  const single = new Runtime({ features: { 'multi-memory': false } });
  expect(() => single.compileSync(wasm)).toThrow(
    /^multiple memories: multi-memory is disabled: several memories; /,
  );
  expect([Runtime.validate(wasm), Runtime.validate(wasm, { 'multi-memory': false })]).toEqual([true, false]);
  const module = new Runtime().compileSync(wasm);
  for (let i = 0; i < 2; i++)
    expect(() => single.instantiateSync(module)).toThrow('multi-memory is disabled');
  new Runtime({ features: { simd: false } }).instantiateSync(module);
  expect(() => new Runtime({ features: 'simd' as never })).toThrow('expected features to be an object');
});

test('the types of memories and tables say all that they are', () => {
  const m = new ModuleBuilder();
  m.memory(1, 2, 'a', { shared: true, address: 'i64' });
  m.memory(3, undefined, 'b', { pageSizeLog2: 0 });
  m.table('funcref', 4, 5, 'c', { address: 'i64' });
  const module = new Runtime({ features: { 'custom-page-sizes': true } }).compileSync(m.build());
  expect(module.exports.map(({ type }) => type)).toEqual([
    'shared i64 1..2 pages',
    '3 bytes',
    'i64 4..5 funcref',
  ]);
});
