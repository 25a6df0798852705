/**
 * The README's promises that a machine can check: its commands exist and work, its links lead somewhere, its list of
 * missing WASI functions is the list in the code.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UNIMPLEMENTED } from '../wasi/index.ts';
import { execute, ROOT, sandglass } from './cli-process.ts';

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
