/**
 * Precompiled files: what they export, what they refuse, and that they do as the JIT does, in this process and in one
 * without WebAssembly and without code from text.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Runtime as FullRuntime } from '../src/index.ts';
import { type PrecompileOptions, precompile } from '../src/precompile.ts';
import { Memory, OutOfFuelError, type Precompiled, Runtime, TimeoutError, Trap } from '../src/runtime.ts';
import { execute, ROOT, sandglass } from './cli-process.ts';
import { needing, PYTHON } from './e2e-runtimes.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const RUNTIME = pathToFileURL(join(ROOT, 'src/runtime.ts')).href;
const BUILT_RUNTIME = pathToFileURL(join(ROOT, 'dist/src/runtime.js')).href;
const BUILT_PRECOMPILE = pathToFileURL(join(ROOT, 'dist/src/precompile.js')).href;
const JITLESS = ['--jitless', '--disallow-code-generation-from-strings'];

const folder = mkdtempSync(join(tmpdir(), 'sandglass-precompile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
/** The main file's path. */
async function written(bytes: Uint8Array, options: PrecompileOptions = {}): Promise<string> {
  const name = `m${files++}.mjs`;
  const made = await precompile(bytes, { name, runtime: RUNTIME, ...options });
  for (const file of made) writeFileSync(join(folder, file.name), file.contents);
  return join(folder, name);
}

async function loaded(bytes: Uint8Array, options: PrecompileOptions = {}): Promise<Precompiled> {
  return import(pathToFileURL(await written(bytes, options)).href) as Promise<Precompiled>;
}

const SUM: readonly Instruction[] = [['local.get', 0], ['local.get', 1], 'i32.add'];

function sample(): Uint8Array {
  const m = new ModuleBuilder();
  m.func('i32 i32 -> i32', [...SUM], { export: 'add' });
  m.func('->', ['loop', ['br', 0], 'end'], { export: 'spin' });
  m.func('i32 i32 -> i32', [['local.get', 0], ['local.get', 1], 'i32.div_s'], { export: 'div' });
  m.func('i64 -> i64', [['local.get', 0]], { export: 'same' });
  return m.build();
}

test('instantiate, description and module', async () => {
  const { instantiate, description, module } = await loaded(sample());
  const instance = await instantiate({});
  expect(instance.exports.add(5, 37)).toBe(42);
  expect(instance.exports.same(-1n)).toBe(-1n);
  expect(instance.runtime.fuel.consumed).toBe(6n);
  expect(description.exports[0]).toEqual({ name: 'add', kind: 'function', type: '(i32 i32) -> (i32)' });
  const full = new FullRuntime();
  expect((await full.instantiate(module)).exports.add(1, 2)).toBe(3);
  expect(full.fuel.consumed).toBe(4n);
});

test('the text of functions is that of the JIT', async () => {
  const bytes = readFileSync(join(ROOT, 'bench/programs/sha256.wasm'));
  const [main] = await precompile(bytes, { fuel: 'count' });
  const module = new FullRuntime().compileSync(bytes);
  for (let index = 0; index < module.info.functions.length; index++) {
    const text = module.textOf(index);
    const declared = text.slice(text.indexOf('var f'), text.indexOf('return [[')).trim();
    const lines = declared
      .split('\n')
      .map((line) => line.replace(/^var \w+ = \(/, '').replace(/^\}\);$/, '}'));
    // Indentation is for people.
    const flat = lines.map((line) => line.trim()).join('\n');
    expect(main!.contents).toContain(flat);
  }
});

describe('the meter', () => {
  test('a limit of fuel, asked for and granted', async () => {
    const { instantiate } = await loaded(sample());
    const poor = await instantiate({}, { fuel: 1000n });
    expect(() => poor.exports.spin()).toThrow(OutOfFuelError);
    expect(poor.runtime.fuel.consumed).toBeGreaterThanOrEqual(1000n);
    let asked = 0;
    const asking = await instantiate({}, { fuel: 10n, onOutOfFuel: () => (asked++ === 0 ? 5n : undefined) });
    expect(() => asking.exports.spin()).toThrow(OutOfFuelError);
    expect(asked).toBe(2);
    const later = await instantiate({});
    later.runtime.fuel.set(50n);
    expect(() => later.exports.spin()).toThrow(OutOfFuelError);
  });

  test('deadlines', async () => {
    const { instantiate } = await loaded(sample());
    const instance = await instantiate({});
    expect(() => instance.invoke('spin', [], { deadlineMs: 20 })).toThrow(TimeoutError);
    const m = new ModuleBuilder();
    m.start(m.func('->', ['loop', ['br', 0], 'end']));
    const stuck = await loaded(m.build());
    await expect(stuck.instantiate({}, { deadlineMs: 20 })).rejects.toThrow(TimeoutError);
  });

  test('what a file cannot do is refused by name', async () => {
    const counting = await loaded(sample(), { fuel: 'count' });
    await expect(counting.instantiate({}, { fuel: 10n })).rejects.toThrow(
      'the file has no code that stops at a limit of fuel: compile it with --fuel both, or --fuel limit',
    );
    const unmetered = await loaded(sample(), { metering: false });
    expect((await unmetered.instantiate({})).exports.add(1, 2)).toBe(3);
    await expect(unmetered.instantiate({}, { fuel: 10n })).rejects.toThrow('need metering');
    await expect(unmetered.instantiate({}, { runtime: new Runtime() })).rejects.toThrow(
      'the file was compiled without the meter',
    );
    await expect(counting.instantiate({}, { limits: { callDepth: 5 } })).rejects.toThrow('--count-depth');
    await expect(counting.instantiate({}, { limits: { gcBytes: 5 } })).rejects.toThrow('--count-objects');
    await expect(counting.instantiate({}, { fule: 1n } as never)).rejects.toThrow('unknown option');
    const deep = await loaded(sample(), { countDepth: true });
    expect((await deep.instantiate({}, { limits: { callDepth: 5 } })).exports.add(1, 2)).toBe(3);
  });
});

test('a Runtime that profiles refuses code that does not count', async () => {
  const { module } = await loaded(sample());
  const profiling = new FullRuntime({ profileFuel: true });
  await expect(profiling.instantiate(module)).rejects.toThrow('profileFuel: precompiled code does not count');
  expect(profiling.fuel.consumed).toBe(0n);
});

test('a trap tells its frames', async () => {
  const { instantiate } = await loaded(sample());
  const { exports } = await instantiate({});
  let trap: unknown;
  try {
    exports.div(1, 0);
  } catch (error) {
    trap = error;
  }
  expect(trap).toBeInstanceOf(Trap);
  expect((trap as Trap).wasmStack).toMatchObject([{ functionIndex: 2, functionName: 'div' }]);
});

test('data and large code in side files, or all in one', async () => {
  const m = new ModuleBuilder();
  m.memory(1, undefined, 'memory');
  m.data(new Uint8Array(5000).fill(7), { offset: 0 });
  m.func(
    '-> i32',
    [
      ['i32.const', 4999],
      ['i32.load8_u', 0, 0],
    ],
    { export: 'last' },
  );
  const path = await written(m.build());
  expect(existsSync(path.replace('.mjs', '.data'))).toBe(true);
  const beside = (await import(pathToFileURL(path).href)) as Precompiled;
  expect((await beside.instantiate()).exports.last()).toBe(7);
  expect((await beside.instantiate()).exports.memory).toBeInstanceOf(Memory);
  const made = await precompile(m.build(), { inline: true });
  expect(made.map(({ name }) => name)).toEqual(['module.mjs']);
});

test('whatever a file is called, it finds what lies beside it', async () => {
  const names = ['a b', 'a#b', 'a%20b', 'a?b', 'ünï'];
  for (const [i, name] of names.entries()) {
    const m = new ModuleBuilder();
    m.memory(1);
    m.data(new Uint8Array(5000).fill(i), { offset: 0 });
    const load: Instruction[] = [
      ['i32.const', 4999],
      ['i32.load8_u', 0, 0],
    ];
    m.func('-> i32', load, { export: 'last' });
    const made = await precompile(m.build(), { name: `${name}.mjs`, runtime: BUILT_RUNTIME });
    expect(made.map((file) => file.name)).toEqual([`${name}.mjs`, `${name}.data`]);
    for (const file of made) writeFileSync(join(folder, file.name), file.contents);
  }
  const urls = names.map((name) => pathToFileURL(join(folder, `${name}.mjs`)).href);
  const script = `for (const url of ${JSON.stringify(urls)}) {
    const { instantiate } = await import(url);
    console.log((await instantiate()).exports.last());
  }`;
  const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toBe('0\n1\n2\n3\n4\n');
});

test('standalone imports nothing, makes no code of text, and runs alone', async () => {
  const path = await written(sample(), { standalone: true, minify: true });
  const text = readFileSync(path, 'utf8');
  // Messages may speak of imports.
  expect(/^import\b|\bimport\s*[({*'"]|\bfrom\s*['"]|\beval\b|\bFunction\s*\(/m.test(text)).toBe(false);
  const script = `import { instantiate, OutOfFuelError } from ${JSON.stringify(pathToFileURL(path).href)};
    const { exports } = await instantiate();
    const poor = await instantiate({}, { fuel: 99n });
    try { poor.exports.spin(); } catch (error) { console.log(exports.add(5, 37), error instanceof OutOfFuelError); }`;
  writeFileSync(join(folder, 'alone.mjs'), script);
  const { stdout } = await execute(process.execPath, [...JITLESS, join(folder, 'alone.mjs')]);
  expect(stdout).toBe('42 true\n');
});

test('several threads give the same files as one', { timeout: 120_000 }, async () => {
  const bytes = readFileSync(join(ROOT, 'bench/programs/json-parse.wasm'));
  // Threads are built files.
  const built = (await import(BUILT_PRECOMPILE)) as { precompile: typeof precompile };
  const one = await built.precompile(bytes, { threads: 1, types: true });
  const done: number[] = [];
  const onProgress = (bytesDone: number, total: number) => done.push(bytesDone / total);
  expect(await built.precompile(bytes, { threads: 2, types: true, onProgress })).toEqual(one);
  expect(done).toEqual([0.5, 1]);
});

describe('sandglass compile', () => {
  test('writes a file, and its types', async () => {
    writeFileSync(join(folder, 'sample.wasm'), sample());
    const compiled = await sandglass(
      ['compile', 'sample.wasm', '-o', 'cli.mjs', '--types', '--minify', '--runtime', BUILT_RUNTIME],
      { cwd: folder },
    );
    expect(compiled).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(folder, 'cli.d.mts'), 'utf8')).toContain(
      '"add": (a0: number, a1: number) => number;',
    );
    const script =
      "import { instantiate } from './cli.mjs'; console.log((await instantiate()).exports.add(5, 37));";
    writeFileSync(join(folder, 'use.mjs'), script);
    const { stdout, stderr } = await execute(process.execPath, [...JITLESS, 'use.mjs'], { cwd: folder });
    expect({ stdout, stderr: stderr.replace(/^Warning: disabling flag .*\n/, '') }).toEqual({
      stdout: '42\n',
      stderr: '',
    });
  });

  test.each([
    [['nothing.wasm'], 1, /^sandglass: nothing\.wasm: no such file\n$/],
    [['bad.wasm'], 1, /^sandglass: bad\.wasm: [^\n]+\n$/],
    [['sample.wasm', '-o', 'out.txt'], 2, /must end with \.mjs or \.js/],
    [
      ['sample.wasm', '-o', 'no/such/folder.mjs'],
      1,
      /^sandglass: no\/such\/folder\.mjs: cannot be written: ENOENT\n$/,
    ],
    [
      ['sample.wasm', '--no-metering', '--fuel', 'both'],
      1,
      /^sandglass: --fuel and --no-metering exclude each other\n$/,
    ],
  ] as const)('%j', async (args, status, stderr) => {
    writeFileSync(join(folder, 'sample.wasm'), sample());
    writeFileSync(join(folder, 'bad.wasm'), 'no wasm at all');
    const result = await sandglass(['compile', ...args], { cwd: folder });
    expect(result).toMatchObject({ status, stderr: expect.stringMatching(stderr) });
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

test('when a file cannot be replaced, those that are there do not pass for a module', async () => {
  const m = new ModuleBuilder();
  m.memory(1);
  m.data(new Uint8Array(5000), { offset: 0 });
  writeFileSync(join(folder, 'twice.wasm'), m.build());
  const args = ['compile', 'twice.wasm', '-o', 'twice.mjs'];
  expect(await sandglass(args, { cwd: folder })).toMatchObject({ status: 0 });
  rmSync(join(folder, 'twice.data'));
  mkdirSync(join(folder, 'twice.data'));
  const { status, stderr } = await sandglass(args, { cwd: folder });
  expect([status, stderr]).toEqual([1, 'sandglass: twice.data: cannot be written: EISDIR\n']);
  expect(readdirSync(folder).filter((name) => name.startsWith('twice'))).toEqual([
    'twice.data',
    'twice.wasm',
  ]);
});

describe.skipIf(PYTHON === undefined)(
  needing(PYTHON, 'python', 'CPython, precompiled'),
  { timeout: 280_000 },
  () => {
    test('prints without WebAssembly and without code from text', async () => {
      const out = join(folder, 'python.mjs');
      const args = ['compile', PYTHON!, '-o', out, '--fuel', 'count', '--runtime', BUILT_RUNTIME];
      expect(await sandglass(args)).toMatchObject({ status: 0, stderr: '' });
      const wasi = pathToFileURL(join(ROOT, 'dist/wasi/index.js')).href;
      const script = `import { instantiate } from ${JSON.stringify(pathToFileURL(out).href)};
      import { Wasi } from ${JSON.stringify(wasi)};
      if (typeof WebAssembly !== 'undefined') throw new Error('there is a WebAssembly');
      const wasi = new Wasi({ args: ['python', '-c', 'import json; print(json.dumps([1, 2.5, 2**70]))'] });
      process.exitCode = wasi.start(await instantiate(wasi.imports));`;
      writeFileSync(join(folder, 'python-run.mjs'), script);
      const flags = [...JITLESS, '--stack-size=8000'];
      const run = await execute(process.execPath, [...flags, join(folder, 'python-run.mjs')]);
      expect(run).toMatchObject({ status: 0, stdout: '[1, 2.5, 1180591620717411303424]\n' });
    });
  },
);
