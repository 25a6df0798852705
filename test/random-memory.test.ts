/**
 * Random code around memory, against native WebAssembly: loads, stores, atomic and bulk instructions, growth, nested in each
 * other's operands, in branches and loops; with 32- and 64-bit addresses, shared and not; in every shape of code. Each
 * program runs three times on one memory, and what it leaves there counts.
 *
 * Not here: everything else (random.test.ts).
 */
import { expect, test } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { OPCODES, type Opcode, signatureOf } from '../compiler/opcodes.ts';
import { typeText } from '../runtime/types.ts';
import { type Memory, Runtime } from '../src/index.ts';
import { native } from './support/native.ts';
import { Random } from './support/random.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const COUNT = Number(process.env.RANDOM_MEMORY ?? 150);
type Type = 'i32' | 'i64';

const integers = OPCODES.filter(
  ({ name, immediate }) => /^i(32|64)\./.test(name) && immediate.startsWith('memarg'),
);
const ATOMIC = integers.filter(({ immediate }) => immediate === 'memarg atomic');
const LOADS = integers.filter(({ immediate, effect }) => immediate === 'memarg' && effect === 'load');
const STORES = integers.filter(({ immediate, effect }) => immediate === 'memarg' && effect === 'store');
const ARITHMETIC = {
  i32: ['i32.add', 'i32.xor', 'i32.mul', 'i32.shr_u'],
  i64: ['i64.add', 'i64.sub', 'i64.xor', 'i64.and', 'i64.shl', 'i64.mul'],
} as const;
/** Locals: parameters by type, then one counter per depth of loops. */
const LOCALS = { i32: [0, 2], i64: [1, 3] } as const;
const FIRST_COUNTER = 4;

const NATIVE_HAS_64 = native.validate(memoryModule('i64', false, []));

function memoryModule(address: Type, shared: boolean, body: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.memory(1, 4, 'memory', { address, shared });
  const result: Instruction[] = [
    ['local.get', 1],
    ['local.get', 3],
    'i64.xor',
    ['local.get', 0],
    'i64.extend_i32_u',
    'i64.add',
  ];
  m.func('i32 i64 i32 i64 -> i64', [...body, ...result], { export: 'f', locals: ['i32', 'i32', 'i32'] });
  return m.build();
}

class Program {
  readonly #random: Random;
  readonly #address: Type;
  readonly code: Instruction[] = [];

  constructor(random: Random, address: Type) {
    this.#random = random;
    this.#address = address;
    for (let i = 0; i < 14; i++) this.#statement(2);
  }

  #emit(...instructions: readonly Instruction[]): void {
    this.code.push(...instructions);
  }

  #constant(type: Type, value: number): Instruction {
    return [`${type}.const`, type === 'i64' ? BigInt(value) : value];
  }

  #ofResult(rows: readonly Opcode[], type: Type): Opcode {
    return this.#random.pick(rows.filter((row) => signatureOf(row)!.results[0] === type));
  }

  #value(type: Type, depth: number): void {
    const random = this.#random;
    const kind = random.between(0, depth <= 0 ? 1 : 8);
    if (kind === 0) this.#emit(this.#constant(type, random.between(0, 2 ** 31 - 1)));
    else if (kind === 1) this.#emit(['local.get', random.pick(LOCALS[type])]);
    else if (kind <= 3) {
      this.#value(type, depth - 1);
      this.#value(type, depth - 1);
      this.#emit(random.pick<string>(ARITHMETIC[type]));
    } else if (kind === 4) {
      this.#value(type === 'i64' ? 'i32' : 'i64', depth - 1);
      this.#emit(type === 'i32' ? 'i32.wrap_i64' : random.pick(['i64.extend_i32_u', 'i64.extend_i32_s']));
    } else if (kind === 5 && type === this.#address) this.#emit(['memory.size', 0]);
    else if (kind <= 6) this.#access(this.#ofResult(ATOMIC, type), depth);
    else this.#access(this.#ofResult(LOADS, type), depth);
  }

  /** Mostly in bounds and, for atomic ones, aligned. */
  #access(row: Opcode, depth: number): void {
    const isAtomic = row.immediate === 'memarg atomic';
    this.#position(depth - 1, isAtomic ? 0x7ff8 : 0x7fff);
    for (const operand of signatureOf(row)!.params.slice(1))
      this.#value(typeText(operand) as Type, depth - 1);
    const offset = this.#random.between(0, this.#random.chance(0.05) ? 32_000 : 15);
    this.#emit([row.name, { offset: isAtomic ? offset & ~7 : offset }]);
  }

  #position(depth: number, mask: number): void {
    this.#value(this.#address, depth);
    if (this.#random.chance(0.998)) this.#emit(this.#constant(this.#address, mask), `${this.#address}.and`);
  }

  #statement(depth: number): void {
    const random = this.#random;
    const kind = random.between(0, depth > 0 ? 8 : 6);
    if (kind <= 1) {
      const type = random.pick(['i32', 'i64'] as const);
      this.#value(type, 3);
      this.#emit(['local.set', random.pick(LOCALS[type])]);
    } else if (kind <= 3) this.#access(random.pick([...STORES, ...ATOMIC.filter(isStore)]), 3);
    else if (kind === 4)
      this.#emit(this.#constant(this.#address, random.between(0, 1)), ['memory.grow', 0], 'drop');
    else if (kind <= 6) this.#bulk(kind === 5);
    else if (kind === 7) this.#branch(depth - 1);
    else this.#loop(depth - 1);
  }

  #bulk(fill: boolean): void {
    this.#position(2, 0x7fff);
    if (fill) this.#value('i32', 2);
    else this.#position(2, 0x7fff);
    this.#position(1, 0xff);
    this.#emit(fill ? ['memory.fill', 0] : ['memory.copy', 0, 0]);
  }

  #branch(depth: number): void {
    this.#value('i32', 2);
    this.#emit(['if', '']);
    for (let i = this.#random.between(0, 2); i >= 0; i--) this.#statement(depth);
    this.#emit('else');
    this.#statement(depth);
    this.#emit('end');
  }

  #loop(depth: number): void {
    const counter = FIRST_COUNTER + depth;
    this.#emit(['i32.const', this.#random.between(1, 6)], ['local.set', counter], ['loop', '']);
    for (let i = this.#random.between(0, 2); i >= 0; i--) this.#statement(depth);
    this.#emit(
      ['local.get', counter],
      ['i32.const', 1],
      'i32.sub',
      ['local.tee', counter],
      ['br_if', 0],
      'end',
    );
  }
}

function isStore(row: Opcode): boolean {
  return signatureOf(row)!.results.length === 0;
}

type Run = (a: number, b: bigint, c: number, d: bigint) => bigint;

/** Results, or `trap`; behind a trap, fuel regions and native code may differ in what they did before. */
function outcome(run: Run, bytes: () => Uint8Array): string {
  const log: string[] = [];
  for (const [a, b] of [
    [1, 2n],
    [77_777, -5n],
    [-1, 1n << 40n],
  ] as const) {
    try {
      log.push(String(run(a, b, (a * 3) | 0, b * 7n)));
    } catch (error) {
      if (!(error instanceof native.RuntimeError) && (error as Error).name !== 'Trap') throw error;
      return [...log, 'trap'].join();
    }
  }
  const memory = bytes();
  let hash = memory.length;
  for (let i = 0; i < memory.length; i++) hash = (Math.imul(hash, 31) + memory[i]!) | 0;
  return [...log, hash].join();
}

const SHAPES: readonly (readonly [string, () => Runtime])[] = [
  ['metered', () => new Runtime()],
  ['limited', () => new Runtime({ fuel: 10n ** 12n })],
  ['unmetered', () => new Runtime({ metering: false })],
  ['in regions', () => new Runtime({}, { outline: SPLIT_ALL })],
  ['interpreted', () => new Runtime({ metering: false }, { target: 'jitless' })],
  ['interpreted, in regions', () => new Runtime({}, { target: 'jitless', outline: SPLIT_ALL })],
];

test(`${COUNT} random programs around memory`, () => {
  let trapped = 0;
  for (let seed = 1; seed <= COUNT; seed++) {
    const random = new Random(seed);
    const address = NATIVE_HAS_64 && random.chance(0.6) ? 'i64' : 'i32';
    const wasm = memoryModule(address, random.chance(0.4), new Program(random, address).code);
    const { f, memory } = new native.Instance(new native.Module(wasm)).exports;
    const expected = outcome(f, () => new Uint8Array(memory.buffer));
    if (expected.includes('trap')) trapped++;
    for (const [shape, runtime] of SHAPES) {
      const { exports } = runtime().instantiateSync(wasm);
      const found = outcome(exports.f, () => (exports.memory as Memory).bytes);
      expect(found, `seed ${seed}, ${shape}`).toBe(expected);
    }
  }
  expect(trapped).toBeLessThan(COUNT / 5);
});
