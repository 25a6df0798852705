/** Records as bytes and back; what is made up is refused, and never takes memory that the bytes do not justify. */
import { describe, expect, test } from 'vitest';
import { SnapshotError } from '../errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { decodeRecord, encodeRecord, type SnapshotRecord } from './record.ts';

const list = (...values: number[]) => Uint32Array.from(values);

/** Two instances that share a memory and a table, as a program and a library would. */
const GROUP: SnapshotRecord = {
  instances: [
    {
      module: 'ab',
      memoryBase: 0,
      tableBase: 0,
      memories: list(0, 1),
      tables: list(0),
      globals: list(0, 1),
      droppedData: list(3),
      elements: [list(), list(1, 0, 2)],
    },
    {
      module: 'cd',
      memoryBase: 1024,
      tableBase: 7,
      memories: list(0),
      tables: list(0),
      globals: list(1),
      droppedData: list(),
      elements: [],
    },
  ],
  memories: [
    {
      pages: 2,
      pageSize: 65_536,
      runs: [
        { at: 4096, length: 100, from: 0 },
        { at: 131_071, length: 1, from: 100 },
      ],
    },
    { pages: 0, pageSize: 1, runs: [] },
  ],
  tables: [list(0, 5, 2 ** 32 - 1)],
  globals: [
    { kind: 'v128', words: list(1, 2, 3, 2 ** 32 - 1) },
    { kind: 'ref', words: list(0) },
  ],
  hosts: [{ name: 'hé', version: 7, state: Uint8Array.of(1, 2, 3) }],
};

describe('records', () => {
  test('come back as they were, groups of instances, too', () => {
    expect(decodeRecord(encodeRecord(GROUP), 101)).toEqual(GROUP);
  });

  test.each<[string, (record: SnapshotRecord) => SnapshotRecord, number, string]>([
    ['no instance', (r) => ({ ...r, instances: [] }), 101, 'it has no instance'],
    [
      'a memory that is not there',
      (r) => ({ ...r, memories: r.memories.slice(1) }),
      101,
      'there is no number 1',
    ],
    ['bytes beyond the payload', (r) => r, 100, 'bytes that lie outside (1 at 131071)'],
    [
      'bytes beyond the memory',
      (r) => ({ ...r, memories: r.memories.map((m) => ({ ...m, pages: 1 })) }),
      101,
      'bytes that lie outside',
    ],
    [
      'runs that overlap',
      (r) => ({ ...r, memories: r.memories.map((m) => ({ ...m, runs: [...m.runs].reverse() })) }),
      101,
      'bytes that lie outside',
    ],
    [
      'an odd page size',
      (r) => ({ ...r, memories: r.memories.map((m) => ({ ...m, pageSize: 5 })) }),
      101,
      'pages of 5 bytes',
    ],
    [
      'a global with too few words',
      (r) => ({ ...r, globals: [{ kind: 'i64', words: list(1) }, ...r.globals.slice(1)] }),
      101,
      'a global of no known type',
    ],
  ])('%s', (_, change, payload, message) => {
    expect(() => decodeRecord(encodeRecord(change(GROUP)), payload)).toThrow(
      `the snapshot is damaged: ${message}`,
    );
  });

  test('any byte changed: another record, or refused', () => {
    const bytes = encodeRecord(GROUP).slice();
    for (let i = 0; i < bytes.length; i++) {
      for (const value of [0, 1, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[i] = value;
        try {
          decodeRecord(changed, 101);
        } catch (error) {
          expect(error).toBeInstanceOf(SnapshotError);
        }
      }
    }
  });

  test('lengths that the bytes do not have are refused at once', () => {
    for (const read of ['bytes', 'text', 'u32s'] as const) {
      const w = new ByteWriter();
      w.u32(2 ** 32 - 1);
      expect(() => new ByteReader(w.written)[read]()).toThrow('it is cut off');
    }
    const w = new ByteWriter();
    w.size(-1);
    expect(() => new ByteReader(w.written).size()).toThrow('-1 is no size');
  });
});
