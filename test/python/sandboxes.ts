/**
 * Sandboxes for tests: with the built worker, and images kept from test file to test file as long as the build is the same.
 * Not a test.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { providePlatform } from '../../python/platform.ts';
import { SandboxFactory, type Session, type SessionOptions } from '../../src/python.ts';
import { ROOT } from '../cli-process.ts';
import { needing, PYODIDE } from '../e2e-runtimes.ts';

const SCRIPT = new URL('../../dist/lib/python-worker.js', import.meta.url);

/** All that were started. */
export const workers: Worker[] = [];

const DAY_MS = 86_400_000;

/** Of this build; those of builds long gone are removed. */
function imageFolder(): string {
  const build = createHash('sha256').update(readFileSync(SCRIPT)).update(process.version).digest('hex');
  const cache = join(ROOT, '.cache');
  const folder = join(cache, `images-${build.slice(0, 12)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const isOld = name.startsWith('images-') && Date.now() - statSync(path).mtimeMs > DAY_MS;
    if (isOld && path !== folder) rmSync(path, { recursive: true, force: true });
  }
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

type OpenOptions = Omit<SessionOptions, 'factory' | 'cache'>;

/** For the tests of a `describe`: opens sessions of `factory`, which is ready before and closed after them; each test's are closed. */
export function sessionsOfTests(): (options?: OpenOptions) => Session {
  const sessions: Session[] = [];
  beforeAll(async () => void (await factory.ready()), PATIENCE_MS);
  afterAll(() => factory.close());
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.close();
  });
  return (options = {}) => {
    const session = factory.createSession(options);
    sessions.push(session);
    return session;
  };
}

export async function outputOf(session: Session, code: string): Promise<string> {
  return (await session.execute(code)).stdout;
}
