/**
 * Vectors where other things meet: the host, memory's end, functions split in regions, exceptions. What single instructions mean is
 * compared in compiler/opcodes-vectors.test.ts, combinations of them by the random modules.
 */
import { describe, expect, test } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { Exception, Global, Runtime, Tag, Trap } from '../src/index.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const BITS = 0x100f0e0d_0c0b0a09_88070605_04030201n;
/** A signalling NaN in every f32 lane, and in the f64 lanes. */
const SIGNALLING = 0x7ff4_0000_7fa0_0001_fff0_0001_ffa0_0000n;

const MODES = [
  ['whole functions', undefined],
  ['split functions', SPLIT_ALL],
] as const;

describe.each(MODES)('%s', (_, outline) => {
  const runtime = new Runtime({}, outline === undefined ? {} : { outline });

  function instantiate(build: (m: ModuleBuilder) => void, imports: Record<string, unknown> = {}) {
    const m = new ModuleBuilder();
    build(m);
    const instance = runtime.instantiateSync(runtime.compileSync(m.build()), { host: imports });
    // biome-ignore lint/suspicious/noExplicitAny: exports are what the test made them
    return instance.exports as Record<string, any>;
  }

  test('pass to the host and back: unsigned bigints, or sixteen bytes', () => {
    const seen: unknown[] = [];
    const swap = (i: number, v: bigint, l: bigint) => {
      seen.push(i, v, l);
      return [v, i, v ^ 1n, l];
    };
    const { f } = instantiate(
      (m) => {
        const host = m.importFunc('host', 'swap', 'i32 v128 i64 -> v128 i32 v128 i64');
        m.func(
          'i32 v128 i64 -> v128 i32 v128 i64',
          [0, 1, 2].map((i): Instruction => ['local.get', i]).concat([['call', host]]),
          {
            export: 'f',
          },
        );
      },
      { swap },
    );
    expect(f(7, BITS, -2n)).toEqual([BITS, 7, BITS ^ 1n, -2n]);
    expect(seen).toEqual([7, BITS, -2n]);
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => Number((BITS >> BigInt(8 * i)) & 0xffn));
    expect(f(1, bytes, 0n)[0]).toBe(BITS);
    expect(() => f(1, 5, 0n)).toThrow(TypeError);
    expect(() => f(1, undefined, 0n)).toThrow(TypeError);
  });

  test('a host that answers no vector is told so', () => {
    const { f } = instantiate(
      (m) => {
        const host = m.importFunc('host', 'bad', '-> v128');
        m.func('-> v128', [['call', host]], { export: 'f' });
      },
      { bad: () => 'no' },
    );
    expect(f).toThrow(TypeError);
  });

  test('globals: of the module, of another one, of the host', () => {
    const shared = new Global({ value: 'v128', mutable: true }, BITS);
    const exports = instantiate(
      (m) => {
        m.importGlobal('host', 'shared', 'v128', true);
        m.importGlobal('host', 'fixed', 'v128');
        m.global('v128', true, [['global.get', 1]], 'own');
        m.func(
          '->',
          [
            ['global.get', 0],
            ['global.get', 2],
            ['global.set', 0],
            ['global.set', 2],
          ],
          { export: 'swap' },
        );
      },
      { shared, fixed: 2n ** 127n },
    );
    expect(exports.own.value).toBe(2n ** 127n);
    exports.swap();
    expect([shared.value, exports.own.value]).toEqual([2n ** 127n, BITS]);
    exports.own.value = -1n;
    exports.swap();
    expect(shared.value).toBe(2n ** 128n - 1n);
    expect(new Global({ value: 'v128' }).value).toBe(0n);
  });

  test('are payloads of exceptions, in and out', () => {
    const tag = new Tag({ parameters: ['i32', 'v128'] });
    const exports = instantiate(
      (m) => {
        const imported = m.importTag('host', 'tag', 'i32 v128 ->');
        const thrower = m.func(
          'v128 ->',
          [
            ['i32.const', 9],
            ['local.get', 0],
            ['throw', imported],
          ],
          { export: 'throws' },
        );
        m.func(
          'v128 -> i32 v128',
          [['try'], ['local.get', 0], ['call', thrower], ['catch', imported], 'return', 'end', 'unreachable'],
          {
            export: 'catches',
          },
        );
      },
      { tag },
    );
    expect(exports.catches(SIGNALLING)).toEqual([9, SIGNALLING]);
    try {
      exports.throws(BITS);
      expect.unreachable();
    } catch (error) {
      expect((error as Exception).getArg(tag, 1)).toBe(BITS);
    }
    expect(new Exception(tag, [1, BITS]).getArg(tag, 1)).toBe(BITS);
  });

  const stores: [string, Instruction, number][] = [
    ['v128.store', ['v128.store', { offset: 3, align: 0 }], 16],
    ...[8, 16, 32, 64].map((bits): [string, Instruction, number] => [
      `v128.store${bits}_lane`,
      [`v128.store${bits}_lane`, { offset: 3, align: 0 }, 128 / bits - 1],
      bits / 8,
    ]),
  ];
  test.each(stores)('%s beyond the end writes nothing, whatever shape it is in', (_, store, size) => {
    for (const supply of [['v128.or'], ['f32x4.pmin'], ['f64x2.pmin'], ['f32x4.add']]) {
      const { f, memory } = instantiate((m) => {
        m.memory(1, 1, 'memory');
        m.func('i32 v128 ->', [['local.get', 0], ['local.get', 1], ['local.get', 1], ...supply, store], {
          export: 'f',
        });
      });
      const bytes = new Uint8Array(memory.buffer);
      for (let beyond = 1; beyond <= size; beyond++) {
        expect(() => f(65536 - size - 3 + beyond, BITS)).toThrow(Trap);
      }
      expect(() => f(-1, BITS)).toThrow(Trap);
      expect(bytes.every((byte) => byte === 0)).toBe(true);
      f(65536 - size - 3, BITS);
      expect(bytes.every((byte) => byte === 0)).toBe(false);
    }
  });

  const partial: readonly Instruction[][] = [
    ['f64x2.promote_low_f32x4'],
    ['i64x2.extend_low_i32x4_s'],
    ['i16x8.extend_low_i8x16_u'],
    ['f64x2.convert_low_i32x4_s'],
    [['i32x4.extract_lane', 0], 'i32x4.splat'],
    [['f32x4.extract_lane', 0], 'f32x4.splat'],
    ['drop', ['v128.const', 0n]],
    [
      ['local.set', 2],
      ['v128.const', 0n],
    ],
    [
      ['v128.const', 0n],
      ['i8x16.shuffle', 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3],
    ],
  ];
  const loads = [
    ['v128.load', 16],
    ['v128.load64_splat', 8],
    ['v128.load32_splat', 4],
  ] as const;
  test.each(
    partial.flatMap((wanted) =>
      loads.map(([load, size]) => [String(wanted[0]), load, size, wanted] as const),
    ),
  )('%s of %s: what nobody wants must lie in bounds, too', (_, load, size, wanted) => {
    const { f } = instantiate((m) => {
      m.memory(1, 1);
      const body: Instruction[] = [['local.get', 0], [load, { align: 0 }], ...wanted, ['local.set', 1]];
      m.func('i32 ->', body, { export: 'f', locals: ['v128', 'v128'] });
    });
    expect(f(65536 - size)).toBeUndefined();
    for (let beyond = 1; beyond < size; beyond++) expect(() => f(65536 - size + beyond)).toThrow(Trap);
  });

  test('a copy between overlapping places reads all before it writes', () => {
    const { f, memory } = instantiate((m) => {
      m.memory(1, 1, 'memory');
      m.func('i32 i32 ->', [['local.get', 0], ['local.get', 1], 'v128.load', 'v128.store'], { export: 'f' });
    });
    for (let distance = -17; distance <= 17; distance++) {
      const bytes = new Uint8Array(memory.buffer);
      for (let i = 0; i < 100; i++) bytes[i] = i;
      const expected = bytes.slice();
      expected.copyWithin(40 + distance, 40, 56);
      f(40 + distance, 40);
      expect(bytes.subarray(0, 100)).toEqual(expected.subarray(0, 100));
    }
  });

  test('signalling NaNs survive loops of floats that do not compute with them', () => {
    const { f } = instantiate((m) => {
      // sum += x for n rounds; where n is 0, the sum is the argument as it came
      m.func(
        'v128 v128 i32 -> v128',
        [
          ['block'],
          ['local.get', 2],
          'i32.eqz',
          ['br_if', 0],
          ['loop'],
          ['local.get', 0],
          ['local.get', 1],
          'f32x4.add',
          ['local.set', 0],
          ['local.get', 2],
          ['i32.const', 1],
          'i32.sub',
          ['local.tee', 2],
          ['br_if', 0],
          'end',
          'end',
          ['local.get', 0],
        ],
        { export: 'f' },
      );
    });
    const ones = 0x3f800000_3f800000_3f800000_3f800000n;
    expect(f(SIGNALLING, ones, 0)).toBe(SIGNALLING);
    expect(f(0n, ones, 3)).toBe(0x40400000_40400000_40400000_40400000n);
    const sum = f(SIGNALLING, ones, 1) as bigint;
    expect(sum & 0x00400000_00400000_00400000_00400000n).toBe(0x00400000_00400000_00400000_00400000n);
  });

  test('loop-carried vectors swap, rotate and select', () => {
    const { f } = instantiate((m) => {
      m.func(
        'v128 v128 i32 -> v128 v128',
        [
          ['loop'],
          ['local.get', 0],
          ['local.get', 1],
          ['i8x16.shuffle', 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
          ['local.get', 0],
          ['local.set', 1],
          ['local.set', 0],
          ['local.get', 2],
          ['i32.const', 1],
          'i32.sub',
          ['local.tee', 2],
          ['br_if', 0],
          'end',
          ['local.get', 0],
          ['local.get', 1],
        ],
        { export: 'f' },
      );
    });
    const words = (v: bigint) => [0n, 32n, 64n, 96n].map((at) => BigInt.asUintN(32, v >> at));
    let [a, b] = [words(BITS), words(SIGNALLING)];
    for (let i = 0; i < 5; i++) [a, b] = [[a[1]!, a[2]!, a[3]!, b[0]!], a];
    const join = (list: readonly bigint[]) => list.reduceRight((all, word) => (all << 32n) | word, 0n);
    expect(f(BITS, SIGNALLING, 5)).toEqual([join(a), join(b)]);
  });
});
