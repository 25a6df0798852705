/**
 * CPython 3.12, compiled to WebAssembly by others, on generated JavaScript: the same output as under native WebAssembly,
 * and a meter that holds for a program of eleven thousand functions.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Runtime } from '../src/index.ts';
import { Wasi } from '../wasi/index.ts';
import { type Finished, type ProcessOptions, sandglass } from './cli-process.ts';
import { NODE_26, native, needing, PYTHON } from './e2e-runtimes.ts';

const ONE_LINER =
  'import sys,json;print(sys.version_info[:2], json.dumps([1,2.5,None]), sum(i*i for i in range(100000)))';
/** Short, but with a bit of everything: dictionaries, floats, big integers, hashing. */
const SHORT = 'print({"b": 1.5, "a": 2**100}, hash("sandglass"), sum(i*i for i in range(1000)))';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-python-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, ...lines: string[]): string {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  return name;
}

const python = (
  options: readonly string[],
  args: readonly string[],
  how?: ProcessOptions,
): Promise<Finished> => sandglass(['run', ...options, PYTHON!, ...args], { cwd: folder, ...how });

/**
 * For `--timeout`: at least the 8 s that a user might give, and several times what CPython's start takes here and now,
 * because a program that has not begun when its time is up proves nothing.
 */
async function generousTimeout(): Promise<string> {
  const started = performance.now();
  await python([], ['-c', 'pass']);
  return String(Math.ceil(Math.max(8000, 4 * (performance.now() - started))));
}

const GROUP = needing(PYTHON, 'python', 'CPython');
describe.skipIf(PYTHON === undefined)(GROUP, { timeout: 300_000 }, () => {
  test('prints the same as under native WebAssembly', async () => {
    const ours = await python([], ['-c', ONE_LINER]);
    expect(ours).toEqual({
      status: 0,
      signal: null,
      stdout: '(3, 12) [1, 2.5, null] 333328333350000\n',
      stderr: '',
    });
    expect(ours.stdout).toBe((await native(PYTHON!, ['-c', ONE_LINER])).stdout);
  });

  test('a loop, a sleep and a read from an idle stdin end at the deadline', async () => {
    const timeout = await generousTimeout();
    const endings = await Promise.all(
      [
        { name: 'loop.py', lines: ['while True: pass'], how: {} },
        { name: 'sleep.py', lines: ['import time', 'time.sleep(600)'], how: {} },
        { name: 'read.py', lines: ['import sys', 'sys.stdin.read()'], how: { input: { idle: true } } },
      ].map(({ name, lines, how }) => {
        const file = script(name, 'print("started", flush=True)', ...lines);
        return python(['--timeout', timeout, '--dir', '.'], [file], how as ProcessOptions);
      }),
    );
    const expected = {
      status: 124,
      signal: null,
      stdout: 'started\n',
      stderr: expect.stringMatching(/^sandglass: time-out: [^\n]*\n$/),
    };
    expect(endings).toEqual([expected, expected, expected]);
  });

  test('an endless loop ends when the fuel is used up', async () => {
    const file = script('fuel.py', 'print("started", flush=True)', 'while True: pass');
    const { status, stdout, stderr } = await python(['--fuel', '800000000', '--dir', '.'], [file]);
    expect({ status, stdout }).toEqual({ status: 125, stdout: 'started\n' });
    expect(stderr).toMatch(/^sandglass: fuel exhausted: consumed 80\d{7} of 800000000\n$/);
  });

  test('consumes the same fuel in every run, on every Node', async () => {
    const nodes = [
      ...Array.from({ length: 5 }, () => process.execPath),
      ...(NODE_26 === undefined ? [] : [NODE_26]),
    ];
    const runs: Finished[] = [];
    for (const node of nodes)
      runs.push(await python(['--stats', '--env', 'PYTHONHASHSEED=0'], ['-c', SHORT], { node }));
    const consumed = runs.map(({ stderr }) => /fuel consumed (\d+)/.exec(stderr)?.[1]);
    expect(consumed[0]).toMatch(/^\d{8,}$/);
    expect(new Set(consumed)).toEqual(new Set([consumed[0]]));
    expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
  });

  test('deep recursion is a RecursionError of Python', async () => {
    const file = script(
      'deep.py',
      'class Deep(list):',
      '    __repr__ = list.__repr__',
      'deep = Deep()',
      'for _ in range(3000): deep = Deep([deep])',
      'try: repr(deep)',
      'except RecursionError as error: print("RecursionError:", error)',
      'def deeper(n): return deeper(n + 1)',
      'try: deeper(0)',
      'except RecursionError as error: print("RecursionError:", error)',
    );
    const { status, stdout, stderr } = await python(['--dir', '.'], [file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.match(/^RecursionError: maximum recursion depth exceeded/gm)).toHaveLength(2);
  });

  test('compiles what is called, once for all instances', () => {
    const runtime = new Runtime();
    const module = runtime.compileSync(readFileSync(PYTHON!));
    const start = () => {
      const wasi = new Wasi({ args: ['python', '-c', 'pass'], env: { PYTHONHASHSEED: '0' } });
      const instance = runtime.instantiateSync(module, wasi.imports);
      return () => wasi.start(instance);
    };
    const first = start();
    expect(module.stats.compiled).toBe(0);
    expect(first()).toBe(0);
    const { functions, compiled } = module.stats;
    expect(compiled).toBeGreaterThan(0);
    expect(compiled).toBeLessThan(functions / 2);
    expect(start()()).toBe(0);
    expect(module.stats.compiled).toBe(compiled);
  });
});
