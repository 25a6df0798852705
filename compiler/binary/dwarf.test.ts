import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../runtime/limits.ts';
import { DEFAULT_FEATURES } from '../features.ts';
import { readDwarfLines } from './dwarf.ts';
import type { LineTable } from './line-table.ts';
import { decodeModule } from './module.ts';
import type { ModuleInfo } from './module-info.ts';
import { sourceLinesOf } from './source-lines.ts';

const FILE = '/project/divide.c';

function load(name: string, change: (bytes: Uint8Array) => void = () => {}): ModuleInfo {
  const url = new URL(`../../test/fixtures/debug/${name}.wasm`, import.meta.url);
  const bytes = new Uint8Array(readFileSync(url));
  change(bytes);
  return decodeModule(bytes, DEFAULT_LIMITS, DEFAULT_FEATURES);
}

const codeStart = (module: ModuleInfo) => module.sections.find(({ id }) => id === 10)!.start;

/** What `llvm-dwarfdump --debug-line divide-dwarf4-O0.wasm` says of `sum` and `divide`: address, line, column. */
const ROWS = `
  0x03 16 0, 0x28 17 7, 0x33 18 16, 0x3a 18 12, 0x41 18 22, 0x4c 18 24, 0x57 18 3, 0x67 19 25, 0x6e 19 14, 0x7e 19 11,
  0x93 18 30, 0xac 18 3, 0xae 18 3, 0xb0 21 10, 0xb7 21 3,
  0xcf 11 0, 0xfb 12 18, 0x102 12 22, 0x109 12 20, 0x110 12 7, 0x117 13 10, 0x11e 13 28, 0x125 13 21, 0x12f 13 19,
  0x136 13 3`
  .split(',')
  .map((row) => row.trim().split(/\s+/).map(Number) as [number, number, number]);

describe.each([4, 5])('DWARF %i', (version) => {
  const module = load(`divide-dwarf${version}-O0`);
  const table = readDwarfLines(module)!;

  test.each(ROWS)('address %i is line %i, column %i', (address, line, column) => {
    expect(table.at(codeStart(module) + address)).toEqual({ file: FILE, line, column });
  });

  test('holds up to the next row, and no further than the function', () => {
    const at = (address: number) => table.at(codeStart(module) + address)?.line;
    expect([at(0x02), at(0x04), at(0x27), at(0x29)]).toEqual([undefined, 16, 16, 17]);
    expect([at(0xcd), at(0xce), at(0x14c), at(0x14d)]).toEqual([21, undefined, 13, undefined]);
    expect(table.warnings).toEqual([]);
  });

  test('covers the functions, and nothing before them', () => {
    const { start, end } = module.bodies[1]!;
    expect(table.covers(start, end)).toBe(true);
    expect(table.covers(0, codeStart(module))).toBe(false);
  });

  test('optimised code has lines too', () => {
    const optimised = load(`divide-dwarf${version}-O2`);
    const lines = new Set<number | undefined>();
    const found = readDwarfLines(optimised)!;
    for (let at = 0; at < optimised.bytes.length; at++) lines.add(found.at(at)?.line);
    for (const line of [12, 18, 19, 21]) expect(lines).toContain(line);
  });
});

test('a module without debug information has no table', () => {
  const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  expect(sourceLinesOf(decodeModule(bytes, DEFAULT_LIMITS, DEFAULT_FEATURES))).toBeUndefined();
});

/** Asks for every offset: whatever the table holds must be a line of some file. */
function askAll(module: ModuleInfo, table: LineTable): void {
  for (let at = 0; at < module.bytes.length; at++) {
    const found = table.at(at);
    if (found === undefined) continue;
    if (!(found.line > 0 && found.line < 2 ** 31 && table.files.includes(found.file)))
      throw new Error(`offset ${at}: ${JSON.stringify(found)}`);
  }
}

describe('damaged', () => {
  test.each(['divide-dwarf4-O0', 'divide-dwarf5-O0'])('%s: any byte of any debug section', (name) => {
    const whole = load(name);
    const sections = whole.customSections.filter((section) => section.name.startsWith('.debug'));
    let warned = 0;
    for (const { start, end } of sections) {
      for (let at = start; at < end; at++) {
        for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff, whole.bytes[at]! ^ 0x10]) {
          const module = load(name, (bytes) => {
            bytes[at] = value;
          });
          const table = readDwarfLines(module)!;
          askAll(module, table);
          if (table.warnings.length > 0) warned++;
        }
      }
    }
    expect(warned).toBeGreaterThan(100);
  });

  test('a unit longer than its section is told, with its offset', () => {
    const { start } = load('divide-dwarf4-O0').customSections.find(({ name }) => name === '.debug_line')!;
    const module = load('divide-dwarf4-O0', (bytes) => bytes.fill(0x7f, start, start + 4));
    const table = sourceLinesOf(module)!;
    expect(table.covers(0, module.bytes.length)).toBe(false);
    expect(table.warnings).toEqual([
      `debug information: unexpected end (offset 0x${(start + 4).toString(16)})`,
    ]);
  });
});
