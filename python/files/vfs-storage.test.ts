/** The host's side of a storage: files by path, the quota, snapshots. Guests' use of it is in test/python/vfs.test.ts. */
import { beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_MAX_BYTES, VfsStorage } from './vfs-storage.ts';

let storage: VfsStorage;
beforeEach(() => {
  storage = new VfsStorage({ maxBytes: 1000 });
  storage.mkdir('/a/b', { recursive: true });
  storage.writeFile('/a/b/x', 'hello');
});

describe('files', () => {
  test('text and bytes', () => {
    expect(storage.readFile('/a/b/x', 'utf8')).toBe('hello');
    storage.writeFile('/bytes', Uint8Array.of(0, 255));
    expect([...storage.readFile('bytes')]).toEqual([0, 255]);
  });

  test('writing replaces', () => {
    storage.writeFile('/a/b/x', 'hi');
    expect(storage.readFile('/a/b/x', 'utf8')).toBe('hi');
    expect(storage.usedBytes).toBe(2);
  });

  test('what is written is copied, both ways', () => {
    const bytes = Uint8Array.of(1);
    storage.writeFile('/c', bytes);
    bytes[0] = 2;
    storage.readFile('/c')[0] = 3;
    expect([...storage.readFile('/c')]).toEqual([1]);
  });

  test('names and kinds', () => {
    storage.writeFile('/Z', '');
    expect(storage.list()).toEqual(['Z', 'a']);
    expect(storage.stat('/a')).toMatchObject({ type: 'directory' });
    expect(storage.stat('/a/b/x')).toMatchObject({ type: 'file', size: 5, modified: expect.any(Date) });
    expect(['/a', '/a/b/x', '/q', '/a/b/x/y'].map((path) => storage.exists(path))).toEqual([
      ...[true, true, false, false],
    ]);
  });

  test('renaming and deleting', () => {
    storage.rename('/a/b/x', '/y');
    expect([storage.list('/a/b'), storage.list()]).toEqual([[], ['a', 'y']]);
    storage.delete('/y');
    storage.delete('/a', { recursive: true });
    expect([storage.list(), storage.usedBytes]).toEqual([[], 0]);
  });

  test.each<[string, (storage: VfsStorage) => unknown, string]>([
    ['reading nothing', (s) => s.readFile('/q'), 'ENOENT: no such file or directory, "/q"'],
    ['reading a directory', (s) => s.readFile('/a'), 'EISDIR: is a directory, "/a"'],
    ['writing below nothing', (s) => s.writeFile('/q/x', ''), 'ENOENT: no such file or directory, "/q/x"'],
    ['deleting a full directory', (s) => s.delete('/a'), 'ENOTEMPTY: directory not empty, "/a"'],
    ['making what is there', (s) => s.mkdir('/a'), 'EEXIST: already exists, "/a"'],
    ['a directory into itself', (s) => s.rename('/a', '/a/b/c'), 'EINVAL: refused, "/a"'],
    ['there is nothing above', (s) => s.readFile('/../../etc/passwd'), 'ENOENT'],
    ['listing a file', (s) => s.list('/a/b/x'), 'ENOTDIR: not a directory, "/a/b/x"'],
    ['a directory over a file', (s) => s.mkdir('/a/b/x', { recursive: true }), 'ENOTDIR'],
    ['no path', (s) => s.readFile(1 as unknown as string), 'a path must be a string, found number'],
    [
      'no data',
      (s) => s.writeFile('/d', 1 as unknown as string),
      'the data must be a string or a Uint8Array',
    ],
  ])('%s', (_, use, message) => {
    expect(() => use(storage)).toThrow(message);
    expect(storage.readFile('/a/b/x', 'utf8')).toBe('hello');
  });
});

describe('quota', () => {
  test('64 MiB, unless said otherwise', () => {
    expect(new VfsStorage().maxBytes).toBe(DEFAULT_MAX_BYTES);
    expect(DEFAULT_MAX_BYTES).toBe(67_108_864);
  });

  test('what is too much changes nothing', () => {
    storage.writeFile('/full', new Uint8Array(995));
    expect(storage.usedBytes).toBe(1000);
    expect(() => storage.writeFile('/a/b/x', '123456')).toThrow('ENOSPC: no space left in the storage');
    expect(storage.readFile('/a/b/x', 'utf8')).toBe('hello');
    storage.writeFile('/a/b/x', '12345');
  });

  test('so many names and no more', () => {
    const small = new VfsStorage({ maxEntries: 2 });
    small.writeFile('/1', '');
    small.mkdir('/2');
    expect(() => small.mkdir('/3')).toThrow('ENOSPC');
    small.delete('/1');
    small.mkdir('/3');
  });

  test.each([{ maxBytes: -1 }, { maxBytes: 1.5 }, { maxEntries: Number.NaN }, { max: 1 }, null])(
    '%j',
    (options) => {
      expect(() => new VfsStorage(options as object)).toThrow(
        /whole number|unknown option|must be an object/,
      );
    },
  );
});

describe('snapshots', () => {
  test('hold everything, for another storage, too', () => {
    storage.writeFile('/b', Uint8Array.of(1, 2, 3));
    const { modified } = storage.stat('/b');
    const copy = new VfsStorage();
    copy.writeFile('/gone', 'x');
    copy.restore(storage.snapshot());
    expect(copy.list()).toEqual(['a', 'b']);
    expect(copy.readFile('/a/b/x', 'utf8')).toBe('hello');
    expect([...copy.readFile('/b')]).toEqual([1, 2, 3]);
    expect([copy.stat('/b').modified, copy.usedBytes]).toEqual([modified, 8]);
  });

  test('what does not fit changes nothing', () => {
    const small = new VfsStorage({ maxBytes: 4 });
    small.writeFile('/kept', 'k');
    expect(() => small.restore(storage.snapshot())).toThrow('ENOSPC');
    expect(small.list()).toEqual(['kept']);
  });

  test('any damage is refused, and changes nothing', () => {
    const image = storage.snapshot();
    for (let at = 0; at < image.length; at++) {
      const damaged = image.slice();
      damaged[at]! ^= 1;
      expect(() => storage.restore(damaged), `byte ${at}`).toThrow(/not a snapshot|is damaged/);
    }
    for (const length of [0, 10, 50, image.length - 1])
      expect(() => storage.restore(image.subarray(0, length))).toThrow(/not a snapshot|is damaged/);
    expect(storage.readFile('/a/b/x', 'utf8')).toBe('hello');
  });
});
