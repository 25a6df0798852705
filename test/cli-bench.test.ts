/**
 * `sandglass bench` as its users see it. What is measured is never looked at, only that it is there; each test is a
 * process of about half a second.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProcessOptions, sandglass } from './cli-process.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const WASI = 'wasi_snapshot_preview1';
const folder = mkdtempSync(join(tmpdir(), 'sandglass-bench-'));

/** Functions without imports: of numbers, of nothing, with a memory of past calls, with traps. */
function math(): Uint8Array {
  const m = new ModuleBuilder();
  const count = m.global('i32', true, [['i32.const', 0]]);
  const again: Instruction[] = [['global.get', count], ['i32.const', 1], 'i32.add', ['global.set', count]];
  m.func('i32 i32 -> i32', [['local.get', 0], ['local.get', 1], 'i32.div_s'], { export: 'div', name: 'div' });
  m.func('f64 -> f64 i64', [['local.get', 0], 'f64.sqrt', ['i64.const', -1n]], { export: 'root' });
  m.func('->', [], { export: 'nothing' });
  m.func('-> i32', [...again, ['global.get', count]], { export: 'count' });
  m.func('->', [...again, ['global.get', count], ['i32.const', 3], 'i32.eq', 'if', 'unreachable', 'end'], {
    export: 'third',
    name: 'third',
  });
  return m.build();
}

/** What asks the host: a command that writes, a random number, an early end. */
function host(): Uint8Array {
  const m = new ModuleBuilder();
  const write = m.importFunc(WASI, 'fd_write', 'i32 i32 i32 i32 -> i32');
  const random = m.importFunc(WASI, 'random_get', 'i32 i32 -> i32');
  const exit = m.importFunc(WASI, 'proc_exit', 'i32 ->');
  m.memory(1, undefined, 'memory');
  m.data(Uint8Array.of(8, 0, 0, 0, 3, 0, 0, 0, 111, 117, 116), { offset: 0 });
  m.func('->', ['unreachable'], { export: '_start' });
  m.func(
    '-> i32',
    [
      ['i32.const', 1],
      ['i32.const', 0],
      ['i32.const', 1],
      ['i32.const', 16],
      ['call', write],
    ],
    {
      export: 'write',
    },
  );
  m.func(
    '-> i64',
    [['i32.const', 32], ['i32.const', 8], ['call', random], 'drop', ['i32.const', 32], 'i64.load'],
    { export: 'random' },
  );
  m.func(
    '->',
    [
      ['i32.const', 7],
      ['call', exit],
    ],
    { export: 'exit' },
  );
  return m.build();
}

beforeAll(() => {
  writeFileSync(join(folder, 'math.wasm'), math());
  writeFileSync(join(folder, 'host.wasm'), host());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bench = (args: string, options: ProcessOptions = {}) =>
  sandglass(['bench', ...args.split(' ')], { cwd: folder, ...options });

const failure = (status: number, line: string) => ({
  status,
  signal: null,
  stdout: '',
  stderr: `sandglass: ${line}\n`,
});

test('a table: every engine, and the fuel of a call', async () => {
  const { status, stdout, stderr } = await bench('math.wasm --invoke div -6 3');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.split('\n');
  expect(lines[0]).toBe('math.wasm: div(-6, 3) = -2');
  expect(lines[1]).toMatch(/^5 rounds of \d+ calls; Node [\d.]+, V8 /);
  expect(lines[3]).toMatch(/^engine +median +min +max +ratio to native +fuel per call$/);
  const time = String.raw`[\d.]+ (s|ms|µs|ns)`;
  expect(lines[4]).toMatch(new RegExp(`^native +${time} +${time} +${time} +1\\.00$`));
  expect(lines[5]).toMatch(new RegExp(`^metered +${time} +${time} +${time} +[\\d.]+ +4$`));
  expect(lines[6]).toMatch(new RegExp(`^unmetered +${time} +${time} +${time} +[\\d.]+$`));
  expect(lines.slice(7)).toEqual(['']);
});

test('the same as JSON', async () => {
  const { status, stdout } = await bench('--json --rounds 2 --invoke root math.wasm -- -nan');
  expect(status).toBe(1);
  expect(stdout).toBe('');
  const answer = JSON.parse((await bench('--json --rounds 2 --invoke root math.wasm -4')).stdout);
  expect(answer).toMatchObject({ file: 'math.wasm', invoke: 'root', args: ['-4'], rounds: 2, fuel: 4 });
  expect(answer.results).toEqual(['nan', '-1']);
  const names = answer.engines.map(({ engine }: { engine: string }) => engine);
  expect(names).toEqual(['native', 'metered', 'unmetered']);
  for (const { timesMs, minMs, maxMs } of answer.engines) {
    expect(timesMs).toHaveLength(2);
    expect([minMs, maxMs]).toEqual([Math.min(...timesMs), Math.max(...timesMs)]);
  }
});

test.each([
  ['nothing', 'math.wasm: nothing()'],
  // Every engine has made the same number of calls whenever results are compared.
  ['count', 'math.wasm: count() = 1'],
])('--invoke %s', async (name, title) => {
  const { status, stdout, stderr } = await bench(`math.wasm --rounds 3 --invoke ${name}`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n')[0]).toBe(title);
});

test('what the program writes is discarded', async () => {
  const { status, stdout, stderr } = await bench('host.wasm --rounds 1 --invoke write');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^host\.wasm: write\(\) = 0\n/);
  expect(stdout).not.toMatch(/^out/m);
});

test('without WebAssembly: no native row, and a note', async () => {
  const { status, stdout } = await bench('math.wasm --rounds 1 --invoke div 6 3', {
    nodeArgs: ['--jitless'],
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /\nmetered .*\nunmetered .*\nnative: left out: this JavaScript engine has no WebAssembly\n$/,
  );
  expect(stdout).not.toMatch(/^native {2}/m);
});

test('results that differ are reported', async () => {
  const { status, stdout, stderr } = await bench('host.wasm --rounds 1 --invoke random');
  expect(status).toBe(1);
  expect(stdout).toMatch(/\nmetered /);
  expect(stderr).toMatch(/^sandglass: results differ: metered returned -?\d+, unmetered returned -?\d+\n$/);
});

test.each([
  [
    'math.wasm --invoke div 1 0',
    134,
    /^sandglass: trap: integer divide by zero at div \(func \d+, offset 0x[0-9a-f]+\), in the benchmark, under metered\n$/,
  ],
  [
    'math.wasm --invoke third',
    134,
    /^sandglass: trap: unreachable at third .*, in the benchmark, under metered\n$/,
  ],
  [
    'host.wasm --invoke exit',
    1,
    /^sandglass: the program ended with exit status 7 in the benchmark, under metered\n$/,
  ],
])('%s', async (args, status, line) => {
  const result = await bench(args);
  expect({ ...result, stderr: '' }).toEqual({ status, signal: null, stdout: '', stderr: '' });
  expect(result.stderr).toMatch(line);
});

test.each([
  ['math.wasm --invoke div 1', 1, 'div: expected 2 arguments (i32 i32), found 1'],
  ['math.wasm --invoke div 1 x', 1, 'div: argument 2: "x" is not an i32'],
  ['math.wasm --invoke sub', 1, 'math.wasm: exports no function "sub"'],
  ['missing.wasm --invoke div', 1, 'missing.wasm: no such file'],
  ['math.wasm', 2, "required option '--invoke <name>' not specified"],
])('wrong: %s', async (args, status, line) => expect(await bench(args)).toEqual(failure(status, line)));

test('wrong: --rounds 0', async () => {
  const { status, stderr } = await bench('math.wasm --invoke nothing --rounds 0');
  expect(status).toBe(2);
  expect(stderr).toMatch(/^sandglass: .*'0' is invalid.*from 1 to 10000\.\n$/);
});
