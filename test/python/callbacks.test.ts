/** Host functions that Python calls, traces and streams of output. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CallbackRegistry, type SandboxOptions, type TraceEvent } from '../../src/python.ts';
import { factory, PATIENCE_MS, titled, withoutPython } from './sandboxes.ts';

describe.skipIf(withoutPython)(titled('callbacks'), () => {
  beforeAll(async () => void (await factory.ready()), PATIENCE_MS);
  afterAll(() => factory.close());

  const callbacks = {
    echo: ({ message }: { message: unknown }) => ({ echoed: message }),
    add: (a: number, b: number) => a + b,
    delay: async ({ ms }: { ms: number }) => {
      await sleep(ms);
      return ms;
    },
    fail: ({ why }: { why: string }) => {
      throw new Error(why);
    },
    'search.dashboards': ({ query }: { query: string }) => [query],
    'search.deep.er': () => 'deep',
    big: () => ({ n: 2n ** 70n, text: 'é😀' }),
  };
  const run = (code: string, options: SandboxOptions = {}) =>
    factory.createSandbox({ callbacks, ...options }).execute(code);

  test('are async functions', async () => {
    const result = await run('r = await echo(message="hi")\nprint(r["echoed"])');
    expect(result).toMatchObject({ stdout: 'hi', callbackInvocations: 1 });
    expect(await run('for i in range(5): await echo(message=i)')).toMatchObject({ callbackInvocations: 5 });
  });

  test('give and take JSON', async () => {
    const code = `
value = {"list": [1, 2.5, None, True, "é😀"], "big": 2**70, "nested": {"": {}}}
r = await echo(message=value)
print(r["echoed"] == value, await big())`;
    expect((await run(code)).stdout).toBe("True {'n': 1180591620717411303424, 'text': 'é😀'}");
  });

  test('take positional arguments in the order of the schema', async () => {
    const code = `
print(await add(10, 32), await add(1, b=2))
try:
    await add(1, a=2)
except TypeError as error:
    print(error)`;
    const { stdout } = await run(code);
    expect(stdout).toMatch(/^42 3\n.*got multiple values for argument 'a'$/);
  });

  test('with dots in their names are found by them', async () => {
    const code = 'print(await search.dashboards("overview"), await search.deep.er())';
    expect((await run(code)).stdout).toBe("['overview'] deep");
  });

  test('can be listed, and called by name', async () => {
    const options = {
      callbacks: [
        { name: 'f', fn: ({ a }: { a: string }) => a, description: 'does f' },
        { name: `odd "name'`, fn: () => 'odd' },
      ],
    };
    const code = `
print(list_callbacks()[0])
print(await invoke("f", a=1), await invoke("odd \\"name'"))
try:
    await invoke("nope")
except RuntimeError as error:
    print(error)`;
    const { stdout } = await run(code, options);
    const [listed, called, missing] = stdout.split('\n');
    expect(listed).toBe(
      "{'name': 'f', 'description': 'does f', 'parameters_schema': {'type': 'object', 'properties': {'a': {}}, 'required': ['a'], 'additionalProperties': False}}",
    );
    expect(called).toBe('1 odd');
    expect(missing).toBe("Callback 'nope' not found");
  });

  test('there may be none', async () => {
    const code = 'print(list_callbacks(), callable(invoke))';
    expect((await factory.createSandbox().execute(code)).stdout).toBe('[] True');
  });

  test('do not take the names of builtins', async () => {
    const options = { callbacks: { print: () => 'mine', json: () => 'mine', len: () => 'mine' } };
    const code = 'import json\nprint(len("abc"), json.dumps(1), await invoke("print"))';
    expect((await run(code, options)).stdout).toBe('3 1 mine');
  });

  test('fail with a RuntimeError that has the message', async () => {
    const code = `
for attempt in (fail(why="no such city"), echo(), echo(mesage=1), add("x", 2)):
    try:
        print(await attempt)
    except (RuntimeError, TypeError) as error:
        print(type(error).__name__, error)`;
    const lines = (await run(code)).stdout.split('\n');
    expect(lines[0]).toBe('RuntimeError execution failed: no such city');
    expect(lines[1]).toContain('message');
    expect(lines[2]).toContain('missing argument "message"');
    await expect(run('await fail(why="boom")')).rejects.toThrow('RuntimeError: execution failed: boom');
  });

  test('are limited in number', async () => {
    const code = `
for i in range(5):
    try:
        await echo(message=i)
        print("ok")
    except RuntimeError as error:
        print(error)`;
    const result = await run(code, { resourceLimits: { maxCallbackInvocations: 3 } });
    const refused = 'Callback limit exceeded (3 invocations)';
    expect(result.stdout.split('\n')).toEqual(['ok', 'ok', 'ok', refused, refused]);
    expect(result.callbackInvocations).toBe(3);
  });

  test('are limited in time, each', async () => {
    const code = `
print(await delay(ms=20))
try:
    await delay(ms=3000)
except RuntimeError as error:
    print(error)`;
    const { stdout } = await run(code, { resourceLimits: { callbackTimeoutMs: 300 } });
    expect(stdout).toBe("20\ncallback timeout: 'delay' took longer than 300 ms");
  });

  test('run at the same time, and answer in order', async () => {
    const code = `
import asyncio, time
started = time.monotonic()
print(await asyncio.gather(delay(ms=300), delay(ms=200), delay(ms=100)))
print(time.monotonic() - started < 0.55)
print(sum(await asyncio.gather(*[delay(ms=10) for _ in range(20)])))
results = await asyncio.gather(delay(ms=5), fail(why="x"), delay(ms=1), return_exceptions=True)
print([type(r).__name__ for r in results])`;
    expect((await run(code)).stdout).toBe("[300, 200, 100]\nTrue\n200\n['int', 'RuntimeError', 'int']");
  });

  test('are called from a loop of the program, too', async () => {
    const code = `
import asyncio
async def main():
    return await asyncio.gather(delay(ms=30), echo(message=1), delay(ms=10))
print(asyncio.run(main()))`;
    expect((await run(code)).stdout).toBe("[30, {'echoed': 1}, 10]");
  });

  test('can be given up', async () => {
    const code = `
import asyncio
try:
    await asyncio.wait_for(delay(ms=5000), 0.05)
except TimeoutError:
    print("given up")
print(await echo(message=1))`;
    expect((await run(code)).stdout).toBe("given up\n{'echoed': 1}");
  });

  test('in a registry', async () => {
    const registry = new CallbackRegistry();
    registry.add(({ n = 3 }: { n?: number }) => n * 2, { name: 'double', description: 'twice' });
    expect((await run('print(await double(), await double(n=5))', { callbacks: registry })).stdout).toBe(
      '6 10',
    );
  });

  test('that still run when the time is up do not keep it', async () => {
    const error = await run('await delay(ms=5000)', { resourceLimits: { executionTimeoutMs: 200 } }).catch(
      (e) => e,
    );
    expect(error).toMatchObject({ name: 'TimeoutError', stats: { callbackInvocations: 1 } });
  });

  test('may run programs themselves', async () => {
    const inner = factory.createSandbox();
    const nested = async ({ code }: { code: string }) => (await inner.execute(code)).stdout;
    const { stdout } = await run('print(await nested(code="print(6 * 7)"))', { callbacks: { nested } });
    expect(stdout).toBe('42');
  });

  test('of a session may change from run to run', async () => {
    const session = factory.createSession();
    const names = 'print([c["name"] for c in list_callbacks()])';
    const options = { callbacks: { session_callback: () => 1 } };
    const first = await session.execute(`${names}\nawait session_callback()`, options);
    expect(first).toMatchObject({ stdout: "['session_callback']", callbackInvocations: 1 });
    expect((await session.execute(names)).stdout).toBe('[]');
    await expect(session.execute('session_callback')).rejects.toThrow('NameError');
    await session.close();
  });

  describe('a trace', () => {
    const short = ({ kind, lineno, function: name }: TraceEvent) =>
      name === undefined ? `${kind} ${lineno}` : `${kind} ${name} ${lineno}`;
    const traceOf = async (code: string) => (await run(code, { trace: true })).trace;

    test.each([
      ['x = 1', ['call <module> 0', 'line 1', 'return <module> 1']],
      [
        'def foo():\n    return 42\n\nresult = foo()',
        ['call <module> 0', 'line 1', 'line 4', 'call foo 1', 'line 2', 'return foo 2', 'return <module> 4'],
      ],
      [
        'for i in range(3):\n    x = i',
        ['call <module> 0', ...[1, 2, 1, 2, 1, 2, 1].map((line) => `line ${line}`), 'return <module> 1'],
      ],
    ])('of %j', async (code, expected) => {
      expect((await traceOf(code)).map(short)).toEqual(expected);
    });

    test('tells of exceptions', async () => {
      const code = 'try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass';
      const exceptions = (await traceOf(code)).filter(({ kind }) => kind === 'exception');
      expect(exceptions).toEqual([
        { kind: 'exception', lineno: 2, message: 'ZeroDivisionError: division by zero' },
      ]);
    });

    test('tells of callbacks, and how long they took', async () => {
      const heard: TraceEvent[] = [];
      const result = await run('result = await delay(ms=30)', { onTrace: (event) => heard.push(event) });
      expect(heard).toEqual(result.trace);
      const kinds = heard.map(({ kind }) => kind);
      expect(kinds.slice(0, 3)).toEqual(['call', 'line', 'callback_start']);
      expect(kinds).toContain('callback_end');
      const end = heard.find(({ kind }) => kind === 'callback_end')!;
      expect(end.name).toBe('delay');
      expect(end.durationMs).toBeGreaterThanOrEqual(25);
    });

    test('there is none unless it is wanted', async () => {
      expect((await run('x = 1')).trace).toEqual([]);
    });
  });

  describe('a stream of output', () => {
    test('comes piece by piece, all of it', async () => {
      const chunks: string[] = [];
      const errors: string[] = [];
      const code = 'import sys\nfor i in range(3): print(i)\nprint("e", file=sys.stderr)';
      const { rawStdout } = await run(code, {
        onStdout: (text) => chunks.push(text),
        onStderr: (text) => errors.push(text),
      });
      expect(chunks.length).toBeGreaterThanOrEqual(3);
      expect(chunks.join('')).toBe(rawStdout);
      expect(errors.join('')).toBe('e\n');
    });

    test('comes while the program runs', async () => {
      let heard: (text: string) => void;
      const first = new Promise<string>((resolve) => {
        heard = resolve;
      });
      const running = run('print("first")\nawait go()\nprint("second")', {
        onStdout: (text) => heard(text),
        callbacks: { go: () => first },
      });
      expect(await first).toContain('first');
      expect((await running).stdout).toBe('first\nsecond');
    });

    test('comes while it computes', async () => {
      const started = performance.now();
      let heard = Infinity;
      const code =
        'import time\nprint("first")\nend = time.monotonic() + 1\nwhile time.monotonic() < end: pass';
      await run(code, {
        onStdout: () => {
          heard = Math.min(heard, performance.now());
        },
      });
      expect(performance.now() - heard).toBeGreaterThan(500);
      expect(heard).toBeGreaterThan(started);
    });

    test('comes before an error, too', async () => {
      const chunks: string[] = [];
      const failed = run('print("so far")\n1 / 0', { onStdout: (text) => chunks.push(text) });
      await expect(failed).rejects.toThrow('ZeroDivisionError');
      expect(chunks.join('')).toBe('so far\n');
    });
  });
});
