/** Programs in sandboxes: output, errors, the result variable. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExecutionError } from '../../src/python.ts';
import { factory, PATIENCE_MS, titled, withoutPython } from './sandboxes.ts';

describe.skipIf(withoutPython)(titled('programs'), () => {
  beforeAll(async () => void (await factory.ready()), PATIENCE_MS);
  afterAll(() => factory.close());

  const run = (code: string, options: Parameters<typeof factory.createSandbox>[0] = {}) =>
    factory.createSandbox(options).execute(code);
  const failure = (code: string): Promise<ExecutionError> =>
    run(code).then(
      () => expect.unreachable('it succeeded'),
      (error) => error,
    );

  describe('output', () => {
    test('without the newline at its end, and as it was', async () => {
      const result = await run('print("hello")');
      expect(result).toMatchObject({ stdout: 'hello', rawStdout: 'hello\n', stderr: '', truncated: false });
      expect(result).toMatchObject({ callbackInvocations: 0, trace: [] });
      expect(result.durationMs).toBeGreaterThan(0);
      expect(result.peakMemoryBytes).toBeGreaterThan(0);
      expect(result.fuelConsumed).toBeGreaterThan(0n);
    });

    test('of several prints', async () => {
      const code = 'for i in (1, 2, 3): print(f"line {i}")';
      expect((await run(code)).stdout).toBe('line 1\nline 2\nline 3');
    });

    test.each(['', '  \n\t\n', '# nothing'])('of %j is nothing', async (code) => {
      expect(await run(code)).toMatchObject({ rawStdout: '', rawStderr: '', result: undefined });
    });

    test('goes to two streams, also straight to file descriptors', async () => {
      const code = `
import os, sys
sys.stderr.write("warning")
os.write(1, b"one ")
print("two")
os.write(2, b"!")`;
      expect(await run(code)).toMatchObject({ rawStdout: 'one two\n', rawStderr: 'warning!' });
    });

    test('may be long', async () => {
      const { rawStdout } = await run('print("x" * 150_000)');
      expect(rawStdout).toBe(`${'x'.repeat(150_000)}\n`);
    });

    test('is bounded', async () => {
      const limited = { resourceLimits: { maxOutputBytes: 1000 } };
      const result = await run('for i in range(1000): print("0123456789")\nresult = i', limited);
      expect(result.rawStdout).toHaveLength(1000);
      expect(result).toMatchObject({ truncated: true, result: 999 });
    });

    test('is Unicode, whatever is cut where', async () => {
      const code = 'import sys\nprint("é😀ß")\nsys.stdout.buffer.write("€".encode()[:1])';
      expect((await run(code)).rawStdout).toBe('é😀ß\n\ufffd');
    });
  });

  test('nothing is left of one program for the next', async () => {
    const sandbox = factory.createSandbox();
    await sandbox.execute('x = 42\nimport json\njson.mine = 1\nopen("/tmp/left", "w").close()');
    await expect(sandbox.execute('print(x)')).rejects.toThrow('NameError');
    const code = 'import os, json\nprint(hasattr(json, "mine"), os.path.exists("/tmp/left"))';
    expect((await sandbox.execute(code)).stdout).toBe('False False');
  });

  describe('errors', () => {
    test('an exception, with its traceback as Python prints it', async () => {
      const error = await failure('print("before")\ndef f():\n    raise ValueError("boom")\nf()');
      expect(error).toBeInstanceOf(ExecutionError);
      expect(error).toMatchObject({ type: 'ValueError', message: 'ValueError: boom', stdout: 'before' });
      expect(error.traceback).toBe(
        [
          'Traceback (most recent call last):',
          '  File "<user>", line 4, in <module>',
          '    f()',
          '    ~^^',
          '  File "<user>", line 3, in f',
          '    raise ValueError("boom")',
          'ValueError: boom',
        ].join('\n'),
      );
    });

    test.each([
      ['def (:', 'SyntaxError'],
      ['import nope', 'ModuleNotFoundError'],
      ['1 / 0', 'ZeroDivisionError'],
      ['raise KeyError', 'KeyError'],
      ['raise SystemExit(3)', 'SystemExit'],
      ['def f(): f()\nf()', 'RecursionError'],
    ])('%s', async (code, type) => {
      const error = await failure(code);
      expect(error).toMatchObject({ name: 'ExecutionError', type });
      expect(error.traceback).toContain(type);
    });

    test('exit without an error is none', async () => {
      expect((await run('print(1)\nimport sys\nsys.exit(0)\nprint(2)')).stdout).toBe('1');
    });

    test('code that Python cannot be given', async () => {
      const error = await failure('print("a\0b")');
      expect(error).toMatchObject({ name: 'ExecutionError', type: undefined });
      expect(error.message).toBe('code contains NUL bytes, which cannot be executed');
    });
  });

  describe('the result variable', () => {
    test.each([
      ['{"a": [1, 2, None], "s": "é"}', { a: [1, 2, null], s: 'é' }, '{"a": [1, 2, null], "s": "\\u00e9"}'],
      ['None', null, 'null'],
      ['0', 0, '0'],
      ['False', false, 'false'],
      ['[]', [], '[]'],
      ['""', '', '""'],
      ['2**63', 9223372036854775808n, '9223372036854775808'],
      ['-(2**53) - 1', -9007199254740993n, '-9007199254740993'],
      ['1.5', 1.5, '1.5'],
    ])('%s', async (value, result, resultJson) => {
      expect(await run(`result = ${value}`)).toMatchObject({ result, resultJson, resultError: undefined });
    });

    test('that is not set', async () => {
      expect(await run('x = 1')).toMatchObject({ result: undefined, resultJson: undefined });
    });

    test.each([
      ['object()', 'object'],
      ['b"x"', 'bytes'],
      ['{1}', 'set'],
      ['float("inf")', 'float'],
    ])('that is no JSON: %s', async (value, type) => {
      const { result, resultError } = await run(`result = ${value}`);
      expect(result).toBeUndefined();
      expect(resultError).toContain(`result is not JSON-serializable: ${type}`);
    });

    test('of another name', async () => {
      expect((await run('out = 5; result = 6', { resultVariable: 'out' })).result).toBe(5);
    });

    test('of a name that is none', async () => {
      const resultVariable = `x"; import os; raise SystemExit('\\`;
      expect(await run('print(1)', { resultVariable })).toMatchObject({ stdout: '1', result: undefined });
    });
  });

  describe('await at the top level', () => {
    test('waits', async () => {
      const code = `
import asyncio
async def work(n):
    await asyncio.sleep(0.02)
    return n
result = await asyncio.gather(work(1), work(2))
try:
    await asyncio.wait_for(asyncio.sleep(10), 0.05)
except TimeoutError:
    print("late")`;
      expect(await run(code)).toMatchObject({ result: [1, 2], stdout: 'late' });
    });

    test('and a loop of the program itself', async () => {
      const code = `
import asyncio, time
async def main():
    started = time.monotonic()
    await asyncio.sleep(0.05)
    return time.monotonic() - started >= 0.05
result = asyncio.run(main())`;
      expect((await run(code)).result).toBe(true);
    });
  });
});
