import fs, { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readOpenFile } from './file-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-bytes-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(path: string): Uint8Array {
  const descriptor = openSync(path, 'r');
  try {
    return readOpenFile(fs, descriptor);
  } finally {
    closeSync(descriptor);
  }
}

test.each([0, 1, 2 ** 20 - 1, 2 ** 20, 3 * 2 ** 20 + 17])('reads all of %d bytes', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 9)) & 0xff);
  const path = join(folder, `${length}`);
  writeFileSync(path, bytes);
  const found = read(path);
  expect(found.length).toBe(length);
  expect(Buffer.compare(found, bytes)).toBe(0);
});

test('a file that is shorter than it was is read as far as it goes', () => {
  const path = join(folder, 'shrinking');
  writeFileSync(path, new Uint8Array(2 ** 21).fill(7));
  const descriptor = openSync(path, 'r');
  const shrinking = {
    ...fs,
    readSync: (...[file, bytes, at, length, from]: [number, Uint8Array, number, number, number]) =>
      fs.readSync(file, bytes, at, Math.min(length, 2 ** 20 - at), from),
  };
  const found = readOpenFile(shrinking as never, descriptor);
  closeSync(descriptor);
  expect(found.length).toBe(2 ** 20);
});

test.skipIf(process.platform === 'win32')('what is no regular file is read to its end', () => {
  expect(read('/dev/null').length).toBe(0);
});
