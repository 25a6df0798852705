/**
 * What the package offers: the entry points of package.json are bundles (`scripts/bundle.mjs`) that share their classes, keep
 * their names, and find the files that they start beside them; and an installed package has all that it needs.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { ROOT } from './cli-process.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const entries = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [{ name, ...target }],
);
const load = (file: string) =>
  import(/* @vite-ignore */ pathToFileURL(join(ROOT, file)).href) as Promise<Record<string, unknown>>;

test.each(entries)('$name is a bundle that offers what its source does', async ({ types, default: file }) => {
  expect(file).toMatch(/^\.\/dist\/lib\/[\w-]+\.js$/);
  expect(existsSync(join(ROOT, types))).toBe(true);
  const [bundle, unbundled] = await Promise.all([load(file), load(types.replace(/\.d\.ts$/, '.js'))]);
  expect(Object.keys(bundle).sort()).toEqual(Object.keys(unbundled).sort());
  for (const [name, value] of Object.entries(bundle)) {
    const other = unbundled[name];
    if (typeof value === 'function') expect(value.name).toBe((other as { name: string }).name);
  }
});

test('entry points that offer a class offer the same one', async () => {
  const [library, runtime] = await Promise.all([load('dist/lib/index.js'), load('dist/lib/runtime.js')]);
  const shared = Object.keys(runtime).filter((name) => name in library && name !== 'Runtime');
  expect(shared).toEqual(expect.arrayContaining(['Instance', 'Memory', 'PrecompiledModule', 'Trap']));
  for (const name of shared) expect([name, library[name] === runtime[name]]).toEqual([name, true]);
  const Runtime = library.Runtime as new () => object;
  expect(new Runtime()).toBeInstanceOf(Object.getPrototypeOf(Runtime));
  expect(Object.getPrototypeOf(Runtime)).toBe(runtime.Runtime);
});

test('files that are found at run time lie beside those that look for them', () => {
  const lib = join(ROOT, 'dist/lib');
  const scripts = readdirSync(lib).filter((file) => file.endsWith('.js'));
  const named = scripts.flatMap((file) =>
    [...readFileSync(join(lib, file), 'utf8').matchAll(/["'](\.{1,2}\/[\w/-]+\.(?:js|json))["']/g)].map(
      ([, name]) => name!,
    ),
  );
  expect(named).toEqual(
    expect.arrayContaining(['./run-worker.js', './precompile-worker.js', './runtime.js']),
  );
  for (const name of named) expect([name, existsSync(join(lib, name))]).toEqual([name, true]);
});

/** As a program that has installed the package. */
const PROGRAM = `
import { Runtime, Trap, Module } from 'sandglass';
import { Runtime as Base, Trap as SameTrap } from 'sandglass/runtime';
import { Wasi } from 'sandglass/wasi';
import sandglass from 'sandglass/plugin';
import { instantiate } from './hello.mjs';
import { readFileSync } from 'node:fs';
const wasi = new Wasi({ args: ['hello'] });
const runtime = new Runtime();
const status = wasi.start(await runtime.instantiate(readFileSync(process.argv[2]), wasi.imports));
const again = new Wasi({ args: ['hello'] });
const precompiled = await instantiate(again.imports);
console.log(status, again.start(precompiled), runtime instanceof Base, Trap === SameTrap, typeof Module, typeof sandglass);
`;

test('the packed package works on its own, with its types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-package-'));
  const run = (command: string, args: string[], cwd = folder) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
    expect({ command, status, stderr: status === 0 ? '' : stderr + stdout }).toEqual({
      command,
      status: 0,
      stderr: '',
    });
    return stdout;
  };
  try {
    const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT);
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    run('tar', ['xzf', filename]);
    // Its dependencies are those that are installed here.
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const home = join(folder, 'package');
    const scripts = readdirSync(join(home, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(scripts.filter((file) => file.endsWith('.js') && !/^lib[/\\]/.test(file))).toEqual([]);
    const wasm = join(ROOT, 'examples/hello.wasm');
    run(process.execPath, [join(home, 'dist/lib/main.js'), 'compile', wasm, '-o', join(home, 'hello.mjs')]);
    writeFileSync(join(home, 'program.mjs'), PROGRAM);
    // A package may import itself by its name.
    expect(run(process.execPath, [join(home, 'program.mjs'), wasm])).toMatch(
      /0 0 true true function object\n$/,
    );
    writeFileSync(
      join(home, 'typed.mts'),
      "import { Runtime, type Module } from 'sandglass';\nimport { Wasi } from 'sandglass/wasi';\nimport type { Precompiled } from 'sandglass/runtime';\nexport const module: Module = new Runtime().compileSync(new Uint8Array());\nexport const imports: object = new Wasi({}).imports;\nexport type P = Precompiled;\n",
    );
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', 'node'];
    run(process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...options,
      join(home, 'typed.mts'),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
