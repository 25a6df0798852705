/** Programs in the guest: what they leave behind, how their errors read, and that a hostile one harms itself only. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needing, PYODIDE } from '../test/e2e-runtimes.ts';
import { TestGuest } from '../test/support/python-guest.ts';

const TITLE = needing(PYODIDE, 'pyodide', 'the guest');
describe.skipIf(PYODIDE === undefined)(TITLE, { timeout: 60_000 }, () => {
  let python: TestGuest;
  beforeAll(() => {
    python = new TestGuest(PYODIDE!);
  }, 120_000);
  afterAll(() => python?.close());
  beforeEach(() => python.clear());

  const stdout = async (code: string) => {
    const { outcome, stdout: text } = await python.run(code);
    expect(outcome).toMatchObject({ ok: true });
    return text;
  };
  const error = async (code: string) => {
    const { outcome } = await python.run(code);
    if (outcome.ok) throw new Error('it succeeded');
    return outcome.error;
  };

  describe('programs', () => {
    test.each([
      ['print("hello")', 'hello\n'],
      ['', ''],
      ['  \n\n', ''],
      ['# only this', ''],
      ['import asyncio\nprint(await asyncio.sleep(0, "slept"))', 'slept\n'],
      ['print(__name__, type(__builtins__).__name__)', '__main__ module\n'],
      ['import os\nos.write(1, b"raw ")\nprint("text")', 'raw text\n'],
      ['from __future__ import annotations\nprint("future")', 'future\n'],
      ['import sys\nprint(sys.modules["__main__"].__dict__ is globals())', 'True\n'],
      ['import sys\nprint([name for name in sys.modules if "sandglass" in name])', '[]\n'],
      ['import inspect\ndef f(): return 1\nprint(inspect.getsource(f))', 'def f(): return 1\n\n'],
      ['import sys\nprint("before")\nsys.exit()', 'before\n'],
      ['raise SystemExit(0)', ''],
    ])('%j', async (code, expected) => {
      expect(await stdout(code)).toBe(expected);
    });

    test('variables last until they are cleared', async () => {
      await stdout('x = 42');
      expect(await stdout('print(x)')).toBe('42\n');
      await python.clear();
      expect(await error('print(x)')).toMatchObject({ type: 'NameError' });
      expect(await stdout('print(__name__)')).toBe('__main__\n');
    });

    test('NUL never reaches the compiler', async () => {
      await expect(python.run('print("\0")')).rejects.toThrow('code contains NUL bytes');
    });

    test('a file name and arguments', async () => {
      const { outcome, stdout: text } = await python.run(
        'import sys\nprint(sys.argv)\n1/0',
        {},
        {
          filename: 'prog.py',
          argv: ['prog.py', '-x'],
        },
      );
      expect(text).toBe("['prog.py', '-x']\n");
      expect(outcome).toMatchObject({
        error: { traceback: expect.stringContaining('File "prog.py", line 3') },
      });
    });

    test('the end of a program that is thrown away: atexit, open files, __del__', async () => {
      const code = `
import atexit
atexit.register(print, "atexit")
class Thing:
    def __del__(self): print("gone")
thing = Thing(); thing.me = thing
file = open("/tmp/unclosed", "w"); file.write("written")
result = 1`;
      const { outcome, stdout: text } = await python.run(code, {}, { final: true });
      expect([outcome, text]).toEqual([{ status: 'done', ok: true, resultJson: '1' }, 'atexit\ngone\n']);
      expect(await stdout('print(open("/tmp/unclosed").read())')).toBe('written\n');
    });

    test('a session: objects die when they are deleted, open files are written out', async () => {
      await stdout('class D:\n  def __del__(self): print("del")\nitems = [D() for _ in range(5)]');
      expect(await stdout('items.clear()')).toBe('del\n'.repeat(5));
      await stdout('file = open("/tmp/still-open", "w"); file.write("there")');
      expect(await stdout('print(open("/tmp/still-open").read())')).toBe('there\n');
    });
  });

  describe('the result variable', () => {
    test.each([
      ['result = {"a": [1, 2, None], "s": "é"}', { resultJson: '{"a": [1, 2, null], "s": "\\u00e9"}' }],
      ['result = None', { resultJson: 'null' }],
      ['result = 0', { resultJson: '0' }],
      ['result = ""', { resultJson: '""' }],
      ['result = []', { resultJson: '[]' }],
      ['result = False', { resultJson: 'false' }],
      ['result = 2**63', { resultJson: '9223372036854775808' }],
      ['pass', {}],
      ['result = object()', { resultError: 'result is not JSON-serializable: object (TypeError)' }],
      ['result = b"x"', { resultError: 'result is not JSON-serializable: bytes (TypeError)' }],
      ['result = {1}', { resultError: 'result is not JSON-serializable: set (TypeError)' }],
      ['result = float("inf")', { resultError: 'result is not JSON-serializable: float (ValueError)' }],
      [
        'result = []; result.append(result)',
        { resultError: 'result is not JSON-serializable: list (ValueError)' },
      ],
    ])('%s', async (code, expected) => {
      expect((await python.run(code)).outcome).toEqual({ status: 'done', ok: true, ...expected });
    });

    test('is taken away after each run, failed ones included', async () => {
      expect((await error('result = 1; raise Exception()')).type).toBe('Exception');
      expect((await python.run('pass')).outcome).not.toHaveProperty('resultJson');
      expect((await error('result')).type).toBe('NameError');
    });

    test('has any name', async () => {
      const options = { resultVariable: 'out' };
      expect((await python.run('out = 5; result = 6', {}, options)).outcome).toMatchObject({
        resultJson: '5',
      });
      const hostile = { resultVariable: '"\'; import os; raise SystemExit \\' };
      expect((await python.run('result = 6', {}, hostile)).outcome).toEqual({ status: 'done', ok: true });
    });
  });

  describe('errors', () => {
    test.each([
      ['raise ValueError("boom")', 'ValueError', 'boom'],
      ['def (:', 'SyntaxError', 'invalid syntax (<user>, line 1)'],
      ['import nope', 'ModuleNotFoundError', "No module named 'nope'"],
      ['raise SystemExit("bye")', 'SystemExit', 'bye'],
      ['raise StopIteration(5)', 'StopIteration', '5'],
      ['import asyncio\nawait asyncio.sleep(0)\nraise KeyError(1)', 'KeyError', '1'],
      ['raise KeyboardInterrupt', 'KeyboardInterrupt', ''],
      ['def f(): f()\nf()', 'RecursionError', 'maximum recursion depth exceeded'],
      ['class E(Exception):\n  def __str__(self): 1/0\nraise E', 'E', '<exception str() failed>'],
    ])('%j', async (code, type, message) => {
      expect(await error(code)).toMatchObject({ type, message });
    });

    test('sys.exit has a code', async () => {
      expect(await error('import sys; sys.exit(3)')).toMatchObject({
        type: 'SystemExit',
        message: '3',
        exitCode: 3,
      });
      expect(await error('raise SystemExit("bye")')).toMatchObject({ exitCode: 1 });
    });

    test('a traceback is what Python prints', async () => {
      const code =
        'def f(n):\n    return 1 / n\n\ntry:\n    f(0)\nexcept Exception as e:\n    raise KeyError("x") from e';
      expect((await error(code)).traceback).toBe(`Traceback (most recent call last):
  File "<user>", line 5, in <module>
    f(0)
    ~^^^
  File "<user>", line 2, in f
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "<user>", line 7, in <module>
    raise KeyError("x") from e
KeyError: 'x'`);
    });

    test('a syntax error has its line and no frames', async () => {
      expect((await error('x = 1\ndef (:')).traceback).toBe(`  File "<user>", line 2
    def (:
        ^
SyntaxError: invalid syntax`);
    });

    test('a function of an earlier execution keeps its source', async () => {
      await stdout('def f():\n    return 1 / 0');
      expect((await error('pass\npass\nf()')).traceback).toContain('line 2, in f\n    return 1 / 0\n');
    });

    test('an exception group', async () => {
      const { traceback } = await error('raise ExceptionGroup("both", [ValueError(1), KeyError(2)])');
      expect(traceback).toMatch(
        /^ {2}\+ Exception Group Traceback[\s\S]*\| ValueError: 1\n[\s\S]*\| KeyError: 2\n/,
      );
      expect(traceback).not.toContain('sandglass');
    });

    test('texts are bounded', async () => {
      const { message, traceback } = await error('raise ValueError("x" * 10_000_000)');
      expect(message.length).toBeLessThan(70_000);
      expect(traceback.length).toBeLessThan(270_000);
      expect(message).toContain('characters left out');
    });
  });

  describe('a hostile program harms no later one', () => {
    test.each([
      'import sys\nsys.stdout = sys.stderr = None',
      'import sys\nsys.stdout.close(); sys.stderr.close()',
      'import sys\nsys.modules["__main__"] = None',
      'import sys\nsys.modules = {}',
      'import sys\nsys.setrecursionlimit(12)',
      'import sys\ndef tracer(*_): raise SystemExit(1)\nsys.settrace(tracer)\nsys.setprofile(tracer)',
      'import json\njson.dumps = json.loads = json.JSONEncoder = None',
      'import traceback\ntraceback.TracebackException = None',
      'import linecache\nlinecache.cache = linecache._interactive_cache = linecache._register_code = None',
      'import asyncio\nasyncio.get_running_loop()._ready = None\nawait asyncio.sleep(0.01)',
      'import asyncio\nasyncio.get_running_loop().stop()\nawait asyncio.sleep(1)',
      'import asyncio\nasyncio.get_running_loop().__dict__.clear()\nawait asyncio.sleep(1)',
      'globals().clear()',
      '__builtins__ = 5',
      'class M(type):\n  def __getattribute__(c, n): raise RuntimeError("meta")\nclass E(Exception, metaclass=M): pass\nraise E',
      'class D(dict):\n  def items(self): raise SystemExit(1)\nresult = D(a=1)',
      'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)',
      'import gc\ngc.disable()\ngc.unfreeze()',
      'import threading\nthreading.Thread(target=print).start()',
      'e = None\nfor i in range(10_000):\n  n = ValueError(i); n.__context__ = e; e = n\nraise e',
    ])('%j', async (code) => {
      await python.run(code);
      const next = await python.run(
        'import asyncio\nawait asyncio.sleep(0)\nprint("fine")\nresult = len("abc")',
      );
      expect(next).toMatchObject({ outcome: { ok: true, resultJson: '3' }, stdout: 'fine\n', stderr: '' });
    });

    test('even without builtins, the answer is one', async () => {
      const other = new TestGuest(PYODIDE!);
      const erase = 'import builtins\nfor name in list(vars(builtins)): vars(builtins).pop(name)\n1/0';
      expect((await other.run(erase)).outcome).toMatchObject({
        ok: false,
        error: { type: expect.any(String) },
      });
      expect((await other.run('print(1)')).outcome).toMatchObject({
        ok: false,
        error: { type: 'NameError' },
      });
      other.close();
    });
  });

  describe('memory that is used up', () => {
    let small: TestGuest;
    beforeAll(() => {
      small = new TestGuest(PYODIDE!, 64 * 2 ** 20);
    });
    afterAll(() => small?.close());

    test.each([
      'x = bytearray(1024 ** 3)',
      'x = []\nwhile True: x.append(object())',
      'x = {}\nwhile True: x[len(x)] = str(len(x))',
      's = "a"\nwhile True: s += s',
      'import asyncio\nawait asyncio.sleep(0)\nx = []\nwhile True: x.append([])',
    ])('%j', async (code) => {
      const { outcome } = await small.run(code);
      expect(outcome).toMatchObject({ ok: false, error: { type: 'MemoryError' } });
      await small.clear();
      expect((await small.run('result = len([0] * 100_000)')).outcome).toMatchObject({
        resultJson: '100000',
      });
    });

    test('can be caught', async () => {
      const { stdout: text } = await small.run(
        'try: bytearray(2 ** 30)\nexcept MemoryError: print("caught")',
      );
      expect(text).toBe('caught\n');
    });
  });

  describe('a REPL', () => {
    const single = (code: string) => python.run(code, {}, { mode: 'single' });
    test.each([
      ['1 + 1', 'complete'],
      ['def f():', 'incomplete'],
      ['def f():\n  pass', 'incomplete'],
      ['def f():\n  pass\n', 'complete'],
      ['"""a', 'incomplete'],
      ['x = (1,', 'incomplete'],
      ['x = 1\ny = 2', 'complete'],
      ['await z', 'complete'],
      ['1 +', 'invalid'],
      ['('.repeat(5000), 'invalid'],
      [`x = ${'-'.repeat(100_000)}1`, 'invalid'],
      [')', 'invalid'],
      ['', 'complete'],
    ])('%j is %s', async (source, expected) => {
      expect(await python.complete(source)).toBe(expected);
    });

    test('prints the values of expressions', async () => {
      expect((await single('6 * 7')).stdout).toBe('42\n');
      expect((await single('_ + 1')).stdout).toBe('43\n');
      expect((await single('None')).stdout).toBe('');
      expect((await single('a = "x"\na * 3')).stdout).toBe("'xxx'\n");
      expect((await single('import asyncio\nawait asyncio.sleep(0, "later")')).stdout).toBe("'later'\n");
      expect((await single('1 / 0')).outcome).toMatchObject({ error: { type: 'ZeroDivisionError' } });
    });
  });

  test('fresh: random numbers begin anew', async () => {
    const draw = 'import random, uuid, tempfile\nresult = [random.random(), str(uuid.uuid1())]';
    await python.run('import random\nrandom.seed(1)\nstate = random.getstate()');
    await python.fresh();
    expect((await python.run('import random\nresult = random.getstate() == state')).outcome).toMatchObject({
      resultJson: 'false',
    });
    expect((await python.run(draw)).outcome).toMatchObject({ ok: true });
    await python.fresh(['/tmp/more']);
    await stdout(
      'import os\nos.makedirs("/tmp/more", exist_ok=True)\nopen("/tmp/more/extra.py", "w").write("value = 7")',
    );
    await python.fresh();
    expect(await stdout('import extra\nprint(extra.value)')).toBe('7\n');
  });

  test('modules are imported for an image', async () => {
    await python.importModules(['json', 'xml.dom']);
    await python.seal();
    expect(await stdout('import sys\nprint("json" in sys.modules, "xml.dom" in sys.modules)')).toBe(
      'True True\n',
    );
    await expect(python.importModules(['nope'])).rejects.toThrow("No module named 'nope'");
  });
});
