/**
 * CPython 3.14 on generated JavaScript: programs print what they print under native WebAssembly, on the same host code.
 */
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { needing, PYODIDE } from '../test/e2e-runtimes.ts';
import { PROGRAMS } from '../test/support/python-programs.ts';

/** What each program wrote, by its name. */
function run(engine: 'native' | 'sandglass', programs: typeof PROGRAMS) {
  const worker = new Worker(new URL('../test/support/python-runner.mjs', import.meta.url), {
    workerData: { engine, folder: PYODIDE, programs },
    resourceLimits: { stackSizeMb: 64 },
  });
  const outputs: Record<string, string> = {};
  worker.on('message', ({ name, output }) => {
    outputs[name] = output;
  });
  return new Promise<Record<string, string>>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve(outputs));
  });
}

const TITLE = needing(PYODIDE, 'pyodide', 'CPython 3.14');
describe.skipIf(PYODIDE === undefined)(TITLE, { timeout: 300_000 }, () => {
  test('programs print what they print under native WebAssembly', async () => {
    const native = await run('native', PROGRAMS);
    expect(Object.keys(native)).toEqual(PROGRAMS.map(([name]) => name));
    for (const [name, , expected] of PROGRAMS) expect.soft([name, native[name]]).toEqual([name, expected]);
    expect(await run('sandglass', PROGRAMS)).toEqual(native);
  });
});
