/** `sandglass python` as its users see it: programs, options, how it ends, and the prompt in a terminal. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execute, MAIN, type ProcessOptions, sandglass } from './cli-process.ts';
import { PYODIDE } from './e2e-runtimes.ts';
import { IMAGES, PATIENCE_MS, titled, withoutPython } from './python/sandboxes.ts';
import { zipOf } from './support/zip.ts';

const PYTHON3 = spawnSync('python3', ['-c', 'import pty']).status === 0;

describe.skipIf(withoutPython)(titled('sandglass python'), { timeout: 120_000 }, () => {
  let home: string;
  const at = (path: string) => join(home, path);
  const env = { SANDGLASS_CACHE: IMAGES, SANDGLASS_PYODIDE: PYODIDE ?? '' };
  const python = (args: readonly string[], options: ProcessOptions = {}) =>
    sandglass(['python', ...args], { ...options, env: { ...env, ...options.env } });

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'sandglass-cli-python-'));
    mkdirSync(at('dir'));
    writeFileSync(at('dir/file'), 'of the host');
    writeFileSync(
      at('program.py'),
      'import sys\nprint(sys.argv[1:])\ndef f():\n    return 1 / 0\nif sys.argv[1:] == ["fail"]: f()\n',
    );
    await python(['-c', 'pass']);
  }, PATIENCE_MS);
  afterAll(() => rmSync(home, { recursive: true }));

  describe('programs', () => {
    test('-c', async () => {
      expect(await python(['-c', 'print(1)'])).toEqual({
        status: 0,
        signal: null,
        stdout: '1\n',
        stderr: '',
      });
    });

    test('a file, its arguments, and its name in tracebacks', async () => {
      expect(await python([at('program.py'), 'a', '-x', '--timeout'])).toMatchObject({
        status: 0,
        stdout: "['a', '-x', '--timeout']\n",
      });
      const failed = await python([at('program.py'), 'fail']);
      expect(failed).toMatchObject({ status: 1, stdout: "['fail']\n" });
      expect(failed.stderr).toMatch(
        /^Traceback \(most recent call last\):\n {2}File ".*program\.py", line 5, in <module>\n[\s\S]*line 4, in f\n[\s\S]*ZeroDivisionError: division by zero\n$/,
      );
    });

    test('-, and without a program what comes on standard input', async () => {
      const input = 'import sys\nprint(sys.argv)';
      expect((await python(['-', 'a'], { input })).stdout).toBe("['-', 'a']\n");
      expect((await python([], { input })).stdout).toBe("['-']\n");
    });

    test('read standard input, and write any bytes', async () => {
      expect((await python(['-c', 'print(input()[::-1])'], { input: 'abc\n' })).stdout).toBe('cba\n');
      const bytes = await python([
        '-c',
        'import os; os.write(1, "ä".encode()[:1]); os.write(1, "ä".encode()[1:])',
      ]);
      expect(bytes.stdout).toBe('ä');
    });

    test('write as they go, without an end', async () => {
      const endless = 'import time\nprint("first")\nwhile True: time.sleep(1)';
      expect(await python(['-c', endless], { signal: 'SIGINT' })).toMatchObject({
        stdout: expect.stringMatching(/^first/),
        signal: 'SIGINT',
      });
    });

    test('write megabytes', async () => {
      const { stdout } = await python(['-c', 'for i in range(200): print("x" * 100_000)']);
      expect(stdout.length).toBe(200 * 100_001);
    });
  });

  test.each<[args: string[], status: number, stderr: string | RegExp]>([
    [['-c', 'import sys; sys.exit()'], 0, ''],
    [['-c', 'import sys; sys.exit(7)'], 7, ''],
    [['-c', 'import sys; sys.exit(-1)'], 255, ''],
    [['-c', 'import sys; sys.exit("gone")'], 1, 'gone\n'],
    [['-c', 'raise ValueError("boom")'], 1, /ValueError: boom\n$/],
    [['-c', 'def (:'], 1, /SyntaxError: /],
    [['-c', 'import nope'], 1, /ModuleNotFoundError: No module named 'nope'/],
    [['/nowhere.py'], 1, 'sandglass: can\'t open file "/nowhere.py": No such file or directory\n'],
    [['--timeout', '300', '-c', 'while True: pass'], 124, 'sandglass: execution timed out after 300 ms\n'],
    [['-c', 'import time; time.sleep(60)', '--timeout', '300'], 124, /timed out after 300 ms/],
    [
      ['--fuel', '1000', '-c', 'print(sum(range(10000)))'],
      125,
      /^sandglass: fuel exhausted: consumed \d+ of 1000\n$/,
    ],
    [['--max-memory', '60000000', '-c', 'bytearray(10 ** 8)'], 1, /MemoryError\n$/],
    [['--bogus'], 2, "sandglass: unknown option '--bogus'\n"],
    [['-c'], 2, /argument missing/],
    [['--timeout', 'x', '-c', ''], 2, /It must be a whole number/],
    [['-v', 'here', '-c', ''], 2, /It must be SRC:DST, SRC:DST:ro or SRC:DST:rw/],
    [['-v', '/nowhere:/x', '-c', ''], 1, 'sandglass: volumes[0]: No such file or directory: "/nowhere"\n'],
    [['--package', '/x.zip', '-c', ''], 1, /Expected \.whl, \.tar\.gz, or directory/],
  ])('%j ends with %i', async (args, status, stderr) => {
    const ended = await python(args);
    expect(ended.status).toBe(status);
    if (typeof stderr === 'string') expect(ended.stderr).toBe(stderr);
    else expect(ended.stderr).toMatch(stderr);
  });

  describe('what it may see', () => {
    const read = 'print(open("/mnt/file").read()); open("/mnt/new", "w").write("x")';
    test('-v, writable', async () => {
      expect(await python(['-v', `${at('dir')}:/mnt`, '-c', read])).toMatchObject({
        status: 0,
        stdout: 'of the host\n',
      });
      expect(readFileSync(at('dir/new'), 'utf8')).toBe('x');
      rmSync(at('dir/new'));
    });

    test('-v …:ro', async () => {
      const { status, stderr } = await python(['-v', `${at('dir')}:/mnt:ro`, '-c', read]);
      expect([status, stderr]).toEqual([1, expect.stringContaining('Read-only file system')]);
    });

    test('--env, and no other variable', async () => {
      const code = 'import os; print(os.environ.get("A"), os.environ.get("SANDGLASS_CACHE"))';
      expect((await python(['--env', 'A=1', '-c', code])).stdout).toBe('1 None\n');
    });

    test('--package', async () => {
      writeFileSync(at('a-1-py3-none-any.whl'), zipOf([{ name: 'a.py', data: 'V = 42' }]));
      expect(
        (await python(['--package', at('a-1-py3-none-any.whl'), '-c', 'import a; print(a.V)'])).stdout,
      ).toBe('42\n');
    });

    test('--seed: the same again', async () => {
      const args = ['--seed', 's', '-c', 'import random; print(random.random())'];
      const [a, b, other] = await Promise.all([
        python(args),
        python(args),
        python(['--seed', 't', ...args.slice(2)]),
      ]);
      expect([a.stdout === b.stdout, a.stdout === other.stdout, a.status]).toEqual([true, false, 0]);
    });
  });

  test('--stats', async () => {
    const { stderr } = await python(['--stats', '-c', 'pass']);
    expect(stderr).toMatch(
      /^sandglass: time \d+ ms\nsandglass: fuel consumed \d+\nsandglass: memory at most \d+ bytes\n$/,
    );
  });

  describe.skipIf(!PYTHON3)('the prompt', () => {
    /** Types answers as their texts come, and answers what the terminal showed, without its control sequences. */
    async function typing(steps: [text: string, answer: string][], args: readonly string[] = []) {
      const terminal = fileURLToPath(new URL('support/terminal.py', import.meta.url));
      const command = [process.execPath, MAIN, 'python', ...args];
      const { status, stdout, stderr } = await execute(
        'python3',
        [terminal, JSON.stringify(steps), ...command],
        {
          env: { ...env, TERM: 'xterm' },
        },
      );
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      return { status, stderr, shown: stdout.replace(/\x1b\[[\d;?]*[A-Za-z]/g, '').replaceAll('\r', '') };
    }
    const CTRL_C = '\x03';
    const CTRL_D = '\x04';

    test('expressions, statements of several lines, state, exceptions, await', async () => {
      const { shown, status } = await typing([
        ['>>> ', '6 * 7\n'],
        ['42\n', 'def double(x):\n'],
        ['... ', '    return 2 * x\n'],
        ['... ', '\n'],
        ['>>> ', 'double(4)\n'],
        ['8\n', '1 / 0\n'],
        ['ZeroDivisionError: division by zero', 'import asyncio\n'],
        ['>>> ', 'await asyncio.sleep(0.01, "slept")\n'],
        ["'slept'", CTRL_D],
      ]);
      expect(status).toBe(0);
      expect(shown).toMatch(/^Python 3\.14\.\d+ in a sandbox/);
      expect(shown).toContain('File "<user>", line 1, in <module>');
    });

    test('Ctrl-C leaves what is being typed', async () => {
      const { shown, status } = await typing([
        ['>>> ', 'if True:\n'],
        ['... ', `half a line${CTRL_C}`],
        ['KeyboardInterrupt', '"still " + "here"\n'],
        ["'still here'", CTRL_D],
      ]);
      expect([status, shown.includes('SyntaxError')]).toEqual([0, false]);
    });

    test('Ctrl-C stops what runs, and variables stay', async () => {
      const { shown, status } = await typing([
        ['>>> ', 'kept = "kept"\n'],
        ['>>> ', `exec('print("run" + "ning")\\nwhile True: pass')\n`],
        ['running', `forgotten${CTRL_C}`],
        ['KeyboardInterrupt', 'kept + "!"\n'],
        ["'kept!'", CTRL_D],
      ]);
      expect([status, shown.includes('had to be stopped')]).toEqual([0, false]);
    });

    test('exit() ends it, with its status', async () => {
      expect((await typing([['>>> ', 'exit()\n']])).status).toBe(0);
      expect((await typing([['>>> ', 'import sys; sys.exit(3)\n']])).status).toBe(3);
    });

    test('several lines at once; history from and to a file', async () => {
      const history = at('history');
      writeFileSync(history, 'print("remembered")\n');
      const { shown } = await typing(
        [
          ['>>> ', '\x1b[A\n'],
          ['remembered\n', 'a = 1\nb = a + 1\nprint("sum", a + b)\n'],
          ['sum 3', CTRL_D],
        ],
        ['--history', history],
      );
      expect(shown).toContain('sum 3');
      expect(readFileSync(history, 'utf8')).toBe(
        'print("remembered")\na = 1\nb = a + 1\nprint("sum", a + b)\n',
      );
    });
  });
});
