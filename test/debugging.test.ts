/**
 * Source maps of generated code, as the tools of JavaScript see them: a breakpoint in a C file stops, stack traces of
 * Node tell lines of C, a CPU profile names WebAssembly functions.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { afterAll, describe, expect, test } from 'vitest';
import { Runtime } from '../src/index.ts';
import { execute, MAIN } from './cli-process.ts';

const FIXTURES = fileURLToPath(new URL('./fixtures/debug/', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./support/debugged.mjs', import.meta.url));
const SOURCE = readFileSync(join(FIXTURES, 'divide.c'), 'utf8').split('\n');
/** Line, from 1, of such text in `divide.c`. */
const lineOf = (text: string) => SOURCE.findIndex((each) => each.includes(text)) + 1;
const [DIVISION, RESULT, CALL] = [lineOf('a / b'), lineOf('quotient +'), lineOf('divide(12')];

const scratch = mkdtempSync(join(tmpdir(), 'sandglass-debug-'));
afterAll(() => rmSync(scratch, { recursive: true }));

interface Pause {
  readonly how: 'breakpoint' | 'step';
  readonly frames: readonly string[];
}

async function debug(...args: readonly string[]): Promise<{ result: number; pauses: Pause[] }> {
  const { status, stdout, stderr } = await execute(process.execPath, [PROGRAM, ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { result: number; pauses: Pause[] };
}

describe.each(['divide-dwarf4-O0', 'divide-dwarf5-O0'])('%s under a debugger', (name) => {
  const file = join(FIXTURES, `${name}.wasm`);
  const stack = [`f1_divide file:///project/divide.c:${DIVISION}`, `f0_sum file:///project/divide.c:${CALL}`];

  test('a breakpoint in the C file stops there, and a step leads to the next line', async () => {
    const { result, pauses } = await debug(file, 'sum', '2', 'source', 'divide.c', String(DIVISION));
    expect(result).toBe(24);
    expect(pauses).toEqual([
      { how: 'breakpoint', frames: stack },
      { how: 'step', frames: [`f1_divide file:///project/divide.c:${RESULT}`, stack[1]] },
      { how: 'breakpoint', frames: stack },
    ]);
  });

  test('on both lines of a call, before and inside', async () => {
    const lines = [CALL, DIVISION].map(String);
    const { pauses } = await debug(file, 'sum', '1', 'source', 'divide.c', ...lines);
    const stops = pauses.filter(({ how }) => how === 'breakpoint').map(({ frames }) => frames[0]);
    expect(stops).toEqual([stack[1], stack[0]]);
  });

  test("a line of the function's text", async () => {
    const runtime = new Runtime();
    const { disassemble } = await import('../compiler/function/dump-sink.ts');
    const text = disassemble(runtime.compileSync(readFileSync(file)).info, 1).split('\n');
    const line = text.findIndex((each) => each.includes('i32.store offset=4')) + 1;
    const { pauses } = await debug(file, 'sum', '1', 'wat', 'f1_divide.wat', String(line));
    expect(pauses[0]!.frames[0]).toBe(`f1_divide sandglass://module-0/f1_divide.wat:${line}`);
  });
});

describe('node --enable-source-maps', () => {
  test("a host's error tells the lines of C that it passed through", async () => {
    const script = `
      import { readFileSync } from 'node:fs';
      import { Runtime } from ${JSON.stringify(new URL('../dist/src/index.js', import.meta.url).href)};
      const bytes = readFileSync(${JSON.stringify(join(FIXTURES, 'divide-dwarf4-O0.wasm'))});
      const { exports } = new Runtime({ sourceMaps: true }).instantiateSync(bytes);
      const { getInt32 } = DataView.prototype;
      DataView.prototype.getInt32 = function (...args) {
        const { stack } = new Error('seen');
        if (stack.includes('f1_divide')) { console.log(stack); DataView.prototype.getInt32 = getInt32; }
        return getInt32.apply(this, args);
      };
      exports.sum(1);`;
    const nodeArgs = ['--enable-source-maps', '--input-type=module', '-e', script];
    const { stdout, stderr } = await execute(process.execPath, nodeArgs);
    expect(stderr).toBe('');
    expect(stdout).toMatch(new RegExp(`at f1_divide \\(.*/project/divide\\.c:${DIVISION}:`));
    expect(stdout).toMatch(new RegExp(`at f0_sum \\(.*/project/divide\\.c:${CALL}:`));
  });
});

describe('sandglass compile --source-map', () => {
  const file = join(FIXTURES, 'divide-dwarf5-O0.wasm');

  test.each([[[]], [['--standalone']], [['--no-metering']]])('maps lines of C, %j', async (more) => {
    const output = join(scratch, 'out.mjs');
    const { status, stderr } = await execute(process.execPath, [
      ...[MAIN, 'compile', file, '-o', output, '--source-map', ...more],
    ]);
    expect([status, stderr]).toEqual([0, '']);
    const code = readFileSync(output, 'utf8');
    expect(code).toMatch(/\n\/\/# sourceMappingURL=out\.mjs\.map\n$/);
    const map = new TraceMap(readFileSync(`${output}.map`, 'utf8'));
    expect(map.sources).toEqual(['file:///project/divide.c']);
    const lines = code.split('\n');
    const at = lines.findIndex((line) => line.includes('i32_div_s(l5'));
    const column = lines[at]!.indexOf('i32_div_s');
    expect(originalPositionFor(map, { line: at + 1, column })).toMatchObject({ line: DIVISION });
    // All code of the module is mapped to its own function's lines.
    const head = lines.findIndex((line) => /^function f2_log2of\(/.test(line));
    expect(originalPositionFor(map, { line: head + 1, column: 0 })).toMatchObject({
      line: lineOf('int log2of('),
    });
  });

  test('not with --minify', async () => {
    const args = [MAIN, 'compile', file, '-o', join(scratch, 'min.mjs'), '--source-map', '--minify'];
    const { status, stderr } = await execute(process.execPath, args);
    expect([status, stderr]).toEqual([1, 'sandglass: --minify and --source-map exclude each other\n']);
  });
});

describe('node --cpu-prof', () => {
  test('names WebAssembly functions', async () => {
    const file = join(FIXTURES, 'divide-dwarf4-O0.wasm');
    const args = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', scratch, MAIN, 'run'];
    const { status, stderr } = await execute(process.execPath, [
      ...args,
      ...['--source-maps', '--invoke', 'sum', file, '300000'],
    ]);
    expect([status, stderr]).toEqual([0, '']);
    const names = readdirSync(scratch)
      .filter((name) => name.endsWith('.cpuprofile'))
      .flatMap((name) => {
        const profile = JSON.parse(readFileSync(join(scratch, name), 'utf8')) as {
          nodes: { callFrame: { functionName: string; url: string } }[];
        };
        return profile.nodes.map(({ callFrame }) => `${callFrame.functionName} ${callFrame.url}`);
      });
    expect(names).toContainEqual(expect.stringMatching(/^f0_sum sandglass-\d+-group-\d+$/));
    expect(names).toContainEqual(expect.stringMatching(/^f2_log2of sandglass-\d+-group-\d+$/));
  });
});
