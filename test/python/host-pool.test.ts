/** Pools of sandboxes, with workers that have no interpreter (fake-worker.mjs). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { PoolError, TimeoutError } from '../../python/errors.ts';
import { SandboxPool } from '../../python/pool.ts';
import { closeFactories, factoryWith, steps } from './fake-platform.ts';

const pools: SandboxPool[] = [];
function poolWith(options: ConstructorParameters<typeof SandboxPool>[1] = {}): SandboxPool {
  const pool = new SandboxPool({ factory: factoryWith() }, options);
  pools.push(pool);
  return pool;
}
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
  await closeFactories();
});

test('has minIdle sandboxes from the start', async () => {
  const pool = await poolWith({ minIdle: 2 }).ready();
  expect(pool.stats()).toMatchObject({ total: 2, available: 10, inUse: 0, totalCreations: 2 });
});

test('hands out sandboxes and takes them back', async () => {
  const pool = poolWith();
  {
    using sandbox = await pool.acquire();
    expect((await sandbox.execute(steps(['print', 'hi']))).stdout).toBe('hi');
    expect(pool.stats()).toMatchObject({ total: 1, inUse: 1, available: 9, totalAcquisitions: 1 });
  }
  const again = await pool.acquire();
  again.release();
  again.release();
  expect(pool.stats()).toMatchObject({
    total: 1,
    inUse: 0,
    available: 10,
    totalAcquisitions: 2,
    totalCreations: 1,
  });
  await expect(again.execute(steps())).rejects.toThrow('given back');
});

test('with all in use: a time-out, null, or waiting in order', async () => {
  const pool = poolWith({ maxSize: 1 });
  const first = await pool.acquire();
  await expect(pool.acquireTimeout(20)).rejects.toThrow(TimeoutError);
  await expect(pool.acquireTimeout(0)).rejects.toThrow('waiting for one of 1 sandboxes timed out after 0 ms');
  expect(pool.tryAcquire()).toBeNull();
  const order: number[] = [];
  const users = [1, 2].map(async (number) => {
    using _ = await pool.acquire();
    order.push(number);
  });
  await sleep(20);
  first.release();
  await Promise.all(users);
  expect(order).toEqual([1, 2]);
  const stats = pool.stats();
  expect(stats).toMatchObject({ total: 1, inUse: 0, waitCount: 4 });
  expect(stats.averageWaitMs).toBeGreaterThan(0);
});

test('nothing of one user is left for the next', async () => {
  const pool = poolWith({ maxSize: 1 });
  const code = steps(['print', 'x'], ['calls', ['secret', {}]]);
  const heard: string[] = [];
  {
    using sandbox = await pool.acquire();
    sandbox
      .withCallbacks({ secret: () => 42 })
      .withOutputHandler({ onStdout: (text) => heard.push(text) })
      .withTraceHandler(() => {})
      .withResourceLimits({ maxCallbackInvocations: 1 });
    expect((await sandbox.execute(code)).stdout).toContain('42');
  }
  const chunks = heard.length;
  using sandbox = await pool.acquire();
  expect((await sandbox.execute(code)).stdout).toContain("Callback 'secret' not found");
  expect(heard.length).toBe(chunks);
  expect(() => sandbox.withResourceLimits({ maxFuel: -1 })).toThrow(RangeError);
});

test('a detached sandbox makes room', async () => {
  const pool = poolWith({ maxSize: 1 });
  const detached = (await pool.acquire()).detach();
  expect(pool.stats()).toMatchObject({ total: 0, inUse: 0, available: 1 });
  using _ = await pool.acquire();
  expect((await detached.execute(steps(['print', 'free']))).stdout).toBe('free');
});

test('evicts what has been idle for too long', async () => {
  const pool = poolWith({ idleTimeoutMs: 30, minIdle: 1 });
  const users = await Promise.all([1, 2, 3].map(() => pool.acquire()));
  for (const user of users) user.release();
  expect(pool.evictIdle()).toBe(0);
  await sleep(40);
  expect(pool.evictIdle()).toBe(2);
  expect(pool.stats().total).toBe(1);
});

test('a closed pool gives nothing, and whom it let wait is told', async () => {
  const pool = poolWith({ maxSize: 1 });
  const user = await pool.acquire();
  const waiting = pool.acquire().catch((error) => error);
  await pool.close();
  expect(await waiting).toBeInstanceOf(PoolError);
  expect(pool.isClosed).toBe(true);
  expect(() => pool.tryAcquire()).toThrow('the pool is closed');
  await expect(pool.acquire()).rejects.toMatchObject({ reason: 'closed' });
  expect((await user.execute(steps(['print', 'still']))).stdout).toBe('still');
  user.release();
});

test('50 at once, all right', async () => {
  const pool = poolWith({ maxSize: 4 });
  const results = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      using sandbox = await pool.acquire();
      return (await sandbox.execute(steps(['sleep', i % 3], ['print', `${i}`]))).stdout;
    }),
  );
  expect(results).toEqual(results.map((_, i) => `${i}`));
  expect(pool.stats().total).toBeLessThanOrEqual(4);
});

describe('options', () => {
  test.each([
    [{ maxSize: 0 }, 'maxSize must be at least 1'],
    [{ maxSize: 1, minIdle: 2 }, 'minIdle (2) exceeds maxSize (1)'],
    [{ maxsize: 1 }, 'maxsize'],
    [{ acquireTimeoutMs: -1 }, 'acquireTimeoutMs'],
    [{ workers: 2 }, 'workers is an option of the factory'],
  ])('%j is refused', (options, message) => {
    expect(() => poolWith(options as object)).toThrow(message);
  });

  test('defaults', () => {
    expect(poolWith().config).toEqual({
      maxSize: 10,
      minIdle: 1,
      idleTimeoutMs: 300_000,
      acquireTimeoutMs: 30_000,
      resetOnRelease: true,
    });
  });
});
