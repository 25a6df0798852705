/** What waits: the event loop at rest and nested, host functions, soft interrupts, tracing. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needing, PYODIDE } from '../test/e2e-runtimes.ts';
import { type HostFunctions, TestGuest, traceOf } from '../test/support/python-guest.ts';

const NUMBERS = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } } };
const HOST: HostFunctions = {
  echo: { fn: 'echo', description: 'Gives back what it is given.' },
  add: { fn: 'add', description: 'Adds.', schema: NUMBERS },
  fail: { fn: 'fail' },
  never: { fn: 'never' },
};

const TITLE = needing(PYODIDE, 'pyodide', 'the guest');
describe.skipIf(PYODIDE === undefined)(TITLE, { timeout: 60_000 }, () => {
  let python: TestGuest;
  beforeAll(() => {
    python = new TestGuest(PYODIDE!);
  });
  afterAll(() => python?.close());
  beforeEach(() => python.clear(), 120_000);

  const result = async (code: string, functions: HostFunctions = {}) => {
    const { outcome } = await python.run(code, functions);
    if (!outcome.ok) throw new Error(outcome.error.traceback);
    return JSON.parse(outcome.resultJson ?? 'null') as unknown;
  };
  const error = async (code: string, functions: HostFunctions = {}) => {
    const { outcome } = await python.run(code, functions);
    if (outcome.ok) throw new Error('it succeeded');
    return outcome.error;
  };

  /** Each runs twice: at the top level, and inside `asyncio.run` in a plain script. */
  describe.each([
    ['at the top level', (body: string) => body],
    [
      'inside asyncio.run',
      (body: string) =>
        `async def main():\n${body.replaceAll(/^/gm, '    ')}\n    return result\nresult = asyncio.run(main())`,
    ],
  ])('asyncio %s', (_, wrap) => {
    test.each([
      ['sleep', 'await asyncio.sleep(0.01)\nresult = 1', 1],
      ['sleep with a value', 'result = await asyncio.sleep(0.001, "v")', 'v'],
      [
        'gather keeps order',
        'async def f(n):\n  await asyncio.sleep(n / 100)\n  return n\nresult = await asyncio.gather(f(3), f(1), f(2))',
        [3, 1, 2],
      ],
      [
        'as_completed',
        'async def f(n):\n  await asyncio.sleep(n / 50)\n  return n\nresult = [await c for c in asyncio.as_completed([f(3), f(1), f(2)])]',
        [1, 2, 3],
      ],
      ['wait_for in time', 'result = await asyncio.wait_for(asyncio.sleep(0.001, 5), 2)', 5],
      [
        'wait_for too late',
        'try:\n  await asyncio.wait_for(asyncio.sleep(9), 0.01)\nexcept TimeoutError:\n  result = "late"',
        'late',
      ],
      [
        'timeout()',
        'try:\n  async with asyncio.timeout(0.01):\n    await asyncio.sleep(9)\nexcept TimeoutError:\n  result = "late"',
        'late',
      ],
      [
        'call_later and call_at',
        'loop = asyncio.get_running_loop(); seen = []\nloop.call_later(0.02, seen.append, 2); loop.call_at(loop.time() + 0.01, seen.append, 1)\nawait asyncio.sleep(0.04)\nresult = seen',
        [1, 2],
      ],
      [
        'a timer that is cancelled',
        'seen = []\nhandle = asyncio.get_running_loop().call_later(0.01, seen.append, 1); handle.cancel()\nawait asyncio.sleep(0.02)\nresult = seen',
        [],
      ],
      [
        'a queue',
        'q = asyncio.Queue(2)\nasync def put():\n  for i in range(5): await q.put(i)\nt = asyncio.create_task(put())\nresult = [await q.get() for _ in range(5)]',
        [0, 1, 2, 3, 4],
      ],
      [
        'event, lock, semaphore',
        'e = asyncio.Event(); l = asyncio.Lock(); s = asyncio.Semaphore(2)\nasync def f():\n  await e.wait()\n  async with l, s: return 1\nt = asyncio.create_task(f())\nawait asyncio.sleep(0); e.set()\nresult = await t',
        1,
      ],
      [
        'a task group',
        'async def f(n): await asyncio.sleep(0); return n\nasync with asyncio.TaskGroup() as g:\n  ts = [g.create_task(f(n)) for n in range(3)]\nresult = [t.result() for t in ts]',
        [0, 1, 2],
      ],
      [
        'a task group that fails',
        'async def f(): raise ValueError(1)\ntry:\n  async with asyncio.TaskGroup() as g: g.create_task(f()); g.create_task(asyncio.sleep(9))\nexcept* ValueError as e: result = len(e.exceptions)',
        1,
      ],
      [
        'cancellation',
        't = asyncio.create_task(asyncio.sleep(9))\nawait asyncio.sleep(0); t.cancel()\ntry: await t\nexcept asyncio.CancelledError: result = "cancelled"',
        'cancelled',
      ],
      [
        'shield',
        't = asyncio.create_task(asyncio.sleep(0.02, "whole"))\ntry: await asyncio.wait_for(asyncio.shield(t), 0.001)\nexcept TimeoutError: result = await t',
        'whole',
      ],
      [
        'threads that are none',
        'loop = asyncio.get_running_loop()\nresult = [await asyncio.to_thread(len, "abc"), await loop.run_in_executor(None, max, 1, 2)]',
        [3, 2],
      ],
      [
        'async generators',
        'async def g():\n  for i in range(3):\n    await asyncio.sleep(0); yield i\nresult = [i async for i in g()]',
        [0, 1, 2],
      ],
      [
        'context variables',
        'import contextvars\nv = contextvars.ContextVar("v", default=0)\nasync def f(): v.set(1)\nawait asyncio.create_task(f())\nresult = v.get()',
        0,
      ],
      [
        'many callbacks in parallel',
        'result = await asyncio.gather(*(add(i, 1) for i in range(20)))',
        Array.from({ length: 20 }, (_, i) => i + 1),
      ],
      [
        'a callback beside a timer',
        'result = await asyncio.gather(asyncio.sleep(0.01, 1), add(1, 1))',
        [1, 2],
      ],
      [
        'a callback that takes too long',
        'try: await asyncio.wait_for(never(), 0.01)\nexcept TimeoutError: result = "late"',
        'late',
      ],
      [
        'failures apart',
        'rs = await asyncio.gather(add(1, 2), fail(), return_exceptions=True)\nresult = [rs[0], str(rs[1])]',
        [3, 'the host says no'],
      ],
      [
        'a spinning program gets its answers',
        't = asyncio.ensure_future(add(1, 2))\nwhile not t.done(): await asyncio.sleep(0)\nresult = t.result()',
        3,
      ],
    ])('%s', async (_name, body, expected) => {
      expect(await result(`import asyncio\n${wrap(body)}`, HOST)).toEqual(expected);
    });
  });

  describe('the loop', () => {
    test('waits with an empty stack at the top level, and only there', async () => {
      const body = 'await asyncio.sleep(0.005)\n';
      expect((await python.run(`import asyncio\n${body}`)).rests).toBeGreaterThan(0);
      const nested = await python.run(`import asyncio\nasync def f():\n  ${body}\nasyncio.run(f())`);
      expect(nested.rests).toBe(0);
      expect(nested.messages).toContainEqual({ t: 'wait', timeoutMs: expect.any(Number) });
    });

    test('a Runner, and a loop that the program makes', async () => {
      const code = `import asyncio
with asyncio.Runner() as runner: first = runner.run(asyncio.sleep(0.001, 1))
loop = asyncio.new_event_loop()
result = [first, loop.run_until_complete(asyncio.sleep(0.001, 2))]
loop.close()`;
      expect(await result(code)).toEqual([1, 2]);
    });

    test('tasks that are left are cancelled, and may clean up', async () => {
      const code = `import asyncio
async def background():
    try: await asyncio.sleep(100)
    finally:
        await asyncio.sleep(0.001)
        print("cleaned up")
async def numbers():
    try: yield 1
    finally: print("closed")
task = asyncio.create_task(background()); generator = numbers()
await anext(generator); await asyncio.sleep(0)`;
      const { outcome, stdout } = await python.run(code);
      expect([outcome.ok, stdout]).toEqual([true, 'cleaned up\nclosed\n']);
      expect((await python.run('await __import__("asyncio").sleep(0)')).stdout).toBe('');
    });

    test('what it does not have, it says', async () => {
      expect(await error('import asyncio\nawait asyncio.create_subprocess_exec("ls")')).toMatchObject({
        type: 'NotImplementedError',
        message: 'subprocesses are not available in this sandbox',
      });
      expect(await error('import asyncio\nawait asyncio.open_connection("localhost", 80)')).toMatchObject({
        type: 'NotImplementedError',
        message: 'sockets and pipes are not available in this sandbox',
      });
      expect(
        await error('import asyncio\nawait asyncio.sleep(0)\nasyncio.run(asyncio.sleep(0))'),
      ).toMatchObject({
        type: 'RuntimeError',
      });
    });

    test('a program that waits is dropped by the next', async () => {
      await expect(python.run('import asyncio\nkept = 1\nawait asyncio.sleep(60)')).rejects.toThrow(
        'wait too long',
      );
      expect(await result('result = kept')).toBe(1);
    });
  });

  describe('soft interrupts', () => {
    test.each([
      ['a busy loop', 'while True: pass'],
      ['at rest', 'import asyncio\nawait asyncio.sleep(9)'],
      ['at rest for ever', 'import asyncio\nawait asyncio.Event().wait()'],
      ['a busy loop between awaits', 'import asyncio\nawait asyncio.sleep(0)\nwhile True: pass'],
      ['in time.sleep', 'import time\ntime.sleep(9)'],
      ['in asyncio.run', 'import asyncio\nasyncio.run(asyncio.sleep(9))'],
      ['busy in asyncio.run', 'import asyncio\nasync def f():\n  while True: pass\nasyncio.run(f())'],
      [
        'although handlers were replaced',
        'import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\nwhile True: pass',
      ],
    ])('%s', async (_, code) => {
      const { outcome } = await python.run(code, {}, { interruptAfter: 50 });
      expect(outcome).toMatchObject({ ok: false, error: { type: 'KeyboardInterrupt' } });
      expect(outcome).toMatchObject({
        error: { traceback: expect.stringContaining('File "<user>", line ') },
      });
      expect(await result('result = 1')).toBe(1);
    });

    test('can be caught', async () => {
      const code = 'try:\n  while True: pass\nexcept KeyboardInterrupt: result = "caught"';
      const { outcome } = await python.run(code, {}, { interruptAfter: 50 });
      expect(outcome).toMatchObject({ ok: true, resultJson: '"caught"' });
    });
  });

  describe('host functions', () => {
    test.each<[string, unknown]>([
      ['result = await echo(message="hi")', { message: 'hi' }],
      ['result = await add(10, 32)', 42],
      ['result = await add(10, b=32)', 42],
      ['result = await invoke("add", a=1, b=2)', 3],
      ['result = await echo(nested={"a": [1, None, "é"]})', { nested: { a: [1, null, 'é'] } }],
      [
        'import inspect\nresult = [add.__name__, add.__doc__, inspect.iscoroutinefunction(add)]',
        ['add', 'Adds.', true],
      ],
      ['result = [c["name"] for c in list_callbacks()]', ['echo', 'add', 'fail', 'never']],
      ['result = list_callbacks()[1]', { name: 'add', description: 'Adds.', parameters_schema: NUMBERS }],
      ['import asyncio\nresult = await asyncio.create_task(add(1, 2))', 3],
    ])('%s', async (code, expected) => {
      expect(await result(code, HOST)).toEqual(expected);
    });

    test.each([
      ['await add(1, a=2)', 'TypeError', "add() got multiple values for argument 'a'"],
      ['await add(1, 2, 3)', 'TypeError', 'add() takes 2 positional arguments but 3 were given'],
      ['await fail(message="because")', 'RuntimeError', 'because'],
      ['await invoke("nope")', 'RuntimeError', "Callback 'nope' not found"],
      ['await echo(value=object())', 'TypeError', 'Object of type object is not JSON serializable'],
      [
        'await echo(value=float("nan"))',
        'ValueError',
        'Out of range float values are not JSON compliant: nan',
      ],
    ])('%s', async (code, type, message) => {
      const { traceback, ...rest } = await error(code, HOST);
      expect(rest).toEqual({ type, message });
      expect(traceback).toContain(
        `Traceback (most recent call last):\n  File "<user>", line 1, in <module>\n    ${code}\n${type}: ${message}`,
      );
    });

    test('dotted names are namespaces', async () => {
      const fn = 'echo' as const;
      const functions: HostFunctions = {
        'search.dashboards': { fn, schema: { properties: { query: {} } } },
        search: { fn },
        'mcp.my-server.tool': { fn },
        'a"b\'c': { fn },
      };
      const code = `result = [
  await search.dashboards("overview"), await search(x=1), await mcp["my-server"].tool(y=2),
  await invoke('a"b\\'c', z=3), repr(mcp)]`;
      const expected = [{ query: 'overview' }, { x: 1 }, { y: 2 }, { z: 3 }, '<callbacks mcp: my-server>'];
      expect(await result(code, functions)).toEqual(expected);
      expect(await error('mcp.nope', functions)).toMatchObject({ type: 'AttributeError' });
      expect(await error('mcp["nope"]', functions)).toMatchObject({ type: 'KeyError' });
    });

    test('hide nothing, and come and go with the host', async () => {
      const fn = 'echo' as const;
      const functions: HostFunctions = {
        print: { fn },
        json: { fn },
        invoke: { fn },
        __name__: { fn },
        mine: { fn },
      };
      const code =
        'import json\nprint(__name__)\nresult = [json.dumps(await invoke("print", a=1)), callable(mine)]';
      expect(await result(code, functions)).toEqual(['{"a": 1}', true]);
      expect(await result('result = ["mine" in globals(), list_callbacks(), callable(invoke)]')).toEqual([
        false,
        [],
        true,
      ]);
      await result('mine = 5');
      expect(await result('result = mine')).toBe(5);
    });

    test('nobody waits any more for a call that was cancelled', async () => {
      const { messages } = await python.run(
        'import asyncio\nt = asyncio.create_task(never())\nawait asyncio.sleep(0)',
        HOST,
      );
      expect(messages.map(({ t }) => t)).toEqual(['call', 'cancel']);
    });
  });

  describe('tracing', () => {
    const trace = async (code: string, functions: HostFunctions = {}) => {
      const run = await python.run(code, functions, { trace: true });
      return traceOf(run).map((event) => {
        const what = 'function' in event ? ` ${event.function}` : 'name' in event ? ` ${event.name}` : '';
        return `${event.kind}${'message' in event ? ` ${event.message}` : what} @${event.lineno}`;
      });
    };

    test.each([
      ['x = 1', ['call <module> @0', 'line @1', 'return <module> @1']],
      [
        'def foo():\n    return 42\n\nresult = foo()',
        [
          'call <module> @0',
          'line @1',
          'line @4',
          'call foo @1',
          'line @2',
          'return foo @2',
          'return <module> @4',
        ],
      ],
      [
        'x = 0\nfor i in range(3):\n    x = i',
        ['call <module> @0', ...[1, 2, 3, 2, 3, 2, 3, 2].map((n) => `line @${n}`), 'return <module> @2'],
      ],
      [
        'def _hidden(): return 1\n_hidden()',
        ['call <module> @0', 'line @1', 'line @2', 'return <module> @2'],
      ],
      ['import json\njson.dumps(1)', ['call <module> @0', 'line @1', 'line @2', 'return <module> @2']],
    ])('%j', async (code, expected) => {
      expect(await trace(code)).toEqual(expected);
    });

    test('exceptions', async () => {
      const events = await trace('try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass');
      expect(events).toContain('exception ZeroDivisionError: division by zero @2');
      const generator = await trace('def g():\n    yield 1\nfor x in g():\n    pass');
      expect(generator.filter((event) => event.startsWith('exception'))).toEqual([]);
    });

    test('callbacks, with real durations', async () => {
      const run = await python.run('result = await echo(a=1)', HOST, { trace: true });
      const kinds = traceOf(run).map(({ kind }) => kind);
      const expected = ['call', 'line', 'callback_start', 'return', 'callback_end'];
      expect(kinds.filter((kind, index) => kind !== 'call' || index === 0).slice(0, 5)).toEqual(expected);
      const end = traceOf(run).find(({ kind }) => kind === 'callback_end');
      expect(end).toMatchObject({ name: 'echo', durationMs: expect.any(Number) });
      expect((end as { durationMs: number }).durationMs).toBeGreaterThan(0);
    });

    test('nothing when it is off', async () => {
      await python.run('x = 1', {}, { trace: true });
      expect(traceOf(await python.run('x = 1'))).toEqual([]);
    });
  });
});
