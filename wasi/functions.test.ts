/** WASI functions one by one, without a program: errnos, rights, memory layouts, files, listings. Confinement, waiting: their own tests. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUFFER, Guest, RESULT } from '../test/support/wasi-guest.ts';
import { UNIMPLEMENTED } from './index.ts';
import { ALL_RIGHTS, FDFLAGS, FILETYPE, OFLAGS, RIGHTS } from './types.ts';

const ROOT = 3;
const { FD_READ, FD_WRITE, FD_SEEK, FD_TELL, FD_FILESTAT_GET } = RIGHTS;
const { CREAT, DIRECTORY, EXCL, TRUNC } = OFLAGS;
const BAD_POINTER = 65_530;
let root: string;
let guest: Guest;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'sandglass-wasi-'));
  fs.writeFileSync(path.join(root, 'file'), 'hello world');
  fs.mkdirSync(path.join(root, 'dir'));
  fs.mkdirSync(path.join(root, 'full/sub'), { recursive: true });
  fs.symlinkSync('file', path.join(root, 'link'));
  guest = new Guest({ preopens: { '/data': root } });
});

afterEach(() => {
  guest.wasi.close();
  fs.rmSync(root, { recursive: true });
});

const host = (name: string) => path.join(root, name);
const calls = (table: [name: string, args: (number | bigint | string)[], expected: string][]) => {
  for (const [name, args, expected] of table) {
    test(`${name}(${args.map((arg) => (typeof arg === 'string' ? `"${arg}"` : arg)).join(', ')}): ${expected}`, () => {
      expect(guest.call(name, ...args)).toBe(expected);
    });
  }
};

test('all 46 functions exist', () => {
  expect(Object.keys(guest.wasi.imports.wasi_snapshot_preview1)).toHaveLength(46);
});

test.each(UNIMPLEMENTED)('%s: NOSYS', (name) => {
  expect(guest.call(name, 1, 0, 0, 0, 0, 0)).toBe('NOSYS');
});

describe('errnos', () => {
  calls([
    ['fd_close', [99], 'BADF'],
    ['fd_read', [99, 0, 1, RESULT], 'BADF'],
    ['fd_read', [-1, 0, 1, RESULT], 'BADF'],
    ['fd_read', [0, BAD_POINTER, 1, RESULT], 'FAULT'],
    ['fd_read', [0, 0, 0, BAD_POINTER + 4], 'FAULT'],
    ['fd_read', [0, 0, -1, RESULT], 'FAULT'],
    ['fd_read', [0, -8, 1, RESULT], 'FAULT'],
    ['fd_read', [1, 0, 0, RESULT], 'NOTCAPABLE'],
    ['fd_write', [0, 0, 0, RESULT], 'NOTCAPABLE'],
    ['fd_read', [ROOT, 0, 0, RESULT], 'NOTCAPABLE'],
    ['fd_seek', [ROOT, 0n, 0, RESULT], 'NOTCAPABLE'],
    ['fd_seek', [0, 0n, 0, RESULT], 'NOTCAPABLE'],
    ['fd_readdir', [0, BUFFER, 100, 0n, RESULT], 'NOTCAPABLE'],
    ['fd_readdir', [ROOT, BUFFER, 100, -1n, RESULT], 'INVAL'],
    ['fd_readdir', [ROOT, BUFFER, 100, 2n ** 40n, RESULT], 'SUCCESS'],
    ['fd_prestat_get', [0, RESULT], 'BADF'],
    ['fd_prestat_get', [4, RESULT], 'BADF'],
    ['fd_prestat_get', [ROOT, BAD_POINTER], 'FAULT'],
    ['fd_prestat_dir_name', [ROOT, BUFFER, 4], 'NAMETOOLONG'],
    ['fd_prestat_dir_name', [ROOT, BUFFER, 5], 'SUCCESS'],
    ['fd_fdstat_get', [99, RESULT], 'BADF'],
    ['fd_fdstat_get', [1, BAD_POINTER], 'FAULT'],
    ['fd_advise', [ROOT, 0n, 0n, 6], 'INVAL'],
    ['fd_renumber', [99, 1], 'BADF'],
    ['fd_renumber', [1, 99], 'BADF'],
    ['fd_renumber', [1, 1], 'SUCCESS'],
    ['fd_filestat_set_times', [ROOT, 0n, 0n, 3], 'INVAL'],
    ['fd_filestat_set_size', [ROOT, 0n], 'ISDIR'],
    ['fd_sync', [ROOT], 'SUCCESS'],
    ['clock_time_get', [0, 0n, RESULT], 'SUCCESS'],
    ['clock_time_get', [1, 0n, BAD_POINTER], 'FAULT'],
    ['clock_time_get', [2, 0n, RESULT], 'NOTSUP'],
    ['clock_time_get', [3, 0n, RESULT], 'NOTSUP'],
    ['clock_time_get', [4, 0n, RESULT], 'INVAL'],
    ['clock_res_get', [1, RESULT], 'SUCCESS'],
    ['clock_res_get', [9, RESULT], 'INVAL'],
    ['random_get', [BUFFER, 40_000], 'SUCCESS'],
    ['random_get', [BUFFER, -1], 'FAULT'],
    ['random_get', [65_536, 0], 'SUCCESS'],
    ['sched_yield', [], 'SUCCESS'],
    ['poll_oneoff', [BUFFER, BUFFER, 0, RESULT], 'INVAL'],
    ['poll_oneoff', [BUFFER, BUFFER, -1, RESULT], 'INVAL'],
    ['poll_oneoff', [BAD_POINTER, BUFFER, 1, RESULT], 'FAULT'],
    ['path_create_directory', [ROOT, 'new'], 'SUCCESS'],
    ['path_create_directory', [ROOT, 'new/'], 'SUCCESS'],
    ['path_create_directory', [ROOT, 'dir'], 'EXIST'],
    ['path_create_directory', [ROOT, '.'], 'EXIST'],
    ['path_create_directory', [ROOT, 'no/new'], 'NOENT'],
    ['path_create_directory', [ROOT, 'file/new'], 'NOTDIR'],
    ['path_create_directory', [0, 'new'], 'NOTCAPABLE'],
    ['path_create_directory', [99, 'new'], 'BADF'],
    ['path_create_directory', [ROOT, BAD_POINTER, 10], 'FAULT'],
    ['path_remove_directory', [ROOT, 'dir'], 'SUCCESS'],
    ['path_remove_directory', [ROOT, 'dir/'], 'SUCCESS'],
    ['path_remove_directory', [ROOT, 'full'], 'NOTEMPTY'],
    ['path_remove_directory', [ROOT, 'file'], 'NOTDIR'],
    ['path_remove_directory', [ROOT, 'link'], 'NOTDIR'],
    ['path_remove_directory', [ROOT, 'no'], 'NOENT'],
    ['path_unlink_file', [ROOT, 'file'], 'SUCCESS'],
    ['path_unlink_file', [ROOT, 'link'], 'SUCCESS'],
    ['path_unlink_file', [ROOT, 'file/'], 'NOTDIR'],
    ['path_unlink_file', [ROOT, 'dir'], 'ISDIR'],
    ['path_unlink_file', [ROOT, 'dir/'], 'ISDIR'],
    ['path_unlink_file', [ROOT, 'no'], 'NOENT'],
    ['path_rename', [ROOT, 'file', ROOT, 'dir/file'], 'SUCCESS'],
    ['path_rename', [ROOT, 'file', ROOT, 'file2/'], 'NOTDIR'],
    ['path_rename', [ROOT, 'file/', ROOT, 'file2'], 'NOTDIR'],
    ['path_rename', [ROOT, 'dir/', ROOT, 'dir2/'], 'SUCCESS'],
    ['path_rename', [ROOT, 'dir', ROOT, 'full'], 'NOTEMPTY'],
    ['path_rename', [ROOT, 'dir', ROOT, 'file'], 'NOTDIR'],
    ['path_rename', [ROOT, 'file', ROOT, 'dir'], 'ISDIR'],
    ['path_rename', [ROOT, 'full', ROOT, 'full/sub/x'], 'INVAL'],
    ['path_rename', [ROOT, 'no', ROOT, 'x'], 'NOENT'],
    ['path_link', [ROOT, 0, 'file', ROOT, 'hard'], 'SUCCESS'],
    ['path_link', [ROOT, 0, 'file', ROOT, 'link'], 'EXIST'],
    ['path_link', [ROOT, 0, 'file', ROOT, 'hard/'], 'NOENT'],
    ['path_link', [ROOT, 0, 'dir', ROOT, 'hard'], 'PERM'],
    ['path_symlink', ['file', ROOT, 'soft'], 'SUCCESS'],
    ['path_symlink', ['file', ROOT, 'link'], 'EXIST'],
    ['path_symlink', ['file', ROOT, 'soft/'], 'NOENT'],
    ['path_symlink', ['', ROOT, 'soft'], 'NOENT'],
    ['path_readlink', [ROOT, 'link', BUFFER, 100, RESULT], 'SUCCESS'],
    ['path_readlink', [ROOT, 'file', BUFFER, 100, RESULT], 'INVAL'],
    ['path_readlink', [ROOT, 'no', BUFFER, 100, RESULT], 'NOENT'],
    ['path_filestat_get', [ROOT, 0, 'file/', BUFFER], 'NOTDIR'],
    ['path_filestat_get', [ROOT, 0, 'dir/', BUFFER], 'SUCCESS'],
    ['path_filestat_get', [ROOT, 0, 'no', BUFFER], 'NOENT'],
    ['path_filestat_set_times', [ROOT, 0, 'file', 0n, 0n, 12], 'INVAL'],
  ]);
});

describe('path_open', () => {
  const readOnly = FD_READ | FD_SEEK;
  const cases: [path: string, oflags: number, rights: bigint, expected: number | string][] = [
    ['file', 0, readOnly, 4],
    ['file', DIRECTORY, readOnly, 'NOTDIR'],
    ['file/', 0, readOnly, 'NOTDIR'],
    ['dir', 0, readOnly, 4],
    ['dir', DIRECTORY, readOnly, 4],
    ['dir/', 0, readOnly, 4],
    ['.', DIRECTORY, readOnly, 4],
    ['dir', 0, readOnly | FD_WRITE, 'ISDIR'],
    ['dir', CREAT, readOnly, 'ISDIR'],
    ['dir', CREAT | DIRECTORY, readOnly, 'INVAL'],
    ['dir', TRUNC, readOnly, 'ISDIR'],
    ['new', CREAT, readOnly, 4],
    ['new', CREAT | EXCL, FD_WRITE, 4],
    ['new/', CREAT, readOnly, 'ISDIR'],
    ['file', CREAT | EXCL, readOnly, 'EXIST'],
    ['link', CREAT | EXCL, readOnly, 'EXIST'],
    ['link/', 0, readOnly, 'NOTDIR'],
    ['no/new', CREAT, readOnly, 'NOENT'],
    ['new', 16, readOnly, 'INVAL'],
  ];
  test.each(cases)('%s, oflags %i, rights %s: %s', (name, oflags, rights, expected) => {
    expect(guest.open(ROOT, name, { oflags, rights })).toBe(expected);
  });

  test('truncates', () => {
    guest.open(ROOT, 'file', { oflags: TRUNC });
    expect(fs.readFileSync(host('file'), 'utf8')).toBe('');
  });

  test('gives the lowest free number from 3', () => {
    expect([guest.open(ROOT, 'file'), guest.open(ROOT, 'file')]).toEqual([4, 5]);
    expect(guest.call('fd_close', 4)).toBe('SUCCESS');
    expect(guest.call('fd_close', 0)).toBe('SUCCESS');
    expect(guest.open(ROOT, 'file')).toBe(4);
  });

  test('closing closes everything', () => {
    guest.open(ROOT, 'file');
    guest.wasi.close();
    for (const fd of [0, 1, 2, 3, 4]) expect(guest.call('fd_close', fd)).toBe('BADF');
  });

  test('does not hang on a FIFO', () => {
    execFileSync('mkfifo', [host('fifo')]);
    expect(guest.open(ROOT, 'fifo', { rights: FD_READ })).toBe(4);
    expect(guest.read(4)).toBe('');
  });
});

describe('rights', () => {
  test('what was not asked for cannot be done', () => {
    const file = guest.open(ROOT, 'file', { rights: FD_READ }) as number;
    expect(guest.read(file, 5)).toBe('hello');
    expect(guest.write(file, 'x')).toBe('NOTCAPABLE');
    expect(guest.call('fd_tell', file, RESULT)).toBe('NOTCAPABLE');
    expect(guest.call('fd_filestat_get', file, RESULT)).toBe('NOTCAPABLE');
  });

  test('no rights: strict refuses, lenient gives all', () => {
    expect(guest.readFile(ROOT, 'file', { rights: 0n })).toBe('NOTCAPABLE');
    const lenient = new Guest({ preopens: { '/': root }, rights: 'lenient' });
    expect(lenient.readFile(ROOT, 'file', { rights: 0n })).toBe('hello world');
    expect(lenient.openDirectory(ROOT, 'dir')).toBe(4);
    lenient.wasi.close();
  });

  test('they shrink and never grow, neither for a descriptor nor for what is opened through it', () => {
    const few = FD_READ | RIGHTS.PATH_OPEN;
    expect(guest.call('fd_fdstat_set_rights', ROOT, RIGHTS.PATH_OPEN, few)).toBe('SUCCESS');
    expect(guest.call('fd_fdstat_set_rights', ROOT, RIGHTS.PATH_OPEN, ALL_RIGHTS)).toBe('NOTCAPABLE');
    expect(guest.call('path_unlink_file', ROOT, 'file')).toBe('NOTCAPABLE');
    expect(guest.open(ROOT, 'file', { rights: FD_READ | FD_WRITE, inheriting: 0n })).toBe('NOTCAPABLE');
    expect(guest.open(ROOT, 'file', { rights: FD_READ, inheriting: FD_WRITE })).toBe('NOTCAPABLE');
    expect(guest.open(ROOT, 'file', { rights: FD_READ, inheriting: few })).toBe(4);
    expect(guest.open(ROOT, 'new', { oflags: CREAT, rights: FD_READ, inheriting: 0n })).toBe('NOTCAPABLE');
  });
});

describe('files', () => {
  test('positions: seek, tell, pread and pwrite leave the cursor alone', () => {
    const file = guest.open(ROOT, 'file') as number;
    expect(guest.call('fd_seek', file, -5n, 2, RESULT)).toBe('SUCCESS');
    expect(guest.u64(RESULT)).toBe(6n);
    guest.setIovec(BUFFER, 5);
    expect(guest.call('fd_pread', file, RESULT + 16, 1, 0n, RESULT)).toBe('SUCCESS');
    expect(guest.text(BUFFER, 5)).toBe('hello');
    expect(guest.call('fd_pwrite', file, RESULT + 16, 1, 6n, RESULT)).toBe('SUCCESS');
    expect(guest.read(file)).toBe('hello');
    expect(guest.call('fd_tell', file, RESULT)).toBe('SUCCESS');
    expect(guest.u64(RESULT)).toBe(11n);
    expect(guest.call('fd_seek', file, -12n, 1, RESULT)).toBe('INVAL');
    expect(guest.call('fd_seek', file, 0n, 3, RESULT)).toBe('INVAL');
    expect(guest.call('fd_pread', file, RESULT + 16, 1, -1n, RESULT)).toBe('INVAL');
  });

  test('appending can be switched', () => {
    const file = guest.open(ROOT, 'file', { fdflags: FDFLAGS.APPEND }) as number;
    expect(guest.write(file, '!')).toBe(1);
    expect(guest.call('fd_fdstat_set_flags', file, 0)).toBe('SUCCESS');
    guest.call('fd_seek', file, 0n, 0, RESULT);
    expect(guest.write(file, 'J')).toBe(1);
    expect(fs.readFileSync(host('file'), 'utf8')).toBe('Jello world!');
    expect(guest.call('fd_fdstat_set_flags', file, FDFLAGS.SYNC)).toBe('NOTSUP');
    expect(guest.call('fd_fdstat_set_flags', file, 32)).toBe('INVAL');
  });

  test('sizes', () => {
    const file = guest.open(ROOT, 'file') as number;
    expect(guest.call('fd_filestat_set_size', file, 3n)).toBe('SUCCESS');
    expect(guest.call('fd_allocate', file, 2n, 6n)).toBe('SUCCESS');
    expect(guest.call('fd_allocate', file, 0n, 4n)).toBe('SUCCESS');
    expect(fs.readFileSync(host('file'), 'utf8')).toBe('hel\0\0\0\0\0');
    expect(guest.call('fd_filestat_set_size', file, -1n)).toBe('FBIG');
    expect(guest.call('fd_allocate', file, 0n, 0n)).toBe('INVAL');
  });

  test('filestat and fdstat say what the host says', () => {
    const file = guest.open(ROOT, 'file', {
      rights: FD_READ | FD_SEEK | FD_TELL | FD_FILESTAT_GET,
    }) as number;
    const stats = fs.statSync(host('file'), { bigint: true });
    expect(guest.call('fd_filestat_get', file, BUFFER)).toBe('SUCCESS');
    const words = Array.from({ length: 8 }, (_, index) => guest.u64(BUFFER + 8 * index));
    const type = BigInt(FILETYPE.REGULAR_FILE);
    expect(words).toEqual([stats.dev, stats.ino, type, 1n, 11n, stats.atimeNs, stats.mtimeNs, stats.ctimeNs]);
    expect(guest.call('fd_fdstat_get', file, BUFFER)).toBe('SUCCESS');
    expect(guest.u32(BUFFER)).toBe(FILETYPE.REGULAR_FILE);
    expect(guest.u64(BUFFER + 8)).toBe(FD_READ | FD_SEEK | FD_TELL | FD_FILESTAT_GET);
  });

  test('times are set to the microsecond, one alone or both', () => {
    const file = guest.open(ROOT, 'file') as number;
    const time = 1_700_000_000_123_457_000n;
    expect(guest.call('path_filestat_set_times', ROOT, 1, 'link', time, 5n, 1 + 4)).toBe('SUCCESS');
    expect(guest.call('fd_filestat_set_times', file, 0n, time + 1_000_000n, 4)).toBe('SUCCESS');
    const { atimeNs, mtimeNs } = fs.statSync(host('file'), { bigint: true });
    expect([atimeNs / 1000n, mtimeNs / 1000n]).toEqual([time / 1000n, time / 1000n + 1000n]);
    expect(fs.lstatSync(host('link'), { bigint: true }).mtimeNs).not.toBe(0n);
  });

  test('renumber moves one over another', () => {
    const written: string[] = [];
    guest = new Guest({
      preopens: { '/': root },
      stdout: (chunk) => written.push(Buffer.from(chunk).toString()),
    });
    guest.write(1, 'a');
    const file = guest.open(ROOT, 'out', { oflags: CREAT }) as number;
    expect(guest.call('fd_renumber', file, 1)).toBe('SUCCESS');
    expect(guest.call('fd_close', file)).toBe('BADF');
    guest.write(1, 'b');
    expect([written, fs.readFileSync(host('out'), 'utf8')]).toEqual([['a'], 'b']);
  });

  test('readlink cuts off what does not fit', () => {
    expect(guest.call('path_readlink', ROOT, 'link', BUFFER, 2, RESULT)).toBe('SUCCESS');
    expect([guest.u32(RESULT), guest.text(BUFFER, 2)]).toEqual([2, 'fi']);
  });
});

describe('fd_readdir', () => {
  /** All entries, through a buffer of `size` bytes, going on after the last whole entry. */
  function list(fd: number, size: number): { name: string; inode: bigint; type: number }[] {
    const entries = [];
    for (let cookie = 0n, used = size; used === size; ) {
      expect(guest.call('fd_readdir', fd, BUFFER, size, cookie, RESULT)).toBe('SUCCESS');
      used = guest.u32(RESULT);
      for (let at = 0; at + 24 <= used; ) {
        const [next, inode, length] = [BUFFER, BUFFER + 8, BUFFER + 16].map((base) => guest.u64(base + at));
        const end = at + 24 + Number(length! & 0xffff_ffffn);
        if (end > used) break;
        const name = guest.text(BUFFER + at + 24, end - at - 24);
        entries.push({ name, inode: inode!, type: guest.memory.bytes[BUFFER + at + 20]! });
        cookie = next!;
        at = end;
      }
    }
    return entries;
  }

  test.each([4096, 256, 60])('lists everything through %i bytes', (size) => {
    for (let i = 0; i < 100; i++) fs.writeFileSync(host(`dir/${i}-é`), '');
    const dir = guest.openDirectory(ROOT, 'dir') as number;
    const entries = list(dir, size);
    expect(entries.slice(0, 2).map(({ name }) => name)).toEqual(['.', '..']);
    expect(entries.map(({ name }) => name).sort()).toEqual(
      ['.', '..', ...fs.readdirSync(host('dir'))].sort(),
    );
    expect(entries[0]!.inode).toBe(fs.statSync(host('dir'), { bigint: true }).ino);
    for (const { name, inode, type } of entries.slice(2)) {
      expect([inode, type]).toEqual([
        fs.statSync(host(`dir/${name}`), { bigint: true }).ino,
        FILETYPE.REGULAR_FILE,
      ]);
    }
  });

  test('tiny buffers are filled with what fits', () => {
    for (const size of [0, 1, 23, 24]) {
      expect(guest.call('fd_readdir', ROOT, BUFFER, size, 0n, RESULT)).toBe('SUCCESS');
      expect(guest.u32(RESULT)).toBe(size);
    }
  });

  test('types, and entries removed while reading', () => {
    const types = Object.fromEntries(list(ROOT, 4096).map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      file: FILETYPE.REGULAR_FILE,
      dir: FILETYPE.DIRECTORY,
      link: FILETYPE.SYMBOLIC_LINK,
    });
    fs.unlinkSync(host('file'));
    guest.call('fd_readdir', ROOT, BUFFER, 4096, 2n, RESULT);
    expect(list(ROOT, 4096).map(({ name }) => name)).not.toContain('file');
  });
});
