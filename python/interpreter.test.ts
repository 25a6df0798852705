/**
 * CPython 3.14 on generated JavaScript: the programs in `fixtures/` print what stands beside them, as under native WebAssembly on
 * the same host code; and an interpreter goes on from a snapshot.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { needing, PYODIDE } from '../test/e2e-runtimes.ts';

interface Ran {
  readonly name: string;
  readonly output: string;
  readonly fuel: bigint | undefined;
}

const read = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const names = readdirSync(new URL('fixtures', import.meta.url))
  .filter((file) => file.endsWith('.py'))
  .map((file) => file.slice(0, -'.py'.length));
const PROGRAMS = names.map((name) => [name, read(`${name}.py`)] as const);
const EXPECTED = Object.fromEntries(names.map((name) => [name, read(`${name}.txt`)]));

function run(engine: 'native' | 'sandglass', resume?: string): Promise<Ran[]> {
  const worker = new Worker(new URL('../test/support/python-runner.mjs', import.meta.url), {
    workerData: { engine, folder: PYODIDE, programs: PROGRAMS, resume },
    resourceLimits: { stackSizeMb: 256 },
  });
  const all: Ran[] = [];
  worker.on('message', (ran: Ran) => all.push(ran));
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve(all));
  });
}

const outputs = (all: readonly Ran[]) => Object.fromEntries(all.map(({ name, output }) => [name, output]));

const TITLE = needing(PYODIDE, 'pyodide', 'CPython 3.14');
describe.skipIf(PYODIDE === undefined)(TITLE, { timeout: 300_000 }, () => {
  test('prints what it should on native WebAssembly', async () => {
    expect(outputs(await run('native'))).toEqual(EXPECTED);
  });

  test('prints the same on generated JavaScript, and goes on from a snapshot, each time alike', async () => {
    const resume = 'import sys; print("sqlite3" in sys.modules, {"b": 1, "a": 2}, sum(range(1000)))';
    const all = await run('sandglass', resume);
    const [first, second] = all.splice(-2);
    expect(outputs(all)).toEqual(EXPECTED);
    expect(first?.output).toBe("True {'b': 1, 'a': 2} 499500\n");
    expect(second).toEqual({ ...first, name: 'second' });
  });
});
