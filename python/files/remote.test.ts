/**
 * A file system used from another thread, synchronously: the same answers and the same errors as here, open files that end with their
 * connection, and a wait that ends when its run is stopped.
 */
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { serveFiles } from './remote.ts';
import { VfsStorage } from './vfs-storage.ts';

const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

type Step = readonly [method: string, ...args: unknown[]];

/** Runs the steps in a worker of its own and answers their results; `$0` stands for the result of step 0. */
function inWorker(
  storage: Pick<VfsStorage, 'connect'>,
  steps: readonly Step[],
  options: { readonly stopAfterMs?: number; readonly keep?: boolean } = {},
): Promise<unknown[]> {
  const { end } = storage.connect();
  const url = new URL('../../test/support/remote-files-worker.mjs', import.meta.url);
  const worker = new Worker(url, { workerData: { end, steps, ...options }, transferList: [end.port] });
  workers.push(worker);
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const BIG = { bigint: true } as const;

describe('from another thread', () => {
  test('all operations', async () => {
    const storage = new VfsStorage();
    const results = await inWorker(storage, [
      ['mkdirSync', '/d'],
      ['openSync', '/d/f', 0o102],
      ['writevSync', '$1', [Buffer.from('hello '), Buffer.from('there')], 0],
      ['readTextSync', '$1', 4, 2],
      ['ftruncateSync', '$1', 7],
      ['fstatSync', '$1', BIG],
      ['closeSync', '$1'],
      ['renameSync', '/d/f', '/d/g'],
      ['linkSync', '/d/g', '/h'],
      ['symlinkSync', 'd/g', '/l'],
      ['readlinkSync', '/l', 'utf8'],
      ['readdirSync', '/', { withFileTypes: true }],
      ['lstatSync', '/l', BIG],
      ['lstatSync', '/nothing', { ...BIG, throwIfNoEntry: false }],
      ['unlinkSync', '/l'],
    ]);
    expect(results[2]).toBe(11);
    expect(results[3]).toBe('llo ');
    expect(results[5]).toMatchObject({ size: 7n, kind: 'file' });
    expect(results[10]).toBe('d/g');
    expect(results[11]).toEqual(['d directory', 'h file', 'l symlink']);
    expect(results[12]).toMatchObject({ kind: 'symlink' });
    expect(results[13]).toBeUndefined();
    expect(storage.readFile('/h', 'utf8')).toBe('hello t');
    expect(storage.list()).toEqual(['d', 'h']);
  });

  test('errors keep their code', async () => {
    const results = await inWorker(new VfsStorage({ maxBytes: 10 }), [
      ['rmdirSync', '/nothing'],
      ['openSync', '/f', 0o102],
      ['writevSync', '$1', [Buffer.alloc(11)], 0],
      ['closeSync', 99],
    ]);
    expect([results[0], results[2], results[3]]).toEqual(['ENOENT', 'ENOSPC', 'EBADF']);
  });

  test('more bytes than fit one message', async () => {
    const storage = new VfsStorage();
    const length = 3 * 1024 * 1024 + 7;
    const results = await inWorker(storage, [
      ['openSync', '/f', 0o102],
      ['writevSync', '$0', [Buffer.alloc(length, 'x')], 0],
      ['readTextSync', '$0', length + 100, 0],
    ]);
    expect(results[1]).toBe(length);
    expect((results[2] as string).length).toBe(length);
    expect(storage.usedBytes).toBe(length);
  });

  test('several threads at once see the same files', async () => {
    const storage = new VfsStorage();
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(
      names.map((name) =>
        inWorker(storage, [
          ['openSync', `/${name}`, 0o102],
          ...Array.from({ length: 200 }, (_, i): Step => ['writevSync', '$0', [Buffer.from(name)], i]),
        ]),
      ),
    );
    expect(names.map((name) => storage.readFile(`/${name}`, 'utf8'))).toEqual(
      names.map((n) => n.repeat(200)),
    );
  });
});

describe('the end of a connection', () => {
  /** A deleted file takes room as long as somebody has it open. */
  const leaveOpen: Step[] = [
    ['openSync', '/f', 0o102],
    ['writevSync', '$0', [Buffer.alloc(100)], 0],
    ['unlinkSync', '/f'],
  ];

  test('closes what was open: closeAll', async () => {
    const storage = new VfsStorage();
    const results = await inWorker(storage, [...leaveOpen, ['closeAll'], ['fstatSync', '$0', BIG]]);
    expect([results[4], storage.usedBytes]).toEqual(['EBADF', 0]);
  });

  test('closes what was open: a worker that was killed', async () => {
    const storage = new VfsStorage();
    await inWorker(storage, leaveOpen, { keep: true });
    expect(storage.usedBytes).toBe(100);
    await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
    await expect.poll(() => storage.usedBytes).toBe(0);
  });

  test('one connection cannot use the files that another opened', async () => {
    const storage = new VfsStorage();
    storage.writeFile('/secret', 'secret');
    const [fd] = await inWorker(storage, [['openSync', '/secret', 0]], { keep: true });
    const [answer] = await inWorker(storage, [['readTextSync', fd, 10, 0]]);
    expect(answer).toBe('EBADF');
  });
});

test('a wait without an answer ends when the run is stopped, and the next gets its own answer', async () => {
  const connect = () => serveFiles(slow());
  const results = await inWorker(
    { connect },
    [
      ['readlinkSync', '/slow', 'utf8'],
      ['readlinkSync', '/1', 'utf8'],
    ],
    {
      stopAfterMs: 50,
    },
  );
  expect(results).toEqual(['stopped', 'link /1']);
});

/** The owner is busy, with one path, for longer than the run may last. */
function slow(): Parameters<typeof serveFiles>[0] {
  const files = {
    confined: true,
    readlinkSync(path: string): string {
      if (path === '/slow') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      return `link ${path}`;
    },
  };
  return files as unknown as Parameters<typeof serveFiles>[0];
}
