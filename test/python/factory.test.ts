/** Factories: images made once, kept in files, damaged, shared by threads; processes that end by themselves. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InitializationError, SandboxFactory } from '../../src/python.ts';
import { execute } from '../cli-process.ts';
import { PYODIDE } from '../e2e-runtimes.ts';
import { PATIENCE_MS, titled, withoutPython } from './sandboxes.ts';

describe.skipIf(withoutPython)(titled('factories'), { timeout: PATIENCE_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-factory-'));
  const cache = join(folder, 'cache');
  const program = 'import json\nprint(json.dumps([1, "é"]), hash("a"))';
  let bytes: Uint8Array;
  let output: string;

  beforeAll(async () => {
    await using factory = new SandboxFactory({ cache, imports: ['json', 'colorsys'], workers: 1 });
    const sandbox = factory.createSandbox();
    expect(
      (await sandbox.execute('import sys\nprint("colorsys" in sys.modules, "wave" in sys.modules)')).stdout,
    ).toBe('True False');
    output = (await sandbox.execute(program)).stdout;
    expect(factory.stats).toMatchObject({ boots: 1, workers: 1 });
    expect(factory.stats.generated).toBeGreaterThan(1000);
    bytes = await factory.toBytes();
    expect(factory.sizeBytes).toBe(bytes.length);
    await factory.save(join(folder, 'image'));
  }, PATIENCE_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('start from the file of the one before: nothing boots, no code is generated', async () => {
    await using factory = new SandboxFactory({ cache, imports: ['json', 'colorsys'], workers: 1 });
    const sandbox = factory.createSandbox();
    expect((await sandbox.execute(program)).stdout).toBe(output);
    expect(factory.stats).toMatchObject({ boots: 0, generated: 0, restores: 1 });
  });

  test('a session of one has its imports, too', async () => {
    await using factory = new SandboxFactory({ cache, imports: ['json', 'colorsys'] });
    await using session = factory.createSession();
    expect((await session.execute('import sys\nprint("colorsys" in sys.modules)')).stdout).toBe('True');
  });

  test('are loaded from files and bytes', async () => {
    for (const source of [join(folder, 'image'), bytes]) {
      await using factory = await SandboxFactory.load(source, { workers: 1 });
      const sandbox = factory.createSandbox({ resourceLimits: { maxMemoryBytes: 60_000_000 } });
      expect((await sandbox.execute(program)).stdout).toBe(output);
      expect(factory.stats).toMatchObject({ boots: 0, generated: 0 });
      await expect(sandbox.execute('bytearray(10**9)')).rejects.toThrow('MemoryError');
    }
  });

  test.each([
    ['is none', () => new Uint8Array([1, 2, 3])],
    ['is cut off', () => bytes.slice(0, -8)],
    ['has a damaged head', () => flipped(60)],
    ['has a damaged snapshot', () => flipped(bytes.length - 100_000)],
    ['has damaged code', () => flipped(20_000_000)],
  ])('what %s is refused', async (_, damaged) => {
    await expect(SandboxFactory.load(damaged())).rejects.toThrow(InitializationError);
  });

  function flipped(at: number): Uint8Array {
    const copy = bytes.slice();
    copy[at]! ^= 1;
    return copy;
  }

  test('a file that is not there', async () => {
    await expect(SandboxFactory.load(join(folder, 'nothing'))).rejects.toThrow('ENOENT');
  });

  test('files are their owner’s alone', () => {
    const [name, ...others] = readdirSync(cache);
    expect(others).toEqual([]);
    expect(name).toMatch(/^python-[0-9a-f]{8}-[0-9a-f]{16}\.sgimage$/);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(statSync(join(cache, name!)).mode & 0o777).toBe(0o600);
  });

  test('a module to import that there is not', async () => {
    const factory = new SandboxFactory({ cache: false, imports: ['no_such_module'] });
    await expect(factory.ready()).rejects.toThrow(InitializationError);
    await expect(factory.createSandbox().execute('1')).rejects.toThrow("No module named 'no_such_module'");
    await factory.close();
  });

  test('hash seeds differ between builds, unless they are given', async () => {
    const hashes = [output.split(' ').at(-1)];
    for (const seed of ['a', 'a']) {
      await using factory = new SandboxFactory({ cache: false, seed, workers: 1 });
      hashes.push((await factory.createSandbox().execute('print(hash("a"))')).stdout);
    }
    expect(hashes[1]).toBe(hashes[2]);
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('a file that is damaged is made anew, with a warning', async () => {
    const file = join(cache, readdirSync(cache)[0]!);
    writeFileSync(file, readFileSync(file).fill(7, 200_000, 200_100));
    const warnings: string[] = [];
    const options = { cache, imports: ['json', 'colorsys'], workers: 1 };
    const onWarning = (text: string) => void warnings.push(text);
    await using factory = new SandboxFactory({ ...options, onWarning });
    expect((await factory.createSandbox().execute('print(1)')).stdout).toBe('1');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^the image python-[\w-]+\.sgimage in .* is not used: .*; made anew$/);
    expect(factory.stats.boots).toBe(1);
    await using next = new SandboxFactory({ ...options, onWarning });
    await next.ready();
    expect(next.stats.boots).toBe(0);
  });

  test('a process ends by itself, and what code it generated is kept', async () => {
    const script = `
      import { SandboxFactory } from ${JSON.stringify(new URL('../../dist/lib/python.js', import.meta.url).href)};
      const factory = new SandboxFactory({ cache: ${JSON.stringify(join(folder, 'process'))}, pyodide: ${JSON.stringify(PYODIDE)} });
      const { stdout } = await factory.createSandbox().execute('import sqlite3, csv, decimal\\nprint(decimal.Decimal(2).sqrt())');
      console.log(stdout, factory.stats.boots, factory.stats.generated > 0);`;
    const run = () => execute(process.execPath, ['--input-type=module', '-e', script]);
    expect(await run()).toMatchObject({ status: 0, stdout: '1.414213562373095048801688724 1 true\n' });
    expect(await run()).toMatchObject({ status: 0, stdout: '1.414213562373095048801688724 0 false\n' });
  });

  test.each([
    [{ imports: 'json' }, 'imports to be a list'],
    [{ cache: 5 }, 'cache to be the path of a directory, or false'],
    [{ workers: 0 }, 'workers'],
    [{ seeds: 'x' }, 'seeds'],
  ])('%j is refused', (options, message) => {
    expect(() => new SandboxFactory(options as object)).toThrow(message);
  });
});
