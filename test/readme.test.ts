/**
 * The README's promises that a machine can check: its commands exist and work, its links lead somewhere, its list of
 * missing WASI functions is the list in the code.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UNIMPLEMENTED } from '../wasi/index.ts';
import { execute, ROOT, sandglass } from './cli-process.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const SCRIPTS = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;

/** Commands of the ```sh blocks, those joined by && apart. */
const COMMANDS = [...README.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) =>
  block!
    .trim()
    .split('\n')
    .flatMap((line) => line.split('&&').map((command) => command.trim())),
);

/** The module of the library's example. */
function addWasm(): Uint8Array {
  const m = new ModuleBuilder();
  m.importFunc('env', 'log', 'i32 ->');
  const sum: Instruction[] = [['local.get', 0], ['local.get', 1], 'i32.add', ['local.tee', 0]];
  m.func('i32 i32 -> i32', [...sum, ['call', 0], ['local.get', 0]], { export: 'add' });
  m.func('->', ['loop', ['br', 0], 'end'], { export: 'spin' });
  return m.build();
}

test('the example of the library does what its comments say', async () => {
  const [, example] = /^```js\n(.*?)^```/ms.exec(README) ?? [];
  const index = JSON.stringify(join(ROOT, 'dist/src/index.js'));
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-readme-'));
  writeFileSync(join(folder, 'add.wasm'), addWasm());
  writeFileSync(join(folder, 'example.mjs'), example!.replace("'sandglass'", index));
  const { stdout, stderr } = await execute(process.execPath, ['example.mjs'], { cwd: folder });
  rmSync(folder, { recursive: true });
  expect({ stdout, stderr }).toEqual({ stdout: '42\n', stderr: expect.stringContaining('TimeoutError') });
});

describe('quick start', () => {
  test('has the two commands for a newcomer', () => {
    expect(COMMANDS).toEqual(['npm ci', 'npx sandglass run examples/hello.wasm', 'npm ci', 'npm test']);
  });

  test('npx sandglass run examples/hello.wasm', async () => {
    expect(await execute('npx', ['sandglass', 'run', 'examples/hello.wasm'])).toMatchObject({
      status: 0,
      stdout: 'Hello from WebAssembly, compiled to JavaScript by Sandglass!\n',
    });
  });
});

test.each([...new Set([...README.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!)), 'test'])(
  'npm script %s exists',
  (name) => expect(SCRIPTS).toHaveProperty([name]),
);

test.each([...README.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!))('%s exists', (path) =>
  expect(existsSync(join(ROOT, path))).toBe(true),
);

test('every option of run is in the README, and the other way round', async () => {
  const { stdout } = await sandglass(['run', '--help']);
  const options = (text: string) => new Set(text.match(/(?<=[`\s(])--[a-z][a-z-]+/g));
  const section = README.slice(README.indexOf('| option of `run`'), README.indexOf('The exit status is'));
  const known = options(stdout);
  known.delete('--help');
  expect(options(section)).toEqual(known);
});

test('missing WASI functions are listed', () => {
  for (const name of UNIMPLEMENTED) expect(README).toContain(`\`${name}\``);
});
