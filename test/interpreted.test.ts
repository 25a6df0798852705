/**
 * Code for interpreters (`--target jitless`) where it knows more than other code: counted loops, intervals of locals, addresses that need
 * no look; i64 as halves; functions with two entries. Random programs around all of these, against native WebAssembly; and a
 * few addresses by hand.
 */
import { describe, expect, test } from 'vitest';
import { Runtime } from '../src/index.ts';
import { native } from './support/native.ts';
import { Random } from './support/random.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const COUNT = Number(process.env.RANDOM_LOOPS ?? 400);
const PAGE = 65_536;
/** Local 0 is the parameter, 1 to 4 are i32, 5 and 6 i64; the last stops what would not end. */
const [PARAMETER, COUNTER, SECOND, SUM, WIDE, OTHER, GUARD] = [0, 1, 2, 3, 5, 6, 7] as const;

const LOADS = ['i32.load8_u', 'i32.load8_s', 'i32.load16_u', 'i32.load16_s', 'i32.load'];
const WIDE_LOADS = ['i64.load', 'i64.load8_s', 'i64.load16_u', 'i64.load32_s', 'i64.load32_u'];
const STORES = ['i32.store8', 'i32.store16', 'i32.store'];
const WIDE_STORES = ['i64.store', 'i64.store8', 'i64.store32'];
const SHIFTS = ['i64.shl', 'i64.shr_s', 'i64.shr_u', 'i64.rotl', 'i64.rotr'];
const WIDE_ARITHMETIC = ['i64.add', 'i64.sub', 'i64.mul', 'i64.xor', 'i64.and', 'i64.or', ...SHIFTS];
const COMPARISONS = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'];

class Program {
  readonly #random: Random;
  readonly code: Instruction[] = [];

  constructor(random: Random) {
    this.#random = random;
    this.#loop(2);
    if (random.chance(0.5)) this.#loop(1);
  }

  #emit(...instructions: readonly Instruction[]): void {
    this.code.push(...instructions);
  }

  #local(): number {
    return this.#random.pick([PARAMETER, COUNTER, COUNTER, SECOND, SECOND, SUM]);
  }

  /** An i32 near something that has an interval. */
  #number(depth: number): void {
    const random = this.#random;
    this.#emit(['local.get', this.#local()]);
    for (let i = random.between(0, depth); i > 0; i--) {
      const operator = random.pick([
        'add',
        'add',
        'sub',
        'shl',
        'and',
        'mul',
        'or',
        'shr_u',
        'shr_s',
        'rem_u',
      ]);
      const small = operator === 'shl' || operator.startsWith('shr');
      const amount = small
        ? random.between(0, 4)
        : random.pick([1, 3, 4, 8, 16, 56, 255, 1020, -4, -1, 40_000]);
      this.#emit(['i32.const', amount], `i32.${operator}`);
    }
  }

  #offset(): number {
    return this.#random.pick([0, 0, 0, 4, 8, 24, 1, 65_528, 65_532, 65_535]);
  }

  #wide(depth: number): void {
    const random = this.#random;
    const kind = depth === 0 ? 0 : random.between(0, 5);
    if (kind === 0) this.#emit(['local.get', random.pick([WIDE, OTHER])]);
    else if (kind === 1)
      this.#emit(['i64.const', random.pick([0n, -1n, 1n << 32n, 0xffff_ffffn, -(1n << 63n), 31n])]);
    else if (kind === 2) {
      this.#number(1);
      this.#emit(random.pick(['i64.extend_i32_s', 'i64.extend_i32_u']));
    } else {
      this.#wide(depth - 1);
      this.#wide(depth - 1);
      this.#emit(random.pick(WIDE_ARITHMETIC));
    }
  }

  #statement(depth: number): void {
    const random = this.#random;
    const kind = random.between(0, 8);
    if (kind <= 1) {
      this.#number(3);
      this.#emit([random.pick(LOADS), { offset: this.#offset() }], ['local.set', SUM]);
    } else if (kind === 2) {
      this.#number(3);
      this.#number(1);
      this.#emit([random.pick(STORES), { offset: this.#offset() }]);
    } else if (kind === 3) {
      this.#number(2);
      this.#emit([random.pick(WIDE_LOADS), { offset: this.#offset() }], ['local.set', WIDE]);
    } else if (kind === 4) {
      this.#number(2);
      this.#wide(1);
      this.#emit([random.pick(WIDE_STORES), { offset: this.#offset() }]);
    } else if (kind === 5) {
      this.#wide(2);
      this.#emit(['local.set', random.pick([WIDE, OTHER])]);
    } else if (kind === 6) {
      this.#wide(1);
      this.#wide(1);
      this.#emit(`i64.${random.pick(COMPARISONS)}`, ['if', '']);
      if (depth > 0) this.#statement(depth - 1);
      if (random.chance(0.3))
        this.#emit(['local.get', SECOND], ['i32.const', 8], 'i32.add', ['local.set', SECOND]);
      this.#emit('end');
    } else if (kind === 7) {
      this.#wide(1);
      this.#number(1);
      this.#emit(['call', 0], ['local.set', OTHER]);
    } else if (depth > 0) this.#loop(depth - 1);
  }

  #step(local: number, step: number): void {
    this.#emit(['local.get', local], ['i32.const', step], 'i32.add', ['local.set', local]);
  }

  /** Mostly one that ends after some turns; by a guard, all do. */
  #loop(depth: number): void {
    const random = this.#random;
    const step = random.pick([1, 4, 8, 16, -1, -4, 3]);
    const turns = random.between(1, 12);
    const start = random.pick([0, 0, -step, -step * turns, 1024, 65_500, 0x7fff_fff0]);
    this.#emit(['i32.const', start], ['local.set', COUNTER]);
    this.#emit(['i32.const', random.pick([0, 1024, 65_480, -8])], ['local.set', SECOND]);
    this.#emit(['block', ''], ['loop', '']);
    this.#emit(['local.get', GUARD], ['i32.const', 1], 'i32.add', ['local.tee', GUARD]);
    this.#emit(['i32.const', 300], 'i32.gt_u', ['br_if', 1]);
    for (let i = random.between(1, 3); i > 0; i--) this.#statement(depth);
    if (random.chance(0.8)) this.#step(SECOND, random.pick([4, 8, 16, -4, 1]));
    this.#test(step, (start + step * turns) | 0);
    if (random.chance(0.1)) this.#step(SECOND, 4);
    this.#emit('end', 'end');
  }

  #test(step: number, until: number): void {
    const random = this.#random;
    const late = random.chance(0.2);
    this.#emit(['local.get', COUNTER], ['i32.const', step], 'i32.add', ['local.tee', COUNTER]);
    if (late) this.#emit(['local.set', COUNTER], ['local.get', COUNTER]);
    const compare = random.pick(['i32.ne', 'i32.ne', 'i32.lt_u', 'i32.lt_s', '', 'i32.gt_s']);
    if (compare !== '') this.#emit(['i32.const', until], compare);
    this.#emit(['br_if', 0]);
  }
}

function moduleOf(random: Random): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.memory(1, 2, 'memory');
  const mixed: Instruction[] = [
    ['local.get', 0],
    ['local.get', 1],
    'i64.extend_i32_s',
    'i64.mul',
    ['i64.const', 7n],
    'i64.add',
  ];
  m.func('i64 i32 -> i64', mixed);
  const result: Instruction[] = [['local.get', WIDE], ['local.get', OTHER], 'i64.xor'];
  for (const local of [COUNTER, SECOND, SUM])
    result.push(['local.get', local], 'i64.extend_i32_u', 'i64.add');
  const { code } = new Program(random);
  m.func('i32 -> i64', [...code, ...result], {
    export: 'f',
    locals: ['i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32'],
  });
  return m.build();
}

type Run = (a: number) => bigint;

function outcome(run: Run, memory: { readonly buffer: ArrayBufferLike }): string {
  const log: string[] = [];
  for (const a of [0, 12, -5, 65_530]) {
    try {
      log.push(String(run(a)));
    } catch (error) {
      if (!(error instanceof native.RuntimeError) && (error as Error).name !== 'Trap') throw error;
      log.push('trap');
    }
    let hash = 0;
    for (const byte of new Uint8Array(memory.buffer)) hash = (Math.imul(hash, 31) + byte) | 0;
    log.push(String(hash));
  }
  return log.join();
}

test(`${COUNT} random programs around counted loops`, { timeout: 120_000 }, () => {
  let trapped = 0;
  for (let seed = 1; seed <= COUNT; seed++) {
    const wasm = moduleOf(new Random(seed));
    const theirs = new native.Instance(new native.Module(wasm), {}).exports as never as {
      f: Run;
      memory: never;
    };
    const expected = outcome(theirs.f, theirs.memory);
    if (expected.includes('trap')) trapped++;
    for (const metering of [false, true]) {
      const runtime = new Runtime({ metering }, { target: 'jitless' });
      const ours = runtime.instantiateSync(wasm).exports as never as { f: Run; memory: never };
      expect(outcome(ours.f, ours.memory), `seed ${seed}, ${metering ? 'metered' : 'unmetered'}`).toBe(
        expected,
      );
    }
  }
  if (COUNT >= 400) expect([trapped > COUNT / 10, trapped < (COUNT * 9) / 10]).toEqual([true, true]);
});

describe('addresses', () => {
  const accesses = [...LOADS, 'f32.load', 'f64.load', 'i64.load'];
  const m = new ModuleBuilder();
  m.memory(1, 2, 'memory');
  for (const [i, load] of accesses.entries()) {
    const type = load.slice(0, 3);
    const code: Instruction[] = [
      ['local.get', 0],
      [load, { offset: 8 }],
    ];
    m.func(`i32 -> ${type}`, code, { export: `load${i}` });
    const store = load.replace('load', 'store').replace(/_[su]$/, '');
    const stored: Instruction[] = [
      ['local.get', 0],
      ['local.get', 0],
      [load, { offset: 8 }],
      [store, { offset: 3 }],
    ];
    m.func('i32 ->', stored, { export: `move${i}` });
  }
  const wasm = m.build();
  const addresses = [
    0,
    1,
    5,
    6,
    7,
    PAGE - 9,
    PAGE - 12,
    PAGE - 16,
    PAGE - 15,
    PAGE,
    -1,
    -8,
    -16,
    -0x8000_0000,
  ];
  test.each(accesses.map((name, i) => [name, i] as const))('%s', (_, i) => {
    const both = [
      new native.Instance(new native.Module(wasm), {}).exports,
      new Runtime({}, { target: 'jitless' }).instantiateSync(wasm).exports,
    ].map((exports) => {
      const { memory, ...functions } = exports as never as Record<string, (a: number) => unknown> & {
        memory: { readonly buffer: ArrayBuffer };
      };
      const bytes = () => new Uint8Array(memory.buffer);
      bytes().forEach((_byte, at, all) => {
        all[at] = (at * 37) ^ (at >> 8);
      });
      const told = addresses.flatMap((address) =>
        [`load${i}`, `move${i}`].map((name) => {
          try {
            return String(functions[name]!(address));
          } catch {
            return 'trap';
          }
        }),
      );
      return [told, bytes().slice(0, 64), bytes().slice(-64)];
    });
    expect(both[1]).toEqual(both[0]);
  });
});
