/** The list tells the living, and does not grow with the dead. */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { WeakList } from './weak-list.ts';

it('tells every living entry, in order', () => {
  const list = new WeakList<{ n: number }>();
  const kept = Array.from({ length: 100 }, (_, n) => ({ n }));
  for (const each of kept) list.add(each);
  expect([...list]).toEqual(kept);
});

it('drops the dead', async () => {
  const list = new WeakList<object>();
  const held: object[] = [];
  // Garbage is collected only if there is pressure, and never within one task.
  for (let round = 0; round < 200 && list.size >= held.length; round++) {
    for (let i = 0; i < 500; i++) list.add(new Array(200).fill(i));
    held.push(...new Array(500).fill(list));
    await setImmediate();
  }
  expect(list.size).toBeLessThan(held.length);
});
