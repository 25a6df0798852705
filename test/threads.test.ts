/**
 * Threads that are threads: workers with a Runtime each, over one shared memory. They count together, hand values over with
 * wait and notify, see each other's growth, and can be stopped while they wait.
 */
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Memory, Runtime, type RuntimeOptions } from '../src/index.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const COUNTER = 8;
const FLAG = 16;
const VALUE = 20;
const READY = 24;
const NEVER = 32;

const get = (local: number): Instruction => ['local.get', local];
const i32 = (value: number): Instruction => ['i32.const', value];
const FOREVER: Instruction = ['i64.const', -1];

/** Does `body` as often as local 0 says. */
const times = (body: readonly Instruction[]): Instruction[] => [
  ['loop', ''],
  ...body,
  get(0),
  i32(1),
  'i32.sub',
  ['local.tee', 0],
  ['br_if', 0],
  'end',
];

/** Waits at `address` as long as `value` is there. */
const whileIs = (address: number, value: number): Instruction[] => [
  ['block', ''],
  ['loop', ''],
  i32(address),
  ['i32.atomic.load', {}],
  i32(value),
  'i32.ne',
  ['br_if', 1],
  i32(address),
  i32(value),
  FOREVER,
  ['memory.atomic.wait32', {}],
  'drop',
  ['br', 0],
  'end',
  'end',
];

const announce = (address: number, value: number): Instruction[] => [
  i32(address),
  i32(value),
  ['i32.atomic.store', {}],
  i32(address),
  i32(-1),
  ['memory.atomic.notify', {}],
  'drop',
];

function program(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory('env', 'memory', 1, 8, { shared: true });
  const define = (name: string, type: string, body: readonly Instruction[], locals: readonly string[] = []) =>
    m.func(type, body, { export: name, locals });
  define('count', 'i32 ->', times([i32(COUNTER), i32(1), ['i32.atomic.rmw.add', {}], 'drop']));
  define('count64', 'i32 ->', times([i32(COUNTER), ['i64.const', 1], ['i64.atomic.rmw.add', {}], 'drop']));
  define(
    'produce',
    'i32 ->',
    times([...whileIs(FLAG, 1), i32(VALUE), get(0), ['i32.store', {}], ...announce(FLAG, 1)]),
  );
  define(
    'consume',
    'i32 -> i32',
    [
      ...times([
        ...whileIs(FLAG, 0),
        i32(VALUE),
        ['i32.load', {}],
        get(1),
        'i32.add',
        ['local.set', 1],
        ...announce(FLAG, 0),
      ]),
      get(1),
    ],
    ['i32'],
  );
  define('readWhenReady', 'i32 -> i32', [
    get(0),
    ['i32.load8_u', {}],
    'drop',
    ...whileIs(READY, 0),
    get(0),
    i32(65_536),
    'i32.add',
    ['i32.load', {}],
  ]);
  define('growAndAnnounce', 'i32 i32 -> i32', [
    get(0),
    ['memory.grow', 0],
    i32(65_536),
    get(1),
    ['i32.store', {}],
    ...announce(READY, 1),
  ]);
  define('grow', 'i32 -> i32', [get(0), ['memory.grow', 0]]);
  define('load', 'i32 -> i32', [get(0), ['i32.load', {}]]);
  define('sizeThenLoad', 'i32 -> i32', [
    i32(0),
    ['i32.load', {}],
    'drop',
    ['memory.size', 0],
    'drop',
    get(0),
    ['i32.load', {}],
  ]);
  define('waitForever', '-> i32', [i32(NEVER), i32(0), FOREVER, ['memory.atomic.wait32', {}]]);
  define('wait64', 'i64 -> i32', [i32(NEVER), ['i64.const', 0], get(0), ['memory.atomic.wait64', {}]]);
  define('notify', 'i32 i32 -> i32', [get(0), get(1), ['memory.atomic.notify', {}]]);
  return m.build();
}

const wasm = program();

interface Message {
  readonly interruptWord?: Int32Array<SharedArrayBuffer>;
  readonly result?: unknown;
  readonly error?: string;
}

interface Thread {
  /** Once it runs. */
  readonly word: Promise<Int32Array<SharedArrayBuffer>>;
  readonly done: Promise<unknown>;
}

function start(
  memory: Memory,
  name: string,
  args: readonly unknown[],
  options: RuntimeOptions = {},
  control?: object,
): Thread {
  const workerData = { bytes: wasm, handle: memory.handle, name, args, options, control };
  const worker = new Worker(new URL('./support/thread-worker.mjs', import.meta.url), { workerData });
  let begin: (word: Int32Array<SharedArrayBuffer>) => void;
  const word = new Promise<Int32Array<SharedArrayBuffer>>((resolve) => {
    begin = resolve;
  });
  const done = new Promise<unknown>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', (message: Message) => {
      if (message.interruptWord !== undefined) begin(message.interruptWord);
      else resolve(message.error ?? message.result);
    });
  });
  return { word, done };
}

const newMemory = () => new Memory({ initial: 1, maximum: 8, shared: true });
const instanceOver = (memory: Memory, options: RuntimeOptions = {}) =>
  new Runtime(options).instantiateSync(wasm, { env: { memory } });

/** Until somebody waits at an address: then notifying wakes them. */
async function wake(memory: Memory, address: number): Promise<void> {
  const cells = new Int32Array(memory.buffer);
  while (Atomics.notify(cells, address / 4, 1) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.each([
  ['metered', {}],
  ['with limited fuel', { fuel: 1_000_000_000n }],
  ['unmetered', { metering: false }],
] as const)('%s', (_, options) => {
  test('four threads count together', async () => {
    const memory = newMemory();
    const rounds = 20_000;
    await Promise.all(
      ['count', 'count64', 'count', 'count64'].map((name) => start(memory, name, [rounds], options).done),
    );
    expect(memory.view.getInt32(COUNTER, true)).toBe(4 * rounds);
  });

  test('a producer and a consumer', async () => {
    const memory = newMemory();
    const [, sum] = await Promise.all([
      start(memory, 'produce', [1500], options).done,
      start(memory, 'consume', [1500], options).done,
    ]);
    expect(sum).toBe((1500 * 1501) / 2);
  });

  test('growth is seen by a thread in the middle of a function', async () => {
    const memory = newMemory();
    const thread = start(memory, 'readWhenReady', [0], options);
    await thread.word;
    expect(instanceOver(memory, options).exports.growAndAnnounce(2, 4711)).toBe(1);
    expect([await thread.done, memory.pages]).toEqual([4711, 3]);
  });

  test('growth is seen at the next call, and whoever asks for the size', async () => {
    const memory = newMemory();
    const { exports } = instanceOver(memory, options);
    expect(() => exports.load(65_536)).toThrow('out of bounds memory access');
    expect(await start(memory, 'grow', [1], options).done).toBe(1);
    expect([exports.load(65_536), memory.bytes.length]).toEqual([0, 131_072]);
    expect(await start(memory, 'grow', [1], options).done).toBe(2);
    expect(exports.sizeThenLoad(196_604)).toBe(0);
    expect(await start(memory, 'grow', [6], options).done).toBe(-1);
    expect(() => exports.load(196_605)).toThrow('out of bounds memory access');
  });

  test('the host wakes who waits', async () => {
    const memory = newMemory();
    const thread = start(memory, 'waitForever', [], options);
    await wake(memory, NEVER);
    expect(await thread.done).toBe(0);
  });

  test('waking more than wait answers how many there were', async () => {
    const memory = newMemory();
    const threads = [0, 1, 2].map(() => start(memory, 'wait64', [-1n], options));
    const { notify } = instanceOver(memory, options).exports;
    let woken = 0;
    while (woken < 3) {
      woken += notify(NEVER, -1);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect([woken, ...(await Promise.all(threads.map(({ done }) => done)))]).toEqual([3, 0, 0, 0]);
  });
});

describe('a thread that waits', () => {
  test('is interrupted', async () => {
    const memory = newMemory();
    const thread = start(memory, 'waitForever', []);
    const word = await thread.word;
    Atomics.store(word, 0, 1);
    expect(await thread.done).toBe('AbortError');
  });

  test('obeys its deadline, here and in a worker', async () => {
    const memory = newMemory();
    const instance = instanceOver(memory);
    expect(() => instance.invoke('waitForever', [], { deadlineMs: 30 })).toThrow(
      'deadline of 30 ms exceeded',
    );
    expect(() => instance.invoke('wait64', [10n ** 12n], { deadlineMs: 30 })).toThrow('deadline');
    expect(instance.invoke('wait64', [10n ** 6n], { deadlineMs: 60_000 })).toBe(2);
    expect(await start(memory, 'waitForever', [], {}, { deadlineMs: 30 }).done).toBe('TimeoutError');
  });
});

test('a thread whose Runtime allows less refuses to grow, and still sees what others did', async () => {
  const memory = newMemory();
  const { exports } = instanceOver(memory, { limits: { memoryPages: 2 } });
  expect([exports.grow(1), exports.grow(1)]).toEqual([1, -1]);
  expect(await start(memory, 'grow', [2]).done).toBe(2);
  expect(exports.load(262_140)).toBe(0);
});
