/** Pools of sandboxes with interpreters: warm threads, many programs at once, users apart. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SandboxFactory, SandboxPool, VfsStorage } from '../../src/python.ts';
import { PATIENCE_MS, titled, withoutPython, workers } from './sandboxes.ts';

describe.skipIf(withoutPython)(titled('pools'), { timeout: PATIENCE_MS }, () => {
  let factory: SandboxFactory;
  beforeAll(async () => {
    factory = await new SandboxFactory({ workers: 4 }).ready();
  }, PATIENCE_MS);
  afterAll(() => factory.close());

  test('50 programs at once in 4 threads are all right, none mixed up', async () => {
    await using pool = new SandboxPool({ factory }, { maxSize: 8 });
    const results = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        using sandbox = await pool.acquire();
        sandbox.withCallbacks({ mine: async () => i });
        const code = `import asyncio\nx = ${i}\nawait asyncio.sleep(0.001 * (x % 5))\nprint(x, await mine())\nresult = [x] * 3`;
        const { stdout, result } = await sandbox.execute(code);
        return { stdout, result };
      }),
    );
    expect(results).toEqual(results.map((_, i) => ({ stdout: `${i} ${i}`, result: [i, i, i] })));
    expect(pool.stats()).toMatchObject({ inUse: 0, totalAcquisitions: 50 });
    expect(pool.stats().waitCount).toBeGreaterThan(0);
    expect(factory.stats.workers).toBeLessThanOrEqual(4);
  });

  test('users are apart, and time-outs of one are no other’s', async () => {
    await using pool = new SandboxPool(
      { factory, resourceLimits: { executionTimeoutMs: 20_000 } },
      { maxSize: 2 },
    );
    using endless = await pool.acquire();
    endless.withResourceLimits({ executionTimeoutMs: 300 });
    using quick = await pool.acquire();
    const [stopped, done] = await Promise.allSettled([
      endless.execute('while True: pass'),
      quick.execute('print("fine")'),
    ]);
    expect(stopped).toMatchObject({ status: 'rejected', reason: { name: 'TimeoutError' } });
    expect(done).toMatchObject({ status: 'fulfilled', value: { stdout: 'fine' } });
  });

  test('files are shared by those who have the storage', async () => {
    await using pool = new SandboxPool({ factory });
    const vfs = new VfsStorage();
    {
      using sandbox = await pool.acquire();
      await sandbox.withVfsStorage(vfs).execute('open("/data/a", "w").write("kept")');
    }
    using other = await pool.acquire();
    expect((await other.execute('import os\nprint(os.listdir("/data"))')).stdout).toBe('[]');
    expect((await other.withVfsStorage(vfs).execute('print(open("/data/a").read())')).stdout).toBe('kept');
  });

  test('a thread that is killed is replaced', async () => {
    await using pool = new SandboxPool({ factory });
    using sandbox = await pool.acquire();
    let heard = () => {};
    const begun = new Promise<void>((resolve) => {
      heard = resolve;
    });
    sandbox.withOutputHandler({ onStdout: () => heard() });
    const running = sandbox.execute('print("begun")\nimport time\ntime.sleep(20)').catch((error) => error);
    await begun;
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(await running).toMatchObject({ name: 'WorkerLostError', stdout: 'begun' });
    expect((await sandbox.execute('print("again")')).stdout).toBe('again');
    expect(pool.stats()).toMatchObject({ inUse: 1, total: 1 });
  });
});
