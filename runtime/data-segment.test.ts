import { expect, test } from 'vitest';
import { DataSegment } from './data-segment.ts';

const source = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7 + 1) & 0xff);

test.each([0, 1, 47, 48, 49, 700])('copies exactly its %d bytes', (length) => {
  const memory = new Uint8Array(1000).fill(0xee);
  new DataSegment(0, 5, source, 13, length).copyTo(memory, 100);
  const expected = new Uint8Array(1000).fill(0xee);
  expected.set(source.subarray(13, 13 + length), 100);
  expect(memory).toEqual(expected);
});

test('its mode and bytes are made from what it is', () => {
  const active = new DataSegment(3, -1, source, 10, 4);
  expect(active.mode).toEqual({ kind: 'active', index: 3, offset: [{ op: 'i32.const', value: -1 }] });
  expect([...active.bytes]).toEqual([71, 78, 85, 92]);
  const offset = [{ op: 'global.get', index: 0 }] as const;
  expect(new DataSegment(0, offset, source, 0, 1).mode).toEqual({ kind: 'active', index: 0, offset });
  expect(new DataSegment(-1, 0, source, 0, 1).mode).toEqual({ kind: 'passive' });
});
