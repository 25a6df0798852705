/**
 * What a snapshot says, apart from the memories' bytes: a record per thing that has state, and its form as bytes. The form
 * has room for several instances that share memories and tables, as a program and the libraries that it has loaded do;
 * today's snapshots are of one.
 *
 * Checked here: that a record is well-formed in itself. Whether it fits a module: fit.ts.
 */
import { ByteReader, ByteWriter, damaged } from './bytes.ts';

/** Bytes of a memory that are not all zero: `length` of them from `at` on lie in the payload from `from` on. */
export interface Run {
  readonly at: number;
  readonly length: number;
  readonly from: number;
}

export interface MemoryRecord {
  readonly pages: number;
  readonly pageSize: number;
  /** In the order of their addresses, apart from each other. */
  readonly runs: readonly Run[];
}

/**
 * References as numbers: 0 is null, n + 1 is function n, 2^32 − 1 the host's undefined. Functions of several instances are counted
 * through, those of the first one first.
 */
export type ReferenceList = Uint32Array;

export type GlobalKind = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'ref';

export interface GlobalRecord {
  readonly kind: GlobalKind;
  /** Its bits, lowest first, as many as the type has; of a reference, its number as in a `ReferenceList`. */
  readonly words: Uint32Array;
}

export interface InstanceRecord {
  /** SHA-256 of the module, in hexadecimal. */
  readonly module: string;
  /** Where a library's part of the memory and of the table begins. */
  readonly memoryBase: number;
  readonly tableBase: number;
  /** What its memories, tables and globals with state are, in the order of their indices: places in the snapshot's lists. */
  readonly memories: Uint32Array;
  readonly tables: Uint32Array;
  readonly globals: Uint32Array;
  /** Passive data segments that were dropped. */
  readonly droppedData: Uint32Array;
  /** The references in each element segment; none if it was dropped. */
  readonly elements: readonly ReferenceList[];
}

/** The state of a host module, in its own words. */
export interface HostRecord {
  readonly name: string;
  readonly version: number;
  readonly state: Uint8Array;
}

export interface SnapshotRecord {
  readonly instances: readonly InstanceRecord[];
  readonly memories: readonly MemoryRecord[];
  readonly tables: readonly ReferenceList[];
  readonly globals: readonly GlobalRecord[];
  readonly hosts: readonly HostRecord[];
}

const KINDS: readonly GlobalKind[] = ['i32', 'i64', 'f32', 'f64', 'v128', 'ref'];
const WORDS: Readonly<Record<GlobalKind, number>> = { i32: 1, i64: 2, f32: 1, f64: 2, v128: 4, ref: 1 };

export function encodeRecord({ instances, memories, tables, globals, hosts }: SnapshotRecord): Uint8Array {
  const w = new ByteWriter();
  w.list(instances, (each) => {
    w.text(each.module);
    w.size(each.memoryBase);
    w.size(each.tableBase);
    for (const list of [each.memories, each.tables, each.globals, each.droppedData]) w.u32s(list);
    w.list(each.elements, (list) => w.u32s(list));
  });
  w.list(memories, ({ pages, pageSize, runs }) => {
    w.size(pages);
    w.u32(pageSize);
    w.list(runs, ({ at, length, from }) => {
      for (const value of [at, length, from]) w.size(value);
    });
  });
  w.list(tables, (list) => w.u32s(list));
  w.list(globals, ({ kind, words }) => {
    w.u32(KINDS.indexOf(kind));
    w.u32s(words);
  });
  w.list(hosts, ({ name, version, state }) => {
    w.text(name);
    w.u32(version);
    w.bytes(state);
  });
  return w.written;
}

/** `payload`: how many bytes there are for runs. The record keeps no part of `bytes` but the hosts' states. */
export function decodeRecord(bytes: Uint8Array, payload: number): SnapshotRecord {
  const r = new ByteReader(bytes);
  const record: SnapshotRecord = {
    instances: r.list(() => ({
      module: r.text(),
      memoryBase: r.size(),
      tableBase: r.size(),
      memories: r.u32s(),
      tables: r.u32s(),
      globals: r.u32s(),
      droppedData: r.u32s(),
      elements: r.list(() => r.u32s()),
    })),
    memories: r.list(() => ({
      pages: r.size(),
      pageSize: r.u32(),
      runs: r.list(() => ({ at: r.size(), length: r.size(), from: r.size() })),
    })),
    tables: r.list(() => r.u32s()),
    globals: r.list(() => globalRecord(KINDS[r.u32()], r.u32s())),
    hosts: r.list(() => ({ name: r.text(), version: r.u32(), state: r.bytes() })),
  };
  r.end();
  check(record, payload);
  return record;
}

function globalRecord(kind: GlobalKind | undefined, words: Uint32Array): GlobalRecord {
  if (kind === undefined || words.length !== WORDS[kind]) throw damaged('a global of no known type');
  return { kind, words };
}

function check({ instances, memories, tables, globals }: SnapshotRecord, payload: number): void {
  if (instances.length === 0) throw damaged('it has no instance');
  for (const each of instances) {
    checkPlaces(each.memories, memories);
    checkPlaces(each.tables, tables);
    checkPlaces(each.globals, globals);
  }
  for (const memory of memories) checkRuns(memory, payload);
}

function checkPlaces(places: Uint32Array, list: readonly unknown[]): void {
  for (const place of places) if (place >= list.length) throw damaged(`there is no number ${place}`);
}

function checkRuns({ pages, pageSize, runs }: MemoryRecord, payload: number): void {
  if (pageSize !== 1 && pageSize !== 65_536) throw damaged(`pages of ${pageSize} bytes`);
  let end = 0;
  for (const { at, length, from } of runs) {
    if (at < end || at + length > pages * pageSize || from + length > payload)
      throw damaged(`bytes that lie outside (${length} at ${at})`);
    end = at + length;
  }
}
