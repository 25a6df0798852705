/**
 * The command line as its users see it: output, one line on stderr, exit status. Every test is a process.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execute, type Finished, MAIN, type ProcessOptions, ROOT, sandglass } from './cli-process.ts';
import * as programs from './cli-programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-cli-'));
const FILES: Readonly<Record<string, Uint8Array | string>> = {
  'math.wasm': programs.math(),
  'spin.wasm': programs.spin(),
  'spin-at-start.wasm': programs.spinAtStart(),
  'echo.wasm': programs.echo(),
  'args.wasm': programs.listing('args'),
  'env.wasm': programs.listing('environ'),
  'exit.wasm': programs.exit(7),
  'yes.wasm': programs.yes(),
  'name.wasm': programs.hostileName(),
  'memory.wasm': programs.memory(16384),
  'import.wasm': programs.missingImport(),
  'functions.wasm': programs.tooManyFunctions(),
  'empty.wasm': '',
  'truncated.wasm': programs.math().subarray(0, 20),
  'text.wasm': 'This is no module.\n',
  'bad.wat': '(module (func\n      (frob)))\n',
  'add.wat': '(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))\n',
};

beforeAll(() => {
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
  mkdirSync(join(folder, 'directory'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In the folder of programs. */
const run = (args: string, options: ProcessOptions = {}): Promise<Finished> =>
  sandglass(args === '' ? [] : args.split(' '), { cwd: folder, ...options });

/** Nothing on stdout, one line on stderr. */
const failure = (status: number, line: string) => ({
  status,
  signal: null,
  stdout: '',
  stderr: `sandglass: ${line}\n`,
});
const success = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' });

describe('usage', () => {
  test.each([
    ['--help', /Usage: sandglass .*run \[options\] <file> \[args/s],
    ['run --help', /--max-memory <pages>.*Exit status/s],
    ['validate --help', /Usage: sandglass validate/],
    ['inspect --help', /--func <n>/],
    ['--version', /^\d+\.\d+\.\d+\n$/],
  ])('%s', async (args, text) => {
    const { status, stdout, stderr } = await run(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(text);
  });

  test.each([
    ['', /Usage: sandglass/],
    ['dance', /^sandglass: unknown command 'dance'\n$/],
    ['help dance', /^sandglass: unknown command 'dance'\n$/],
    ['run', /^sandglass: missing required argument 'file'\n$/],
    ['run --fast math.wasm', /^sandglass: unknown option '--fast'\n$/],
    ['run --fuel lots math.wasm', /^sandglass: .*'lots' is invalid.*whole number\.\n$/],
    ['run --timeout 0 math.wasm', /^sandglass: .*from 1 to/],
    ['run --max-memory 65537 math.wasm', /^sandglass: .*pages/],
    ['run --env A math.wasm', /^sandglass: .*NAME=VALUE/],
    ['run --dir :: math.wasm', /^sandglass: .*HOST/],
    ['inspect --js --wat math.wasm', /^sandglass: .*cannot be used with/],
  ])('wrong: %s', async (args, line) => {
    const { status, stdout, stderr } = await run(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(line);
  });
});

describe('run --invoke', () => {
  test.each([
    ['run --invoke add math.wasm 5 37', '42\n'],
    ['run --invoke add math.wasm -5 0xff', '250\n'],
    ['run --invoke swap math.wasm 1 9223372036854775807', '9223372036854775807\n1\n'],
    ['run --invoke half math.wasm 0.2', '0.1\n'],
    ['run --invoke nothing math.wasm', ''],
  ])('%s', async (args, stdout) => expect(await run(args)).toEqual(success(stdout)));

  test.each([
    ['run --invoke add math.wasm 5', 'add: expected 2 arguments (i32 i32), found 1'],
    ['run --invoke add math.wasm 5 x', 'add: argument 2: "x" is not an i32'],
    ['run --invoke sub math.wasm', 'math.wasm: exports no function "sub"'],
    ['run math.wasm', 'math.wasm: exports no function "_start"; call another one with --invoke'],
  ])('%s', async (args, line) => expect(await run(args)).toEqual(failure(1, line)));
});

describe('WASI programs', () => {
  test('input and output', async () => {
    expect(await run('run echo.wasm', { input: 'one\ntwo' })).toEqual(success('one\ntwo'));
  });

  test('arguments: options end at the file', async () => {
    expect(await run('run args.wasm --fuel 1 -c x')).toEqual(success('args.wasm\0--fuel\x001\0-c\0x\0'));
  });

  test('environment: empty unless given', async () => {
    expect(await run('run env.wasm')).toEqual(success(''));
    expect(await run('run --env A=1 --env B=x=y env.wasm')).toEqual(success('A=1\0B=x=y\0'));
    const inherited = await run('run --env-inherit --env A=2 env.wasm', {
      env: { A: '1', OF_THE_HOST: 'yes' },
    });
    expect(inherited.stdout.split('\0')).toEqual(expect.arrayContaining(['A=2', 'OF_THE_HOST=yes']));
  });

  test('exit status', async () => {
    expect(await run('run exit.wasm')).toEqual({ status: 7, signal: null, stdout: '', stderr: '' });
  });
});

describe('the meter', () => {
  const LOOP = 'spin.wasm';
  test.each([
    [`run --fuel 1000 ${LOOP}`, 125, /^sandglass: fuel exhausted: consumed \d+ of 1000\n$/],
    [`run --timeout 300 ${LOOP}`, 124, /^sandglass: time-out: .*\n$/],
    ['run --timeout 300 spin-at-start.wasm', 124, /^sandglass: time-out: .*\n$/],
    [
      'run --invoke div math.wasm 1 0',
      134,
      /^sandglass: trap: integer divide by zero at div \(func \d+, offset 0x[0-9a-f]+\)\n$/,
    ],
    ['run --trace --invoke div math.wasm 1 0', 134, /^sandglass: trap: .*\n {4}at div \(.*\)\n$/],
    ['run --max-memory 10 memory.wasm', 1, /^sandglass: memory\.wasm: .*16384 pages.*limit of 10.*\n$/],
  ])('%s', async (args, status, line) => {
    const result = await run(args);
    expect({ ...result, stderr: '' }).toEqual({ status, signal: null, stdout: '', stderr: '' });
    expect(result.stderr).toMatch(line);
  });

  test('reading from an idle stdin ends at the deadline', async () => {
    const result = await run('run --timeout 300 echo.wasm', { input: { idle: true } });
    expect(result).toMatchObject({
      status: 124,
      stderr: expect.stringMatching(/^sandglass: time-out: .*\n$/),
    });
  });

  test('--stats', async () => {
    const { status, stdout, stderr } = await run('run --stats --invoke add math.wasm 1 2');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '3\n' });
    expect(stderr).toMatch(
      /functions \d+, compiled 1, groups \d+, bytes of text \d+\n.*fuel consumed 4\n.*time \d+ ms\n/s,
    );
  });
});

describe.skipIf(process.platform === 'win32')('as any Unix tool', () => {
  test('a closed pipe ends the program silently', async () => {
    const pipeline = `"${process.execPath}" "${MAIN}" run yes.wasm | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await execute('bash', ['-c', pipeline], { cwd: folder });
    expect({ stdout, stderr }).toEqual({ stdout: 'y\n141\n', stderr: '' });
  });

  test.skipIf(!existsSync('/dev/full'))(
    'a full disk is no bug of ours, and a full stderr changes no status',
    async () => {
      const sandglass = `"${process.execPath}" "${MAIN}"`;
      const script = `${sandglass} validate math.wasm >/dev/full; echo $?; ${sandglass} run missing 2>/dev/full; echo $?`;
      const { stdout, stderr } = await execute('bash', ['-c', script], { cwd: folder });
      expect(stdout).toBe('1\n1\n');
      expect(stderr).toMatch(/^sandglass: ENOSPC: [^\n]*\n$/);
    },
  );

  test('SIGINT kills a hot loop at once', async () => {
    const result = await run('run yes.wasm', { signal: 'SIGINT' });
    expect(result).toMatchObject({ status: null, signal: 'SIGINT', stderr: '' });
  });
});

describe('bad input', () => {
  test.each([
    ['missing.wasm', /^missing\.wasm: no such file$/],
    ['directory', /^directory: is a directory$/],
    ['empty.wasm', /^empty\.wasm: the file is empty$/],
    ['truncated.wasm', /^truncated\.wasm: .*\(offset 0x[0-9a-f]+\)$/],
    ['text.wasm', /^text\.wasm: magic header not detected.*\(offset 0x0\)$/],
    ['functions.wasm', /^functions\.wasm: .*function.*\(offset 0x[0-9a-f]+\)$/],
    ['import.wasm', /^import\.wasm: unknown import "env" "f".*$/],
  ])('run %s', async (file, line) => {
    const { status, stdout, stderr } = await run(`run ${file}`);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^sandglass: [^\n]*\n$/);
    expect(stderr.slice('sandglass: '.length, -1)).toMatch(line);
  });

  test('names from a module cannot add lines', async () => {
    const { status, stderr } = await run('run --invoke f name.wasm');
    expect(status).toBe(134);
    expect(stderr).toMatch(/^sandglass: trap: unreachable at [^\n]*\n$/);
    expect(stderr).not.toMatch(/[\p{Cc}\p{Zl}](?!$)/u);
  });
});

/** The suite's runner has the parser among its packages. */
const WITH_PARSER = join(ROOT, 'spectest');
const HAS_PARSER = existsSync(join(WITH_PARSER, 'node_modules/@bytecodealliance/jco-transpile'));

describe('the text format', () => {
  test.skipIf(!HAS_PARSER)(
    `with the parser${HAS_PARSER ? '' : ' (skipped: npm ci --prefix spectest)'}`,
    async () => {
      const wat = (name: string) => join(folder, name);
      expect(await run(`run --invoke add ${wat('add.wat')} 1 2`, { cwd: WITH_PARSER })).toEqual(
        success('3\n'),
      );
      expect(await run(`validate ${wat('bad.wat')}`, { cwd: WITH_PARSER })).toEqual(
        failure(1, `${wat('bad.wat')}: unknown operator or unexpected token (line 2, column 8)`),
      );
    },
  );

  test('without the optional parser: what to install', async () => {
    expect(await run('run --invoke add add.wat 1 2')).toEqual(
      failure(
        1,
        'add.wat: the text format needs an optional package: npm install @bytecodealliance/jco-transpile',
      ),
    );
  });

  test('without WebAssembly: why it cannot be read', async () => {
    const { status, stderr } = await run('run --invoke add add.wat 1 2', { nodeArgs: ['--jitless'] });
    expect(status).toBe(1);
    expect(stderr).toMatch(/sandglass: add\.wat: the parser of the text format needs WebAssembly/);
  });

  test('binaries need no WebAssembly', async () => {
    const { status, stdout } = await run('run --invoke add math.wasm 1 2', { nodeArgs: ['--jitless'] });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '3\n' });
  });
});

describe('validate', () => {
  test('says of each file whether it is valid', async () => {
    const { status, stdout, stderr } = await run('validate math.wasm truncated.wasm yes.wasm');
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'math.wasm: valid\nyes.wasm: valid\n' });
    expect(stderr).toMatch(/^sandglass: truncated\.wasm: .*\n$/);
  });
  test('status 0 if all are', async () =>
    expect(await run('validate math.wasm')).toEqual(success('math.wasm: valid\n')));
});

describe('--features', () => {
  test.each(['validate', 'run --invoke add', 'inspect', 'bench --invoke add'])('%s', async (command) => {
    const { status, stderr } = await run(
      `${command} --features=-multi-value math.wasm 1 2`.replace(/(validate|inspect)(.*) 1 2$/, '$1$2'),
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^sandglass: math\.wasm: multi-value is disabled: function type with 2 results; .*--features=\+multi-value.*\(offset 0x/,
    );
  });
  test('switched on, and unknown ones', async () => {
    expect(await run('run --features=+wide-arithmetic,-gc --invoke add math.wasm 1 2')).toEqual(
      success('3\n'),
    );
    const { status, stderr } = await run('run --features=+simmd --invoke add math.wasm 1 2');
    expect(status).toBe(2);
    expect(stderr).toContain('"simmd" is no feature; there are: mutable-globals,');
  });
});

describe('inspect', () => {
  test('an overview', async () => {
    const { status, stdout } = await run('inspect echo.wasm');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^echo\.wasm: \d+ bytes\n/);
    expect(stdout).toMatch(/Sections .*\n {2}type +0xa +\d+ bytes\n/);
    expect(stdout).toMatch(/"wasi_snapshot_preview1" +"fd_read" +function +\(i32 i32 i32 i32\) -> \(i32\)\n/);
    expect(stdout).toMatch(/"memory" +memory +1 pages\n/);
    expect(stdout).toMatch(/functions +3 +2 imported\n/);
  });

  test('one function as JavaScript and as text', async () => {
    expect((await run('inspect --func 0 --js math.wasm')).stdout).toMatch(/function f0_add\(/);
    expect((await run('inspect --func 0 --wat math.wasm')).stdout).toMatch(/i32\.add/);
  });

  test('a form without a function is wrong usage', async () =>
    expect(await run('inspect --js math.wasm')).toEqual(
      failure(2, "options '--js' and '--wat' need '--func <n>'"),
    ));

  test('no such function', async () =>
    expect(await run('inspect --func 99 math.wasm')).toEqual(
      failure(1, 'math.wasm: no function 99: there are 5'),
    ));
});
