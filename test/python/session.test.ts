/** Sessions: what is left of a run for the next, snapshots, and what becomes of them after the worst. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CancelledError, WorkerLostError } from '../../src/python.ts';
import { factory, outputOf, sessionsOfTests, titled, withoutPython, workers } from './sandboxes.ts';

describe.skipIf(withoutPython)(titled('sessions'), () => {
  const open = sessionsOfTests();

  test('keep variables, functions, classes and imports', async () => {
    const session = open();
    await session.execute('import math\nx = 10\ndef f(n): return n * x\nclass A:\n    y = 3');
    expect(await outputOf(session, 'print(f(4), A().y, math.floor(2.5))')).toBe('40 3 2');
    await expect(session.execute('x = 11\nraise ValueError')).rejects.toThrow('ValueError');
    expect(await outputOf(session, 'print(f(4))')).toBe('44');
    expect(session.executionCount).toBe(4);
  });

  test('are apart', async () => {
    const [a, b] = [open(), open()];
    await a.execute('x = 1');
    await expect(b.execute('x')).rejects.toThrow('NameError');
  });

  test('run one program after another', async () => {
    const session = open();
    const runs = [1, 2, 3].map((n) =>
      session.execute(`import asyncio\nawait asyncio.sleep(0.01)\nx = ${n}\nprint(x)`),
    );
    expect((await Promise.all(runs)).map(({ stdout }) => stdout)).toEqual(['1', '2', '3']);
  });

  test('do not keep the result variable', async () => {
    const session = open();
    await expect(session.execute('result = 1\nraise Exception()')).rejects.toThrow();
    expect((await session.execute('pass')).result).toBeUndefined();
    expect((await session.execute('result = 5')).result).toBe(5);
    expect((await session.execute('pass')).result).toBeUndefined();
  });

  test('clearState forgets variables, reset everything', async () => {
    const session = open();
    await session.execute('x = 1\nimport json\njson.mine = 1');
    await session.clearState();
    await expect(session.execute('x')).rejects.toThrow('NameError');
    expect(await outputOf(session, 'import json\nprint(json.mine)')).toBe('1');
    await session.reset();
    expect(session.executionCount).toBe(0);
    expect(await outputOf(session, 'import json\nprint(hasattr(json, "mine"))')).toBe('False');
  });

  describe('after their time is up', () => {
    test('what came to rest goes on', async () => {
      const session = open();
      await session.execute('import asyncio, time\nx = 1\nawait asyncio.sleep(0)');
      session.executionTimeoutMs = 400;
      for (const code of [
        'while True: x += 1',
        'import time\ntime.sleep(9)',
        'import asyncio\nawait asyncio.sleep(9)',
      ]) {
        await expect(session.execute(code)).rejects.toMatchObject({ name: 'TimeoutError', recovery: 'kept' });
      }
      session.executionTimeoutMs = null;
      expect(await outputOf(session, 'print(x > 1)')).toBe('True');
    });

    test('what was cut off goes back to the start', async () => {
      const session = open();
      await session.execute('x = 1');
      session.executionTimeoutMs = 400;
      const code = 'while True:\n  try:\n    while True: pass\n  except BaseException: pass';
      await expect(session.execute(code)).rejects.toMatchObject({ name: 'TimeoutError', recovery: 'image' });
      session.executionTimeoutMs = null;
      expect(await outputOf(session, 'print("x" in globals())')).toBe('False');
    });

    test('or to the last snapshot', async () => {
      const session = open({ maxFuel: 100_000_000 });
      await session.execute('x = 1');
      await session.snapshotState();
      await session.execute('x = 2');
      const error = await session.execute('while True: pass').catch((e) => e);
      expect(error).toMatchObject({ name: 'ResourceLimitError', recovery: 'snapshot' });
      expect(await outputOf(session, 'print(x)')).toBe('1');
    });
  });

  test('limits hold, and can be changed', async () => {
    const session = open({ resourceLimits: { maxMemoryBytes: 60_000_000, maxCallbackInvocations: 1 } });
    expect(session.resourceLimits).toMatchObject({ maxMemoryBytes: 60_000_000, executionTimeoutMs: 30_000 });
    await expect(session.execute('bytearray(10**9)')).rejects.toThrow('MemoryError');
    session.executionTimeoutMs = 200;
    await expect(session.execute('while True: pass')).rejects.toThrow('timed out after 200 ms');
    session.fuelLimit = 1000;
    expect(session.fuelLimit).toBe(1000n);
    await expect(session.execute('sum(range(10000))')).rejects.toMatchObject({ name: 'ResourceLimitError' });
    session.fuelLimit = null;
    expect(await outputOf(session, 'print(1)')).toBe('1');
  });

  test('cost the same fuel for the same programs', async () => {
    const costs = [];
    for (let i = 0; i < 3; i++) {
      const session = open({ seed: 'x' });
      const run = async (code: string) => (await session.execute(code)).fuelConsumed;
      costs.push([await run('x = [str(i) for i in range(100)]'), await run('print(sorted(set(x))[:2])')]);
    }
    expect(costs[1]).toEqual(costs[0]);
    expect(costs[2]).toEqual(costs[0]);
  });

  describe('snapshots', () => {
    test('bring back variables, exactly', async () => {
      const session = open();
      await session.execute('x = 10\ngenerator = (i for i in range(5))\nnext(generator)\nf = lambda: x');
      const state = await session.snapshotState();
      await session.execute('x = 999\nnext(generator)\ndel f');
      await session.restoreState(state);
      expect(await outputOf(session, 'print(x, next(generator), f())')).toBe('10 1 10');
      await session.restoreState(state);
      expect(await outputOf(session, 'print(next(generator))')).toBe('1');
    });

    test('go to another session', async () => {
      const [a, b] = [open(), open()];
      await a.execute('class Point:\n    def __init__(self, x): self.x = x\np = Point(3)\nimport math');
      await b.restoreState(await a.snapshotState());
      expect(await outputOf(b, 'print(p.x, math.pi > 3, type(p).__name__)')).toBe('3 True Point');
      await a.execute('p.x = 4');
      expect(await outputOf(b, 'print(p.x)')).toBe('3');
    });

    test.each([
      ['nothing', new Uint8Array(0)],
      ['something else', new Uint8Array(100).fill(7)],
    ])('that are %s are refused', async (_, bytes) => {
      const session = open();
      await session.execute('x = 1');
      await expect(session.restoreState(bytes)).rejects.toThrow('these bytes are no snapshot of a session');
      expect(await outputOf(session, 'print(x)')).toBe('1');
    });

    test('that are damaged are refused', async () => {
      const session = open();
      const state = await session.snapshotState();
      for (const at of [state.length >> 1, 20]) {
        const damaged = state.slice();
        damaged[at]! ^= 1;
        await expect(session.restoreState(damaged)).rejects.toThrow('damaged');
      }
      expect(await outputOf(session, 'print(1)')).toBe('1');
    });
  });

  test('names that are no texts are neither exported nor in the way', async () => {
    const session = open();
    await session.execute('globals()[5] = 6\nx = 1');
    expect((await session.exportState()).names).toEqual(['x']);
    await expect(session.importState(null as never)).rejects.toThrow(TypeError);
    await expect(session.isComplete(5 as never)).rejects.toThrow(TypeError);
  });

  test('variables can be exported and imported', async () => {
    const [a, b] = [open(), open()];
    await a.execute(`
import math, sys
x, y = [1, {"a": 2}], None
def area(r): return math.floor(r * x[0])
double = lambda n: 2 * n
class A:
    def __init__(self): self.v = 7
a = A()
generator = (i for i in "ab")`);
    const state = await a.exportState();
    expect(state.names).toContain('area');
    expect(state.skipped.map(({ name }) => name)).toContain('generator');
    await b.execute('kept = 1\nx = "old"');
    await b.importState(state);
    expect(await outputOf(b, 'print(x, area(2.5), double(4), a.v, kept)')).toBe("[1, {'a': 2}] 2 8 7 1");
    await expect(b.importState(new Uint8Array(3))).rejects.toThrow('not a saved state');
  });

  test('variables that never end being exported are cut off', async () => {
    const session = open();
    await session.execute('class Evil:\n    def __reduce__(self):\n        while True: pass\ne = Evil()');
    session.executionTimeoutMs = 700;
    await expect(session.exportState()).rejects.toMatchObject({ name: 'TimeoutError', recovery: 'image' });
    session.executionTimeoutMs = null;
    expect(await outputOf(session, 'print("e" in globals())')).toBe('False');
  });

  test('a prompt: values of expressions are printed, and unfinished lines known', async () => {
    const session = open();
    expect((await session.execute('1 + 1', { mode: 'single' })).stdout).toBe('2');
    expect(await session.isComplete('for i in range(3):')).toBe('incomplete');
    expect(await session.isComplete('x = 1')).toBe('complete');
    expect(await session.isComplete('x = = 1')).toBe('invalid');
  });

  test('that nobody closed, and whose thread was killed, go on from their snapshot', async () => {
    const session = open();
    await session.execute('x = 5');
    await session.snapshotState();
    const running = session.execute('import time\ntime.sleep(20)').catch((e) => e);
    await sleep(200);
    await Promise.all(workers.map((worker) => worker.terminate()));
    const error = await running;
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error.recovery).toBe('snapshot');
    expect(await outputOf(session, 'print(x)')).toBe('5');
  });

  test('are closed while an endless program runs, which ends by that', { timeout: 60_000 }, async () => {
    const session = factory.createSession({ executionTimeoutMs: null });
    await session.execute('x = 1');
    const running = session.execute('while True: pass');
    const ended = expect(running).rejects.toBeInstanceOf(CancelledError);
    await sleep(300);
    await session.close();
    await ended;
  });

  test('that are closed run nothing', async () => {
    const session = open();
    await session.execute('x = 1');
    await session.close();
    await session.close();
    await expect(session.execute('x')).rejects.toThrow('the session is closed');
  });
});
