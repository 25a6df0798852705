/**
 * The cache under bad conditions: damaged files, processes that write at once or die while they write, another V8. Never
 * may it give a wrong result; damage is told of and made good.
 *
 * `SANDGLASS_EXTENDED=1` kills 200 processes instead of 12 and damages every byte in every way.
 * `SANDGLASS_OTHER_NODE` names a second Node; without it, the same one with other flags stands for another V8.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crc32, crc32ByTable } from '../src/cache/crc32.ts';
import { CacheDirectory } from '../src/cache/directory.ts';
import { decodeEntry } from '../src/cache/entry.ts';
import { CacheError, Runtime } from '../src/index.ts';
import { sandglass } from './cli-process.ts';
import { program } from './support/cache-program.ts';
import { Random } from './support/random.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

const EXTENDED = process.env.SANDGLASS_EXTENDED === '1';
const WRITER = fileURLToPath(new URL('./support/cache-writer.mjs', import.meta.url));

let folder: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-cache-'));
  cache = join(folder, 'cache');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entries = () => readdirSync(cache).filter((name) => name.endsWith('.sgc'));

/** Sums and stores; what was warned of. */
function run(bytes: Uint8Array, name: string): { result: unknown; generated: number; warnings: string[] } {
  const warnings: string[] = [];
  const runtime = new Runtime({ cache, onCacheWarning: (message) => void warnings.push(message) });
  const module = runtime.compileSync(bytes);
  const result = runtime.instantiateSync(module).exports[name](10);
  runtime.close();
  return { result, generated: module.stats.generated, warnings };
}

function tiny(): Uint8Array {
  const m = new ModuleBuilder();
  m.func('i32 -> i32', [['local.get', 0], ['i32.const', 5], 'i32.mul'], { export: 'times' });
  return m.build();
}

describe('a flipped byte', () => {
  const damaged = (bytes: Uint8Array, at: number, mask: number) => {
    const copy = Uint8Array.from(bytes); // `slice` of a Buffer would share its bytes
    copy[at]! ^= mask;
    return copy;
  };

  test('of a small entry, any one: read-only it fails, else the result is right', {
    timeout: 600_000,
  }, () => {
    expect(run(tiny(), 'times')).toEqual({ result: 50, generated: 1, warnings: [] });
    const file = join(cache, entries()[0]!);
    const whole = readFileSync(file);
    const readOnly = new Runtime({ cache, cacheMode: 'read-only' });
    const wasm = tiny();
    for (let at = 0; at < whole.length; at++) {
      for (const mask of EXTENDED ? [1, 2, 4, 8, 16, 32, 64, 128, 255] : [1 << (at & 7)]) {
        writeFileSync(file, damaged(whole, at, mask));
        expect(() => readOnly.compileSync(wasm), `byte ${at} ^ ${mask}`).toThrow(CacheError);
      }
      if (at % (EXTENDED ? 1 : 100) > 0) continue;
      const { result, generated, warnings } = run(wasm, 'times');
      expect({ result, generated, warnings: warnings.length }).toEqual({
        result: 50,
        generated: 1,
        warnings: 1,
      });
      expect(run(wasm, 'times')).toEqual({ result: 50, generated: 0, warnings: [] });
    }
  });

  test('of a larger entry, and of a serialised module, is found wherever it is', () => {
    run(program(), 'sum');
    const module = new Runtime({ cache }).compileSync(program());
    for (const whole of [readFileSync(join(cache, entries()[0]!)), module.serialize()]) {
      expect(decodeEntry(whole).groups.length).toBeGreaterThan(0);
      for (let at = 0; at < whole.length; at++)
        expect(() => decodeEntry(damaged(whole, at, 1 << (at & 7)))).toThrow(CacheError);
      expect(() => Runtime.deserialize(damaged(whole, whole.length >> 1, 255))).toThrow(CacheError);
    }
  });

  test('in a file that comes between reading and writing is no error of the program', () => {
    run(program(), 'sum');
    const name = entries()[0]!;
    const whole = readFileSync(join(cache, name));
    rmSync(join(cache, name));
    const header = whole.indexOf('"groups":[[[') + 1;
    // A key of another name, an object, a number in the place of a list: all of them JSON.
    for (const [at, byte] of [
      [header, 'G'],
      [header + 8, '{'],
      [header + 9, '1'],
      [header + 10, ' '],
    ] as const) {
      const copy = Uint8Array.from(whole);
      copy[at] = byte.charCodeAt(0);
      const runtime = new Runtime({ cache });
      const { exports } = runtime.instantiateSync(program());
      expect(exports.sum(10)).toBe(55n);
      writeFileSync(join(cache, name), copy, { mode: 0o600 });
      runtime.close();
      expect(run(program(), 'sum').result).toBe(55n);
      rmSync(join(cache, name));
    }
  });
});

test.each([0, 1, 7, 8, 1000, 100_001])(
  'the checksum of %i bytes is the same with zlib and without',
  (length) => {
    const random = new Random(length);
    const bytes = Uint8Array.from({ length }, () => random.int(256));
    expect(crc32(bytes)).toBe(crc32ByTable(bytes));
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  },
);

test('twenty processes at once on an empty cache leave one entry', { timeout: 300_000 }, async () => {
  writeFileSync(join(folder, 'p.wasm'), program());
  const args = ['run', '--stats', '--cache', cache, '--invoke', 'sum', join(folder, 'p.wasm'), '10'];
  const all = await Promise.all(Array.from({ length: 20 }, () => sandglass(args)));
  for (const { status, stdout, stderr } of all) {
    expect({ status, stdout }).toEqual({ status: 0, stdout: '55\n' });
    expect(stderr).not.toContain('cache:');
  }
  expect(readdirSync(cache)).toHaveLength(1);
  expect((await sandglass(args)).stderr).toContain('generated 0,');
});

/** Starts a process that writes one entry over and over, and kills it `delay` ms after it has begun to. */
function killWhileWriting(delay: number): Promise<void> {
  const child = spawn(process.execPath, [WRITER, cache, join(folder, 'p.wasm')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delay));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) =>
      signal === 'SIGKILL'
        ? resolve()
        : reject(new Error(`the writer ended by itself, with status ${status}`)),
    );
  });
}

test('processes killed while they write leave a cache that works', { timeout: 1_200_000 }, async () => {
  writeFileSync(join(folder, 'p.wasm'), program());
  const random = new Random(5);
  let unfinished = 0;
  for (let kill = 0; kill < (EXTENDED ? 200 : 12); kill++) {
    await killWhileWriting(random.int(30));
    unfinished = readdirSync(cache).length - entries().length;
    for (const name of entries()) decodeEntry(readFileSync(join(cache, name)));
    const { result, warnings } = run(program(), 'sum');
    expect({ result, warnings }).toEqual({ result: 55n, warnings: [] });
  }
  if (EXTENDED) expect(unfinished).toBeGreaterThan(0); // some were hit in the middle
  expect(run(program(), 'sum').generated).toBe(0);
  expect((await sandglass(['cache', 'verify', '--cache', cache])).stdout).toBe('1 whole, 0 not\n');
});

test('what dead processes left is removed in time', () => {
  mkdirSync(cache, { mode: 0o700 });
  const directory = new CacheDirectory(cache, true);
  writeFileSync(join(cache, 'x.sgc.1-a.tmp'), 'half');
  expect(directory.evict(1e9)).toEqual([]);
  const now = Date.now;
  Date.now = () => now() + 61_000;
  try {
    expect(directory.evict(1e9).map(({ name }) => name)).toEqual(['x.sgc.1-a.tmp']);
  } finally {
    Date.now = now;
  }
  expect(readdirSync(cache)).toEqual([]);
});

test('two versions of V8 have an entry each', { timeout: 120_000 }, async () => {
  writeFileSync(join(folder, 'p.wasm'), program());
  const node = process.env.SANDGLASS_OTHER_NODE;
  const other = node === undefined ? { nodeArgs: ['--no-flush-bytecode'] } : { node };
  const args = ['run', '--stats', '--cache', cache, '--invoke', 'sum', join(folder, 'p.wasm'), '10'];
  for (const generated of [/generated [1-9]/, /generated 0,/]) {
    for (const options of [{}, other]) {
      const { stdout, stderr } = await sandglass(args, options);
      expect({ stdout, stderr }).toEqual({ stdout: '55\n', stderr: expect.stringMatching(generated) });
    }
  }
  expect(entries()).toHaveLength(2);
});
