/**
 * Which threads stand back, as the system sees it: those that were there, not the main thread, and no worker made later.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const BUILT = new URL('../../dist/src/cli/priority.js', import.meta.url).href;

const SCRIPT = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { Worker } from 'node:worker_threads';
  import { preferMainThread } from '${BUILT}';
  const niceOf = (thread) => Number(readFileSync('/proc/self/task/' + thread + '/stat', 'utf8').split(') ')[1].split(' ')[16]);
  const before = readdirSync('/proc/self/task');
  preferMainThread();
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
  worker.once('online', () => {
    const later = readdirSync('/proc/self/task').filter((thread) => !before.includes(thread));
    const main = String(process.pid);
    const others = before.filter((thread) => thread !== main);
    console.log(JSON.stringify({ main: niceOf(main), others: others.map(niceOf), later: later.map(niceOf) }));
    process.exit();
  });
`;

// Elsewhere, and with one processor, `preferMainThread` does nothing.
it.runIf(process.platform === 'linux' && availableParallelism() > 1)('engine threads stand back', () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  const { main, others, later } = JSON.parse(output) as { main: number; others: number[]; later: number[] };
  expect(others.length).toBeGreaterThan(0);
  expect(later.length).toBeGreaterThan(0);
  expect(new Set(later)).toEqual(new Set([main]));
  expect(new Set(others)).toEqual(new Set([main + 5]));
});
