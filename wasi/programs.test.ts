/**
 * Whole programs in C (fixtures/) on our WASI, under native WebAssembly and compiled by us: what they print, how they end, what files
 * they leave.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Runtime } from '../src/index.ts';
import { type Startable, Wasi, type WasiOptions } from './index.ts';

interface NativeWebAssembly {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
}
const native = (globalThis as unknown as { WebAssembly: NativeWebAssembly }).WebAssembly;

type Engine = (bytes: Uint8Array, imports: Wasi['imports']) => Startable;

const nativeEngine: Engine = (bytes, imports) => new native.Instance(new native.Module(bytes), imports);
const sandglass: Engine = (bytes, imports) => new Runtime().instantiateSync(bytes, imports);

const FIXTURES = path.join(import.meta.dirname, 'fixtures');
const HELLO = path.join(import.meta.dirname, '../examples/hello.wasm');
const GREETING = 'Hello from WebAssembly, compiled to JavaScript by Sandglass!\n';
const CLOCKS = `resolution: 0
after 2020: 1
nanosleep: 0
slept: 1
select: 1
at once: 1
getentropy: 0, random: 1
`;

const expected = (name: string) => fs.readFileSync(path.join(FIXTURES, `${name}.txt`), 'utf8');

let home: string;

beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'sandglass-wasi-'));
  fs.mkdirSync(path.join(home, 'data'));
  fs.writeFileSync(path.join(home, 'outside'), 'outside');
  fs.writeFileSync(path.join(home, 'data/given'), 'given');
  fs.symlinkSync(path.join(home, 'outside'), path.join(home, 'data/absolute'));
  fs.symlinkSync('../outside', path.join(home, 'data/above'));
});

afterEach(() => fs.rmSync(home, { recursive: true }));

function run(
  engine: Engine,
  program: string,
  options: WasiOptions,
): { code: number; stdout: string; stderr: string } {
  const chunks: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  const wasi = new Wasi({
    args: [path.basename(program)],
    stdin: new Uint8Array(),
    stdout: (chunk) => chunks.stdout.push(chunk),
    stderr: (chunk) => chunks.stderr.push(chunk),
    preopens: { '/data': path.join(home, 'data') },
    ...options,
  });
  const code = wasi.start(engine(fs.readFileSync(program), wasi.imports));
  return { code, stdout: `${Buffer.concat(chunks.stdout)}`, stderr: `${Buffer.concat(chunks.stderr)}` };
}

interface Case {
  readonly options?: WasiOptions;
  readonly stdout: string;
  readonly stderr?: string;
  readonly code?: number;
}

const long = 'a line of text\n'.repeat(1000);
const CASES: [title: string, program: string, run: Case][] = [
  ['hello', HELLO, { stdout: GREETING }],
  [
    'hello one',
    HELLO,
    { options: { args: ['hello', 'one'] }, stdout: `${GREETING}You gave me 1 argument: one\n` },
  ],
  ['hello with none, not even a name', HELLO, { options: { args: [] }, stdout: GREETING }],
  [
    'arguments, environment, exit code',
    'environment',
    {
      options: { args: ['e', 'two words', 'é'], env: { B: 'x=y', A: '', EXIT: '3' } },
      stdout: 'argv[0] = e\nargv[1] = two words\nargv[2] = é\nB=x=y\nA=\nEXIT=3\n',
      code: 3,
    },
  ],
  [
    'largest exit code',
    'environment',
    { options: { args: [], env: { EXIT: '-1' } }, stdout: 'EXIT=-1\n', code: 2 ** 32 - 1 },
  ],
  ['empty stdin', 'echo', { stdout: '', stderr: '0 bytes, terminal: 0\n' }],
  [
    'stdin to stdout and stderr',
    'echo',
    {
      options: { stdin: Buffer.from(long) },
      stdout: long.toUpperCase(),
      stderr: '15000 bytes, terminal: 0\n',
    },
  ],
  ['clocks', 'clocks', { stdout: CLOCKS }],
  ['files', 'files', { stdout: expected('files') }],
  ['directories', 'directories', { stdout: expected('directories') }],
];

describe.each([
  ['native', nativeEngine, fs],
  ['native, on another file system of the same shape', nativeEngine, { ...fs }],
  ['sandglass', sandglass, fs],
])('%s', (_, engine, fileSystem) => {
  test.each(CASES)('%s', (_, program, { options, stdout, stderr = '', code = 0 }) => {
    const file = program === HELLO ? HELLO : path.join(FIXTURES, `${program}.wasm`);
    const preopens = { '/data': { fs: fileSystem, path: path.join(home, 'data') } };
    expect(run(engine, file, { preopens, ...options })).toEqual({ code, stdout, stderr });
    expect(fs.readFileSync(path.join(home, 'outside'), 'utf8')).toBe('outside');
  });
});

test('what a program writes is there afterwards', () => {
  run(nativeEngine, path.join(FIXTURES, 'files.wasm'), {});
  expect(fs.readdirSync(path.join(home, 'data')).sort()).toEqual(['above', 'absolute', 'given', 'linked']);
  expect(fs.readFileSync(path.join(home, 'data/linked'), 'utf8')).toBe('Jello and 42 more\n');
});
