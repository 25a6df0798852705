/**
 * Damaged modules never crash or hang us: each is refused with a CompileError or LinkError, or behaves as under native
 * WebAssembly, or is refused by the name of a feature that we do not support. What native WebAssembly refuses, we refuse.
 *
 * MUTATIONS sets their number (5000), MUTATION_SEED the first seed. Each runs in a thread with a watchdog of 5 s and a
 * heap of 1 GB (support/mutation-worker.mjs).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { NATIVE_KNOWS_ALL, nativeTrapTexts } from './support/engines.ts';
import { mutate } from './support/mutate.ts';
import { native } from './support/native.ts';
import { Random } from './support/random.ts';
import { randomModule } from './support/random-module.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

const COUNT = Number(process.env.MUTATIONS ?? 5000);
const FIRST = Number(process.env.MUTATION_SEED ?? 1);
const BATCH = 100;
const WATCHDOG_MS = 5000;

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly feature?: string;
}
interface Run {
  readonly steps: readonly { readonly value?: string; readonly error?: Failure }[];
  readonly memory: string;
}
interface Report {
  readonly native?: Failure;
  readonly ours?: Failure;
  readonly oursRun?: Run;
  readonly nativeRun?: Run;
}

/** Real modules: small generated ones, the examples, the WASI fixtures. */
function pool(): Uint8Array[] {
  const folders = ['examples', 'wasi/fixtures'].map((folder) => join(import.meta.dirname, '..', folder));
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
  const real = files
    .filter((file) => file.endsWith('.wasm'))
    .map((file) => new Uint8Array(readFileSync(file)));
  return [...real, ...newer()].filter((wasm) => native.validate(wasm));
}

/** Small modules of newer proposals; the host may not know all of them. */
function newer(): Uint8Array[] {
  const bodies = [
    [0xfd, 0x0c, ...new Array<number>(16).fill(1), 0x1a],
    [0x41, 0, 0xfd, 0x0f, 0x1a],
    [0x12, 0],
    [0xd0, 0x6e, 0xd1, 0x1a],
    [0x41, 8, 0x41, 1, 0xfe, 0x1e, 2, 0, 0x1a],
  ];
  return bodies.map((body) => {
    const m = new ModuleBuilder();
    m.func('', [Uint8Array.from(body)], { export: 'f' });
    m.memory(1, 2, 'memory', { shared: true });
    return m.build();
  });
}

const files = pool();
const generated = Array.from({ length: 200 }, (_, i) => randomModule(9000 + i, 60).bytes).filter((wasm) =>
  native.validate(wasm),
);

function mutant(seed: number): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  return mutate(random.pick(random.chance(0.2) ? files : generated), random);
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A thread for damaged modules; a case that takes too long ends it, and is a failure. */
class Bench {
  readonly #progress = new Int32Array(new SharedArrayBuffer(4));
  #worker = this.#start();

  #start(): Worker {
    return new Worker(join(import.meta.dirname, 'support/mutation-worker.mjs'), {
      workerData: { progress: this.#progress },
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
  }

  /** Reports, or the index of the case that hung or crashed the thread. */
  async run(cases: readonly Uint8Array[]): Promise<readonly Report[] | { failed: number; why: string }> {
    Atomics.store(this.#progress, 0, 0);
    const worker = this.#worker;
    const { promise, resolve } = withResolvers<readonly Report[] | string>();
    const failed = (error: Error): void => resolve(`crashed: ${error}`);
    const ended = (code: number): void => resolve(`ended the thread with ${code}`);
    let seen = -1;
    const watchdog = setInterval(() => {
      const now = Atomics.load(this.#progress, 0);
      if (now === seen) resolve(`did not end within ${WATCHDOG_MS} ms`);
      seen = now;
    }, WATCHDOG_MS);
    worker.once('message', resolve).once('error', failed).once('exit', ended);
    worker.postMessage(cases);
    const outcome = await promise;
    clearInterval(watchdog);
    worker.off('error', failed).off('exit', ended).off('message', resolve);
    if (typeof outcome !== 'string') return outcome;
    await worker.terminate();
    this.#worker = this.#start();
    return { failed: Atomics.load(this.#progress, 0) - 1, why: outcome };
  }
  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Refusals for size, where every engine draws its own line; and V8's own rule that a module has one form of exceptions. */
const LIMIT =
  /implementation limit|larger than|exceeds|maximum|too (many|large|big)|limit|allocat|out of memory/i;
interface Tally {
  refused: number;
  same: number;
  feature: number;
  limits: number;
  beyondHost: number;
}

function judge({ native: theirs, ours, oursRun, nativeRun }: Report, tally: Tally): string | undefined {
  const names = ours && ['CompileError', 'LinkError'].includes(ours.name);
  if (ours !== undefined && !names) return `threw ${ours.name}: ${ours.message}`;
  if (ours !== undefined && !/^[^\n]+$/.test(ours.message)) return `more than one line: ${ours.message}`;
  if (theirs !== undefined) {
    if (ours !== undefined) tally.refused++;
    else if (LIMIT.test(theirs.message)) tally.limits++;
    else if (!NATIVE_KNOWS_ALL) tally.beyondHost++;
    else return `native refuses it: ${theirs.message}`;
    return undefined;
  }
  if (ours !== undefined) {
    if (ours.feature === undefined && !LIMIT.test(ours.message)) return `native accepts it: ${ours.message}`;
    tally.feature++;
    return undefined;
  }
  return judgeRuns(oursRun, nativeRun, tally);
}

function judgeRuns(ours: Run | undefined, theirs: Run | undefined, tally: Tally): string | undefined {
  for (const { error } of ours?.steps ?? []) {
    if (error?.name === 'InternalError') return `${error.name}: ${error.message}`;
  }
  if (
    ours === undefined ||
    theirs === undefined ||
    ours.steps.some(({ error }) => LIMIT.test(error?.message ?? ''))
  ) {
    tally.limits++;
    return undefined;
  }
  const different = ours.steps
    .map((step, i) => stepDifference(step, theirs.steps[i]))
    .find((text) => text !== undefined);
  const finished = ours.memory !== '' && ours.memory !== theirs.memory ? 'memories differ' : undefined;
  if (different === undefined && finished === undefined) tally.same++;
  else return different ?? finished;
  return undefined;
}

function stepDifference(
  ours: Run['steps'][number],
  theirs: Run['steps'][number] | undefined,
): string | undefined {
  if (theirs === undefined) return 'a step is missing';
  if (ours.error === undefined || theirs.error === undefined) {
    const same = ours.error === undefined && theirs.error === undefined && ours.value === theirs.value;
    return same ? undefined : `found ${JSON.stringify(ours)}, native ${JSON.stringify(theirs)}`;
  }
  const texts = nativeTrapTexts(Object.assign(Object.create(native.RuntimeError.prototype), theirs.error));
  const found = ours.error.message.replace(/ \d+$/, '');
  const same =
    ours.error.name === theirs.error.name ||
    (ours.error.name === 'Trap' && (texts?.includes(found) || /call stack/.test(theirs.error.message)));
  return same
    ? undefined
    : `found ${ours.error.name}: ${ours.error.message}, native ${theirs.error.name}: ${theirs.error.message}`;
}

it(`${COUNT} damaged modules`, { timeout: 900_000 }, async () => {
  const bench = new Bench();
  const tally: Tally = { refused: 0, same: 0, feature: 0, limits: 0, beyondHost: 0 };
  const failures: string[] = [];
  for (let first = FIRST; first < FIRST + COUNT; first += BATCH) {
    let seeds = Array.from({ length: Math.min(BATCH, FIRST + COUNT - first) }, (_, i) => first + i);
    while (seeds.length > 0) {
      const cases = seeds.map(mutant);
      const result = await bench.run(cases);
      if ('failed' in result) {
        failures.push(`seed ${seeds[result.failed]}: ${result.why}`);
        seeds = seeds.slice(result.failed + 1);
        continue;
      }
      result.forEach((report, i) => {
        const failure = judge(report, tally);
        if (failure !== undefined) failures.push(`seed ${seeds[i]}: ${failure}`);
      });
      seeds = [];
    }
  }
  await bench.end();
  console.log(`damaged modules: ${COUNT}; ${JSON.stringify(tally)}`);
  expect(failures.slice(0, 20), `${failures.length} failures`).toEqual([]);
  expect(tally.same).toBeGreaterThan(COUNT / 20);
  expect(tally.beyondHost).toBeLessThan(COUNT / 50);
});
