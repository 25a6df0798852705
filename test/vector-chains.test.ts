/**
 * Random chains of instructions on vectors of one kind, as programs have them and random modules seldom do: bytes that are extended,
 * computed with in 16 bits and narrowed; comparisons that are combined and asked; in a loop, with locals that carry them round.
 * Compared with native code over random memories.
 */
import { expect, test } from 'vitest';
import { Runtime } from '../src/index.ts';
import { type Exports, native as engine } from './support/native.ts';
import { Random } from './support/random.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const SIZE = 4096;
/** Locals: the address, then vectors; the last one is a scalar's. */
const VECTORS = [1, 2, 3, 4] as const;

type Chain = (random: Random, depth: number) => Instruction[];
type Makers = Readonly<Record<string, Chain>>;

const at = (random: Random): Instruction[] => [['local.get', 0], ['i32.const', random.int(900)], 'i32.add'];
const local: Chain = (random) => [['local.get', random.pick(VECTORS)]];
const constant = (random: Random, most: number): Instruction => {
  const half = BigInt(random.int(most));
  const lanes = Array.from({ length: 8 }, () => (random.chance(0.5) ? half : BigInt(random.int(most))));
  return ['v128.const', lanes.reduce((bits, lane) => (bits << 16n) | lane, 0n)];
};

/** Any of the makers, with leaves at the end. */
function grow(makers: Makers, leaves: Makers): Chain {
  const chain: Chain = (random, depth) => {
    const from = depth <= 0 ? leaves : makers;
    return from[random.pick(Object.keys(from))]!(random, depth - 1);
  };
  return chain;
}

const binary =
  (operand: () => Chain, names: readonly string[]): Chain =>
  (random, depth) => [...operand()(random, depth), ...operand()(random, depth), random.pick(names)];

const halfLeaves: Makers = {
  load: (random) => [
    ...at(random),
    random.pick(['v128.load8x8_u', 'v128.load8x8_u', 'v128.load8x8_s', 'v128.load']),
  ],
  splat: (random) => [['i32.const', random.int(300)], 'i16x8.splat'],
  constant: (random) => [constant(random, random.pick([2, 16, 256, 65536]))],
  extended: (random) => [
    ...local(random, 0),
    `i16x8.extend_${random.pick(['low', 'high'])}_i8x16_${random.pick(['u', 'u', 's'])}`,
  ],
  local,
};
const halves: Chain = grow(
  {
    ...halfLeaves,
    sum: binary(
      () => halves,
      ['i16x8.add', 'i16x8.add', 'i16x8.sub', 'i16x8.add_sat_u', 'i16x8.add_sat_s', 'i16x8.sub_sat_u'],
    ),
    other: binary(
      () => halves,
      [
        'i16x8.mul',
        'i16x8.min_u',
        'i16x8.max_s',
        'i16x8.avgr_u',
        'i16x8.q15mulr_sat_s',
        'v128.and',
        'v128.or',
        'v128.xor',
      ],
    ),
    shift: (random, depth) => [
      ...halves(random, depth),
      random.chance(0.8) ? ['i32.const', random.int(18)] : ['local.get', 0],
      random.pick(['i16x8.shl', 'i16x8.shr_u', 'i16x8.shr_s']),
    ],
    narrowed: (random, depth) => [
      ...halves(random, depth),
      ...halves(random, depth),
      random.pick(['i8x16.narrow_i16x8_u', 'i8x16.narrow_i16x8_s']),
      `i16x8.extend_${random.pick(['low', 'high'])}_i8x16_u`,
    ],
    kept: (random, depth) => [...halves(random, depth), ['local.tee', random.pick(VECTORS)]],
  },
  halfLeaves,
);

const ORDER = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'];
const compared: Chain = (random) => {
  const shape = random.pick(['i8x16', 'i8x16', 'i16x8']);
  const operand = () => (random.chance(0.6) ? [...at(random), 'v128.load' as const] : local(random, 0));
  return [...operand(), ...operand(), `${shape}.${random.pick(ORDER)}`];
};
const masks: Chain = grow(
  {
    compared,
    both: binary(() => masks, ['v128.and', 'v128.or', 'v128.xor', 'v128.andnot']),
    not: (random, depth) => [...masks(random, depth), 'v128.not'],
    chosen: (random, depth) => [
      ...local(random, 0),
      ...masks(random, depth),
      ...masks(random, depth),
      'v128.bitselect',
    ],
    kept: (random, depth) => [...masks(random, depth), ['local.tee', random.pick(VECTORS)]],
    splat: (random, depth) => [...asked(random, depth), random.pick(['i8x16.splat', 'i16x8.splat'])],
  },
  { compared, local },
);
const asked: Chain = (random, depth) => [
  ...masks(random, depth),
  random.pick(['i8x16.bitmask', 'i16x8.bitmask', 'v128.any_true', 'i8x16.all_true', 'i16x8.all_true']),
];

function build(seed: number): Uint8Array {
  const random = new Random(seed);
  const builder = new ModuleBuilder();
  builder.memory(1, 1, 'memory');
  const chain = random.chance(0.5) ? halves : masks;
  const body: Instruction[] = [['loop']];
  for (let i = random.between(2, 5); i > 0; i--) {
    if (random.chance(0.4))
      body.push(...chain(random, random.between(1, 4)), ['local.set', random.pick(VECTORS)]);
    else
      body.push(['local.get', 0], ...chain(random, random.between(2, 5)), [
        'v128.store',
        { offset: 2048 + 16 * i },
      ]);
  }
  body.push(['local.get', 0], ...asked(random, 2), ['i32.store', { offset: 3000 }]);
  body.push(
    ['local.get', 0],
    ['i32.const', 96],
    'i32.add',
    ['local.tee', 0],
    ['i32.const', 960],
    'i32.lt_u',
    ['br_if', 0],
    'end',
  );
  builder.func('i32 ->', body, { export: 'run', locals: VECTORS.map(() => 'v128') });
  return builder.build();
}

function memoryAfter(exports: Exports, seed: number): Uint8Array {
  const bytes = new Uint8Array(exports.memory.buffer as ArrayBuffer);
  const random = new Random(seed);
  // Few different bytes, so that comparisons find some.
  for (let i = 0; i < SIZE; i++)
    bytes[i] = random.chance(0.5) ? random.pick([0, 1, 127, 128, 255]) : random.int(256);
  exports.run(0);
  return bytes;
}

const runtime = new Runtime();
const FIRST = Number(process.env.RANDOM_SEED ?? 1);
const COUNT = Number(process.env.RANDOM_CHAINS ?? 300);

test(`${COUNT} chains`, () => {
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    const wasm = build(seed);
    const expected = memoryAfter(new engine.Instance(new engine.Module(wasm)).exports, seed);
    const found = memoryAfter(
      runtime.instantiateSync(runtime.compileSync(wasm), {}).exports as Exports,
      seed,
    );
    expect(Buffer.compare(expected, found), `seed ${seed}`).toBe(0);
  }
});
