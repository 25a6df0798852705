/**
 * Fuel that becomes limited in the middle of a call: the running function was made for counting only, and yet it must stop,
 * ask, and find the memory as `onOutOfFuel` left it. Fuel totals are the business of fuel.test.ts.
 */
import { expect, test } from 'vitest';
import { type Memory, OutOfFuelError, Runtime } from '../src/index.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

/** `run(n)` calls the host, then counts n down, adding 1 to the word at 0 each time; with `calls`, it calls a function for that. */
function program(calls: boolean): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const poke = m.importFunc('host', 'poke', '');
  m.memory(1, 200, 'memory');
  const bump = [
    ['i32.const', 0],
    ['i32.const', 0],
    ['i32.load'],
    ['i32.const', 1],
    'i32.add',
    ['i32.store'],
  ] as const;
  const bumper = m.func('', bump);
  const next = [['local.get', 0], ['i32.const', 1], 'i32.sub', ['local.tee', 0], ['br_if', 0]] as const;
  const turn = calls ? ([['call', bumper]] as const) : bump;
  m.func('i32 -> i32', [['call', poke], ['loop'], ...turn, ...next, 'end', ['i32.const', 0], ['i32.load']], {
    export: 'run',
  });
  return m.build();
}

test.each([false, true])('a loop sees the memory that onOutOfFuel grew (calls: %s)', (calls) => {
  let asked = 0;
  let memory: Memory | undefined;
  const runtime: Runtime = new Runtime({
    onOutOfFuel: () => {
      asked++;
      memory!.grow(1);
      return 50n;
    },
  });
  const poke = () => runtime.fuel.set(100n);
  const { exports } = runtime.instantiateSync(program(calls), { host: { poke } });
  memory = exports.memory as Memory;
  expect((exports.run as (n: number) => number)(200)).toBe(200);
  expect(asked).toBeGreaterThan(10);
  expect(new DataView(memory.buffer).getInt32(0, true)).toBe(200);
  expect(memory.buffer.byteLength).toBe((1 + asked) * 65536);
});

test.each([false, true])('without an answer the running loop stops (calls: %s)', (calls) => {
  const runtime: Runtime = new Runtime();
  const poke = () => runtime.fuel.set(1000n);
  const { exports } = runtime.instantiateSync(program(calls), { host: { poke } });
  expect(() => (exports.run as (n: number) => number)(1 << 30)).toThrow(OutOfFuelError);
  expect(runtime.fuel.remaining).toBe(0n);
});

/** Calls itself n deep, and counts down to 0 in a loop at every depth. */
function recursion(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const countdown = [
    ['local.get', 0],
    ['i32.const', 1],
    'i32.add',
    ['local.set', 1],
    ['loop'],
    ['local.get', 1],
    ['i32.const', 1],
    'i32.sub',
    ['local.tee', 1],
    ['br_if', 0],
    'end',
  ] as const;
  const next = [['local.get', 0], ['i32.const', 1], 'i32.sub', ['call', 0]] as const;
  m.func(
    'i32 -> i32',
    [...countdown, ['local.get', 0], ['if', 'i32'], ...next, 'else', ['i32.const', 7], 'end'],
    {
      export: 'run',
      locals: ['i32'],
    },
  );
  return m.build();
}

test.each([program(true), recursion()])('with checks in loops only, a limit needs no other code', (bytes) => {
  const counted = new Runtime();
  const imports = { host: { poke: () => {} } };
  const whole = counted.instantiateSync(bytes, imports);
  (whole.exports.run as (n: number) => number)(1);
  const { consumed } = counted.fuel;

  const runtime = new Runtime({ fuelChecks: 'loops' });
  const module = runtime.compileSync(bytes);
  const { exports } = runtime.instantiateSync(module, imports);
  const run = exports.run as (n: number) => number;
  run(1);
  expect(runtime.fuel.consumed).toBe(consumed);
  const { compiled } = module.stats;
  runtime.fuel.set(consumed);
  run(1);
  expect(runtime.fuel.remaining).toBe(0n);
  for (const limit of [100n, 1000n, 3_000_000n]) {
    runtime.fuel.set(limit);
    const before = runtime.fuel.consumed;
    expect(() => run(1 << 24)).toThrow(OutOfFuelError);
    expect(runtime.fuel.consumed - before).toBeGreaterThan(limit);
    expect(runtime.fuel.consumed - before).toBeLessThan(limit + 100n);
  }
  runtime.fuel.set(consumed);
  run(1);
  expect(module.stats.compiled).toBe(compiled);
});

test('fuelChecks is checked', () => {
  expect(() => new Runtime({ fuelChecks: 'never' as 'loops' })).toThrow(
    'fuelChecks to be "regions" or "loops"',
  );
});
