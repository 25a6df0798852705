/**
 * Snapshots through the public face: every kind of state comes back, in a new instance and in place, and only where it
 * fits.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Global, type Imports, Memory, Runtime, Snapshot, Table } from '../src/index.ts';
import { precompile } from '../src/precompile.ts';
import { Runtime as BareRuntime, type Precompiled } from '../src/runtime.ts';
import { ROOT } from './cli-process.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-snapshot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (index: number): Instruction => ['local.get', index];

/** Something of every kind, and functions to look at it and to change it. */
function everything(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const host = m.importFunc('host', 'told', 'i32 -> i32');
  m.importGlobal('host', 'shared', 'i32', true);
  m.importGlobal('host', 'base', 'i32');
  m.importMemory('host', 'memory', 1);
  m.importTable('host', 'table', 'funcref', 4);
  m.memory(1, 10, 'm1');
  m.memory(1n, 10n, 'm2', { address: 'i64' });
  const types = {
    i32: 'i32.const',
    i64: 'i64.const',
    f32: 'f32.const',
    f64: 'f64.const',
    v128: 'v128.const',
  };
  for (const [type, constant] of Object.entries(types)) {
    const value = type === 'i64' || type === 'v128' ? 7n : 7;
    const index = m.global(type, true, [[constant, value]], `g-${type}`);
    m.func(`-> ${type}`, [['global.get', index]], { export: `get-${type}` });
    m.func(`${type} ->`, [get(0), ['global.set', index]], { export: `set-${type}` });
  }
  const constant = m.global('i32', false, [['global.get', 1]]);
  m.func('-> i32', [['global.get', constant]], { export: 'base' });
  const double = m.func('i32 -> i32', [get(0), get(0), 'i32.add'], { export: 'double' });
  const fn = m.global('funcref', true, [['ref.null', 'func']], 'g-funcref');
  m.table('funcref', 5, 50, 't1');
  m.elements([double, host], { index: 1, offset: 1 });
  const passive = m.elements([double]);
  m.data('active', { offset: 16 });
  const data = m.data('passive');
  const type = m.type('i32 -> i32');
  m.func('i32 i32 -> i32', [get(0), get(1), ['call_indirect', type, 1]], { export: 'call' });
  m.func('i32 i32 -> i32', [get(0), get(1), ['call_indirect', type, 0]], { export: 'call0' });
  m.func(
    '->',
    [
      ['ref.func', host],
      ['global.set', fn],
    ],
    { export: 'set-funcref' },
  );
  m.func(
    '-> i32',
    [
      ['i32.const', 2],
      ['global.get', fn],
      ['table.set', 1],
      ['i32.const', 5],
      ['i32.const', 2],
      ['call_indirect', type, 1],
    ],
    { export: 'call-funcref' },
  );
  m.func('i32 -> i32', [['ref.func', double], get(0), ['table.grow', 1]], { export: 'grow-table' });
  m.func('i32 ->', [get(0), ['i32.const', 0], ['i32.const', 1], ['table.init', passive, 1]], {
    export: 'table-init',
  });
  m.func('i32 ->', [get(0), ['i32.const', 0], ['i32.const', 7], ['memory.init', data, 1]], {
    export: 'memory-init',
  });
  m.func(
    '->',
    [
      ['elem.drop', passive],
      ['data.drop', data],
    ],
    { export: 'drop' },
  );
  for (const [memory, address] of [
    [0, 'i32'],
    [1, 'i32'],
    [2, 'i64'],
  ] as const) {
    m.func(`${address} -> i32`, [get(0), ['i32.load', { memory }]], { export: `load${memory}` });
    m.func(`${address} i32 ->`, [get(0), get(1), ['i32.store', { memory }]], { export: `store${memory}` });
    m.func(`${address} -> ${address}`, [get(0), ['memory.grow', memory]], { export: `grow${memory}` });
  }
  m.func('->', [get(0), 'drop'], { export: 'nothing', locals: ['i32'] });
  return m.build();
}

interface World {
  readonly imports: Imports;
  readonly told: number[];
  readonly memory: Memory;
  readonly table: Table;
  readonly shared: Global;
  onTold: () => void;
}

function world(base = 1024): World {
  const told: number[] = [];
  const memory = new Memory({ initial: 1 });
  const table = new Table({ element: 'anyfunc', initial: 4 });
  const shared = new Global({ value: 'i32', mutable: true }, 3);
  const made: World = {
    told,
    memory,
    table,
    shared,
    onTold: () => {},
    imports: {
      host: {
        told: (value: number) => {
          told.push(value);
          made.onTold();
          return -value;
        },
        shared,
        base,
        memory,
        table,
      },
    },
  };
  return made;
}

const SIGNALLING_F64 = 0x7ff0_0000_dead_beefn;
const VECTOR = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210n;

// biome-ignore lint/suspicious/noExplicitAny: exports of the module above
type Exports = any;

/** Changes what there is; `look` sees all of it. */
function work(e: Exports, { table, shared }: World): void {
  e['set-i32'](-5);
  e['set-i64'](-(2n ** 63n));
  e['set-f32'](1.5);
  e['set-f64'](-0);
  e['set-funcref']();
  shared.value = 77;
  table.set(3, e.double);
  e['grow-table'](3);
  e.grow0(1);
  e.grow1(2);
  e.grow2(1n);
  e.store0(100_000, 11);
  e.store1(196_604, 12);
  e.store2(70_000n, 13);
  e.store1(8192, 14);
  e['memory-init'](20);
  e['table-init'](0);
  e.drop();
}

function look(e: Exports, { memory, table, shared }: World): unknown {
  return {
    numbers: ['i32', 'i64', 'f32', 'f64'].map((type) => e[`get-${type}`]()),
    vector: e['g-v128'].value,
    shared: shared.value,
    base: e.base(),
    sizes: [memory.pages, e.m1.pages, e.m2.pages, table.length, e.t1.length],
    bytes: [e.load0(16), e.load0(100_000), e.load1(196_604), e.load1(8192), e.load1(20), e.load2(70_000n)],
    tables: [table.get(3), e.t1.get(0), e.t1.get(7)].map((entry) => entry === e.double),
    nulls: [table.get(0), e.t1.get(3)],
    indirect: [e.call(9, 0), e.call(9, 1), e.call(9, 2), e.call(9, 7), e.call0(9, 3)],
    funcref: e['call-funcref'](),
  };
}

async function precompiled(bytes: Uint8Array): Promise<Precompiled> {
  const runtime = pathToFileURL(join(ROOT, 'src/runtime.ts')).href;
  const [main] = await precompile(bytes, { name: 'm.mjs', runtime, inline: true });
  const path = join(folder, `m${Math.random()}.mjs`);
  writeFileSync(path, main!.contents);
  return import(pathToFileURL(path).href) as Promise<Precompiled>;
}

describe('every kind of state', () => {
  const bytes = everything();
  const runtime = new Runtime();
  const module = runtime.compileSync(bytes);
  const started = (own = world()) => ({ own, instance: runtime.instantiateSync(module, own.imports) });

  test('comes back in a new instance, and in place', () => {
    const { own: first, instance } = started();
    work(instance.exports, first);
    instance.exports['g-v128'].value = VECTOR;
    const snapshot = instance.snapshot();
    const expected = look(instance.exports, first);
    const view = instance.exports.m1;
    instance.exports['set-i64'](1n);
    first.shared.value = 0;
    first.table.set(3, null);
    instance.exports.grow1(3);
    instance.exports.store1(12_000, 5);
    instance.exports.store1(20, 5);
    instance.exports.store1(300_000, 5);
    instance.exports['grow-table'](7);
    instance.reset(snapshot);
    expect(look(instance.exports, first)).toEqual(expected);
    expect(instance.exports.m1).toBe(view);
    // Beyond the end there is nothing left of what was there.
    expect(instance.exports.grow1(3)).toBe(3);
    expect(instance.exports.load1(300_000)).toBe(0);

    const second = world();
    second.memory.grow(5);
    new Uint8Array(second.memory.buffer).fill(0xff);
    second.table.set(1, instance.exports.nothing);
    const loaded = Snapshot.load(snapshot.save());
    const other = runtime.restore(module, loaded, second.imports);
    expect(look(other.exports, second)).toEqual(expected);
    expect(second.told).toEqual([9, 5]);
    expect(other.exports.double).not.toBe(instance.exports.double);
    for (const name of ['table-init', 'memory-init'])
      expect(() => other.exports[name](0)).toThrow('out of bounds');
  });

  test('keeps the bits of NaNs', () => {
    const m = new ModuleBuilder();
    const f32 = m.global('f32', true, [['f32.const', 0]]);
    const f64 = m.global('f64', true, [['f64.const', 0]]);
    m.func(
      'i32 i64 ->',
      [
        get(0),
        'f32.reinterpret_i32',
        ['global.set', f32],
        get(1),
        'f64.reinterpret_i64',
        ['global.set', f64],
      ],
      { export: 'set' },
    );
    m.func('-> i32', [['global.get', f32], 'i32.reinterpret_f32'], { export: 'f32' });
    m.func('-> i64', [['global.get', f64], 'i64.reinterpret_f64'], { export: 'f64' });
    const program = runtime.compileSync(m.build());
    for (const bits of [0x7f80_0001, 0x7fc0_0000, -1, 0xff81_2345 | 0]) {
      const instance = runtime.instantiateSync(program);
      instance.exports.set(bits, SIGNALLING_F64);
      const other = runtime.restore(program, instance.snapshot());
      expect(other.exports.f32()).toBe(bits);
      expect(BigInt.asUintN(64, other.exports.f64())).toBe(SIGNALLING_F64);
    }
  });

  test('passes between compiled at run time, precompiled, and threads', async () => {
    const { module: file } = await precompiled(bytes);
    const { own: first, instance } = started();
    work(instance.exports, first);
    const snapshot = instance.snapshot();
    const expected = look(instance.exports, first);
    const bare = new BareRuntime();
    const second = world();
    const restored = bare.restore(file, Snapshot.from(snapshot.share()), second.imports);
    expect(look(restored.exports, second)).toEqual(expected);
    instance.reset(restored.snapshot());
    expect(look(instance.exports, first)).toEqual(expected);
  });

  test('costs no fuel, and runs no start function', () => {
    const m = new ModuleBuilder();
    const count = m.global('i32', true, [['i32.const', 0]], 'count');
    m.start(m.func('->', [['global.get', count], ['i32.const', 1], 'i32.add', ['global.set', count]]));
    const own = new Runtime({ fuel: 1000n });
    const program = own.compileSync(m.build());
    const instance = own.instantiateSync(program);
    const { consumed } = own.fuel;
    const restored = own.restore(program, instance.snapshot());
    restored.reset(instance.snapshot());
    expect(restored.exports.count.value).toBe(1);
    expect(own.fuel.consumed).toBe(consumed);
  });

  test('has the room to grow that the limits allow', () => {
    const { instance } = started();
    instance.exports.grow1(4);
    const snapshot = instance.snapshot();
    const restored = runtime.restore(module, snapshot, world().imports);
    expect(restored.exports.grow1(6)).toBe(-1);
    expect(restored.exports.grow1(5)).toBe(5);
    const small = new Runtime({ limits: { memoryPages: 4 } });
    expect(() => small.restore(small.compileSync(bytes), snapshot, world().imports)).toThrow(
      'limits.memoryPages',
    );
  });

  test('comes into the memory of an instance that was closed', () => {
    const { own: first, instance } = started();
    work(instance.exports, first);
    const snapshot = instance.snapshot();
    const expected = look(instance.exports, first);
    const { m1 } = instance.exports;
    // Larger than what comes next, and full.
    instance.exports.grow1(1);
    const view: Uint8Array = m1.bytes;
    view.fill(0xff);
    instance.close();
    expect([view.length, m1.pages, m1.buffer.byteLength, instance.exports.grow1(1)]).toEqual([0, 0, 0, -1]);
    expect(() => instance.exports.load1(0)).toThrow('out of bounds memory access');
    for (const use of ['snapshot', 'invoke'] as const) expect(() => instance[use]('base')).toThrow('closed');
    instance.close();

    const second = world();
    const { exports } = runtime.restore(module, snapshot, second.imports);
    expect(look(exports, second)).toEqual(expected);
    const { pages } = exports.m1;
    exports.grow1(2);
    expect(exports.m1.bytes.subarray(65_536 * pages).some((byte: number) => byte !== 0)).toBe(false);
    expect(exports.m1.bytes.subarray(65_536, 2 * 65_536).some((byte: number) => byte !== 0)).toBe(false);
  });

  test('is not taken while code runs', () => {
    const { own: w, instance } = started();
    const snapshot = instance.snapshot();
    const seen: unknown[] = [];
    w.onTold = () => {
      for (const attempt of [() => instance.snapshot(), () => instance.reset(snapshot)]) {
        try {
          attempt();
        } catch (error) {
          seen.push((error as Error).message);
        }
      }
    };
    instance.exports.call(1, 2);
    expect(seen).toEqual([
      'cannot take a snapshot: the instance is not at rest, code of its Runtime is running',
      'cannot reset: the instance is not at rest, code of its Runtime is running',
    ]);
    w.onTold = () => {
      throw new Error('from the host');
    };
    expect(() => instance.exports.call(1, 2)).toThrow('from the host');
    expect(instance.snapshot()).toBeInstanceOf(Snapshot);
  });

  test('is of this module only, and of imports that fit', () => {
    const snapshot = started().instance.snapshot();
    const other = runtime.instantiateSync(new ModuleBuilder().build());
    expect(() => other.reset(snapshot)).toThrow(
      /^the snapshot is of another module \("[0-9a-f]{12}…"\) than this/,
    );
    expect(() => runtime.restore(module, snapshot, world(5).imports)).toThrow(
      'global 1 ("base") is imported with another value than when the snapshot was taken',
    );
    const tight = world();
    const { host } = tight.imports as { host: Record<string, unknown> };
    const memory = new Memory({ initial: 1, maximum: 1 });
    const { instance: larger } = started();
    larger.exports.grow0(1);
    const imports = { host: { ...host, memory } };
    expect(() => runtime.restore(module, larger.snapshot(), imports)).toThrow(
      'no room for a memory of 2 pages',
    );
  });
});
