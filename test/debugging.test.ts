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
import { precompile } from '../src/precompile.ts';
import { execute, MAIN } from './cli-process.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

const FIXTURES = fileURLToPath(new URL('./fixtures/debug/', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./support/debugged.mjs', import.meta.url));
const SOURCE = readFileSync(join(FIXTURES, 'divide.c'), 'utf8').split('\n');
/** Line, from 1, of such text in `divide.c`. */
const lineOf = (text: string) => SOURCE.findIndex((each) => each.includes(text)) + 1;
const FUNCTION_2 = /\bfunction f2(?:_log2of)?\(/;
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

  test.each([[[]], [['--minify']]])('in a precompiled file, %j', async (more) => {
    const output = join(scratch, `${name}.mjs`);
    const options = ['--source-map', '--standalone', '--fuel', 'count', ...more];
    const { status } = await execute(process.execPath, [MAIN, 'compile', file, '-o', output, ...options]);
    expect(status).toBe(0);
    const { result, pauses } = await debug(output, 'sum', '1', 'file', 'divide.c', String(DIVISION));
    expect(result).toBe(15);
    const places = pauses.map(({ how, frames }) => [how, ...frames.map((frame) => frame.split(' ')[1])]);
    const [at, after, caller] = [DIVISION, RESULT, CALL].map((line) => `file:///project/divide.c:${line}`);
    expect(places).toEqual([
      ['breakpoint', at, caller],
      ['step', after, caller],
    ]);
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
  const file = join(FIXTURES, 'divide-dwarf4-O0.wasm');
  const built = (name: string) => JSON.stringify(new URL(`../dist/src/${name}.js`, import.meta.url).href);
  /** Prints a stack from the middle of `divide`. */
  const SEE = `
    const { getInt32 } = DataView.prototype;
    DataView.prototype.getInt32 = function (...args) {
      const { stack } = new Error('seen');
      if (/\\bf1(_divide)? /.test(stack)) { console.log(stack); DataView.prototype.getInt32 = getInt32; }
      return getInt32.apply(this, args);
    };
    exports.sum(1);`;

  async function seen(script: string): Promise<string> {
    const nodeArgs = ['--enable-source-maps', '--input-type=module', '-e', script + SEE];
    const { stdout, stderr } = await execute(process.execPath, nodeArgs, { cwd: scratch });
    expect(stderr).toBe('');
    return stdout;
  }
  const divide = new RegExp(`at f1(_divide)? \\(.*/project/divide\\.c:${DIVISION}:`);
  const sum = new RegExp(`at (?:\\w+\\.)?f0(_sum)? \\(.*/project/divide\\.c:${CALL}:`);

  test("a host's error tells the lines of C that it passed through", async () => {
    const stack = await seen(`
      import { readFileSync } from 'node:fs';
      import { Runtime } from ${built('index')};
      const bytes = readFileSync(${JSON.stringify(file)});
      const { exports } = new Runtime({ sourceMaps: true }).instantiateSync(bytes);`);
    expect(stack).toMatch(divide);
    expect(stack).toMatch(sum);
  });

  test.each([[[]], [['--minify']]])('also in a precompiled file, %j', async (more) => {
    const output = join(scratch, 'maps.mjs');
    const options = ['--source-map', '--standalone', ...more];
    const { status } = await execute(process.execPath, [MAIN, 'compile', file, '-o', output, ...options]);
    expect(status).toBe(0);
    const stack = await seen(`
      import { instantiate } from ${JSON.stringify(output)};
      const { exports } = await instantiate();`);
    expect(stack).toMatch(divide);
    expect(stack).toMatch(sum);
  });
});

/** A function without debug information. */
function one(): Uint8Array {
  const m = new ModuleBuilder();
  m.func('-> i32', [['i32.const', 1]], { export: 'one' });
  return m.build();
}

describe('sandglass compile --source-map', () => {
  const file = join(FIXTURES, 'divide-dwarf5-O0.wasm');

  test.each([[[]], [['--standalone']], [['--no-metering']], [['--minify']], [['--standalone', '--minify']]])(
    'maps lines of C, %j',
    async (more) => {
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
      // In every form that the file has.
      const found = lines.flatMap((line, i) =>
        [...line.matchAll(/i32_div_s\(l5/g)].map(({ index }) => {
          return originalPositionFor(map, { line: i + 1, column: index }).line;
        }),
      );
      expect(found).toEqual(more.includes('--no-metering') ? [DIVISION] : [DIVISION, DIVISION]);
      // All code of the module is mapped to its own function's lines.
      const head = lines.findIndex((line) => FUNCTION_2.test(line));
      const first = { line: head + 1, column: lines[head]!.search(FUNCTION_2) };
      expect(originalPositionFor(map, first)).toMatchObject({ line: lineOf('int log2of(') });
    },
  );

  test('brings along the sources that are found, and the text of what has none', async () => {
    const read = (path: string) => (path === '/project/divide.c' ? SOURCE.join('\n') : undefined);
    const options = { sourceMap: true, readSource: read };
    const [, map] = await precompile(readFileSync(file), options);
    expect(JSON.parse(map!.contents as string)).toMatchObject({
      version: 3,
      sources: ['file:///project/divide.c'],
      sourcesContent: [SOURCE.join('\n')],
    });
    const [, text] = await precompile(one(), options);
    const { sources, sourcesContent } = JSON.parse(text!.contents as string);
    expect(sources).toEqual(['f0.wat']);
    expect(sourcesContent[0]).toMatch(/^\(func .*\n {2}i32\.const 1\n\)\n$/);
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
