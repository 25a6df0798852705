/**
 * Every atomic instruction against native WebAssembly: results, what it leaves in memory, and traps, over edge values, in
 * memories that are shared and in those that are not, in all shapes of code.
 */
import { describe, expect, test } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { OPCODES, type Opcode, signatureOf } from '../compiler/opcodes.ts';
import { typeText } from '../runtime/types.ts';
import { Memory, Runtime } from '../src/index.ts';
import { native } from './support/native.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const ATOMIC = OPCODES.filter(({ feature }) => feature === 'threads');
const ACCESSES = ATOMIC.filter(({ name }) => !/wait|fence/.test(name));
const ADDRESSES = [0, 1, 2, 4, 8, 65_528, 65_532, 65_535, 65_536, -8];
const OFFSETS = [0, 8, 2 ** 32 - 8];
const VALUES: Readonly<Record<string, readonly (number | bigint)[]>> = {
  i32: [0, -1, 0x89ab_cdef | 0, 0xef, 0xcdef, 0x1_00ef],
  i64: [0n, -1n, 0xefn, 0xcdefn, 0x89ab_cdefn, 0x1_89ab_cdefn, -0x7654_3210_fedc_ba99n],
};
const SHAPES: readonly (readonly [string, () => Runtime])[] = [
  ['metered', () => new Runtime()],
  ['unmetered', () => new Runtime({ metering: false })],
  ['in regions', () => new Runtime({}, { outline: SPLIT_ALL })],
];

function program(row: Opcode, shared: boolean): Uint8Array<ArrayBuffer> {
  const { params, results } = signatureOf(row)!;
  const m = new ModuleBuilder();
  m.memory(1, 1, 'memory', { shared });
  const operands = params.map((_, i): Instruction => ['local.get', i]);
  const type = `${params.map(typeText).join(' ')} -> ${results.map(typeText).join(' ')}`;
  OFFSETS.forEach((offset, i) => {
    m.func(type, [...operands, [row.name, { offset }]], { export: `f${i}` });
  });
  return m.build();
}

interface Instance {
  // biome-ignore lint/suspicious/noExplicitAny: exports of both engines
  readonly exports: Readonly<Record<string, any>>;
}

/** All calls with some operands, from a known memory: each result or trap, and the bytes that may have changed. */
function outcomes(instance: Instance, operands: readonly (number | bigint)[]): string[] {
  const { memory } = instance.exports;
  const bytes = new Uint8Array(memory.buffer);
  return OFFSETS.flatMap((_, f) =>
    ADDRESSES.map((address) => {
      const ends = [bytes.subarray(0, 24), bytes.subarray(65_520, 65_536)];
      for (const end of ends)
        end.set([0xef, 0xcd, 0xab, 0x89, 1, 0, 0, 0, 0xef, 0xcd, 0xab, 0x89, 0, 0, 0, 0]);
      return `${f} ${address}: ${result(() => instance.exports[`f${f}`](address, ...operands))} ${ends.join(' ')}`;
    }),
  );
}

function result(run: () => unknown): string {
  try {
    return String(run());
  } catch (error) {
    if (error instanceof native.RuntimeError || (error as Error).name === 'Trap') return 'trap';
    throw error;
  }
}

function operandLists(row: Opcode): (readonly (number | bigint)[])[] {
  const [, first, second] = signatureOf(row)!.params.map(typeText);
  if (first === undefined) return [[]];
  if (second === undefined) return VALUES[first]!.map((value) => [value]);
  return VALUES[first]!.flatMap((a) => VALUES[second]!.slice(1, 3).map((b) => [a, b]));
}

describe.each(SHAPES)('%s', (shape, makeRuntime) => {
  test.each(ACCESSES.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    for (const shared of [true, false]) {
      const wasm = program(row, shared);
      const theirs = new native.Instance(new native.Module(wasm));
      const ours = makeRuntime().instantiateSync(wasm);
      const lists = operandLists(row);
      for (const operands of shape === 'metered' ? lists : lists.slice(-2))
        expect([operands, outcomes(ours, operands)]).toEqual([operands, outcomes(theirs, operands)]);
    }
  });
});

test('there are as many as the proposal has', () => {
  expect([ATOMIC.length, ACCESSES.length]).toEqual([67, 64]);
});

/** What is pending around an atomic instruction keeps its value and its place; the fuel is an instruction's. */
test.each(SHAPES)('%s: in the middle of other code', (_, makeRuntime) => {
  const m = new ModuleBuilder();
  m.memory(1, 1, 'memory', { shared: true });
  m.func(
    'i32 i64 -> i64 i32',
    [
      [
        ['local.get', 0],
        ['i64.load', {}],
      ],
      [['local.get', 0], ['local.get', 1], ['i64.atomic.rmw.add', {}], 'i64.sub'],
      [['local.get', 0], ['i64.load', {}], 'i64.add'],
      [
        'atomic.fence',
        ['local.get', 0],
        ['i32.atomic.load', {}],
        ['local.get', 0],
        ['i32.load', {}],
        'i32.sub',
      ],
    ].flat() as Instruction[],
    { export: 'f' },
  );
  const wasm = m.build();
  const theirs = new native.Instance(new native.Module(wasm)).exports;
  const ours = makeRuntime().instantiateSync(wasm).exports;
  for (let i = 0; i < 300; i++) expect(ours.f(8, BigInt(i) << 30n)).toEqual(theirs.f(8, BigInt(i) << 30n));
});

describe('what traps and what is refused', () => {
  const wait = (shared: boolean, width: 32 | 64) => {
    const m = new ModuleBuilder();
    m.memory(1, 1, 'memory', { shared });
    const type = `i32 i${width} i64 -> i32`;
    m.func(
      type,
      [
        ['local.get', 0],
        ['local.get', 1],
        ['local.get', 2],
        [`memory.atomic.wait${width}`, {}],
      ],
      { export: 'f' },
    );
    return new Runtime().instantiateSync(m.build()).exports;
  };

  test('waiting', () => {
    const { f } = wait(true, 32);
    expect([f(0, 1, -1n), f(0, 0, 0n), f(0, 0, 2_000_000n)]).toEqual([1, 2, 2]);
    const wide = wait(true, 64);
    expect([wide.f(8, 1n, -1n), wide.f(8, 0n, 1000n)]).toEqual([1, 2]);
    for (const instance of [wait(true, 32), wide]) {
      const zero = instance === wide ? 0n : 0;
      expect(() => instance.f(1, zero, 0n)).toThrow('unaligned atomic');
      expect(() => instance.f(65_536, zero, 0n)).toThrow('out of bounds memory access');
    }
    expect(() => wait(false, 32).f(0, 0, 0n)).toThrow('expected shared memory');
    expect(() => wait(false, 64).f(0, 0n, 0n)).toThrow('expected shared memory');
  });

  test('alignment must be the natural one', () => {
    const m = new ModuleBuilder();
    m.memory(1, 1);
    m.func('->', [['i32.const', 0], ['i32.atomic.load', { align: 1 }], 'drop']);
    expect(() => new Runtime().compileSync(m.build())).toThrow(
      'atomic alignment must be natural: 2^1 for i32.atomic.load',
    );
  });

  test('a shared memory has a maximum, and is not one of a single thread', () => {
    const m = new ModuleBuilder();
    m.memory(1, undefined, 'memory', { shared: true });
    expect(() => new Runtime().compileSync(m.build())).toThrow('shared memory must have maximum');
    const importing = new ModuleBuilder();
    importing.importMemory('env', 'memory', 1, 2, { shared: true });
    const memory = new Memory({ initial: 1, maximum: 2 });
    expect(() => new Runtime().instantiateSync(importing.build(), { env: { memory } })).toThrow(
      'incompatible import type for "env" "memory": expected a shared memory, found a memory of one thread',
    );
  });
});
