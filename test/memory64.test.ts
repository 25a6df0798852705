/**
 * 64-bit memories and tables, against native 32-bit ones, which every engine has: an access at an address below 2^32
 * must do the same, and one beyond must trap and never wrap. In all shapes of code: metered or not, in regions, with
 * addresses that are computed and literals.
 */
import { describe, expect, test } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { OPCODES, type Opcode, signatureOf } from '../compiler/opcodes.ts';
import { typeText } from '../runtime/types.ts';
import { Memory, Runtime, Table, type Trap } from '../src/index.ts';
import { native } from './support/native.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

type Address = 'i32' | 'i64';
const MEMORY = OPCODES.filter(({ immediate, feature }) => immediate === 'memarg' && feature === 'mvp');
const BIG = 2n ** 64n;
const OFFSETS = [0n, 5n, 65_528n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, BIG - 8n, BIG - 1n];
const ADDRESSES = [
  ...[0n, 1n, 7n, 65_528n, 65_531n, 65_532n, 65_535n, 65_536n],
  ...[2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 8n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n],
  ...[2n ** 63n, BIG - 65_536n, BIG - 8n, BIG - 5n, BIG - 1n],
];

const RUNTIMES: readonly (readonly [string, () => Runtime])[] = [
  ['metered', () => new Runtime()],
  ['unmetered', () => new Runtime({ metering: false })],
  ['in regions', () => new Runtime({}, { outline: SPLIT_ALL })],
];

const ZERO: Readonly<Record<string, Instruction>> = {
  i32: ['i32.const', 0x89ab_cdefn - 2n ** 32n],
  i64: ['i64.const', -0x7654_3210_0123_4568n],
  f32: ['f32.const', 0x4049_0fdbn],
  f64: ['f64.const', 0x4009_21fb_5444_2d18n],
};

/** What an access does: its result, or the eight bytes at the end of the page and at the start. */
function accessModule(
  row: Opcode,
  address: Address,
  offset: bigint,
  literal?: bigint,
): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.memory(1, 1, 'memory', { address });
  const value = signatureOf(row)!.params[1];
  const result = signatureOf(row)!.results[0];
  const at: Instruction =
    literal === undefined ? ['local.get', 0] : ['i64.const', BigInt.asIntN(64, literal)];
  const body = [at, ...(value ? [ZERO[typeText(value)]!] : []), [row.name, { offset }] as Instruction];
  m.func(`${address} -> ${result ? typeText(result) : ''}`, body, { export: 'f' });
  return m.build();
}

interface Instance {
  // biome-ignore lint/suspicious/noExplicitAny: exports of both engines
  readonly exports: Readonly<Record<string, any>>;
}

function outcome(instance: Instance, argument: number | bigint): string {
  const { f, memory } = instance.exports as {
    f(at: number | bigint): unknown;
    memory: { buffer: ArrayBuffer };
  };
  const bytes = new Uint8Array(memory.buffer);
  const ends = [bytes.subarray(0, 64), bytes.subarray(-64)];
  for (const end of ends)
    end.forEach((_, i) => {
      end[i] = 3 * i + 100;
    });
  let result: string;
  try {
    result = String(f(argument));
  } catch (error) {
    const isTrap =
      error instanceof native.RuntimeError || (error as Trap).code === 'out-of-bounds-memory-access';
    if (!isTrap) throw error;
    result = 'trap';
  }
  return `${result} ${ends.join(' ')}`;
}

describe.each(RUNTIMES)('%s: accesses of a 64-bit memory', (_, makeRuntime) => {
  test.each(MEMORY.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const runtime = makeRuntime();
    for (const offset of OFFSETS) {
      const narrow = offset < 2n ** 32n ? offset : 2n ** 32n - 1n;
      const theirs = new native.Instance(new native.Module(accessModule(row, 'i32', narrow)));
      const ours = runtime.instantiateSync(accessModule(row, 'i64', offset));
      for (const address of ADDRESSES) {
        // Beyond 2^32 the narrow memory is asked for its last address, where it traps.
        const low = address < 2n ** 32n ? Number(address) | 0 : -1;
        const expected = outcome(theirs, low);
        expect([address, offset, outcome(ours, BigInt.asIntN(64, address))]).toEqual([
          address,
          offset,
          expected,
        ]);
      }
    }
    for (const address of ADDRESSES.filter((_, i) => i % 3 === 0)) {
      const computed = runtime.instantiateSync(accessModule(row, 'i64', 5n));
      const literal = runtime.instantiateSync(accessModule(row, 'i64', 5n, address));
      expect(outcome(literal, 0n)).toBe(outcome(computed, BigInt.asIntN(64, address)));
    }
  });
});

const OUT_OF_BOUNDS = 'out of bounds memory access';

/** A function per operation, over memory 0 (64 bits), memory 1 (32 bits), and the same of tables. */
function bulkModule(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.memory(1, 3, 'wide', { address: 'i64' });
  m.memory(1, 1, 'narrow');
  m.table('externref', 10, 20, 'wideTable', { address: 'i64' });
  m.table('externref', 10, 10, 'narrowTable');
  m.data('abcdefgh');
  const get = (count: number): Instruction[] => Array.from({ length: count }, (_, i) => ['local.get', i]);
  const define = (name: string, type: string, instruction: Instruction, operands: number) =>
    m.func(type, [...get(operands), instruction], { export: name });
  define('size', '-> i64', ['memory.size', 0], 0);
  define('grow', 'i64 -> i64', ['memory.grow', 0], 1);
  define('fill', 'i64 i32 i64 ->', ['memory.fill', 0], 3);
  define('copy', 'i64 i64 i64 ->', ['memory.copy', 0, 0], 3);
  define('toNarrow', 'i32 i64 i32 ->', ['memory.copy', 1, 0], 3);
  define('toWide', 'i64 i32 i32 ->', ['memory.copy', 0, 1], 3);
  define('init', 'i64 i32 i32 ->', ['memory.init', 0, 0], 3);
  define('tableSize', '-> i64', ['table.size', 0], 0);
  define('tableGrow', 'externref i64 -> i64', ['table.grow', 0], 2);
  define('tableGet', 'i64 -> externref', ['table.get', 0], 1);
  define('tableSet', 'i64 externref ->', ['table.set', 0], 2);
  define('tableFill', 'i64 externref i64 ->', ['table.fill', 0], 3);
  define('tableCopy', 'i64 i64 i64 ->', ['table.copy', 0, 0], 3);
  define('tableToNarrow', 'i32 i64 i32 ->', ['table.copy', 1, 0], 3);
  return m.build();
}

describe.each(RUNTIMES)('%s: 64-bit memories and tables as wholes', (_, makeRuntime) => {
  test('sizes, growth and bulk operations', () => {
    const { exports: e } = makeRuntime().instantiateSync(bulkModule());
    expect([e.size(), e.grow(1n), e.grow(2n), e.grow(-1n), e.grow(2n ** 40n), e.size()]).toEqual([
      1n,
      1n,
      -1n,
      -1n,
      -1n,
      2n,
    ]);
    e.fill(65_530n, 7, 10n);
    e.init(65_531n, 1, 3);
    e.copy(3n, 65_530n, 5n);
    e.toNarrow(65_530, 3n, 5);
    expect(Buffer.from(e.wide.buffer, 2, 7).toString('latin1')).toBe('\0\x07bcd\x07\0');
    e.toWide(100n, 65_535, 1);
    for (const wrong of [2n ** 32n, 2n ** 53n + 1n, -1n, 131_072n - 4n]) {
      expect(() => e.fill(wrong, 1, 5n)).toThrow(OUT_OF_BOUNDS);
      expect(() => e.fill(0n, 1, wrong | (2n ** 20n))).toThrow(OUT_OF_BOUNDS);
      expect(() => e.copy(wrong, 0n, 5n)).toThrow(OUT_OF_BOUNDS);
      expect(() => e.copy(0n, wrong, 5n)).toThrow(OUT_OF_BOUNDS);
      expect(() => e.toNarrow(0, wrong, 5)).toThrow(OUT_OF_BOUNDS);
      expect(() => e.init(wrong, 0, 5)).toThrow(OUT_OF_BOUNDS);
    }
    expect(() => e.toNarrow(-1, 0n, 1)).toThrow(OUT_OF_BOUNDS);
    expect(() => e.fill(131_072n, 1, 0n)).not.toThrow();
    expect(() => e.fill(131_073n, 1, 0n)).toThrow(OUT_OF_BOUNDS);
  });

  test('tables', () => {
    const { exports: e } = makeRuntime().instantiateSync(bulkModule());
    expect([e.tableSize(), e.tableGrow('x', 5n), e.tableGrow('y', 6n), e.tableGrow('y', -1n)]).toEqual([
      10n,
      10n,
      -1n,
      -1n,
    ]);
    e.tableSet(1n, 'one');
    e.tableFill(2n, 'two', 2n);
    e.tableCopy(8n, 1n, 3n);
    e.tableToNarrow(0, 8n, 3);
    expect([1n, 3n, 8n, 10n, 14n].map((i) => e.tableGet(i))).toEqual(['one', 'two', 'one', 'two', 'x']);
    expect([e.narrowTable.get(0), e.narrowTable.get(2), e.narrowTable.length]).toEqual(['one', 'two', 10]);
    for (const wrong of [15n, 2n ** 32n, 2n ** 32n + 1n, -1n]) {
      expect(() => e.tableGet(wrong)).toThrow('out of bounds table access');
      expect(() => e.tableSet(wrong, null)).toThrow('out of bounds table access');
      expect(() => e.tableFill(wrong, null, 1n)).toThrow('out of bounds table access');
      expect(() => e.tableCopy(0n, wrong, 1n)).toThrow('out of bounds table access');
    }
  });

  test('indirect calls', () => {
    const m = new ModuleBuilder();
    m.table('funcref', 3, 3, 'table', { address: 'i64' });
    m.func('i64 -> i64', [['local.get', 0], ['i64.const', 1], 'i64.add']);
    m.elements([0], { offset: [['i64.const', 1]] });
    const call: Instruction = ['call_indirect', m.type('i64 -> i64'), 0];
    m.func('i64 i64 -> i64', [['local.get', 0], ['local.get', 1], call], { export: 'f' });
    const { f } = makeRuntime().instantiateSync(m.build()).exports;
    for (let i = 0; i < 3; i++) expect(f(41n, 1n)).toBe(42n);
    expect(() => f(0n, 2n)).toThrow('uninitialized element 2');
    for (const wrong of [3n, 2n ** 32n + 1n, -1n, 2n ** 63n - 1n, 2n ** 53n + 1n])
      expect(() => f(0n, wrong)).toThrow('undefined element');
  });

  test('active segments beyond 2^32 do not wrap', () => {
    const m = new ModuleBuilder();
    m.memory(1, 1, 'memory', { address: 'i64' });
    m.data('x', { offset: [['i64.const', 2n ** 32n]] });
    expect(() => makeRuntime().instantiateSync(m.build())).toThrow(OUT_OF_BOUNDS);
  });
});

test('fuel is the same as with 32 bits', () => {
  const consumed = (address: Address) => {
    const m = new ModuleBuilder();
    m.memory(1, 9, undefined, { address });
    const n = (value: number): Instruction => [`${address}.const`, value];
    const grow: Instruction[] = [n(2), ['memory.grow', 0], 'drop'];
    const fill: Instruction[] = [n(0), ['i32.const', 1], n(1000), ['memory.fill', 0]];
    const body: Instruction[] = [n(8), ['i32.load', {}], 'drop', ...grow, ...fill];
    m.func('->', body, { export: 'f' });
    const runtime = new Runtime();
    runtime.instantiateSync(m.build()).exports.f();
    return runtime.fuel.consumed;
  };
  expect(consumed('i64')).toBe(consumed('i32'));
  expect(consumed('i64')).toBeGreaterThan(2048n);
});

describe('for hosts', () => {
  test('sizes are bigints', () => {
    const memory = new Memory({ initial: 1n, maximum: 3n, address: 'i64' });
    const previous: bigint = memory.grow(1n);
    expect([previous, memory.buffer.byteLength]).toEqual([1n, 131_072]);
    expect(() => memory.grow(2n)).toThrow(RangeError);
    expect(() => memory.grow(1 as never)).toThrow('expected delta as a bigint from 0 to 2^64-1, found 1');
    expect(() => new Memory({ initial: 1, address: 'i64' })).toThrow('expected initial as a bigint');
    expect(() => new Memory({ initial: 1, address: 'i16' as never })).toThrow(
      'expected address to be "i32" or "i64"',
    );
    const table = new Table({ element: 'externref', initial: 2n, address: 'i64' }, 'x');
    expect([table.length, table.get(1n), table.grow(1n, 'y'), table.get(2n)]).toEqual([2n, 'x', 2n, 'y']);
    expect(() => table.get(3n)).toThrow(RangeError);
    expect(() => table.get(0)).toThrow(TypeError);
  });

  test('linking compares address types', () => {
    const m = new ModuleBuilder();
    m.importMemory('env', 'memory', 1, undefined, { address: 'i64' });
    const wasm = m.build();
    const link = (memory: Memory) => new Runtime().instantiateSync(wasm, { env: { memory } });
    expect(() => link(new Memory({ initial: 1 }))).toThrow(
      'incompatible import type for "env" "memory": expected a memory of i64 addresses, found one of i32 addresses',
    );
    expect(() => link(new Memory({ initial: 1n, address: 'i64' }))).not.toThrow();
  });

  test('a declared maximum may be beyond all limits, a size may not', () => {
    const define = (min: number, max: bigint) => {
      const m = new ModuleBuilder();
      m.memory(min, max, 'memory', { address: 'i64' });
      return new Runtime().instantiateSync(m.build()).exports.memory as Memory;
    };
    expect(define(1, 2n ** 48n).grow(1n)).toBe(1n);
    expect(() => define(1, 2n ** 48n + 1n)).toThrow('memory size must be at most 2^48 pages');
    expect(() => define(65_537, 2n ** 48n)).toThrow('exceeds the limit of 65536 (limits.memoryPages)');
  });
});

/** Vectors in memory, at addresses of both kinds: the same by the same code. */
describe('accesses of vectors', () => {
  const rows = OPCODES.filter(
    ({ immediate, feature }) => feature === 'simd' && immediate.startsWith('memarg'),
  );
  test.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const make = (address: Address) => {
      const m = new ModuleBuilder();
      m.memory(1, 1, 'memory', { address });
      m.data(
        Array.from({ length: 64 }, (_, i) => (i * 37) & 255),
        { offset: [[`${address}.const`, 0]] },
      );
      const { params, results } = signatureOf(row)!;
      const vector: Instruction[] = params.includes('v128')
        ? [['v128.const', 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210n]]
        : [];
      const access: Instruction =
        row.immediate === 'memarg lane' ? [row.name, { offset: 5n }, 1] : [row.name, { offset: 5n }];
      m.func(`${address} -> ${results.map(typeText).join(' ')}`, [['local.get', 0], ...vector, access], {
        export: 'f',
      });
      return new Runtime().instantiateSync(m.build());
    };
    const [narrow, wide] = [make('i32'), make('i64')];
    for (const address of ADDRESSES) {
      const low = address < 2n ** 32n ? Number(address) | 0 : -1;
      expect([address, outcome(wide, BigInt.asIntN(64, address))]).toEqual([address, outcome(narrow, low)]);
    }
  });
});
