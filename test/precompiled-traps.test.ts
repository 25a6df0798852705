/**
 * Traps of precompiled files tell what those of the JIT tell: functions, byte offsets, source lines. Whatever was done to the text
 * when it was written; and where somebody else has changed it, the names, and nothing wrong.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { addSegment, GenMapping, toEncodedMap } from '@jridgewell/gen-mapping';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Runtime } from '../src/index.ts';
import { type PrecompileOptions, precompile } from '../src/precompile.ts';
import type { Precompiled, Trap, WasmFrame } from '../src/runtime.ts';
import { execute, ROOT, sandglass } from './cli-process.ts';
import type { World } from './support/engines.ts';
import { observe, randomModule } from './support/random-module.ts';
import { sandglassWorld } from './support/sandglass-engine.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

const RUNTIME = join(ROOT, 'dist/src/runtime.js');

const FIXTURES = fileURLToPath(new URL('./fixtures/debug/', import.meta.url));

const scratch = mkdtempSync(join(tmpdir(), 'sandglass-precompiled-traps-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
/** What lies in such a folder, Node loads by itself: the test's runner would change the text. */
const folder = join(scratch, 'node_modules');
mkdirSync(folder);

/** The library that the files stand on. */
const BUILT = join(folder, 'built.mjs');
writeFileSync(BUILT, `export * from ${JSON.stringify(join(ROOT, 'dist/src/index.js'))};`);
const built = (await import(pathToFileURL(BUILT).href)) as typeof import('../src/index.ts');

const limit = Error.stackTraceLimit;
beforeAll(() => {
  Error.stackTraceLimit = 500;
});
afterAll(() => {
  Error.stackTraceLimit = limit;
});

let files = 0;
/** The main file's path. */
async function written(bytes: Uint8Array, options: PrecompileOptions = {}): Promise<string> {
  const name = `m${files++}.mjs`;
  for (const file of await precompile(bytes, { name, runtime: RUNTIME, ...options }))
    writeFileSync(join(folder, file.name), file.contents);
  return join(folder, name);
}

async function loaded(bytes: Uint8Array, options: PrecompileOptions = {}): Promise<Precompiled> {
  return import(pathToFileURL(await written(bytes, options)).href) as Promise<Precompiled>;
}

function trapOf(run: () => unknown): Trap {
  try {
    run();
  } catch (error) {
    // Of a standalone file, by its own class.
    if ((error as Error).name === 'Trap') return error as Trap;
    throw error;
  }
  throw new Error('no trap');
}

function told(frames: readonly WasmFrame[]): string[] {
  return frames.map(({ functionIndex, functionName, offset, source }) => {
    const place = source && `${source.file}:${source.line}:${source.column}`;
    return `${functionIndex} ${functionName} ${offset} ${place}`;
  });
}

const WAYS: readonly PrecompileOptions[] = [
  {},
  { minify: true },
  { standalone: true },
  { standalone: true, minify: true, sourceMap: true },
  { metering: false },
  { fuel: 'limit', sourceMap: true },
  { target: 'jitless', minify: true },
];

describe.each([
  ['divide-dwarf4-O0', '/project/divide.c:12:'],
  ['divide-dwarf5-O0', '/project/divide.c:12:'],
  ['mixed', '/project/ratio.hpp:6:'],
])('%s', (name, place) => {
  const bytes = readFileSync(join(FIXTURES, `${name}.wasm`));
  const expected = told(trapOf(() => new Runtime().instantiateSync(bytes).exports._start()).wasmStack);

  test('the JIT knows the line', () => {
    expect(expected[0]).toContain(place);
  });

  test.each(WAYS)('%j', async (options) => {
    const { instantiate } = await loaded(bytes, options);
    const { exports } = await instantiate();
    const trap = trapOf(() => exports._start());
    expect(told(trap.wasmStack)).toEqual(expected);
    expect(trap.stack).toMatch(/^ {4}at .+ \(func \d+, offset 0x[0-9a-f]+, \/project\/\S+:\d+:\d+\)$/m);
  });

  test('code that looks at a limit', async () => {
    const { instantiate } = await loaded(bytes);
    const { exports } = await instantiate({}, { fuel: 1_000_000n });
    expect(told(trapOf(() => exports._start()).wasmStack)).toEqual(expected);
  });
});

describe('random modules', () => {
  /** Notes the frames of every trap that the test sees. */
  function noting(world: World): [World, string[][]] {
    const stacks: string[][] = [];
    const trapTexts = (error: unknown) => {
      const texts = world.trapTexts(error);
      if (texts !== undefined) stacks.push(told((error as Trap).wasmStack));
      return texts;
    };
    return [{ ...world, trapTexts }, stacks];
  }

  /** The same module out of a file. */
  function precompiledWorld(module: Precompiled['module']): World {
    const { Runtime, Memory, Table, Global, Tag, Exception, Trap: BuiltTrap } = built;
    const runtime = new Runtime();
    return {
      ...{ name: 'precompiled', Memory, Table, Global, Tag, Exception },
      instantiate: (_bytes, imports = {}) => runtime.instantiateSync(module, imports).exports,
      consumed: () => Number(runtime.fuel.consumed),
      exit: () => {
        throw new Error('not used');
      },
      trapTexts: (error) => (error instanceof BuiltTrap ? [error.message] : undefined),
    };
  }

  test.each([
    ['whole', { debug: true }],
    ['minified', { debug: true, minify: true }],
    ['for interpreters', { debug: true, target: 'jitless' }],
  ] as const)('%s: the same frames, at the same offsets', { timeout: 120_000 }, async (_, options) => {
    let compared = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const module = randomModule(seed);
      // How far the host's stack reaches is a matter of the code's shape.
      if (module.spins) continue;
      const [jit, expected] = noting(sandglassWorld());
      observe(jit, module);
      const { module: precompiled } = await loaded(module.bytes, options);
      await precompiled.load();
      const [own, found] = noting(precompiledWorld(precompiled));
      observe(own, module);
      expect(found, `seed ${seed}`).toEqual(expected);
      compared += found.flat().length;
    }
    expect(compared).toBeGreaterThan(60);
  });
});

/** `outer` calls `inner`, which divides by its argument, 0. */
function small(): Uint8Array {
  const m = new ModuleBuilder();
  const inner = m.func('i32 -> i32', [['i32.const', 1], ['local.get', 0], 'i32.div_s'], { export: 'inner' });
  m.func(
    '-> i32',
    [
      ['i32.const', 0],
      ['call', inner],
    ],
    { export: 'outer' },
  );
  return m.build();
}

test('a module without debug information: names by default, offsets on request or with a source map', async () => {
  const [plain, debug, mapped, not] = await Promise.all(
    [{}, { debug: true }, { sourceMap: true }, { sourceMap: true, debug: false }].map((options) =>
      loaded(small(), options),
    ),
  );
  const stackOf = async (file: Precompiled | undefined) => {
    const { exports } = await file!.instantiate();
    return trapOf(() => exports.outer());
  };
  const expected = told(trapOf(() => new Runtime().instantiateSync(small()).exports.outer()).wasmStack);
  expect(told((await stackOf(debug)).wasmStack)).toEqual(expected);
  expect(told((await stackOf(mapped)).wasmStack)).toEqual(expected);
  for (const file of [plain, not]) {
    const trap = await stackOf(file);
    expect(told(trap.wasmStack)).toEqual(['0 inner undefined undefined', '1 outer undefined undefined']);
    // From here, source maps of a bundle lead on.
    expect(trap.stack).toMatch(/^ {4}at inner \(func 0, file:\/\/\/\S+\.mjs:\d+:\d+\)$/m);
  }
});

test('a text that a bundler has changed: names, and nothing wrong', async () => {
  const entry = await written(small(), { debug: true });
  for (const minify of [false, true]) {
    const outfile = join(folder, `bundled-${minify}.mjs`);
    await build({
      entryPoints: [entry],
      bundle: true,
      minifySyntax: minify,
      minifyWhitespace: minify,
      format: 'esm',
      outfile,
      logLevel: 'silent',
    });
    const { instantiate } = (await import(pathToFileURL(outfile).href)) as Precompiled;
    const { exports } = await instantiate();
    const trap = trapOf(() => exports.outer());
    expect(told(trap.wasmStack)).toEqual(['0 inner undefined undefined', '1 outer undefined undefined']);
  }
});

describe('a table in a file of its own', () => {
  /** Large enough for that: many divisions. */
  function large(): Uint8Array {
    const m = new ModuleBuilder();
    for (let i = 0; i < 1500; i++)
      m.func('i32 -> i32', [['i32.const', i], ['local.get', 0], 'i32.div_s'], { export: `f${i}` });
    return m.build();
  }

  test('is read with the code, and may be missing', async () => {
    const path = await written(large(), { debug: true });
    const there = (await import(pathToFileURL(path).href)) as Precompiled;
    const expected = told(trapOf(() => new Runtime().instantiateSync(large()).exports.f700(0)).wasmStack);
    const { exports } = await there.instantiate();
    expect(told(trapOf(() => exports.f700(0)).wasmStack)).toEqual(expected);
    rmSync(path.replace('.mjs', '.debug'));
    const missing = (await import(`${pathToFileURL(path).href}?again`)) as Precompiled;
    const without = await missing.instantiate();
    expect(told(trapOf(() => without.exports.f700(0)).wasmStack)).toEqual(['700 f700 undefined undefined']);
  });

  test('that is damaged tells nothing wrong', async () => {
    const path = await written(large(), { debug: true });
    const file = path.replace('.mjs', '.debug');
    const table = readFileSync(file);
    const stacks = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const damaged = i === 0 ? Buffer.alloc(0) : table.subarray(0, Math.floor((table.length * i) / 60));
      writeFileSync(file, damaged);
      const { instantiate } = (await import(`${pathToFileURL(path).href}?damaged${i}`)) as Precompiled;
      const { exports } = await instantiate();
      stacks.add(
        trapOf(() => exports.f700(0))
          .wasmStack.map(({ functionName }) => functionName)
          .join(),
      );
    }
    expect([...stacks]).toEqual(['f700']);
  });
});

describe('sandglass compile', () => {
  /** What a program that calls `_start` prints of the trap. */
  async function trace(bytes: Uint8Array, more: readonly string[]): Promise<string> {
    writeFileSync(join(folder, 'cli.wasm'), bytes);
    const compiled = await sandglass(
      ['compile', 'cli.wasm', '-o', 'cli.mjs', '--runtime', RUNTIME, ...more],
      { cwd: folder },
    );
    expect(compiled).toMatchObject({ status: 0, stdout: '', stderr: '' });
    writeFileSync(
      join(folder, 'use.mjs'),
      `
      import { instantiate } from './cli.mjs';
      try { (await instantiate()).exports._start(); } catch (error) { console.log(error.stack); }`,
    );
    const flags = ['--enable-source-maps', '--jitless', '--disallow-code-generation-from-strings'];
    return (await execute(process.execPath, [...flags, 'use.mjs'], { cwd: folder })).stdout;
  }
  const bytes = readFileSync(join(FIXTURES, 'divide-dwarf5-O0.wasm'));

  test.each([
    [[], 'divide (func 1, offset 0x161, /project/divide.c:12:20)'],
    [['--no-debug'], 'divide (func 1, file:'],
    [['--minify', '--source-map'], 'divide (func 1, offset 0x161, /project/divide.c:12:20)'],
  ])('%j', async (more, line) => {
    expect(await trace(bytes, more)).toContain(`\n    at ${line}`);
  });

  test('a module whose source map is a file beside it', async () => {
    const m = new ModuleBuilder();
    m.func('->', ['unreachable'], { export: '_start' });
    const url = 'cli.wasm.map';
    const section = [16, ...Buffer.from('sourceMappingURL'), url.length, ...Buffer.from(url)];
    const module = Buffer.concat([m.build(), Buffer.from([0, section.length, ...section])]);
    const offset = trapOf(() => new Runtime().instantiateSync(module).exports._start()).wasmStack[0]!.offset!;
    const map = new GenMapping();
    addSegment(map, 0, offset, 'assembly/index.ts', 3, 2);
    writeFileSync(join(folder, url), JSON.stringify(toEncodedMap(map)));
    const place = `func 0, offset 0x${offset.toString(16)}, assembly/index.ts:4:3`;
    expect(await trace(module, ['--minify'])).toContain(`\n    at _start (${place})`);
  });
});
