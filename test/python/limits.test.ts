/** What programs may not do for ever: time, fuel, memory, cancelling. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CancelledError,
  ExecutionError,
  ResourceLimitError,
  type ResourceLimitsOptions,
  SandboxError,
  TimeoutError,
} from '../../src/python.ts';
import { factory, PATIENCE_MS, titled, withoutPython } from './sandboxes.ts';

describe.skipIf(withoutPython)(titled('limits'), () => {
  beforeAll(async () => {
    // A thread's first program takes its time: V8 has to read what it runs.
    await factory.createSandbox().execute('import asyncio, time\nawait asyncio.sleep(0)\nprint(1)');
  }, PATIENCE_MS);
  afterAll(() => factory.close());

  const run = (code: string, resourceLimits: ResourceLimitsOptions = {}) =>
    factory.createSandbox({ resourceLimits }).execute(code);
  const failure = async (code: string, resourceLimits: ResourceLimitsOptions = {}) => {
    const error = await run(code, resourceLimits).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(SandboxError);
    return error;
  };

  describe('time', () => {
    const ENDLESS = {
      'a loop': 'while True: pass',
      'a loop that catches everything': `
while True:
    try:
        while True: pass
    except BaseException: pass`,
      'a sleep': 'import time\ntime.sleep(60)',
      'a sleep that catches everything': `
import time
while True:
    try: time.sleep(60)
    except BaseException: pass`,
      'a loop of events': 'import asyncio\nawait asyncio.sleep(60)',
      'a loop of events that catches everything': `
import asyncio
while True:
    try: await asyncio.sleep(60)
    except BaseException: pass`,
      'a loop of events of its own': 'import asyncio\nasyncio.run(asyncio.sleep(60))',
      'one that spins': 'import asyncio\nwhile True: await asyncio.sleep(0)',
      'a large number': '10 ** 10 ** 8',
      'a large text': 'x = "a" * 20_000_000\nfor _ in range(1000): x.replace("a", "b").count("b")',
      'a regular expression': 'import re\nre.match(r"(a+)+$", "a" * 40 + "b")',
      'a sorted list': 'x = list(range(1_000_000))\nwhile True: sorted(x, key=lambda n: -n)',
      'a long iteration in C': 'sum(iter(lambda: 1, 0))',
      'a task that is never done': 'import asyncio\nawait asyncio.get_running_loop().create_future()',
    };
    test.each(Object.entries(ENDLESS))('ends %s', async (_, code) => {
      const started = performance.now();
      const error = await failure(`print("begun")\n${code}`, { executionTimeoutMs: 500 });
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ message: 'execution timed out after 500 ms', stdout: 'begun' });
      expect(performance.now() - started).toBeLessThan(5000);
      expect((await run('print("healthy")')).stdout).toBe('healthy');
    });

    test('the program is told by a KeyboardInterrupt, and may clean up', async () => {
      const code = `
try:
    while True: pass
finally:
    print("cleaned up")`;
      expect(await failure(code, { executionTimeoutMs: 200 })).toMatchObject({
        name: 'TimeoutError',
        stdout: 'cleaned up',
      });
    });

    test('that is enough is no limit', async () => {
      const code = 'import time\ntime.sleep(0.05)\nprint("done")';
      expect((await run(code, { executionTimeoutMs: 20_000 })).stdout).toBe('done');
      expect((await run(code, { executionTimeoutMs: null })).stdout).toBe('done');
    });
  });

  describe('cancelling', () => {
    test.each(['while True: pass', 'import time\ntime.sleep(60)', 'import asyncio\nawait asyncio.sleep(60)'])(
      'ends %j',
      async (code) => {
        const handle = factory.createSandbox().executeCancellable(code);
        await sleep(200);
        expect(handle.isRunning).toBe(true);
        handle.cancel();
        handle.cancel();
        await expect(handle.wait()).rejects.toThrow(CancelledError);
        expect(handle.isRunning).toBe(false);
      },
    );

    test('by a signal, with its reason', async () => {
      const controller = new AbortController();
      const run = factory.createSandbox().execute('while True: pass', { signal: controller.signal });
      setTimeout(() => controller.abort('enough'), 100);
      await expect(run).rejects.toMatchObject({ name: 'CancelledError', reason: 'enough' });
    });

    test('is not what an error was', async () => {
      const handle = factory.createSandbox().executeCancellable('raise ValueError("mine")');
      await expect(handle.wait()).rejects.toThrow(ExecutionError);
    });
  });

  describe('fuel', () => {
    test('ends a program', async () => {
      const error = await failure('print(sum(range(10000)))', { maxFuel: 1000 });
      expect(error).toBeInstanceOf(ResourceLimitError);
      expect(error).toMatchObject({ resource: 'fuel', limit: 1000n });
      expect(error.message).toMatch(/^fuel exhausted: consumed \d+ of 1000$/);
      expect((await run('print(1)')).stdout).toBe('1');
    });

    test('cannot be caught', async () => {
      const code = 'while True:\n  try:\n    while True: pass\n  except BaseException: pass';
      const error = await failure(code, { maxFuel: 50_000_000n });
      expect(error).toBeInstanceOf(ResourceLimitError);
      expect(error.stats.fuelConsumed).toBeGreaterThan(50_000_000n);
      expect(error.stats.fuelConsumed).toBeLessThan(51_000_000n);
    });

    test('is counted without a limit, more for more', async () => {
      const little = (await run('x = 1')).fuelConsumed!;
      const much = (await run('for i in range(10000): pass')).fuelConsumed!;
      expect(little).toBeGreaterThan(0n);
      expect(much).toBeGreaterThan(little);
    });

    test('that suffices is no limit, to the last unit', async () => {
      const sandbox = factory.createSandbox({ seed: 'same' });
      const code = 'print(sorted({str(i) for i in range(1000)})[:3])';
      const { fuelConsumed, stdout } = await sandbox.execute(code);
      const exact = factory.createSandbox({ seed: 'same', resourceLimits: { maxFuel: fuelConsumed! } });
      expect(await exact.execute(code)).toMatchObject({ fuelConsumed, stdout });
    });

    const CODE = `
import json, random, re, decimal, asyncio, os, uuid
words = {w: len(w) for w in "the quick brown fox".split()}
class A: pass
things = [A() for _ in range(2000)]
data = json.dumps([random.random() for _ in range(50)])
print(sorted(set(re.findall(r"[0-9]+", data)))[:3], hash("x"), str(uuid.uuid4()), decimal.Decimal(2).sqrt())
await asyncio.sleep(0)
print(os.urandom(4).hex(), {*"abc"}, sum(i * i for i in range(20000)))`;

    test('is the same for the same program, factory and seed', async () => {
      const runs = [];
      for (let i = 0; i < 3; i++) runs.push(await factory.createSandbox({ seed: 's' }).execute(CODE));
      const [first, ...others] = runs.map(({ fuelConsumed, stdout }) => ({ fuelConsumed, stdout }));
      expect(others).toEqual([first, first]);
      const other = await factory.createSandbox({ seed: 't' }).execute(CODE);
      expect(other.stdout).not.toBe(first!.stdout);
    });

    test('without a seed random numbers differ', async () => {
      const code = 'import random, secrets, uuid\nprint(random.random(), secrets.token_hex(8), uuid.uuid4())';
      const [a, b] = [await run(code), await run(code)];
      const words = [...a.stdout.split(' '), ...b.stdout.split(' ')];
      expect(new Set(words).size).toBe(6);
    });
  });

  describe('memory', () => {
    test('beyond the limit is a MemoryError, which can be caught', async () => {
      const code = `
try:
    x = bytearray(1024 ** 3)
except MemoryError:
    print("caught")
print(len(bytearray(1024 ** 2)))`;
      expect((await run(code, { maxMemoryBytes: 50_000_000 })).stdout).toBe('caught\n1048576');
    });

    test('not caught it is an error like others', async () => {
      const error = await failure('bytearray(1024 ** 3)');
      expect(error).toMatchObject({ name: 'ExecutionError', type: 'MemoryError' });
    });

    test('little by little', async () => {
      const error = await failure('x = []\nwhile True: x.append("a" * 100_000 + str(len(x)))', {
        maxMemoryBytes: 80_000_000,
      });
      expect(error).toMatchObject({ type: 'MemoryError' });
      expect(error.stats.peakMemoryBytes).toBeGreaterThan(60_000_000);
      expect(error.stats.peakMemoryBytes).toBeLessThanOrEqual(80_000_000);
    });

    test('as much as is needed', async () => {
      const { stdout, peakMemoryBytes } = await run('print(len(bytearray(200_000_000)))', {
        maxMemoryBytes: null,
      });
      expect(stdout).toBe('200000000');
      expect(peakMemoryBytes).toBeGreaterThan(200_000_000);
    });
  });
});
