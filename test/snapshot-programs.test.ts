/**
 * Programs compiled from C go on from snapshots: one with a heap, function pointers, a clock and buffered output, and CPython.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import {
  ExitError,
  type Instance,
  OutOfFuelError,
  Runtime,
  Snapshot,
  SnapshotError,
  Trap,
} from '../src/index.ts';
import { precompile } from '../src/precompile.ts';
import { Runtime as BareRuntime, type Precompiled } from '../src/runtime.ts';
import { Wasi } from '../wasi/index.ts';
import { ROOT } from './cli-process.ts';
import { needing, PYODIDE } from './e2e-runtimes.ts';
import { Random } from './support/random.ts';

const WORDS = readFileSync(join(import.meta.dirname, 'fixtures/snapshot/words.wasm'));
const THREAD = new URL('support/snapshot-thread.mjs', import.meta.url);
const LISTED = 'glass! 1\nmeter! 1\nsand! 2\n';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-snapshot-programs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** WASI whose output is kept. */
function terminal() {
  const shown = { text: '' };
  const stdout = (bytes: Uint8Array) => {
    shown.text += new TextDecoder().decode(bytes);
  };
  return { shown, wasi: new Wasi({ stdout }) };
}

function say(instance: Instance, what: 'add' | 'mumble', word: string): void {
  const { exports } = instance;
  exports.memory.bytes.set(new TextEncoder().encode(`${word}\0`), exports.buffer());
  exports[what]();
}

/** An instance with three words, which are to be listed aloud. */
function started(runtime: Runtime) {
  const { wasi, shown } = terminal();
  const module = runtime.compileSync(WORDS);
  const instance = runtime.instantiateSync(module, wasi.imports);
  wasi.initialize(instance);
  for (const word of ['sand', 'glass', 'meter', 'sand']) say(instance, 'add', word);
  instance.exports.loud();
  return { module, instance, shown };
}

/** What a thread answers. */
function thread<Answer>(workerData: object): Promise<Answer> {
  const worker = new Worker(THREAD, { workerData, resourceLimits: { stackSizeMb: 64 } });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

describe('a program in C', () => {
  test('goes on where it was, as often as one likes', () => {
    const runtime = new Runtime();
    const { module, instance } = started(runtime);
    say(instance, 'mumble', 'hm');
    const snapshot = Snapshot.load(instance.snapshot().save());
    const costs = new Set<bigint>();
    for (let i = 0; i < 3; i++) {
      const { wasi, shown } = terminal();
      const next = runtime.restore(module, snapshot, wasi.imports);
      const before = runtime.fuel.consumed;
      next.exports.list();
      costs.add(runtime.fuel.consumed - before);
      expect(shown.text).toBe(`(hm) ${LISTED}`);
      expect(next.exports.seconds()).toBeGreaterThan(0);
      expect(next.exports.seconds()).toBeLessThan(60);
    }
    expect(costs.size).toBe(1);
  });

  test('is as it was after a reset, whatever it has grown to', () => {
    const { instance, shown } = started(new Runtime());
    const snapshot = instance.snapshot();
    const pages = instance.exports.memory.pages;
    for (let i = 0; i < 20_000; i++) say(instance, 'add', `word ${i % 5000} ${'x'.repeat(100)}`);
    expect(instance.exports.memory.pages).toBeGreaterThan(pages);
    instance.reset(snapshot);
    expect(instance.exports.memory.pages).toBe(pages);
    instance.exports.list();
    expect(shown.text).toBe(LISTED);
  });

  test('passes to another thread, and to precompiled code', async () => {
    const { instance } = started(new Runtime());
    const snapshot = instance.snapshot();
    const answer = await thread<{ output: string; consumed: bigint }>({
      wasm: WORDS,
      handle: snapshot.share(),
    });
    expect(answer.output).toBe(LISTED);

    const runtime = pathToFileURL(join(ROOT, 'src/runtime.ts')).href;
    const [main] = await precompile(WORDS, { name: 'words.mjs', runtime, inline: true });
    writeFileSync(join(folder, 'words.mjs'), main!.contents);
    const { module } = (await import(pathToFileURL(join(folder, 'words.mjs')).href)) as Precompiled;
    const bare = new BareRuntime();
    const { wasi, shown } = terminal();
    bare.restore(module, snapshot, wasi.imports).exports.list();
    expect(shown.text).toBe(LISTED);
    expect(bare.fuel.consumed).toBe(answer.consumed);
  });
});

test('a program that goes on from a snapshot with wrong bytes traps, or is stopped, and harms nobody', () => {
  const runtime = new Runtime({ fuel: 0n, fuelChecks: 'loops' });
  runtime.fuel.set(10n ** 9n);
  const { module, instance } = started(runtime);
  const bytes = instance.snapshot().save();
  const random = new Random(7);
  const restored = { count: 0 };
  for (let round = 0; round < 1500; round++) {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    // The head's 24 bytes aside, three of four times in what comes before the memory.
    const end = random.int(4) === 0 ? bytes.length : 24 + new DataView(bytes.buffer).getUint32(16, true);
    for (let i = random.int(3); i >= 0; i--) {
      const place = 24 + random.int(end - 24);
      shared[place] = random.int(3) === 0 ? random.int(256) : shared[place]! ^ (1 << random.int(8));
    }
    const go = () => {
      const next = runtime.restore(module, Snapshot.from({ buffer: shared.buffer }), terminal().wasi.imports);
      restored.count++;
      runtime.fuel.set(200_000n);
      for (const name of ['add', 'mumble', 'list', 'seconds']) next.invoke(name);
    };
    expectOnly([SnapshotError, Trap, OutOfFuelError, ExitError], go);
  }
  expect(restored.count).toBeGreaterThan(100);
  say(instance, 'add', 'sand');
  expect(instance.exports.add()).toBe(4);
});

// biome-ignore lint/complexity/noBannedTypes: classes of errors
function expectOnly(classes: readonly Function[], run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!classes.some((known) => error instanceof known)) throw error;
  }
}

interface PythonAnswer {
  readonly output: string;
  readonly python: { readonly state: object; readonly main: number };
  readonly saved: Uint8Array | undefined;
  readonly consumed: bigint;
}

const TITLE = needing(PYODIDE, 'pyodide', 'CPython 3.14');
describe.skipIf(PYODIDE === undefined)(TITLE, { timeout: 300_000 }, () => {
  test('goes on from a file in other threads: variables, modules, no second start', async () => {
    const path = join(folder, 'python.snapshot');
    const begin = [
      'import json, re',
      'counts = {"a": [1, 2.5, 2**70]}\ndef double(x): return 2 * x',
      'print("begun")',
    ];
    const first = await thread<PythonAnswer>({ folder: PYODIDE, programs: begin });
    expect(first.output).toBe('begun\n');
    writeFileSync(path, first.saved!);
    const go = { folder: PYODIDE, snapshot: path, python: first.python };
    const programs = ['counts["b"] = double(21)\nprint(json.dumps(counts), re.sub("a", "b", "banana"))'];
    const next = [
      await thread<PythonAnswer>({ ...go, programs }),
      await thread<PythonAnswer>({ ...go, programs }),
    ];
    for (const { output } of next)
      expect(output).toBe('{"a": [1, 2.5, 1180591620717411303424], "b": 42} bbnbnb\n');
    expect(next[0]!.consumed).toBe(next[1]!.consumed);
    expect(next[0]!.consumed).toBeLessThan(first.consumed / 20n);
  });
});
