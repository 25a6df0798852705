/**
 * Sandboxes for tests: with the built worker, and images kept from test file to test file as long as the build is the same.
 * Not a test.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { providePlatform } from '../../python/platform.ts';
import { SandboxFactory } from '../../src/python.ts';
import { needing, PYODIDE } from '../e2e-runtimes.ts';

const SCRIPT = new URL('../../dist/lib/python-worker.js', import.meta.url);

/** All that were started. */
export const workers: Worker[] = [];

function imageFolder(): string {
  const build = createHash('sha256').update(readFileSync(SCRIPT)).update(process.version).digest('hex');
  const folder = join(tmpdir(), `sandglass-test-images-${process.getuid?.() ?? 0}-${build.slice(0, 12)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

export const IMAGES = PYODIDE === undefined ? '' : imageFolder();

providePlatform({
  startWorker: (workerData) => {
    const worker = new Worker(SCRIPT, { workerData, resourceLimits: { stackSizeMb: 256 } });
    workers.push(worker);
    return worker;
  },
  defaultCache: () => IMAGES,
  defaultPyodide: () => PYODIDE,
});

export const withoutPython = PYODIDE === undefined;
export const titled = (title: string) => needing(PYODIDE, 'pyodide', title);

/** One for all tests of a file. */
export const factory = withoutPython ? (undefined as never) : new SandboxFactory({ workers: 2 });

/** Time for the first test that needs the image. */
export const PATIENCE_MS = 240_000;
