/**
 * Every row with a fixed signature and a template means what native WebAssembly means, bit for bit, over edge values.
 *
 * A native module per row takes and gives floats as integers of the same bits. NaNs: exact where the specification is
 * (signs, loads, stores, reinterpretation), else by class: arithmetic, and canonical where it must be. A signalling f64
 * may turn quiet on the way through a JavaScript number: one of V8's tiers (Maglev, Node 26) does that.
 */
import { describe, expect, test } from 'vitest';
import type { NumberType } from '../runtime/types.ts';
import { type Exports, native as engine } from '../test/support/native.ts';
import {
  BITS,
  type Evaluate,
  edgeValues,
  evaluator,
  fromBits,
  hotLoop,
  toBits,
  xorshift,
} from '../test/support/templates.ts';
import { type Instruction, ModuleBuilder } from '../test/support/wasm-builder.ts';
import { templatesOf } from './opcodes/row.ts';
import { OPCODES, type Opcode, signatureOf } from './opcodes.ts';

const TYPES: readonly NumberType[] = ['i32', 'i64', 'f32', 'f64'];
const random = xorshift(20_240_607);
const VALUES = Object.fromEntries(TYPES.map((type) => [type, edgeValues(type, random)])) as Record<
  NumberType,
  readonly bigint[]
>;

interface Numeric {
  readonly row: Opcode;
  readonly params: readonly NumberType[];
  readonly result: NumberType;
}

/** Rows on references have their tests elsewhere: a reference has no bits. */
const numeric: readonly Numeric[] = OPCODES.filter(
  (row) =>
    row.js !== undefined &&
    row.immediate === 'none' &&
    !/custom|ref|i31/.test(row.signature) &&
    // Not in V8.
    row.feature !== 'wide-arithmetic',
).map((row) => {
  const { params, results } = signatureOf(row)!;
  return { row, params: params as NumberType[], result: results[0] as NumberType };
});

type Bits = bigint | 'trap';
type Failure = 'out of bounds';
type BitsFunction = (...operands: bigint[]) => Bits;

const integerOf = { i32: 'i32', i64: 'i64', f32: 'i32', f64: 'i64' } as const;
const fromInteger: Readonly<Record<NumberType, readonly string[]>> = {
  i32: [],
  i64: [],
  f32: ['f32.reinterpret_i32'],
  f64: ['f64.reinterpret_i64'],
};
const toInteger: Readonly<Record<NumberType, readonly string[]>> = {
  i32: [],
  i64: [],
  f32: ['i32.reinterpret_f32'],
  f64: ['i64.reinterpret_f64'],
};

/** A number or BigInt of the engine to unsigned bits, and back. */
const fromEngine = (value: unknown, type: NumberType) =>
  BigInt.asUintN(Number(BITS[type]), BigInt(value as bigint));
const toEngine = (bits: bigint, type: NumberType) =>
  integerOf[type] === 'i64' ? BigInt.asIntN(64, bits) : Number(BigInt.asIntN(32, bits));

function native({ row, params, result }: Numeric): BitsFunction {
  const builder = new ModuleBuilder();
  const type = `${params.map((param) => integerOf[param]).join(' ')} -> ${integerOf[result]}`;
  const operands = params.flatMap((param, i): Instruction[] => [['local.get', i], ...fromInteger[param]]);
  builder.func(type, [...operands, row.name, ...toInteger[result]], { export: 'f' });
  const instance = new engine.Instance(new engine.Module(builder.build()));
  const f = instance.exports.f as (...args: unknown[]) => unknown;
  return (...bits) => {
    try {
      return fromEngine(f(...bits.map((operand, i) => toEngine(operand, params[i]!))), result);
    } catch (error) {
      if (error instanceof engine.RuntimeError) return 'trap';
      throw error;
    }
  };
}

function ours(template: Evaluate, { params, result }: Numeric): BitsFunction {
  return (...bits) => {
    let value: unknown;
    try {
      value = template(...bits.map((operand, i) => fromBits(operand, params[i]!)));
    } catch (error) {
      if ((error as Error).name === 'Trap') return 'trap';
      throw error;
    }
    return toBits(value, result);
  };
}

const EXACT_NAN = /\.(abs|neg|copysign)$|reinterpret/;
const QUIET = { f32: 0x7fc00000n, f64: 0x7ff8000000000000n } as const;

function isNaNBits(bits: bigint, type: 'f32' | 'f64'): boolean {
  const infinity = type === 'f32' ? 0x7f800000n : 0x7ff0000000000000n;
  return BigInt.asUintN(Number(BITS[type]) - 1, bits) > infinity;
}
const isCanonical = (bits: bigint, type: 'f32' | 'f64') =>
  BigInt.asUintN(Number(BITS[type]) - 1, bits) === QUIET[type];

/** Whether the two differ by a signalling f64 that was quieted. */
function quieted(expected: Bits | Failure, found: Bits | Failure, types: readonly NumberType[]): boolean {
  if (typeof expected === 'string' || !types.includes('f64') || !isNaNBits(expected, 'f64')) return false;
  return found === (expected | QUIET.f64);
}

/** Whether a result may stand for the native one. */
function agrees(
  { row, params, result }: Numeric,
  operands: readonly bigint[],
  expected: Bits,
  found: Bits,
): boolean {
  if (expected === found) return true;
  if (typeof found === 'string' || typeof expected === 'string') return false;
  if (EXACT_NAN.test(row.name)) return quieted(expected, found, [...params, result]);
  if (result !== 'f32' && result !== 'f64') return false;
  if (!isNaNBits(expected, result) || (found & QUIET[result]) !== QUIET[result]) return false;
  const mustBeCanonical = operands.every((bits, i) => {
    const type = params[i]!;
    return (type !== 'f32' && type !== 'f64') || !isNaNBits(bits, type) || isCanonical(bits, type);
  });
  return !mustBeCanonical || isCanonical(found, result);
}

function operandLists(params: readonly NumberType[]): (readonly bigint[])[] {
  const [first, second] = params.map((type) => VALUES[type]);
  if (second === undefined) return first!.map((a) => [a]);
  return first!.flatMap((a) => second.map((b) => [a, b]));
}

function compare(instruction: Numeric, template: string, lists: readonly (readonly bigint[])[]): void {
  const expected = native(instruction);
  const found = ours(evaluator(template), instruction);
  for (const operands of lists) {
    const [wanted, got] = [expected(...operands), found(...operands)];
    if (agrees(instruction, operands, wanted, got)) continue;
    const hex = (bits: Bits) => (typeof bits === 'bigint' ? `0x${bits.toString(16)}` : bits);
    const call = `${instruction.row.name}(${operands.map(hex).join(', ')})`;
    throw new Error(`${call}: native ${hex(wanted)}, \`${template}\` ${hex(got)}`);
  }
}

describe('numeric rows agree with native WebAssembly', () => {
  test.each(numeric.map((n) => [n.row.name, n] as const))('%s', (_, instruction) => {
    const { row, params } = instruction;
    const once = operandLists(params);
    // Often enough that all of the engine's tiers take part.
    const lists = Array.from({ length: Math.ceil(12_000 / once.length) }, () => once).flat();
    compare(instruction, row.js!, lists);
    if (row.constant !== undefined) compare(instruction, row.constant, lists);
    const all = (1n << BITS[params.at(-1)!]) - 1n;
    const harmless = lists.filter((operands) => operands.at(-1) !== 0n && operands.at(-1) !== all);
    if (row.divisor !== undefined) compare(instruction, row.divisor, harmless);
    for (const variant of Object.values(row.variants ?? {})) compare(instruction, variant, lists);
  });
});

/** V8 11.3 ends the process when it optimises `v >> 3n` of such a `v`; see the head of opcodes/i64.ts. */
describe('i64 operands may be merged from two, in hot code', () => {
  const rows = numeric.filter(({ row, params }) => params.includes('i64') && row.effect === 'pure');
  test.each(rows.map((n) => [n.row.name, n] as const))('%s', (_, { row, result }) => {
    const digests = templatesOf(row).map((template) =>
      hotLoop(template, result, 37n)(0x1234_5678_9abc_def0n, 100_000),
    );
    expect(new Set(digests).size).toBe(1);
  });
});

const PAGE = 65536;
const OFFSETS = [0, 1, 7, 65530, 4294967295];
const ADDRESSES = [
  0,
  1,
  2,
  3,
  5,
  8,
  13,
  100,
  65527,
  65528,
  65529,
  65532,
  65533,
  65534,
  65535,
  65536,
  2 ** 31,
  2 ** 32 - 1,
];

interface Access {
  readonly row: Opcode;
  readonly template: string;
  /** The value's type. */
  readonly type: NumberType;
}
const accesses: readonly Access[] = OPCODES.filter((row) => row.immediate === 'memarg').flatMap((row) => {
  const { params, results } = signatureOf(row)!;
  return templatesOf(row).map((template) => ({
    row,
    template,
    type: (results[0] ?? params[1]) as NumberType,
  }));
});
const titled = (list: readonly Access[]) => list.map((a) => [`${a.row.name} as ${a.template}`, a] as const);
const isLoad = ({ row }: Access) => row.effect === 'load';

/** `i32 -> bits`, or `i32 bits ->`: one function per offset over an exported memory. */
function nativeAccess({ row, type }: Access): Exports {
  const builder = new ModuleBuilder();
  builder.memory(1, 1, 'memory');
  const load = row.effect === 'load';
  OFFSETS.forEach((offset, i) => {
    const name = { export: `at${i}` };
    if (load) {
      const body: Instruction[] = [['local.get', 0], [row.name, { offset }], ...toInteger[type]];
      builder.func(`i32 -> ${integerOf[type]}`, body, name);
    } else {
      const body: Instruction[] = [
        ['local.get', 0],
        ['local.get', 1],
        ...fromInteger[type],
        [row.name, { offset }],
      ];
      builder.func(`i32 ${integerOf[type]} ->`, body, name);
    }
  });
  return new engine.Instance(new engine.Module(builder.build())).exports;
}

/** What happened: a value, nothing (a store), or a failure that each side calls its own name. */
function outcome<T>(run: () => T): T | Failure {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError || error instanceof engine.RuntimeError) return 'out of bounds';
    throw error;
  }
}

function bytesOfMemory(exports: Exports): Uint8Array {
  return new Uint8Array(exports.memory.buffer);
}

const effective = ADDRESSES.flatMap((address) =>
  OFFSETS.map((offset, i) => ({ address, offset, name: `at${i}` })),
);

describe('memory rows agree with native WebAssembly', () => {
  test.each(titled(accesses.filter(isLoad)))('%s', (_, access) => {
    const { row, type } = access;
    const exports = nativeAccess(access);
    const template = evaluator(access.template);
    const bytes = bytesOfMemory(exports);
    const view = new DataView(bytes.buffer);
    for (const bits of VALUES[type]) {
      for (const at of [...ADDRESSES, 107].filter((address) => address + 8 <= PAGE))
        view.setBigUint64(at, bits, true);
      view.setBigUint64(PAGE - 8, bits, true);
      for (const { address, offset, name } of effective) {
        const f = exports[name] as (address: number) => unknown;
        const expected = outcome(() => fromEngine(f(address), type));
        const found = outcome(() => toBits(template(address | 0, undefined, undefined, view, offset), type));
        if (found === expected || quieted(expected, found, [type])) continue;
        throw new Error(`${row.name} ${address}+${offset}: native ${expected}, ours ${found}`);
      }
    }
  });

  test.each(titled(accesses.filter((a) => !isLoad(a))))('%s', (_, access) => {
    const { row, type } = access;
    const exports = nativeAccess(access);
    const template = evaluator(access.template);
    const theirs = bytesOfMemory(exports);
    const mine = new Uint8Array(PAGE);
    const view = new DataView(mine.buffer);
    for (const bits of VALUES[type]) {
      for (const { address, offset, name } of effective) {
        const f = exports[name] as (address: number, value: unknown) => void;
        const expected = outcome(() => f(address, toEngine(bits, type)));
        const found = outcome(
          () => void template(address | 0, fromBits(bits, type), undefined, view, offset),
        );
        const at = `${row.name} ${address}+${offset} 0x${bits.toString(16)}`;
        if (found !== expected) throw new Error(`${at}: native ${expected}, ours ${found}`);
        const [wanted, got] = [theirs, mine].map((bytes) => eightBytes(bytes, address + offset)) as [
          bigint,
          bigint,
        ];
        if (wanted !== got && !quieted(wanted, got, [type])) {
          throw new Error(`${at}: native 0x${wanted.toString(16)}, ours 0x${got.toString(16)}`);
        }
        if (wanted !== got) view.setBigUint64(address + offset, wanted, true);
      }
    }
    expect(Buffer.compare(theirs, mine)).toBe(0);
  });
});

/** The eight bytes from an address; 0 where they are not all there. */
function eightBytes(bytes: Uint8Array, address: number): bigint {
  if (address + 8 > bytes.length) return 0n;
  return new DataView(bytes.buffer).getBigUint64(address, true);
}
