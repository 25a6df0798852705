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
/** `--timeout` of the tests that reach it: more than CPython's start takes on a slow machine. */
const TIMEOUT = '8000';

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

describe.skipIf(PYTHON === undefined)(needing(PYTHON, 'python', 'CPython'), () => {
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

  test.concurrent.each([
    ['an endless loop', ['while True: pass'], undefined],
    ['a sleep', ['import time', 'time.sleep(60)'], undefined],
    ['an idle stdin', ['import sys', 'sys.stdin.read()'], { idle: true }],
  ] as const)('%s ends at the deadline', async (name, lines, input) => {
    const file = script(`${name.replaceAll(' ', '-')}.py`, 'print("started", flush=True)', ...lines);
    const how = input === undefined ? {} : { input };
    const { status, stdout, stderr } = await python(['--timeout', TIMEOUT, '--dir', '.'], [file], how);
    expect({ status, stdout }).toEqual({ status: 124, stdout: 'started\n' });
    expect(stderr).toMatch(/^sandglass: time-out: [^\n]*\n$/);
  });

  test('an endless loop ends when the fuel is used up', async () => {
    const file = script('fuel.py', 'print("started", flush=True)', 'while True: pass');
    const { status, stdout, stderr } = await python(['--fuel', '3000000000', '--dir', '.'], [file]);
    expect({ status, stdout }).toEqual({ status: 125, stdout: 'started\n' });
    expect(stderr).toMatch(/^sandglass: fuel exhausted: consumed 3\d{9} of 3000000000\n$/);
  });

  test('consumes the same fuel in every run, on every Node', async () => {
    const nodes = [
      ...Array.from({ length: 5 }, () => process.execPath),
      ...(NODE_26 === undefined ? [] : [NODE_26]),
    ];
    const consumed: (string | undefined)[] = [];
    for (const node of nodes) {
      const { stderr } = await python(['--stats', '--env', 'PYTHONHASHSEED=0'], ['-c', ONE_LINER], { node });
      consumed.push(/fuel consumed (\d+)/.exec(stderr)?.[1]);
    }
    expect(consumed[0]).toMatch(/^\d{8,}$/);
    expect(new Set(consumed)).toEqual(new Set([consumed[0]]));
  });

  test('deep recursion is a RecursionError of Python', async () => {
    const file = script(
      'deep.py',
      'class Deep:',
      '    def __init__(self, inner): self.inner = inner',
      '    def __repr__(self): return "<" + repr(self.inner) + ">"',
      'deep = None',
      'for _ in range(3000): deep = Deep(deep)',
      'try: repr(deep)',
      'except RecursionError as error: print("RecursionError:", error)',
    );
    const { status, stdout, stderr } = await python(['--dir', '.'], [file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^RecursionError: maximum recursion depth exceeded/);
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
