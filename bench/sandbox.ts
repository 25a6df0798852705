/**
 * `npm run bench:sandbox [-- name]`: what a user of the Python sandbox waits for, and what it takes of memory: starts of a process,
 * fresh sandboxes, sessions, callbacks, output, snapshots. Medians over repeated calls in warm threads, if nothing else is said.
 *
 * Not in the suite (run.ts): its rows compare with native WebAssembly; these have nothing to be compared with. How fast Python itself
 * runs, the suite says (`npm run bench -- --filter cpython314`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SandboxFactory, type Session } from '../src/python.ts';
import { howToInstall, packageFile } from './packages.ts';
import { output } from './processes.ts';
import { median } from './statistics.ts';

const MB = 1 << 20;
const CLI = fileURLToPath(new URL('../lib/main.js', import.meta.url));
/** About 50 ms in a warm session on the machine of docs/PERFORMANCE.md. */
const WORK = 'result = sum(i * i & 0xff for i in range(70_000))';

const cache = mkdtempSync(join(tmpdir(), 'sandglass-sandbox-'));
const manifest = packageFile('pyodide', 'package.json');
let factory: SandboxFactory;

type Figures = string;
const ms = (value: number) => `${value.toFixed(value < 20 ? 2 : 0)} ms`;
const megabytes = (bytes: number) => `${(bytes / MB).toFixed(1)} MB`;

async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/** Median of `count` calls after some that warm up. */
async function often(count: number, action: () => Promise<unknown>, warmUp = 20): Promise<number> {
  for (let i = 0; i < warmUp; i++) await action();
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await timed(action));
  return median(times);
}

async function inSession<Result>(
  use: (session: Session) => Promise<Result>,
  options: Parameters<SandboxFactory['createSession']>[0] = {},
): Promise<Result> {
  const session = factory.createSession(options);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** A collected heap, if the process may collect it. */
function residentBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}

// ------------------------------------------------------------------ the rows

async function processStarts(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-sandbox-'));
  const run = () => output(CLI, ['python', '--cache', folder, '-c', 'print(1)']);
  try {
    const first = await timed(run);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await timed(run));
    const second = median(times);
    return `${ms(first)}, then ${ms(second)}: ${(second / first).toFixed(2)}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** By counters: another factory on the same cache. */
async function secondFactory(): Promise<Figures> {
  const second = new SandboxFactory({ cache, workers: 1 });
  await second.createSandbox().execute('print(1)');
  const { boots, generated } = second.stats;
  await second.close();
  return `boots ${boots}, functions generated ${generated}`;
}

async function newWorker(): Promise<Figures> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const each = new SandboxFactory({ cache, workers: 1 });
    times.push(await timed(() => each.createSandbox().execute('pass')));
    await each.close();
  }
  return ms(median(times));
}

async function freshSandbox(): Promise<Figures> {
  return ms(await often(40, () => factory.createSandbox().execute('pass')));
}

/** The twentieth fresh sandbox of a thread that began with the image, beside a session that has run the program as often. */
async function staysWarm(): Promise<Figures> {
  const fresh = factory.createSandbox();
  const sandboxTimes: number[] = [];
  for (let i = 0; i < 24; i++) {
    const { durationMs } = (await fresh.execute(WORK)).stats;
    if (i >= 19) sandboxTimes.push(durationMs);
  }
  const warm = await inSession(async (session) => {
    const times: number[] = [];
    for (let i = 0; i < 24; i++) times.push((await session.execute(WORK)).stats.durationMs);
    return median(times.slice(19));
  });
  const twentieth = median(sandboxTimes);
  return `${ms(twentieth)} beside ${ms(warm)}: ${(twentieth / warm).toFixed(2)}`;
}

async function execution(): Promise<Figures> {
  return ms(await inSession((session) => often(100, () => session.execute('pass'))));
}

async function fiveExecutions(): Promise<Figures> {
  return inSession(async (session) => {
    for (let i = 0; i < 20; i++) await session.execute('x = 1');
    const five = async () => {
      for (let i = 0; i < 5; i++) await session.execute(`x = ${i}\nprint(x)`);
    };
    return ms(await often(10, five, 2));
  });
}

async function callback(): Promise<Figures> {
  const callbacks = { echo: (args: unknown) => args };
  const program =
    'import time\nt = time.perf_counter()\nfor i in range(50): await echo(i=i)\nresult = (time.perf_counter() - t) / 50';
  const times = await inSession(
    async (session) => {
      const all: number[] = [];
      for (let i = 0; i < 8; i++) all.push(Number((await session.execute(program)).result) * 1000);
      return all.slice(3);
    },
    { callbacks },
  );
  return ms(median(times));
}

async function parallelCallbacks(): Promise<Figures> {
  const nap = () => new Promise((resolve) => setTimeout(() => resolve(1), 10));
  const program = 'import asyncio\nresult = await asyncio.gather(*(nap() for _ in range(5)))';
  return ms(
    await inSession((session) => often(15, () => session.execute(program), 5), { callbacks: { nap } }),
  );
}

async function megabyteOfOutput(): Promise<Figures> {
  const program = "line = 'x' * 99\nfor _ in range(10_486): print(line)";
  return ms(await inSession((session) => often(10, () => session.execute(program), 5)));
}

async function snapshots(): Promise<Figures> {
  return inSession(async (session) => {
    await session.execute('import os\nstate = os.urandom(1 << 20)');
    let state = await session.snapshotState();
    const save = await often(9, async () => (state = await session.snapshotState()), 3);
    const restore = await often(9, () => session.restoreState(state), 3);
    const portable = (await session.exportState()).bytes;
    return `snapshot ${ms(save)}, restore ${ms(restore)}, ${megabytes(state.byteLength)} (portable ${megabytes(portable.byteLength)})`;
  });
}

/** In a thread of its own, which has nothing else to collect in between. */
async function memoryPerSession(): Promise<Figures> {
  const own = new SandboxFactory({ cache, workers: 1 });
  const add = async () => {
    const session = own.createSession();
    await session.execute('x = 1');
    return session;
  };
  const sessions: Session[] = [];
  for (let i = 0; i < 4; i++) sessions.push(await add());
  const before = residentBytes();
  for (let i = 0; i < 16; i++) sessions.push(await add());
  const each = (residentBytes() - before) / 16;
  for (const session of sessions) await session.close();
  await own.close();
  return megabytes(each);
}

async function thousandSandboxes(): Promise<Figures> {
  let after100 = 0;
  for (let i = 1; i <= 1000; i++) {
    const { stdout } = await factory.createSandbox().execute(`print(${i})`);
    if (stdout !== String(i)) throw new Error(`sandbox ${i} printed ${stdout}`);
    if (i === 100) after100 = residentBytes();
  }
  const after1000 = residentBytes();
  return `${megabytes(after100)} after 100, ${megabytes(after1000)} after 1,000: ${(after1000 / after100).toFixed(2)}`;
}

const ROWS: readonly (readonly [string, () => Promise<Figures>])[] = [
  ['first start of a process, second', processStarts],
  ['second start, by counters', secondFactory],
  ['sandbox in a brand-new thread', newWorker],
  ['fresh sandbox in a warm thread', freshSandbox],
  ['its 20th, beside a warm session', staysWarm],
  ['an execution in a session', execution],
  ['five executions in a session', fiveExecutions],
  ["a callback's round trip", callback],
  ['five callbacks of 10 ms in parallel', parallelCallbacks],
  ['1 MB of output in lines', megabyteOfOutput],
  ['state with 1 MB of random bytes', snapshots],
  ['memory of one more session', memoryPerSession],
  ['resident memory, 1,000 sandboxes', thousandSandboxes],
];

if (manifest === undefined) {
  console.error(`bench: ${howToInstall('pyodide')}`);
  process.exit(2);
}
const chosen = ROWS.filter(([name]) => name.includes(process.argv[2] ?? ''));
if (chosen.length === 0) {
  console.error(`bench: no row matches ${process.argv[2]}: ${ROWS.map(([name]) => name).join('; ')}`);
  process.exit(2);
}
console.log(`Node ${process.version.slice(1)}, the Python sandbox`);
try {
  // The folder that holds `node_modules`, for processes that are started here, too.
  process.env.SANDGLASS_PYODIDE = join(manifest, '../../..');
  factory = new SandboxFactory({ cache, workers: 1 });
  console.log(`image built in ${ms(await timed(() => factory.ready()))}, ${megabytes(factory.sizeBytes)}`);
  for (const [name, measure] of chosen) console.log(`${name.padEnd(40)} ${await measure()}`);
  await factory.close();
} finally {
  rmSync(cache, { recursive: true });
}
