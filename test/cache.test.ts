/**
 * The cache as users of the library and of the command line meet it: it saves the work, gives the same results, traps
 * and fuel, and nobody but its owner can put code into it. Damage and many processes: cache-safety.test.ts.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COMPILER_VERSION } from '../compiler/version.ts';
import { CacheError, Module, Runtime, type RuntimeOptions, Trap } from '../src/index.ts';
import { ROOT, sandglass } from './cli-process.ts';
import { program } from './support/cache-program.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

let folder: string;
let cache: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-cache-'));
  cache = join(folder, 'cache');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const onCacheWarning = (message: string) => void warnings.push(message);
const files = () => readdirSync(cache).sort();

interface Ran {
  readonly result: unknown;
  readonly fuel: bigint | undefined;
  readonly trap: unknown;
  readonly stats: Module['stats'];
}

/** Compiles, calls what `calls` names, and ends as a process would. */
function run(options: RuntimeOptions = {}, calls: readonly string[] = ['sum', 'hop']): Ran {
  const runtime = new Runtime({ cache, onCacheWarning, ...options });
  const module = runtime.compileSync(program());
  const ran = callAll(runtime, module, calls);
  runtime.close();
  return ran;
}

function callAll(runtime: Runtime, module: Module, calls: readonly string[]): Ran {
  const { exports } = runtime.instantiateSync(module);
  const result = calls.map((name) => exports[name](10));
  let trap: unknown;
  try {
    exports.fail(1);
  } catch (error) {
    trap = error instanceof Trap ? [error.message, error.wasmStack] : error;
  }
  const fuel = runtime.fuel.consumed;
  return { result, fuel, trap, stats: module.stats };
}

describe('a second run', () => {
  test.each<[string, RuntimeOptions]>([
    ['as it comes', {}],
    ['with a limit on fuel', { fuel: 1_000_000n }],
    ['with costs', { costs: { 'i64.add': 7 } }],
    ['with a limit on depth', { limits: { callDepth: 100 } }],
    ['validated late', { validate: 'lazy' }],
  ])('generates nothing, and does all the same: %s', (_, options) => {
    const first = run(options);
    const second = run(options);
    expect(first.stats.generated).toBe(first.stats.compiled);
    expect(second).toEqual({ ...first, stats: { ...first.stats, generated: 0 } });
    expect(first.result).toEqual([55n, 0]);
    expect([files().length, warnings]).toEqual([1, []]);
  });

  test('adds what it compiles besides', () => {
    run({}, ['sum']);
    expect(run({}, ['sum', 'hop']).stats.generated).toBeGreaterThan(0);
    expect(run({}, ['sum', 'hop', 'unused']).stats.generated).toBeGreaterThan(0);
    expect(run({}, ['sum', 'hop', 'unused']).stats).toMatchObject({ generated: 0 });
    expect(files()).toHaveLength(1);
  });

  test('with other options is another entry', () => {
    const different: RuntimeOptions[] = [
      {},
      { fuel: 5000n },
      { costs: { call: 3 } },
      { limits: { callDepth: 9 } },
      { limits: { gcBytes: 900 } },
      { limits: { locals: 400 } },
      { features: { simd: false } },
      { validate: 'lazy' },
    ];
    for (const options of different) run(options, []);
    expect(files()).toHaveLength(different.length);
    run({ costs: { 'i32.add': 2, call: 3 } }, []);
    run({ costs: { call: 3, 'i32.add': 2 } }, []);
    expect(files()).toHaveLength(different.length + 1);
  });

  test('that sets a limit on fuel later runs code for that', () => {
    for (let time = 0; time < 2; time++) {
      const runtime = new Runtime({ cache, onCacheWarning });
      const module = runtime.compileSync(program());
      const { exports } = runtime.instantiateSync(module);
      runtime.fuel.set(20n);
      expect(() => exports.sum(1000)).toThrow('fuel');
      runtime.close();
      if (time === 1) expect(module.stats.generated).toBe(0);
    }
  });

  test('is asked to save, and does', async () => {
    const runtime = new Runtime({ cache });
    const module = runtime.compileSync(program());
    expect(files()).toEqual([]);
    await module.saveCache();
    expect(files()).toHaveLength(1);
  });
});

describe('a directory that others could write to is refused', () => {
  const refused = (why: string) => {
    expect(() => new Runtime({ cache })).toThrow(CacheError);
    expect(() => new Runtime({ cache })).toThrow(`refused the cache directory ${cache}: ${why}`);
  };

  test('made by us it is ours alone', () => {
    run();
    const modes = [cache, join(cache, files()[0]!)].map((path) => (statSync(path).mode & 0o777).toString(8));
    expect(modes).toEqual(['700', '600']);
  });
  test.each([0o755, 0o770, 0o701])('mode %o', (mode) => {
    mkdirSync(cache);
    chmodSync(cache, mode);
    refused(`others have access to it (mode 0${mode.toString(8)})`);
  });
  test('a symbolic link', () => {
    mkdirSync(join(folder, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(folder, 'elsewhere'), cache);
    refused('it is a symbolic link');
  });
  test('a file', () => {
    writeFileSync(cache, '');
    refused('it is not a directory');
  });
  test('of another user', () => {
    if (process.getuid!() === 0) {
      mkdirSync(cache, { mode: 0o700 });
      chownSync(cache, 65534, 65534);
      refused('it belongs to user 65534');
    } else expect(() => new Runtime({ cache: '/' })).toThrow('it belongs to user 0');
  });
  test('also when it becomes so later', () => {
    const runtime = new Runtime({ cache, onCacheWarning });
    chmodSync(cache, 0o777);
    const module = runtime.compileSync(program());
    expect(callAll(runtime, module, ['sum']).result).toEqual([55n]);
    runtime.close();
    expect(warnings).toEqual([
      expect.stringContaining('is not used'),
      expect.stringContaining('is not written'),
    ]);
    expect(files()).toEqual([]);
  });
});

describe('an entry that others could have written is not used', () => {
  const spoiled = (spoil: (file: string) => void, why: string) => {
    run();
    spoil(join(cache, files()[0]!));
    const { result, stats } = run();
    expect(result).toEqual([55n, 0]);
    expect(stats.generated).toBe(stats.compiled);
    expect(warnings).toEqual([expect.stringContaining(why)]);
    expect(run().stats.generated).toBe(0);
  };
  test('a symbolic link', () =>
    spoiled((file) => {
      renameSync(file, join(folder, 'moved'));
      symlinkSync(join(folder, 'moved'), file);
    }, 'it is a symbolic link'));
  test('writable by others', () =>
    spoiled((file) => chmodSync(file, 0o666), 'others may write it (mode 0666)'));
  test.runIf(process.getuid?.() === 0)('of another user (as root only: who else can give files away)', () =>
    spoiled((file) => chownSync(file, 65534, 65534), 'it belongs to user 65534'),
  );
  test('cut off', () =>
    spoiled((file) => writeFileSync(file, readFileSync(file).subarray(0, 900)), 'checksum'));
  test('empty', () => spoiled((file) => writeFileSync(file, ''), 'damaged'));
  test('of another module', () =>
    spoiled((file) => {
      const other = new Runtime({ cache });
      const m = new ModuleBuilder();
      m.func('->', [], { export: 'sum' });
      other.compileSync(m.build());
      other.close();
      const name = files().find((each) => !file.endsWith(each))!;
      renameSync(join(cache, name), file);
    }, 'made for another module'));
  test('of another version', () =>
    spoiled((file) => {
      const text = readFileSync(file);
      text.write('SGCACHE0');
      writeFileSync(file, text);
    }, 'of another version of the format'));
});

describe('read-only', () => {
  test('hits, and writes nothing', () => {
    run();
    const [file] = files();
    utimesSync(join(cache, file!), 1000, 1000);
    chmodSync(cache, 0o500);
    expect(run({ cacheMode: 'read-only' }).stats.generated).toBe(0);
    expect(run({ cacheMode: 'read-only' }, ['unused']).stats.generated).toBeGreaterThan(0);
    chmodSync(cache, 0o700);
    expect([files(), statSync(join(cache, file!)).mtimeMs, warnings]).toEqual([[file], 1_000_000, []]);
  });
  test('or fails: no directory, no entry, other options, a damaged entry', () => {
    const fails = (why: string, options: RuntimeOptions = {}) => {
      const compile = () => run({ cacheMode: 'read-only', ...options });
      expect(compile).toThrow(CacheError);
      expect(compile).toThrow(why);
    };
    fails(`refused the cache directory ${cache}: no such directory`);
    mkdirSync(cache, { mode: 0o700 });
    fails(`the read-only cache ${cache} misses: no entry`);
    run();
    fails('misses: no entry', { costs: { call: 9 } });
    writeFileSync(join(cache, files()[0]!), 'SGCACHE1 and so on, but not so');
    fails('misses: damaged: its checksum does not fit');
  });
});

test('the least recently used entries make room', () => {
  const limited = (locals: number, cacheBytes: number) => run({ limits: { locals }, cacheBytes }, ['sum']);
  const known = new Map<number, string>();
  for (const locals of [400, 500, 600]) {
    limited(locals, 1e9);
    const name = files().find((each) => ![...known.values()].includes(each))!;
    known.set(locals, name);
    utimesSync(join(cache, name), locals, locals);
  }
  const { size } = statSync(join(cache, known.get(400)!));
  expect(limited(400, 1e9).stats.generated).toBe(0); // used: now the youngest
  limited(700, 3.5 * size);
  expect(files()).not.toContain(known.get(500));
  expect(files()).toContain(known.get(400));
  expect(files()).toHaveLength(3);
  limited(800, 10);
  expect(warnings).toEqual([expect.stringMatching(/is not written: its \d+ bytes exceed the limit of 10/)]);
});

test.each<[RuntimeOptions, string]>([
  [{ cache: '' }, 'expected cache to be the path of a directory, found ""'],
  [{ cache: 5 as never }, 'expected cache to be the path of a directory, found 5'],
  [{ cacheMode: 'read-only' }, 'cacheMode needs a cache'],
  [{ cache: 'x', cacheMode: 'readonly' as never }, 'expected cacheMode to be "read-write" or "read-only"'],
  [{ cache: 'x', cacheBytes: -1 }, 'expected cacheBytes to be a number of bytes, found -1'],
])('options are checked: %j', (options, message) => expect(() => new Runtime(options)).toThrow(message));

test("stored code is of the package's version", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(COMPILER_VERSION).toBe(version);
});

describe('a serialised module', () => {
  const warm = (options: RuntimeOptions = {}) => {
    const runtime = new Runtime(options);
    const module = runtime.compileSync(program());
    return { ran: callAll(runtime, module, ['sum', 'hop']), bytes: module.serialize() };
  };

  test.each<[string, RuntimeOptions]>([
    ['as it comes', {}],
    ['with costs and a limit', { costs: { 'i64.add': 7 }, fuel: 1_000_000n, features: { simd: false } }],
  ])('does the same again: %s', (_, options) => {
    const { ran, bytes } = warm(options);
    const again = Runtime.deserialize(bytes);
    expect(again).toBeInstanceOf(Module);
    expect(callAll(new Runtime(options), again, ['sum', 'hop'])).toEqual({
      ...ran,
      stats: { ...ran.stats, generated: 0 },
    });
    expect(Runtime.deserialize(again.serialize()).serialize()).toEqual(again.serialize());
  });

  test('has what V8 made of it, where the Runtime has a cache', () => {
    expect(warm({ cache }).bytes.length).toBeGreaterThan(warm().bytes.length);
    const { bytes, ran } = warm({ cache });
    const again = callAll(new Runtime(), Runtime.deserialize(bytes), ['sum', 'hop']);
    expect(again).toEqual({ ...ran, stats: { ...ran.stats, generated: 0 } });
  });

  test('never called: there is no code in it, and it works', () => {
    const bytes = new Runtime().compileSync(program()).serialize();
    expect(callAll(new Runtime(), Runtime.deserialize(bytes), ['sum', 'hop']).result).toEqual([55n, 0]);
  });

  test.each([
    ['nothing', () => new Uint8Array(), 'damaged: not stored code of Sandglass'],
    ['a module', () => program(), 'damaged: not stored code of Sandglass'],
    ['cut off', () => warm().bytes.subarray(0, 500), 'damaged: its checksum does not fit'],
    ['cut off early', () => warm().bytes.subarray(0, 10), 'damaged: it is cut off'],
    [
      'of another format',
      () => Uint8Array.from([...new TextEncoder().encode('SGCACHE7'), ...new Uint8Array(90)]),
      'of another version of the format',
    ],
  ])('is refused if it does not fit: %s', (_, bytes, message) => {
    expect(() => Runtime.deserialize(bytes())).toThrow(CacheError);
    expect(() => Runtime.deserialize(bytes())).toThrow(message);
  });

  test('an entry of a cache is none', () => {
    run();
    expect(() => Runtime.deserialize(readFileSync(join(cache, files()[0]!)))).toThrow('an entry of a cache');
  });

  test.each<[RuntimeOptions, string]>([
    [{ metering: false }, 'costs differs'],
    [{ costs: { call: 2 } }, 'costs differs'],
    [{ limits: { callDepth: 9 } }, 'countDepth differs'],
  ])('is refused by a Runtime with other options: %j', (options, message) => {
    const module = Runtime.deserialize(warm().bytes);
    expect(() => new Runtime(options).instantiateSync(module)).toThrow(message);
    expect(new Runtime({ fuel: 9000n }).instantiateSync(module).exports.sum(10)).toBe(55n);
  });
});

describe('the command line', () => {
  const invoke = (args: readonly string[], env: Record<string, string> = {}) => {
    writeFileSync(join(folder, 'p.wasm'), program());
    return sandglass(['run', ...args, '--invoke', 'sum', join(folder, 'p.wasm'), '10'], { env });
  };
  const generated = (stderr: string) =>
    /generated (\d+), from the cache (\d+)/.exec(stderr)?.slice(1).map(Number);

  test('--cache, SANDGLASS_CACHE, --cache-mode; ls, verify, prune', async () => {
    const cold = await invoke(['--stats', '--cache', cache]);
    const warm = await invoke(['--stats', '--cache-mode', 'read-only'], { SANDGLASS_CACHE: cache });
    expect([cold.stdout, warm.stdout]).toEqual(['55\n', '55\n']);
    const [made] = generated(cold.stderr)!;
    expect(made).toBeGreaterThan(0);
    expect(generated(warm.stderr)).toEqual([0, made]);

    const ls = await sandglass(['cache', 'ls', '--cache', cache]);
    expect(ls.stdout.split('\n')[1]).toContain(process.version);
    expect(await sandglass(['cache', 'verify'], { env: { SANDGLASS_CACHE: cache } })).toMatchObject({
      status: 0,
      stdout: '1 whole, 0 not\n',
    });
    writeFileSync(join(cache, files()[0]!), 'SGCACHE1 and so on, but not so');
    expect(await sandglass(['cache', 'verify', '--cache', cache])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('checksum does not fit\n0 whole, 1 not\n'),
    });
    const warned = await invoke(['--cache', cache]);
    expect(warned).toMatchObject({ status: 0, stdout: '55\n' });
    expect(warned.stderr).toMatch(/^sandglass: cache: entry \w+\.sgc is not used: damaged[^\n]*\n$/);
    expect((await sandglass(['cache', 'prune', '--max-bytes', '0', '--cache', cache])).stdout).toMatch(
      /^removed 1 file, \d+ bytes\n$/,
    );
    expect(files()).toEqual([]);
  });

  test('refusals are one line', async () => {
    mkdirSync(cache, { mode: 0o755 });
    chmodSync(cache, 0o755);
    const refused = {
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^sandglass: refused the cache[^\n]*\n$/),
    };
    expect(await invoke(['--cache', cache])).toMatchObject(refused);
    expect(await sandglass(['cache', 'ls', '--cache', cache])).toMatchObject(refused);
    const without = { status: 1, stderr: 'sandglass: --cache-mode needs a cache\n' };
    expect(await invoke(['--cache-mode', 'read-only'], { SANDGLASS_CACHE: '' })).toMatchObject(without);
    expect(existsSync(join(cache, 'x'))).toBe(false);
  });
});
