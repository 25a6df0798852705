/**
 * What a Runtime does about fuel and time: the account's interface, grants, deadlines, signals, interrupts from another
 * thread. That totals are exact is the business of fuel.test.ts. No test measures time: one that does not stop fails
 * by its time-out.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  AbortError,
  type Instance,
  OutOfFuelError,
  Runtime,
  type RuntimeOptions,
  TimeoutError,
} from '../src/index.ts';
import { times } from './fuel-programs/program.ts';
import { referenceWorld } from './support/engines.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

/** `spin` for ever; `sum(n)` a loop; `poke` calls the host and then spins; `add` is small and always works. */
function program(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const poke = m.importFunc('host', 'poke', '');
  m.func('', [['loop'], ['br', 0], 'end'], { export: 'spin' });
  m.func('', [['call', poke], ['loop'], ['br', 0], 'end'], { export: 'poke' });
  m.func('', [['call', poke]], { export: 'callHost' });
  m.func('i32 i32 -> i32', [['local.get', 0], ['local.get', 1], 'i32.add'], { export: 'add' });
  const sum = [['local.get', 1], ['local.get', 0], 'i32.add', ['local.set', 1]] as const;
  const next = [['local.get', 0], ['i32.const', 1], 'i32.sub', ['local.tee', 0], ['br_if', 0]] as const;
  m.func('i32 -> i32', [['loop'], ...sum, ...next, 'end', ['local.get', 1]], {
    export: 'sum',
    locals: ['i32'],
  });
  const guarded = [['try'], ['call', poke], 'catch_all', 'end'] as const;
  m.func('', guarded, { export: 'guarded' });
  return m.build();
}
const BYTES = program();

function start(
  options: RuntimeOptions = {},
  poke: () => void = () => {},
): { runtime: Runtime; instance: Instance } {
  const runtime = new Runtime(options);
  return { runtime, instance: runtime.instantiateSync(BYTES, { host: { poke } }) };
}
const spins = (): Uint8Array<ArrayBuffer> => {
  const m = new ModuleBuilder();
  m.start(m.func('', [['loop'], ['br', 0], 'end']));
  return m.build();
};

/** What `sum(n)` costs, by the reference. */
function costOfSum(n: number): bigint {
  const world = referenceWorld();
  world.instantiate(BYTES, { host: { poke: () => {} } }).sum(n);
  return BigInt(world.consumed());
}

describe('the account', () => {
  it('is unlimited by default, and counts', () => {
    const { runtime, instance } = start();
    expect(runtime.fuel.remaining).toBeUndefined();
    expect(runtime.fuel.limit).toBeUndefined();
    instance.invoke('add', [1, 2]);
    expect(runtime.fuel.consumed).toBe(4n);
  });

  it('counts far beyond a slice', () => {
    const n = 300_000;
    const cost = costOfSum(n);
    expect(cost).toBeGreaterThan(2n ** 21n);
    const { runtime, instance } = start({ fuel: cost });
    expect(instance.invoke('sum', [n])).toBe(((n * (n + 1)) / 2) | 0);
    expect(runtime.fuel.consumed).toBe(cost);
    expect(runtime.fuel.remaining).toBe(0n);
    const { instance: poorer } = start({ fuel: cost - 1n });
    expect(() => poorer.invoke('sum', [n])).toThrow(OutOfFuelError);
  });

  it('has limit, remaining and consumed that add up', () => {
    const { runtime, instance } = start({ fuel: 100n });
    instance.invoke('add', [1, 2]);
    expect([runtime.fuel.limit, runtime.fuel.remaining, runtime.fuel.consumed]).toEqual([100n, 96n, 4n]);
  });

  it('set makes remaining exact, also after exhaustion; add pays debts first', () => {
    const { runtime, instance } = start({ fuel: 3n });
    expect(() => instance.invoke('add', [1, 2])).toThrow(OutOfFuelError);
    expect(runtime.fuel.remaining).toBe(0n);
    const { consumed } = runtime.fuel;
    runtime.fuel.set(4n);
    expect(runtime.fuel.remaining).toBe(4n);
    expect(instance.invoke('add', [1, 2])).toBe(3);
    expect(runtime.fuel.consumed).toBe(consumed + 4n);
    expect(() => instance.invoke('add', [1, 2])).toThrow(OutOfFuelError);
    runtime.fuel.add(8n);
    expect(runtime.fuel.remaining).toBe(4n);
    expect(instance.invoke('add', [5, 6])).toBe(11);
  });

  it('may be set by a host function in the middle of a run', () => {
    const { runtime, instance } = start({}, () => runtime.fuel.set(50n));
    expect(() => instance.invoke('poke')).toThrow(OutOfFuelError);
    expect(runtime.fuel.consumed).toBeLessThan(60n);
  });

  it.each([-1n, 5, '5', undefined])('refuses %s', (amount) => {
    const { runtime } = start();
    expect(() => runtime.fuel.add(amount as bigint)).toThrow(/fuel/);
    expect(() => runtime.fuel.set(amount as bigint)).toThrow(/fuel/);
    if (amount !== undefined) expect(() => new Runtime({ fuel: amount as bigint })).toThrow(/fuel/);
  });

  it('charges by a table that may be replaced', () => {
    const { runtime, instance } = start({ costs: { 'i32.add': 10, end: 0 } });
    instance.invoke('add', [1, 2]);
    expect(runtime.fuel.consumed).toBe(12n);
  });

  it('stops a loop that costs nothing', () => {
    const costs = { 'local.get': 0, 'i32.const': 0, 'i32.add': 0, 'local.set': 0, br: 0 };
    const m = new ModuleBuilder();
    const count = [['local.get', 0], ['i32.const', 1], 'i32.add', ['local.set', 0]] as const;
    m.func('', [['loop'], ...count, ['br', 0], 'end'], { export: 'count', locals: ['i32'] });
    for (const table of [costs, { ...costs, br: 1 }, { default: 0 }]) {
      const instance = new Runtime({ costs: table }).instantiateSync(m.build());
      expect(() => instance.invoke('count', [], { deadlineMs: 20 })).toThrow(TimeoutError);
    }
  });

  it('counts a region that a trapping function cannot pay once', () => {
    const m = new ModuleBuilder();
    m.memory(1);
    const store = [
      ['i32.const', 0],
      ['local.get', 0],
      ['i32.store', {}],
    ] as const;
    m.func('i32 ->', times(0, 1000, store), { export: 'f' });
    const runtime = new Runtime({ fuel: 105n });
    const instance = runtime.instantiateSync(m.build());
    for (let i = 0; i < 3; i++) {
      let consumed: bigint | undefined;
      try {
        instance.invoke('f', [0]);
      } catch (error) {
        if (error instanceof OutOfFuelError) consumed = error.consumed;
      }
      expect(runtime.fuel.consumed).toBe(consumed);
    }
  });
});

describe('onOutOfFuel', () => {
  it('grants, and the run goes on', () => {
    const asked: bigint[] = [];
    const { runtime, instance } = start({
      fuel: 10n,
      onOutOfFuel: ({ consumed, limit }) => {
        expect(consumed).toBeGreaterThan(limit);
        asked.push(limit);
        return 100n;
      },
    });
    expect(instance.invoke('sum', [40])).toBe(820);
    expect(runtime.fuel.consumed).toBe(costOfSum(40));
    expect(asked).toEqual([10n, 110n, 210n, 310n]);
  });

  it('grants until it does not', () => {
    let grants = 2;
    const { runtime, instance } = start({ fuel: 10n, onOutOfFuel: () => (grants-- > 0 ? 50n : undefined) });
    expect(() => instance.invoke('spin')).toThrow(OutOfFuelError);
    expect(runtime.fuel.limit).toBe(110n);
    expect(runtime.fuel.remaining).toBe(0n);
  });

  it('may throw: its error leaves with its identity', () => {
    const stop = new Error('enough');
    const onOutOfFuel = (): never => {
      throw stop;
    };
    const { instance } = start({ fuel: 10n, onOutOfFuel });
    expect(() => instance.invoke('spin')).toThrow(stop);
  });
});

describe('a deadline', () => {
  it('ends a loop; the instance is usable afterwards', () => {
    const { instance } = start();
    expect(() => instance.invoke('spin', [], { deadlineMs: 30 })).toThrow(TimeoutError);
    expect(instance.invoke('add', [1, 2])).toBe(3);
  });

  it('says what it was', () => {
    const { instance } = start();
    expect(() => instance.invoke('spin', [], { deadlineMs: 20 })).toThrow('deadline of 20 ms exceeded');
  });

  it('of zero does not even start', () => {
    const { runtime, instance } = start();
    expect(() => instance.invoke('add', [1, 2], { deadlineMs: 0 })).toThrow(TimeoutError);
    expect(runtime.fuel.consumed).toBe(0n);
  });

  it('holds for what is called within, start functions included', () => {
    const { runtime, instance } = start({}, () => void runtime.instantiateSync(spins()));
    expect(() => instance.invoke('callHost', [], { deadlineMs: 30 })).toThrow(TimeoutError);
  });

  it('of an outer call is not put off by an inner one', () => {
    const inner: { instance?: Instance } = {};
    const { instance } = start({}, () => void inner.instance!.invoke('spin', [], { deadlineMs: 1e9 }));
    inner.instance = instance;
    expect(() => instance.invoke('callHost', [], { deadlineMs: 30 })).toThrow(TimeoutError);
  });

  it('passes by catch_all', () => {
    const inner: { instance?: Instance } = {};
    const { instance } = start({}, () => void inner.instance!.invoke('spin'));
    inner.instance = instance;
    expect(() => instance.invoke('guarded', [], { deadlineMs: 30 })).toThrow(TimeoutError);
  });

  it.each([-1, NaN, '5'])('of %s is refused', (deadlineMs) => {
    const { instance } = start();
    expect(() => instance.invoke('add', [1, 2], { deadlineMs: deadlineMs as number })).toThrow(/deadlineMs/);
  });
});

describe('a signal', () => {
  it('that fired before the call: nothing runs', () => {
    const { runtime, instance } = start();
    const signal = AbortSignal.abort('no');
    expect(() => instance.invoke('add', [1, 2], { signal })).toThrow(AbortError);
    expect(runtime.fuel.consumed).toBe(0n);
  });

  it('fired by a host function ends the loop after it', () => {
    const controller = new AbortController();
    const { instance } = start({}, () => controller.abort('stop'));
    try {
      instance.invoke('poke', [], { signal: controller.signal });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AbortError);
      expect((error as AbortError).name).toBe('AbortError');
      expect((error as AbortError).reason).toBe('stop');
    }
    expect(instance.invoke('add', [1, 2])).toBe(3);
  });

  it('that does not fire changes nothing', () => {
    const { instance } = start();
    expect(instance.invoke('add', [1, 2], { signal: new AbortController().signal, deadlineMs: 60_000 })).toBe(
      3,
    );
  });
});

/** Sets the shared word after a while, again and again until told to end: the test thread is busy or blocked. */
async function interrupter(word: Int32Array): Promise<() => Promise<void>> {
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    const timer = setInterval(() => { Atomics.store(workerData, 0, 1); Atomics.notify(workerData, 0); }, 20);
    parentPort.on('message', () => clearInterval(timer) || process.exit());
    parentPort.postMessage('ready');
  `;
  const worker = new Worker(code, { eval: true, workerData: word });
  await once(worker, 'message');
  return async () => void (await worker.terminate());
}

describe('the interrupt word', () => {
  it('set before the call', () => {
    const { runtime, instance } = start();
    runtime.interrupt();
    expect(() => instance.invoke('spin')).toThrow(AbortError);
    expect(instance.invoke('add', [1, 2])).toBe(3);
  });

  it('set by a host function', () => {
    const { runtime, instance } = start({}, () => runtime.interrupt());
    expect(() => instance.invoke('poke')).toThrow(AbortError);
  });

  it('set by another thread ends a loop', async () => {
    const { runtime, instance } = start();
    const end = await interrupter(runtime.interruptWord);
    try {
      expect(() => instance.invoke('spin')).toThrow(AbortError);
    } finally {
      await end();
    }
  });

  it('set by another thread ends a start function', async () => {
    const runtime = new Runtime();
    const end = await interrupter(runtime.interruptWord);
    try {
      expect(() => runtime.instantiateSync(spins())).toThrow(AbortError);
    } finally {
      await end();
    }
  });

  it('set by another thread ends endless recursion through the host', async () => {
    const box: { instance?: Instance } = {};
    const { runtime, instance } = start({}, () => void box.instance!.invoke('spin'));
    box.instance = instance;
    const end = await interrupter(runtime.interruptWord);
    try {
      expect(() => instance.invoke('guarded')).toThrow(AbortError);
    } finally {
      await end();
    }
  });
});

describe('metering: false', () => {
  it.each([{ fuel: 1n }, { onOutOfFuel: () => 1n }, { costs: { end: 0 } }])('refuses %s', (options) => {
    expect(() => new Runtime({ ...options, metering: false })).toThrow(/metering/);
  });
  it('refuses a deadline and a signal', () => {
    const { instance } = start({ metering: false });
    expect(() => instance.invoke('add', [1, 2], { deadlineMs: 5 })).toThrow(/metering/);
    expect(() => instance.invoke('add', [1, 2], { signal: new AbortController().signal })).toThrow(
      /metering/,
    );
    expect(instance.invoke('add', [1, 2])).toBe(3);
  });
  it('has no account', () => {
    const { runtime } = start({ metering: false });
    expect(() => runtime.fuel).toThrow(/metering/);
  });
});

it('bulk work is charged whatever its size', () => {
  const m = new ModuleBuilder();
  m.memory(16);
  const fill = [
    ['i32.const', 0],
    ['i32.const', 1],
    ['i32.const', 2 ** 20],
    ['memory.fill', 0],
  ] as const;
  m.func('', times(0, 200, [...fill]), { export: 'fill', locals: ['i32'] });
  const runtime = new Runtime({ fuel: 100_000n });
  const instance = runtime.instantiateSync(m.build());
  expect(() => instance.invoke('fill')).toThrow(OutOfFuelError);
  expect(runtime.fuel.consumed).toBeLessThan(100_000n + 2n ** 14n + 20n);
});
