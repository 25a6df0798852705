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
