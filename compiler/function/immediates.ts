/**
 * Immediates of the instructions with a fixed signature, one function per kind of the table's `immediate` column: each
 * decodes, checks what it refers to, and answers the immediate as the sink gets it.
 */
import type { ImmediateKind, Opcode } from '../opcodes.ts';
import type { FunctionState } from './function-state.ts';
import type { Immediate, MemoryArgument } from './sink.ts';
import { operandOf } from './stacks.ts';

export type ReadImmediate = (f: FunctionState, naturalAlignment: number) => Immediate;

export const IMMEDIATES: Readonly<Partial<Record<ImmediateKind, ReadImmediate>>> = {
  none: () => undefined,
  i32: (f) => f.bytes.s32(),
  i64: (f) => f.bytes.s64(),
  f32: (f) => f.bytes.i32Raw(),
  f64: (f) => f.bytes.i64Raw(),
  table: (f) => f.readTable(),
  memory: (f) => f.readMemory(),
  data: (f) => f.data(f.readDataIndex()),
  element: (f) => f.element(f.bytes.u32()),
  memarg: readMemoryArgument,
  'memarg atomic': readAtomicArgument,
  zero: readZero,
  'data memory': readDataMemory,
  'memory memory': (f) => [f.readMemory(), f.readMemory()],
  'element table': readElementTable,
  'table table': readTables,
  v128: (f) => f.bytes.words(),
  lane: readLane,
  lanes: readShuffle,
  'memarg lane': readMemoryLane,
};

/** Bit of a memory argument's alignment field that announces a memory index. */
const HAS_MEMORY = 0x40;

/** One for all, since every fourth instruction has one. */
const ARGUMENT: { memory: number; align: number; offset: number | bigint; lane: number } = {
  memory: 0,
  align: 0,
  offset: 0,
  lane: 0,
};

function readMemoryArgument(f: FunctionState, naturalAlignment: number): MemoryArgument {
  const { bytes } = f;
  const flags = bytes.u32();
  if (flags >= 0x80) f.fail('malformed memop flags');
  const align = flags & (HAS_MEMORY - 1);
  if ((flags & HAS_MEMORY) !== 0) bytes.requires('multi-memory', 'memory index', f.offset);
  const memory = (flags & HAS_MEMORY) !== 0 ? bytes.u32() : 0;
  const offset = bytes.u64();
  f.memory(memory);
  if (align > naturalAlignment) {
    f.fail(`alignment must not be larger than natural: 2^${align} for ${f.row!.name}`);
  }
  if (offset > 0xffff_ffff && f.module.memories[memory]!.address === 'i32')
    f.fail(`offset out of range: ${offset}`);
  ARGUMENT.memory = memory;
  ARGUMENT.align = align;
  ARGUMENT.offset = offset;
  return ARGUMENT;
}

function readAtomicArgument(f: FunctionState, naturalAlignment: number): MemoryArgument {
  const argument = readMemoryArgument(f, naturalAlignment);
  if (argument.align !== naturalAlignment) {
    f.fail(`atomic alignment must be natural: 2^${argument.align} for ${f.row!.name}`);
  }
  return argument;
}

function readZero(f: FunctionState): undefined {
  if (f.bytes.byte() !== 0) f.fail('zero byte expected');
  return undefined;
}

/** log2 of the bytes that a load or store accesses: `i64.load32_u` 2, `f64.store` 3, `i64.atomic.rmw8.add_u` 0. */
export function naturalAlignmentOf({ name }: Opcode): number {
  if (name === 'memory.atomic.notify') return 2;
  const [, type, narrow, times] = ACCESS.exec(name) ?? [];
  const bits = narrow || type;
  return bits === undefined ? 0 : Math.log2((Number(bits) * Number(times ?? 1)) / 8);
}

const ACCESS = /^(?:[ifv](\d+)|memory)\.(?:atomic\.)?(?:load|store|rmw|wait)(\d*)(?:x(\d))?/;

/** `i16x8.extract_lane_s` has eight lanes, `v128.load32_lane` four. */
function laneCount({ name }: Opcode): number {
  const [, bits] = /^(?:v128\.(?:load|store)|[if])(\d+)/.exec(name)!;
  return 128 / Number(bits);
}

function readLane(f: FunctionState, _alignment = 0, count = laneCount(f.row!)): number {
  const lane = f.bytes.byte();
  if (lane >= count) f.fail(`invalid lane index ${lane}`);
  return lane;
}

/** Which of the 32 bytes of two vectors each byte of the result is. */
function readShuffle(f: FunctionState): number[] {
  return Array.from({ length: 16 }, () => readLane(f, 0, 32));
}

function readMemoryLane(f: FunctionState, naturalAlignment: number): MemoryArgument {
  readMemoryArgument(f, naturalAlignment);
  ARGUMENT.lane = readLane(f);
  return ARGUMENT;
}

/** The segment's index comes first, but an unknown memory or table is reported first. */
function readDataMemory(f: FunctionState): [number, number] {
  const data = f.readDataIndex();
  const memory = f.readMemory();
  return [f.data(data), memory];
}

function readElementTable(f: FunctionState): [number, number] {
  const index = f.bytes.u32();
  const table = f.readTable();
  const element = f.element(index);
  const from = f.module.elements[element]!.type;
  const to = f.module.tables[table]!.element;
  if (!f.stacks.fits(operandOf(from), operandOf(to))) f.mismatch(to.text, `elements of ${from.text}`);
  return [element, table];
}

function readTables(f: FunctionState): [number, number] {
  const to = f.readTable();
  const from = f.readTable();
  const { tables } = f.module;
  const given = tables[from]!.element;
  const wanted = tables[to]!.element;
  if (!f.stacks.fits(operandOf(given), operandOf(wanted)))
    f.mismatch(wanted.text, `a table of ${given.text}`);
  return [to, from];
}
