/**
 * Snapshots that are refused: state that cannot be saved, host modules that do not fit, files that are damaged or made up.
 */
import { describe, expect, test } from 'vitest';
import { HOST_STATE, type Imports, Runtime, Snapshot, SnapshotError } from '../src/index.ts';
import { code, ModuleBuilder } from './support/wasm-builder.ts';

// biome-ignore lint/suspicious/noExplicitAny: exports of all kinds
type Exports = any;

describe('refused by name', () => {
  const runtime = new Runtime();
  const refuse = (
    build: (m: ModuleBuilder) => void,
    change: (e: Exports) => void,
    message: string | RegExp,
  ) => {
    const m = new ModuleBuilder();
    build(m);
    const instance = runtime.instantiateSync(m.build());
    change(instance.exports);
    expect(() => instance.snapshot()).toThrow(SnapshotError);
    expect(() => instance.snapshot()).toThrow(message);
  };

  test('shared memories', () => {
    refuse(
      (m) => m.memory(1, 1, 'm', { shared: true }),
      () => {},
      'the instance has a shared memory',
    );
  });

  test('functions of other instances and of the host, in tables', () => {
    const m = new ModuleBuilder();
    m.func('->', [], { export: 'f' });
    const { f } = runtime.instantiateSync(m.build()).exports;
    refuse(
      (own) => own.table('funcref', 3, 3, 't'),
      ({ t }) => t.set(2, f),
      'table 0 ("t") holds function 0 of another instance at 2',
    );
  });

  test('values of the host', () => {
    refuse(
      (m) => m.table('externref', 3, 3, 'x'),
      ({ x }) => x.set(1, 'text'),
      'table 0 ("x") holds a value of the host at 1',
    );
    refuse(
      (m) => m.global('externref', true, [['ref.null', 'extern']], 'g'),
      ({ g }) => {
        g.value = {};
      },
      'global 0 ("g") holds a value of the host',
    );
  });

  test('objects, even where a constant refers to them', () => {
    const m = new ModuleBuilder();
    // (type (array (mut i32))) (global (export "a") (ref array) (array.new_default $t (i32.const 3)))
    const bytes = Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 4, 1, 0x5e, 0x7f, 1],
      ...[6, 10, 1, 0x64, 0x6a, 0, 0x41, 3, 0xfb, 7, 0, 0x0b],
      ...[7, 5, 1, 1, 0x61, 3, 0],
    ]);
    expect(m.build().length).toBe(8);
    const instance = runtime.instantiateSync(bytes);
    expect(() => instance.snapshot()).toThrow('global 0 ("a") holds a garbage-collected object');
  });
});

describe('state of host modules', () => {
  function counting(version = 1, name = 'counter') {
    const state = { count: 0 };
    const module = {
      next: () => ++state.count,
      [HOST_STATE]: {
        name,
        version,
        saveState: () => Uint8Array.of(state.count),
        restoreState: (bytes: Uint8Array) => {
          if (bytes.length !== 1) throw new RangeError('no count');
          const [count] = bytes;
          return () => {
            state.count = count!;
          };
        },
      },
    };
    return { state, imports: { counter: module } };
  }
  const m = new ModuleBuilder();
  const next = m.importFunc('counter', 'next', '-> i32');
  m.func('-> i32', [['call', next]], { export: 'next' });
  const runtime = new Runtime();
  const module = runtime.compileSync(m.build());
  const { imports, state } = counting();
  const instance = runtime.instantiateSync(module, imports);
  instance.exports.next();
  const snapshot = Snapshot.load(instance.snapshot().save());

  test('is saved and restored with the instance', () => {
    instance.exports.next();
    const other = counting();
    expect(runtime.restore(module, snapshot, other.imports).exports.next()).toBe(2);
    expect(state.count).toBe(2);
    instance.reset(snapshot);
    expect(state.count).toBe(1);
  });

  test('must be of a module with that name and version', () => {
    const attempt = (other: { imports: Imports }) => () => runtime.restore(module, snapshot, other.imports);
    expect(attempt(counting(2))).toThrow(
      'the snapshot has version 1 of the state of host module "counter", it has 2',
    );
    expect(attempt(counting(1, 'other'))).toThrow(
      'the snapshot has the state of host module "counter", which is not imported',
    );
    expect(attempt({ imports: { counter: { next: () => 1 } } })).toThrow('which is not imported');
  });
});

describe('records that somebody made up', () => {
  // (type (func (result i32))) (type (func)) (func (type 0) i32.const 7) (func (type 1)) (table (export "t") 2 5 (ref null 0))
  // (memory 1 3) (global (mut i64) (i64.const 5)) (elem func 0 1) (data (i32.const 0) "a") (data "b")
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 8, 2, 0x60, 0, 1, 0x7f, 0x60, 0, 0],
    ...[3, 3, 2, 0, 1],
    ...[4, 6, 1, 0x63, 0, 1, 2, 5],
    ...[5, 4, 1, 1, 1, 3],
    ...[6, 6, 1, 0x7e, 1, 0x42, 5, 0x0b],
    ...[7, 5, 1, 1, 0x74, 1, 0],
    ...[9, 6, 1, 1, 0, 2, 0, 1],
    ...[10, 9, 2, 4, 0, 0x41, 7, 0x0b, 2, 0, 0x0b],
    ...[11, 10, 2, 0, 0x41, 0, 0x0b, 1, 0x61, 1, 1, 0x62],
  ]);
  const runtime = new Runtime();
  const module = runtime.compileSync(bytes);
  const { record } = runtime.instantiateSync(module).snapshot();
  const list = (...values: number[]) => Uint32Array.from(values);
  type Parts = typeof record;
  const instance = (change: Partial<Parts['instances'][number]>): Partial<Parts> => ({
    instances: [{ ...record.instances[0]!, ...change }],
  });
  const made = (change: Partial<Parts>) =>
    Snapshot.load(Snapshot.make({ ...record, ...change }, 4096, () => {}).save());
  const memory = record.memories[0]!;

  test('the true one, and others that fit, are restored', () => {
    const { t } = runtime.restore(module, made({ tables: [list(1, 0, 1)] })).exports;
    expect([t.length, t.get(0)(), t.get(1), t.get(2) === t.get(0)]).toEqual([3, 7, null, true]);
    expect(runtime.restore(module, made({ memories: [{ ...memory, pages: 3 }] })).exports.t.length).toBe(2);
  });

  test.each<[string, Partial<Parts>]>([
    ['of several modules together', { instances: [record.instances[0]!, record.instances[0]!] }],
    ['of another module', instance({ module: 'x' })],
    ['it has 0 memories, the module 1', instance({ memories: list() })],
    ['it has 2 tables, the module 1', instance({ tables: list(0, 0) })],
    ['it has 0 globals, the module 1', instance({ globals: list() })],
    ['it has 0 element segments, the module 1', instance({ elements: [] })],
    ['table 0 ("t") of size 6', { tables: [list(0, 0, 0, 0, 0, 0)] }],
    ['table 0 ("t") of size 1', { tables: [list(0)] }],
    ['table 0 ("t") cannot hold function 1', { tables: [list(0, 2)] }],
    ['table 0 ("t") cannot hold function 2', { tables: [list(0, 3)] }],
    ['table 0 ("t") cannot hold undefined', { tables: [list(0, 2 ** 32 - 1)] }],
    ['memory 0 of size 4', { memories: [{ ...memory, pages: 4 }] }],
    ['memory 0 of size 0', { memories: [{ ...memory, pages: 0, runs: [] }] }],
    ['memory 0 has pages of 1 bytes', { memories: [{ pages: 70_000, pageSize: 1, runs: [] }] }],
    ['global 0 is no i32', { globals: [{ kind: 'i32', words: list(0) }] }],
    ['global 0 is no ref', { globals: [{ kind: 'ref', words: list(1) }] }],
    ['no data segment 0 to drop', instance({ droppedData: list(0) })],
    ['no data segment 2 to drop', instance({ droppedData: list(2) })],
    ['element segment 0 has 1 elements', instance({ elements: [list(1)] })],
    ['element segment 0 cannot hold function 7', instance({ elements: [list(1, 8)] })],
    [
      'the state of host module "x", which is not imported',
      { hosts: [{ name: 'x', version: 1, state: list() as never }] },
    ],
  ])('%s', (message, change) => {
    const snapshot = made(change);
    expect(() => runtime.restore(module, snapshot)).toThrow(SnapshotError);
    expect(() => runtime.restore(module, snapshot)).toThrow(message);
    const running = runtime.instantiateSync(module);
    const before = running.snapshot().save();
    expect(() => running.reset(snapshot)).toThrow(message);
    expect(running.snapshot().save()).toEqual(before);
  });
});

describe('files', () => {
  const m = new ModuleBuilder();
  const global = m.global('i64', true, [['i64.const', 5n]], 'g');
  m.memory(1, 3, 'memory');
  m.table('funcref', 3, 3, 't');
  const f = m.func('-> i64', [['global.get', global]], { export: 'f' });
  m.elements([f], { offset: 1 });
  m.data('some', { offset: 70 });
  m.data('passive');
  const runtime = new Runtime();
  const module = runtime.compileSync(m.build());
  const bytes = runtime.instantiateSync(module).snapshot().save();

  test('every flipped byte is found', () => {
    for (let i = 0; i < bytes.length; i++) {
      const copy = bytes.slice();
      copy[i] = copy[i]! ^ (1 << (i % 8));
      expect(() => Snapshot.load(copy), `byte ${i}`).toThrow(SnapshotError);
    }
  });

  test('cut off, too long, or something else', () => {
    for (let length = 0; length < bytes.length; length += length < 100 ? 1 : 61)
      expect(() => Snapshot.load(bytes.slice(0, length)), `${length} bytes`).toThrow(SnapshotError);
    expect(() => Snapshot.load(Uint8Array.from([...bytes, 0]))).toThrow('its checksum does not fit');
    expect(() => Snapshot.load(code('unreachable'))).toThrow('not a snapshot of Sandglass');
    expect(() => Snapshot.load(5 as never)).toThrow(TypeError);
  });

  test('lie anywhere, in shared memory, too', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3));
    shared.set(bytes, 3);
    for (const view of [shared.subarray(3), Buffer.from(bytes)]) {
      expect(runtime.restore(module, Snapshot.load(view)).exports.f()).toBe(5n);
    }
  });

  test('whatever is in them, restoring answers or refuses', () => {
    // With the right checksum, as `from` does not look at it: damage that only the checks behind it see.
    let restored = 0;
    for (let i = 12; i < 400; i++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
        shared.set(bytes);
        shared[i] = value;
        try {
          const { exports } = runtime.restore(module, Snapshot.from({ buffer: shared.buffer }));
          restored++;
          expect(exports.t.length).toBe(3);
          for (let k = 0; k < 3; k++) expect([null, exports.f]).toContain(exports.t.get(k));
          expect(exports.memory.pages).toBeLessThanOrEqual(3);
        } catch (error) {
          if (!(error instanceof SnapshotError)) throw error;
        }
      }
    }
    expect(restored).toBeGreaterThan(20);
  });
});
