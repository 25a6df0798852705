/**
 * `sandglass compile` of modules that take a while: the progress bar, the threads; and what happens to its output where a
 * WebAssembly module is expected.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execute, ROOT, sandglass } from './cli-process.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-compile-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** 1.5 MB of code: six parts. */
function large(): Uint8Array {
  const m = new ModuleBuilder();
  const step = (i: number): Instruction[] => [
    ['local.get', 0],
    ['i32.const', 0x123456 + i],
    'i32.add',
    ['local.set', 0],
  ];
  const body = [...Array.from({ length: 1000 }, (_, i) => step(i)).flat(), ['local.get', 0]] as Instruction[];
  for (let i = 0; i < 165; i++) m.func('i32 -> i32', body);
  return m.build();
}

beforeAll(() => writeFileSync(file('large.wasm'), large()));

const compile = (...args: string[]) => sandglass(['compile', ...args], { cwd: folder });
const BAR = /■+ +\d+ % of large\.wasm/;

describe('the progress bar', { timeout: 120_000 }, () => {
  test('is silent where stderr is no terminal', async () => {
    expect(await compile('large.wasm', '-o', 'a.mjs')).toEqual({
      status: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
  });

  test('--progress: lines, up to the end', async () => {
    const { status, stdout, stderr } = await compile('large.wasm', '-o', 'b.mjs', '--progress');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(BAR);
    expect(stderr).toMatch(/■ +100 % of large\.wasm\n+$/);
  });
});

/** How many workers a program starts that compiles the module. */
async function workers(options: object): Promise<number> {
  const precompile = JSON.stringify(pathToFileURL(join(ROOT, 'dist/src/precompile.js')).href);
  writeFileSync(
    file('count.mjs'),
    `import { readFileSync } from 'node:fs';
     import { precompile } from ${precompile};
     let count = 0;
     process.on('worker', () => count++);
     const files = await precompile(readFileSync(process.argv[2]), ${JSON.stringify(options)});
     console.log(count, files.length > 0);`,
  );
  const { stdout } = await execute(process.execPath, [file('count.mjs'), file('large.wasm')]);
  expect(stdout).toMatch(/^\d+ true\n$/);
  return Number.parseInt(stdout, 10);
}

test('as many threads as there are cores, and parts', { timeout: 120_000 }, async () => {
  const cores = availableParallelism();
  expect(await workers({ metering: false })).toBe(cores > 1 ? Math.min(cores, 6) : 0);
  expect(await workers({ metering: false, threads: 3 })).toBe(3);
  expect(await workers({ metering: false, threads: 1 })).toBe(0);
});

test.each(['run', 'validate', 'inspect', 'compile -o again.mjs'])(
  '%s of a compiled file says what it is',
  async (command) => {
    writeFileSync(file('hello.wasm'), new ModuleBuilder().build());
    expect((await compile('hello.wasm', '-o', 'hello.mjs')).status).toBe(0);
    const { status, stderr } = await sandglass([...command.split(' '), 'hello.mjs'], { cwd: folder });
    expect(status).toBe(1);
    expect(stderr).toBe(
      "sandglass: hello.mjs: is JavaScript, not a WebAssembly module; import { instantiate } from './hello.mjs' in a program, or name the module that it was compiled from\n",
    );
  },
);

test('a binary is one whatever its name is', async () => {
  writeFileSync(file('odd.js'), new ModuleBuilder().build());
  expect((await sandglass(['validate', 'odd.js'], { cwd: folder })).status).toBe(0);
});
