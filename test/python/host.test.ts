/**
 * The host's side of sandboxes, with workers that have no interpreter (fake-worker.mjs): results and errors, callbacks, limits of
 * time, cancelling, queueing, dying threads, sessions.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  CancelledError,
  ExecutionError,
  InitializationError,
  SandboxError,
  TimeoutError,
  WorkerLostError,
} from '../../python/errors.ts';
import { platform } from '../../python/platform.ts';
import type { ExecutionHandle } from '../../python/sandbox.ts';
import { WorkerGroup } from '../../python/worker-group.ts';
import { closeFactories, factoryWith, steps, workers } from './fake-platform.ts';

afterEach(closeFactories);

describe('a run', () => {
  test('answers what was written, the result and the figures', async () => {
    const result = await factoryWith()
      .createSandbox()
      .execute(
        steps(['print', 'a\n'], ['error', 'b\n\n'], ['print', 'c\n'], ['result', '{"n": 9007199254740993}']),
      );
    expect(result).toMatchObject({
      stdout: 'a\nc',
      rawStdout: 'a\nc\n',
      stderr: 'b',
      rawStderr: 'b\n\n',
      result: { n: 9007199254740993n },
      truncated: false,
      callbackInvocations: 0,
      peakMemoryBytes: 65536,
    });
    expect(result.fuelConsumed).toBeGreaterThan(0n);
    expect(result.durationMs).toBeGreaterThan(0);
    expect(String(result)).toBe('a\nc');
  });

  test('streams what is written, characters whole, whatever handlers do', async () => {
    const chunks: string[] = [];
    const complain = vi.spyOn(console, 'error').mockImplementation(() => {});
    const onStdout = (text: string) => {
      if (text !== '') chunks.push(text);
      throw new Error('mine');
    };
    const bytes = [...new TextEncoder().encode('é')];
    const code = steps(['print', 'x'], ['bytes', bytes[0]], ['bytes', bytes[1]], ['print', 'y']);
    const { stdout } = await factoryWith().createSandbox({ onStdout }).execute(code);
    expect(stdout).toBe('xéy');
    expect(chunks).toEqual(['x', 'é', 'y']);
    expect(complain).toHaveBeenCalledTimes(4);
    complain.mockRestore();
  });

  test('fails with a typed error that has the output so far', async () => {
    const sandbox = factoryWith().createSandbox();
    const error = await sandbox
      .execute(steps(['print', 'so far'], ['raise', 'ValueError', 'boom']))
      .catch((e) => e);
    expect(error).toBeInstanceOf(ExecutionError);
    expect(error).toBeInstanceOf(SandboxError);
    expect(error).toMatchObject({
      name: 'ExecutionError',
      message: 'ValueError: boom',
      type: 'ValueError',
      stdout: 'so far',
      recovery: undefined,
    });
    expect(error.traceback).toContain('ValueError: boom');
  });

  test.each([
    ['a\0b', ExecutionError, 'NUL'],
    [5, TypeError, 'code to be a string'],
  ])('refuses %j', async (code, type, message) => {
    const run = factoryWith()
      .createSandbox()
      .execute(code as string);
    await expect(run).rejects.toThrow(type);
    await expect(run).rejects.toThrow(message);
  });

  test('traces', async () => {
    const events: unknown[] = [];
    const event = { kind: 'line', lineno: 1 };
    const sandbox = factoryWith().createSandbox({ onTrace: (each) => events.push(each) });
    expect((await sandbox.execute(steps(['trace', event]))).trace).toEqual([event]);
    expect(events).toEqual([event]);
  });
});

describe('callbacks', () => {
  const callbacks = {
    add: (a: number, b: number) => a + b,
    slow: async ({ ms }: { ms: number }) => {
      await sleep(ms);
      return ms;
    },
    fails: () => {
      throw new Error('no such city');
    },
    big: () => 2n ** 70n,
    odd: () => () => 1,
  };
  const call = async (list: unknown[], resourceLimits = {}) => {
    const sandbox = factoryWith().createSandbox({ callbacks, resourceLimits });
    const result = await sandbox.execute(steps(['calls', ...list]));
    const answers = result.rawStdout.match(/\{[^}]*\}/g)!.map((text) => JSON.parse(text));
    return { answers, result };
  };

  test('run, sync and async, and answer in JSON', async () => {
    const { answers, result } = await call([
      ['add', { a: 10, b: 32 }],
      ['slow', { ms: 5 }],
      ['big', {}],
    ]);
    expect(answers).toMatchObject([{ json: '42' }, { json: '5' }, { json: String(2n ** 70n) }]);
    expect(result.callbackInvocations).toBe(3);
  });

  test('run at the same time', async () => {
    const { result } = await call(Array.from({ length: 20 }, () => ['slow', { ms: 60 }]));
    expect(result.callbackInvocations).toBe(20);
    expect(result.durationMs).toBeLessThan(600);
  });

  test.each([
    ['fails', {}, 'execution failed: no such city'],
    ['odd', {}, 'execution failed: a function is no JSON'],
    ['nope', {}, "Callback 'nope' not found"],
    ['add', { a: 1 }, 'invalid arguments: missing argument "b"'],
    ['add', [1], 'Invalid arguments JSON'],
    ['slow', { ms: 1000 }, "callback timeout: 'slow' took longer than 50 ms"],
  ])('%s %j fails: %s', async (name, args, message) => {
    const { answers } = await call([[name, args]], { callbackTimeoutMs: 50 });
    expect(answers).toMatchObject([{ ok: false, message }]);
  });

  test('are limited in number', async () => {
    const list = Array.from({ length: 5 }, () => ['add', { a: 1, b: 1 }]);
    const { answers, result } = await call(list, { maxCallbackInvocations: 3 });
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, false, false]);
    expect(answers[4].message).toBe('Callback limit exceeded (3 invocations)');
    expect(result.callbackInvocations).toBe(3);
  });

  test('are told when their time is up, or the run is over', async () => {
    const aborted: boolean[] = [];
    const wait = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(aborted.push(signal.aborted)));
      });
    const late = factoryWith().createSandbox({
      callbacks: [{ name: 'wait', fn: wait, parameters: 'object' }],
      resourceLimits: { callbackTimeoutMs: 20 },
    });
    await late.execute(steps(['calls', ['wait', {}]]));
    const cut = factoryWith().createSandbox({
      callbacks: [{ name: 'wait', fn: wait, parameters: 'object' }],
      resourceLimits: { executionTimeoutMs: 50 },
    });
    await expect(cut.execute(steps(['calls', ['wait', {}]]))).rejects.toThrow(TimeoutError);
    expect(aborted).toEqual([true, true]);
  });

  test('may execute something themselves, though there is but one thread', async () => {
    const factory = factoryWith({ workers: 1 });
    const inner = factory.createSandbox();
    const nested = async () => (await inner.execute(steps(['print', 'inside']))).stdout;
    const { stdout } = await factory
      .createSandbox({ callbacks: { nested } })
      .execute(steps(['calls', ['nested', {}]]));
    expect(stdout).toContain('inside');
  });
});

describe('time and cancelling', () => {
  test('a program that does not stop by itself is stopped', async () => {
    const sandbox = factoryWith().createSandbox({ resourceLimits: { executionTimeoutMs: 50 } });
    const error = await sandbox.execute(steps(['print', 'x'], ['sleep', 5000])).catch((e) => e);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ timeoutMs: 50, stdout: 'x' });
    expect(error.message).toBe('execution timed out after 50 ms');
  });

  test.each(['sleep', 'block', 'stubborn', 'dead'])('cancelling stops: %s', async (step) => {
    const factory = factoryWith({ workers: 1 });
    let handle: ExecutionHandle;
    await new Promise((resolve) => {
      const code = steps(['print', 'x'], [step, 60_000]);
      handle = factory.createSandbox({ onStdout: resolve }).executeCancellable(code);
    });
    expect(handle!.isRunning).toBe(true);
    handle!.cancel();
    handle!.cancel();
    const error = await handle!.wait().catch((e) => e);
    expect(error).toBeInstanceOf(CancelledError);
    expect(error.stdout).toBe('x');
    expect(handle!.isRunning).toBe(false);
    const { stdout } = await factory.createSandbox().execute(steps(['print', 'healthy']));
    expect(stdout).toBe('healthy');
  });

  test('a signal that has fired, and one that fires while waiting for a thread', async () => {
    const factory = factoryWith({ workers: 1 });
    const sandbox = factory.createSandbox();
    await expect(sandbox.execute(steps(), { signal: AbortSignal.abort('why') })).rejects.toMatchObject({
      reason: 'why',
    });
    const running = sandbox.execute(steps(['sleep', 100]));
    const controller = new AbortController();
    const waiting = sandbox.execute(steps(), { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toThrow(CancelledError);
    await running;
  });

  test('an error is not taken for a cancellation', async () => {
    const handle = factoryWith()
      .createSandbox()
      .executeCancellable(steps(['raise', 'ValueError', 'x']));
    await expect(handle.wait()).rejects.toThrow(ExecutionError);
    handle.cancel();
  });
});

describe('threads', () => {
  test('start only as far as they may, serve in order, and mix up nothing', async () => {
    const factory = factoryWith({ workers: 3 });
    const sandbox = factory.createSandbox();
    const runs = Array.from({ length: 30 }, (_, i) =>
      sandbox.execute(steps(['sleep', i % 7], ['print', `${i}`])),
    );
    const results = await Promise.all(runs);
    expect(results.map(({ stdout }) => stdout)).toEqual(runs.map((_, i) => `${i}`));
    expect(factory.stats).toMatchObject({ workers: 3, waiting: 0, boots: 1 });
  });

  test.each([
    ['exits', ['exit', 3], 'the worker has gone (exit code 3)'],
    ['fails', ['fail'], 'the worker failed: a bug'],
  ])('one that %s is replaced, and whom it ran for is told', async (_, step, message) => {
    const factory = factoryWith({ workers: 1 });
    const sandbox = factory.createSandbox();
    const error = await sandbox.execute(steps(['print', 'x'], ['sleep', 20], step)).catch((e) => e);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error).toMatchObject({ message, stdout: 'x' });
    expect((await sandbox.execute(steps(['print', 'again']))).stdout).toBe('again');
  });

  test('one that is killed from outside is replaced', async () => {
    const factory = factoryWith({ workers: 1 });
    let heard = () => {};
    const begun = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const sandbox = factory.createSandbox({ onStdout: () => heard() });
    const run = sandbox.execute(steps(['print', 'x'], ['sleep', 5000])).catch((e) => e);
    await begun;
    void workers.at(-1)!.terminate();
    expect(await run).toBeInstanceOf(WorkerLostError);
    expect((await sandbox.execute(steps(['print', 'again']))).stdout).toBe('again');
    expect(factory.stats.boots).toBe(1);
  });

  test('that cannot start are an InitializationError, each time', async () => {
    const factory = factoryWith({ imports: ['nothing_like_it'] });
    for (let i = 0; i < 2; i++) {
      await expect(factory.createSandbox().execute(steps())).rejects.toThrow(InitializationError);
    }
    await expect(factory.ready()).rejects.toThrow("No module named 'nothing_like_it'");
  });

  test('of a closed factory run nothing', async () => {
    const factory = factoryWith();
    const run = factory
      .createSandbox()
      .execute(steps(['sleep', 5000]))
      .catch((e) => e);
    await sleep(60);
    await factory.close();
    expect(await run).toBeInstanceOf(SandboxError);
    await expect(factory.createSandbox().execute(steps())).rejects.toThrow('the factory is closed');
  });
});

test('idle threads end, but for one', async () => {
  const { startWorker } = platform();
  const recipe = { imports: [], files: undefined, filesKey: '', seed: undefined };
  const group = new WorkerGroup({ start: startWorker, recipe, maxWorkers: 3, idleMs: 30, warn: () => {} });
  await group.warm(3);
  expect(group.stats.workers).toBe(3);
  await vi.waitFor(() => expect(group.stats.workers).toBe(1), 5000);
  await group.close();
});

test('a session that is dropped leaves nothing', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const factory = factoryWith();
  await (async () => {
    await factory.createSession().execute(steps(['set', 'x', 1]));
  })();
  expect(factory.stats.sessions).toBe(1);
  await vi.waitFor(
    () => {
      collect();
      expect(factory.stats.sessions).toBe(0);
    },
    { timeout: 10_000, interval: 20 },
  );
});

describe('sessions', () => {
  test('keep what programs leave, one after another', async () => {
    const session = factoryWith().createSession();
    void session.execute(steps(['sleep', 20], ['set', 'x', 42]));
    expect((await session.execute(steps(['get', 'x']))).stdout).toBe('42');
    expect(session.executionCount).toBe(2);
    await session.clearState();
    expect((await session.execute(steps(['get', 'x']))).stdout).toBe('null');
    await session.reset();
    expect(session.executionCount).toBe(0);
    await session.close();
    await expect(session.execute(steps())).rejects.toThrow('the session is closed');
  });

  test('are apart from each other', async () => {
    const factory = factoryWith({ workers: 1 });
    const [a, b] = [factory.createSession(), factory.createSession()];
    await a.execute(steps(['set', 'x', 1]));
    await b.execute(steps(['set', 'x', 2]));
    expect((await a.execute(steps(['get', 'x']))).stdout).toBe('1');
    const bytes = await a.snapshotState();
    await b.restoreState(bytes);
    expect((await b.execute(steps(['get', 'x']))).stdout).toBe('1');
  });

  test('go on from their last snapshot when their thread has gone', async () => {
    const session = factoryWith().createSession();
    await session.execute(steps(['set', 'x', 1]));
    await session.snapshotState();
    await session.execute(steps(['set', 'x', 2]));
    const error = await session.execute(steps(['exit', 1])).catch((e) => e);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error.recovery).toBe('snapshot');
    expect((await session.execute(steps(['get', 'x']))).stdout).toBe('1');
  });

  test('have limits that can be changed', async () => {
    const session = factoryWith().createSession({ executionTimeoutMs: 40, maxFuel: 5 });
    expect(session).toMatchObject({ executionTimeoutMs: 40, fuelLimit: 5n });
    await expect(session.execute(steps(['sleep', 1000]))).rejects.toMatchObject({
      name: 'TimeoutError',
      recovery: 'kept',
    });
    session.executionTimeoutMs = null;
    session.fuelLimit = null;
    expect(session.resourceLimits).toMatchObject({ executionTimeoutMs: null, maxFuel: null });
    expect((await session.execute(steps(['sleep', 60], ['print', 'done']))).stdout).toBe('done');
  });
});
