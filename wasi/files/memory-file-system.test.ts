/**
 * The volume in memory does what a directory of the host does: the same operations on both, many of them at random, with the same
 * answers and the same errors.
 */
import nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Random } from '../../test/support/random.ts';
import { hostCode } from '../errno.ts';
import { type FileSystem, filetypeOf } from './file-system.ts';
import { MemoryFileSystem } from './memory-file-system.ts';

const folder = nodeFs.mkdtempSync(join(tmpdir(), 'sandglass-memory-'));
afterAll(() => nodeFs.rmSync(folder, { recursive: true, force: true }));

class Failed {
  readonly code: string;
  constructor(code: string) {
    this.code = code;
  }
}

/** What it answered, or how it failed. */
function outcome(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    const code = hostCode(error);
    if (code === undefined) throw error;
    return new Failed(code);
  }
}

const { O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW } = nodeFs.constants;

/** One random operation, to be done on several file systems, each under a root of its own. */
function operation(random: Random): (fs: FileSystem, root: string) => unknown {
  const name = () => random.pick(['a', 'b', 'c', 'd/a', 'd/b', 'd/e/a', 'd', 'd/e', 'a/x']);
  const [one, two] = [name(), name()];
  const flags = O_RDWR | O_NOFOLLOW | random.pick([0, O_CREAT, O_CREAT | O_EXCL, O_CREAT | O_TRUNC]);
  const data = Buffer.alloc(random.int(40), random.int(256));
  const position = random.int(100);
  const size = random.int(60);
  return random.pick<(fs: FileSystem, root: string) => unknown>([
    (fs, root) => void fs.mkdirSync(join(root, one)),
    (fs, root) => fs.rmdirSync(join(root, one)),
    (fs, root) => fs.unlinkSync(join(root, one)),
    (fs, root) => fs.renameSync(join(root, one), join(root, two)),
    (fs, root) => fs.linkSync(join(root, one), join(root, two)),
    (fs, root) => fs.symlinkSync(`no/${one}`, join(root, two)),
    (fs, root) => fs.readlinkSync(join(root, one), 'utf8'),
    (fs, root) => listing(fs, join(root, one)),
    (fs, root) => attributes(fs, join(root, one)),
    (fs, root) => {
      const fd = fs.openSync(join(root, one), flags, 0o666);
      try {
        const written = fs.writevSync(fd, [data.subarray(0, 3), data.subarray(3)], position);
        fs.ftruncateSync(fd, Math.max(0, size));
        const target = Buffer.alloc(80);
        const read = fs.readvSync(fd, [target.subarray(0, 7), target.subarray(7)], 5);
        return [written, read, target.toString('hex'), fs.fstatSync(fd, { bigint: true }).size];
      } finally {
        fs.closeSync(fd);
      }
    },
  ]);
}

function listing(fs: FileSystem, path: string): unknown {
  const entries = fs.readdirSync(path, { withFileTypes: true });
  return entries.map((entry) => `${entry.name}:${filetypeOf(entry)}`).sort();
}

function attributes(fs: FileSystem, path: string): unknown {
  const stats = fs.lstatSync(path, { bigint: true });
  const isDirectory = stats.isDirectory();
  return [filetypeOf(stats), stats.nlink, isDirectory ? 0n : stats.size];
}

/** Which of two errors that both apply is told is each one's own choice. */
const alike = (answer: unknown) => (answer instanceof Failed ? 'failed' : answer);

describe('a volume in memory', () => {
  test.skipIf(process.platform !== 'linux').each([1, 2, 3, 4, 5])(
    'does what the host does, seed %i',
    (seed) => {
      const random = new Random(seed);
      const root = join(folder, String(seed));
      nodeFs.mkdirSync(root);
      const memory = new MemoryFileSystem();
      for (let step = 0; step < 1500; step++) {
        const run = operation(random);
        const expected = outcome(() => run(nodeFs, root));
        expect([step, alike(outcome(() => run(memory, '/')))]).toEqual([step, alike(expected)]);
      }
      expect(listing(memory, '/')).toEqual(listing(nodeFs, root));
    },
  );

  test('holds at most so many bytes and entries, and gives back what is removed', () => {
    const fs = new MemoryFileSystem({ maxBytes: 100, maxEntries: 3 });
    const write = (path: string, length: number, position = 0) => {
      const fd = fs.openSync(path, O_RDWR | O_CREAT);
      try {
        return fs.writevSync(fd, [Buffer.alloc(length)], position);
      } finally {
        fs.closeSync(fd);
      }
    };
    expect(write('/a', 60)).toBe(60);
    expect(outcome(() => write('/b', 1, 40))).toEqual(new Failed('ENOSPC'));
    expect(write('/b', 40)).toBe(40);
    expect(fs.usedBytes).toBe(100);
    fs.unlinkSync('/a');
    expect(fs.usedBytes).toBe(40);
    fs.mkdirSync('/d');
    fs.mkdirSync('/d/e');
    expect(outcome(() => fs.mkdirSync('/f'))).toEqual(new Failed('ENOSPC'));
    const fd = fs.openSync('/b', O_RDWR);
    fs.unlinkSync('/b');
    expect(fs.usedBytes).toBe(40);
    fs.closeSync(fd);
    expect([fs.usedBytes, fs.entryCount]).toEqual([0, 2]);
  });

  test('a number and a type need no bytes, a size does', () => {
    let asked = 0;
    const fs = new MemoryFileSystem();
    fs.addFile('/late.txt', () => Buffer.from(`asked ${++asked}`));
    const stats = fs.lstatSync('/late.txt', { bigint: true });
    expect([stats.isFile(), stats.ino > 0n, asked]).toEqual([true, true, 0]);
    expect([stats.size, stats.size, asked]).toEqual([7n, 7n, 1]);
  });

  test('takes the bytes of a file when they are first needed', () => {
    let asked = 0;
    const fs = new MemoryFileSystem();
    fs.addFile('/lib/late.txt', () => Buffer.from(`asked ${++asked}`), 7);
    expect(fs.lstatSync('/lib/late.txt', { bigint: true }).size).toBe(7n);
    expect(asked).toBe(0);
    const fd = fs.openSync('/lib/late.txt', 'r');
    const target = Buffer.alloc(20);
    expect(fs.readvSync(fd, [target], 0)).toBe(7);
    expect([target.toString('utf8', 0, 7), asked]).toEqual(['asked 1', 1]);
  });
});
