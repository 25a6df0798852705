/** Streams, sleeping and polling: what waits, what it waits for, and that a deadline ends it. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BIND, type BoundInstance } from '../runtime/abi.ts';
import { Interrupt } from '../runtime/interrupt.ts';
import { BUFFER, Guest, RESULT } from '../test/support/wasi-guest.ts';
import { FDFLAGS } from './types.ts';

const ROOT = 3;
let root: string;
let guest: Guest;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'sandglass-wasi-'));
  fs.writeFileSync(path.join(root, 'file'), 'hello world');
  guest = new Guest({ preopens: { '/data': root } });
});

afterEach(() => {
  guest.wasi.close();
  fs.rmSync(root, { recursive: true });
});

const host = (name: string) => path.join(root, name);

describe('streams', () => {
  test('bytes and functions', () => {
    const written: string[] = [];
    const stdout = (chunk: Uint8Array) => written.push(Buffer.from(chunk).toString());
    guest = new Guest({ stdin: new TextEncoder().encode('one two'), stdout });
    expect([guest.read(0, 4), guest.read(0), guest.read(0)]).toEqual(['one ', 'two', '']);
    expect(guest.write(1, 'out')).toBe(3);
    expect(written).toEqual(['out']);
    guest = new Guest({ stdin: (max) => new Uint8Array(Math.min(max, 2)).fill(65) });
    expect(guest.read(0)).toBe('AA');
  });

  test('a broken pipe is reported, then PIPE', () => {
    execFileSync('mkfifo', [host('fifo')]);
    const reader = fs.openSync(host('fifo'), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const writer = fs.openSync(host('fifo'), 'w');
    const broken: number[] = [];
    guest = new Guest({ stdout: writer, onBrokenPipe: (fd) => broken.push(fd) });
    expect(guest.write(1, 'x')).toBe(1);
    fs.closeSync(reader);
    expect(guest.write(1, 'x')).toBe('PIPE');
    expect(broken).toEqual([1]);
    guest.wasi.close();
    fs.closeSync(writer);
  });

  test('stdin that is not open: BADF', () => {
    expect(new Guest({ stdin: 999 }).read(0)).toBe('BADF');
  });
});

describe('blocking ends at the deadline', () => {
  let interrupt: Interrupt;
  const bind = (target: Guest) => {
    const module = target.wasi.imports.wasi_snapshot_preview1 as unknown as Record<
      symbol,
      (bound: BoundInstance) => void
    >;
    interrupt = new Interrupt();
    module[BIND]!({ exports: { memory: target.memory }, interrupt });
    interrupt.enter({ deadlineMs: 50 });
  };

  test('a read from an idle pipe', () => {
    execFileSync('mkfifo', [host('fifo')]);
    const pipe = fs.openSync(host('fifo'), 'r+');
    guest = new Guest({ stdin: pipe });
    bind(guest);
    fs.writeSync(pipe, 'here');
    expect(guest.read(0)).toBe('here');
    expect(() => guest.read(0)).toThrow('deadline');
    expect(guest.call('fd_fdstat_set_flags', 0, FDFLAGS.NONBLOCK)).toBe('SUCCESS');
    expect(guest.read(0)).toBe('AGAIN');
    guest.wasi.close();
    fs.closeSync(pipe);
  });

  test('a read from an idle socket, which is what a Node parent gives as stdin', () => {
    const script = `
      import { BIND } from './dist/runtime/abi.js';
      import { Interrupt } from './dist/runtime/interrupt.js';
      import { Wasi } from './dist/wasi/index.js';
      const { wasi_snapshot_preview1: wasi } = new Wasi().imports;
      const memory = new (await import('./dist/runtime/memory.js')).Memory({ initial: 1 });
      memory.view.setUint32(4, 100, true);
      const interrupt = new Interrupt();
      interrupt.enter({ deadlineMs: 50 });
      wasi[BIND]({ exports: { memory }, interrupt });
      try { wasi.fd_read(0, 0, 1, 8); } catch (error) { console.log(error.name); }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return expect(text(child.stdout)).resolves.toBe('TimeoutError\n');
  });

  test('a write to a full pipe', () => {
    execFileSync('mkfifo', [host('fifo')]);
    const pipe = fs.openSync(host('fifo'), 'r+');
    guest = new Guest({ stdout: pipe });
    bind(guest);
    const fill = () => {
      for (let i = 0; i < 1000; i++) guest.write(1, 'x'.repeat(10_000));
    };
    expect(fill).toThrow('deadline');
    guest.wasi.close();
    fs.closeSync(pipe);
  });

  test('sleeping', () => {
    bind(guest);
    expect(() => poll([clockAt(1, 3_600_000_000_000n)])).toThrow('deadline');
  });
});

type Subscription = [userdata: bigint, tag: number, idOrFd: number, timeout: bigint, flags: number];
const clockAt = (id: number, timeout: bigint, flags = 0, userdata = 7n): Subscription => [
  userdata,
  0,
  id,
  timeout,
  flags,
];

/** Events as [userdata, errno, type, bytes]. */
function poll(subscriptions: Subscription[]): unknown[] {
  const { view } = guest.memory;
  subscriptions.forEach(([userdata, tag, idOrFd, timeout, flags], index) => {
    const at = BUFFER + 48 * index;
    view.setBigUint64(at, userdata, true);
    view.setUint8(at + 8, tag);
    view.setUint32(at + 16, idOrFd, true);
    view.setBigUint64(at + 24, timeout, true);
    view.setUint16(at + 40, flags, true);
  });
  const events = 8192;
  expect(guest.call('poll_oneoff', BUFFER, events, subscriptions.length, RESULT)).toBe('SUCCESS');
  return Array.from({ length: guest.u32(RESULT) }, (_, index) => {
    const at = events + 32 * index;
    return [guest.u64(at), view.getUint16(at + 8, true), view.getUint8(at + 10), guest.u64(at + 16)];
  });
}

describe('poll_oneoff', () => {
  test('waits for a clock, relative or absolute, past or future', () => {
    const start = performance.now();
    expect(poll([clockAt(1, 30_000_000n)])).toEqual([[7n, 0, 0, 0n]]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
    const soon = process.hrtime.bigint() + 20_000_000n;
    expect(poll([clockAt(1, soon, 1)])).toEqual([[7n, 0, 0, 0n]]);
    expect(process.hrtime.bigint()).toBeGreaterThan(soon - 1_000_000n);
    expect(poll([clockAt(0, 0n, 1)])).toEqual([[7n, 0, 0, 0n]]);
  });

  test('answers the first of several', () => {
    expect(poll([clockAt(1, 3_600_000_000_000n, 0, 1n), clockAt(1, 1_000_000n, 0, 2n)])).toEqual([
      [2n, 0, 0, 0n],
    ]);
  });

  test('errors are events', () => {
    expect(poll([clockAt(2, 0n), [8n, 1, 99, 0n, 0], [9n, 2, 0, 0n, 0], [10n, 3, 0, 0n, 0]])).toEqual([
      [7n, 58, 0, 0n],
      [8n, 8, 1, 0n],
      [9n, 76, 2, 0n],
      [10n, 28, 3, 0n],
    ]);
  });

  test('files and outputs are ready at once; input with what it has', () => {
    guest = new Guest({ stdin: Buffer.from('abc'), preopens: { '/': root } });
    const file = guest.open(ROOT, 'file') as number;
    const far = clockAt(1, 3_600_000_000_000n);
    expect(poll([far, [1n, 1, 0, 0n, 0], [2n, 2, 1, 0n, 0], [3n, 1, file, 0n, 0]])).toEqual([
      [1n, 0, 1, 3n],
      [2n, 0, 2, 0n],
      [3n, 0, 1, 11n],
    ]);
    expect([guest.read(0, 2), guest.read(0), guest.read(0)]).toEqual(['ab', 'c', '']);
  });

  test('an idle input lets the clock come first, and loses nothing', () => {
    execFileSync('mkfifo', [host('fifo')]);
    const pipe = fs.openSync(host('fifo'), 'r+');
    guest = new Guest({ stdin: pipe });
    const subscriptions: Subscription[] = [clockAt(1, 30_000_000n), [8n, 1, 0, 0n, 0]];
    expect(poll(subscriptions)).toEqual([[7n, 0, 0, 0n]]);
    fs.writeSync(pipe, 'now');
    expect(poll(subscriptions)).toEqual([[8n, 0, 1, 3n]]);
    expect(guest.read(0)).toBe('now');
    guest.wasi.close();
    fs.closeSync(pipe);
  });
});

describe('injected sources', () => {
  test('clocks, even such as stand still, and randomness', () => {
    const clocks = { realtime: () => 42n, monotonic: () => 43n, resolution: 1000n };
    guest = new Guest({ clocks, random: (bytes) => bytes.fill(9) });
    guest.call('clock_time_get', 0, 0n, RESULT);
    guest.call('clock_time_get', 1, 0n, RESULT + 8);
    guest.call('clock_res_get', 0, RESULT + 16);
    expect([0, 8, 16].map((at) => guest.u64(RESULT + at))).toEqual([42n, 43n, 1000n]);
    guest.call('random_get', BUFFER, 3);
    expect([...guest.memory.bytes.subarray(BUFFER, BUFFER + 4)]).toEqual([9, 9, 9, 0]);
    expect(poll([clockAt(1, 45n, 1)])).toEqual([[7n, 0, 0, 0n]]);
  });

  test('the system clocks', () => {
    guest.call('clock_time_get', 0, 0n, RESULT);
    expect(Math.abs(Number(guest.u64(RESULT) / 1_000_000n) - Date.now())).toBeLessThan(1000);
  });
});
