/**
 * A C program compiled with `-g` traps: the trace names its functions, files and lines, in the library and on the command
 * line, from DWARF of both versions and from a source map.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Runtime, Trap } from '../src/index.ts';
import { ROOT, sandglass } from './cli-process.ts';

const FIXTURES = fileURLToPath(new URL('./fixtures/debug/', import.meta.url));
const SOURCE = readFileSync(join(FIXTURES, 'divide.c'), 'utf8').split('\n');
/** Line and column, from 1, of the first such text in `divide.c`. */
function place(text: string): string {
  const line = SOURCE.findIndex((each) => each.includes(text));
  return `${line + 1}:${SOURCE[line]!.indexOf(text) + 1}`;
}
const DIVISION = place('/ b');
const CALL = place('divide(total');

const scratch = mkdtempSync(join(tmpdir(), 'sandglass-lines-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function trapOf(bytes: Uint8Array): Trap {
  const { exports } = new Runtime().instantiateSync(bytes);
  try {
    exports._start();
  } catch (error) {
    if (error instanceof Trap) return error;
    throw error;
  }
  throw new Error('no trap');
}

describe.each(['divide-dwarf4-O0', 'divide-dwarf5-O0'])('%s', (name) => {
  const file = join(FIXTURES, `${name}.wasm`);

  test('trap.wasmStack and trap.stack', () => {
    const trap = trapOf(readFileSync(file));
    const found = trap.wasmStack.map(({ functionName, source }) => {
      return `${functionName} ${source?.file}:${source?.line}:${source?.column}`;
    });
    expect(found).toEqual([`divide /project/divide.c:${DIVISION}`, `start /project/divide.c:${CALL}`]);
    const lines = trap.stack!.split('\n');
    expect(lines[0]).toBe('Trap: integer divide by zero');
    const ours = lines.filter((line) => line.includes('divide.c'));
    expect(ours).toEqual([
      expect.stringMatching(
        new RegExp(`^ {4}at divide \\(func \\d+, offset 0x[0-9a-f]+, /project/divide.c:${DIVISION}\\)$`),
      ),
      expect.stringMatching(
        new RegExp(`^ {4}at start \\(func \\d+, offset 0x[0-9a-f]+, /project/divide.c:${CALL}\\)$`),
      ),
    ]);
    expect(trap.stack).not.toContain('sandglass-');
  });

  test.each([[[]], [['--enable-source-maps']]])('the command line, node %j', async (nodeArgs) => {
    const { status, stderr } = await sandglass(['run', '--trace', file], { nodeArgs });
    expect(status).toBe(134);
    expect(stderr).toMatch(
      new RegExp(`^sandglass: trap: integer divide by zero at divide .*/project/divide.c:${DIVISION}\\)\n`),
    );
    expect(stderr).toContain(`/project/divide.c:${CALL})`);
  });
});

test('Rust, C++ with a template in a header, and C, in one module', () => {
  const found = trapOf(readFileSync(join(FIXTURES, 'mixed.wasm'))).wasmStack.map(
    ({ functionName, source }) => {
      return `${functionName} ${source?.file}:${source?.line}`;
    },
  );
  const line = (file: string, text: string) => {
    const lines = readFileSync(join(FIXTURES, 'mixed', file), 'utf8').split('\n');
    return `/project/${file}:${lines.findIndex((each) => each.includes(text)) + 1}`;
  };
  expect(found).toEqual([
    `geo::Box<int>::ratio() const ${line('ratio.hpp', 'w / h')}`,
    `quotient ${line('ratio.cpp', 'box.ratio()')}`,
    `inner::inner ${line('inner.rs', 'quotient(a, 0)')}`,
    `outer ${line('inner.rs', '    inner(a)')}`,
    `start ${line('start.c', 'outer(7)')}`,
  ]);
});

// -------------------------------------------------------------------- source maps

/** `(func (export "_start") unreachable)`, and the custom section. */
function moduleWithMap(url: string): Uint8Array {
  const text = new TextEncoder().encode(url);
  const leb = (n: number) => [(n & 0x7f) | 0x80, (n >> 7) & 0x7f];
  const name = [16, ...new TextEncoder().encode('sourceMappingURL')];
  const content = [...name, ...leb(text.length), ...text];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[7, 10, 1, 6, ...new TextEncoder().encode('_start'), 0, 0],
    ...[10, 5, 1, 3, 0, 0, 0x0b],
    ...[0, ...leb(content.length), ...content],
  ]);
}

/** Offset 35 is the `unreachable`; `mCAGE` is that column (35), source 0, line 3, column 2 counted from 0. */
const MAP = JSON.stringify({ version: 3, sources: ['assembly/index.ts'], names: [], mappings: 'mCAGE' });

describe('sourceMappingURL', () => {
  test('a data: URL', () => {
    const url = `data:application/json;base64,${Buffer.from(MAP).toString('base64')}`;
    const trap = trapOf(moduleWithMap(url));
    expect(trap.wasmStack[0]).toMatchObject({
      offset: 35,
      source: { file: 'assembly/index.ts', line: 4, column: 3 },
    });
  });

  test('a file beside the module, on the command line', async () => {
    const file = join(scratch, 'index.wasm');
    writeFileSync(file, moduleWithMap('./index.wasm.map'));
    writeFileSync(join(scratch, 'index.wasm.map'), MAP);
    const { status, stderr } = await sandglass(['run', file]);
    expect(status).toBe(134);
    expect(stderr).toBe(
      'sandglass: trap: unreachable at _start (func 0, offset 0x23, assembly/index.ts:4:3)\n',
    );
  });

  test.each(['../index.wasm.map', '/etc/passwd', 'https://localhost/x.map'])(
    '%s is not read',
    async (url) => {
      const file = join(scratch, 'elsewhere.wasm');
      writeFileSync(file, moduleWithMap(url));
      const { stderr } = await sandglass(['run', file]);
      expect(stderr).toBe('sandglass: trap: unreachable at _start (func 0, offset 0x23)\n');
    },
  );

  test('a damaged one is a warning', async () => {
    const file = join(scratch, 'damaged.wasm');
    writeFileSync(file, moduleWithMap('data:application/json;base64,!'));
    const { status, stderr } = await sandglass(['run', file]);
    expect(status).toBe(134);
    expect(stderr).toContain('Warning: source map of the module: ');
    expect(stderr).toContain('sandglass: trap: unreachable at _start (func 0, offset 0x23)\n');
  });
});

test('damaged DWARF is a warning, and the trap the same', async () => {
  const file = join(scratch, 'divide.wasm');
  copyFileSync(join(FIXTURES, 'divide-dwarf4-O0.wasm'), file);
  const bytes = readFileSync(file);
  const at = bytes.indexOf('.debug_line') + '.debug_line'.length;
  bytes.fill(0x7f, at, at + 4);
  writeFileSync(file, bytes);
  const { status, stderr } = await sandglass(['run', file], { cwd: ROOT });
  expect(status).toBe(134);
  expect(stderr).toMatch(/Warning: debug information: unexpected end \(offset 0x[0-9a-f]+\)/);
  expect(stderr).toMatch(
    /sandglass: trap: integer divide by zero at divide \(func 1, offset 0x[0-9a-f]+\)\n/,
  );
});
