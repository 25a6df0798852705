/**
 * Nothing outside a preopened directory can be reached, by any path and any function, on both ways of holding directories
 * (files/directory-handle.ts). Each case is one line: what the guest does, and what it is told.
 */
import nodeFs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Guest } from '../test/support/wasi-guest.ts';
import type { FileSystem } from './index.ts';
import { OFLAGS } from './types.ts';

const ROOT = 3;
let home: string;
let inside: string;

/**
 *   secret            root/file        root/dir/file     root/dir/deep/
 *   outside/file      root/links to inside: to-file, to-dir, chain1 → chain2 → file, dir/up → ../file, dangling → new, loop1 ⇄ loop2
 *                     root/links out: absolute, above, above-dir, chain-out → above, dir/far → ../../secret, dangling-out → ../new
 */
beforeEach(() => {
  home = nodeFs.realpathSync(nodeFs.mkdtempSync(path.join(os.tmpdir(), 'sandglass-wasi-')));
  inside = path.join(home, 'root');
  nodeFs.mkdirSync(path.join(inside, 'dir', 'deep'), { recursive: true });
  nodeFs.mkdirSync(path.join(home, 'outside'));
  for (const file of ['secret', 'outside/file', 'root/file', 'root/dir/file']) {
    nodeFs.writeFileSync(path.join(home, file), file);
  }
  const links: Record<string, string> = {
    ...{ 'to-file': 'file', 'to-dir': 'dir', chain1: 'chain2', chain2: './dir/../file', 'dir/up': '../file' },
    ...{ dangling: 'new', loop1: 'loop2', loop2: 'loop1', 'to-root': '.', 'to-file-slash': 'file/' },
    ...{ absolute: path.join(home, 'secret'), 'absolute-dir': '/etc', above: '../secret', 'above-dir': '..' },
    ...{
      'chain-out': 'above',
      'dir/far': '../../secret',
      'dangling-out': '../new',
      'inside-absolute': inside,
    },
    ...{ 'out-dir': '../outside', 'back-in': '../root/file' },
  };
  for (const [name, target] of Object.entries(links)) nodeFs.symlinkSync(target, path.join(inside, name));
});

afterEach(() => {
  nodeFs.rmSync(home, { recursive: true });
});

const READS: [path: string, expected: string][] = [
  ['file', 'root/file'],
  ['dir/file', 'root/dir/file'],
  ['./dir/.//deep/../../dir/../file', 'root/file'],
  ['dir/..//./file', 'root/file'],
  ['to-file', 'root/file'],
  ['to-dir/file', 'root/dir/file'],
  ['to-dir/../file', 'root/file'],
  ['chain1', 'root/file'],
  ['dir/up', 'root/file'],
  ['to-root/to-root/to-dir/up', 'root/file'],
  ['', 'NOENT'],
  ['nothing', 'NOENT'],
  ['nothing/../file', 'NOENT'],
  ['file/', 'NOTDIR'],
  ['file/.', 'NOTDIR'],
  ['file/../file', 'NOTDIR'],
  ['to-file-slash', 'NOTDIR'],
  ['dangling', 'NOENT'],
  ['loop1', 'LOOP'],
  ['loop1/x', 'LOOP'],
  ['..', 'PERM'],
  ['../secret', 'PERM'],
  ['../root/file', 'PERM'],
  ['dir/../../secret', 'PERM'],
  ['dir/../../../../../../../../etc/passwd', 'PERM'],
  ['dir/deep/../../../secret', 'PERM'],
  ['./../secret', 'PERM'],
  ['to-dir/../../secret', 'PERM'],
  ['/etc/passwd', 'PERM'],
  ['//etc/passwd', 'PERM'],
  ['/', 'PERM'],
  ['absolute', 'PERM'],
  ['absolute-dir/passwd', 'PERM'],
  ['inside-absolute/file', 'PERM'],
  ['above', 'PERM'],
  ['above-dir/secret', 'PERM'],
  ['above-dir/root/file', 'PERM'],
  ['chain-out', 'PERM'],
  ['dir/far', 'PERM'],
  ['to-dir/far', 'PERM'],
  ['back-in', 'PERM'],
  ['out-dir/file', 'PERM'],
  ['file\0', 'INVAL'],
  ['fi\0le', 'INVAL'],
  ['\0', 'INVAL'],
];

/** Each must not touch what lies outside. `out-dir/…` goes through a symlink in the middle. */
const CHANGES: [name: string, args: (number | bigint | string)[], expected: string][] = [
  ['path_create_directory', [ROOT, 'out-dir/made'], 'PERM'],
  ['path_create_directory', [ROOT, '../made'], 'PERM'],
  ['path_create_directory', [ROOT, 'dangling-out'], 'EXIST'],
  ['path_remove_directory', [ROOT, 'above-dir/outside'], 'PERM'],
  ['path_remove_directory', [ROOT, 'out-dir'], 'NOTDIR'],
  ['path_remove_directory', [ROOT, 'out-dir/'], 'NOTDIR'],
  ['path_unlink_file', [ROOT, 'out-dir/file'], 'PERM'],
  ['path_unlink_file', [ROOT, '../secret'], 'PERM'],
  ['path_unlink_file', [ROOT, 'dir/../../secret'], 'PERM'],
  ['path_rename', [ROOT, 'out-dir/file', ROOT, 'stolen'], 'PERM'],
  ['path_rename', [ROOT, 'file', ROOT, 'out-dir/file'], 'PERM'],
  ['path_rename', [ROOT, 'file', ROOT, '../secret'], 'PERM'],
  ['path_rename', [ROOT, '../secret', ROOT, 'stolen'], 'PERM'],
  ['path_link', [ROOT, 1, 'absolute', ROOT, 'stolen'], 'PERM'],
  ['path_link', [ROOT, 0, 'out-dir/file', ROOT, 'stolen'], 'PERM'],
  ['path_link', [ROOT, 0, 'file', ROOT, 'out-dir/planted'], 'PERM'],
  ['path_symlink', ['x', ROOT, 'out-dir/planted'], 'PERM'],
  ['path_symlink', ['/etc', ROOT, 'planted'], 'PERM'],
  ['path_readlink', [ROOT, 'above-dir/root/to-file', 1024, 100, 0], 'PERM'],
  ['path_filestat_get', [ROOT, 1, 'absolute', 1024], 'PERM'],
  ['path_filestat_get', [ROOT, 1, 'out-dir/file', 1024], 'PERM'],
  ['path_filestat_get', [ROOT, 0, 'out-dir/', 1024], 'PERM'],
  ['path_filestat_set_times', [ROOT, 1, 'above', 0n, 0n, 5], 'PERM'],
  ['path_filestat_set_times', [ROOT, 0, 'out-dir/file', 0n, 0n, 5], 'PERM'],
];

const COPY_OF_NODE_FS: FileSystem = { ...nodeFs };
const WAYS: [string, FileSystem][] = [
  ['directories held by descriptor', nodeFs],
  ['directories held by name', COPY_OF_NODE_FS],
];

describe.each(WAYS)('%s', (_, fs) => {
  let guest: Guest;
  beforeEach(() => {
    guest = new Guest({ preopens: { '/': { fs, path: inside } } });
  });
  afterEach(() => guest.wasi.close());

  test.each(READS)('reading %j: %s', (name, expected) => {
    expect(guest.readFile(ROOT, name)).toBe(expected);
  });

  test.each(CHANGES)('%s %s: %s', (name, args, expected) => {
    const before = outside();
    expect(guest.call(name, ...args)).toBe(expected);
    expect(outside()).toEqual(before);
  });

  test('a last symlink is not followed unless asked', () => {
    expect(guest.readFile(ROOT, 'to-file', { nofollow: true })).toBe('LOOP');
    expect(guest.readFile(ROOT, 'absolute', { nofollow: true })).toBe('LOOP');
    expect(guest.openDirectory(ROOT, 'above-dir')).toBe('PERM');
  });

  test('creating through a dangling symlink stays inside', () => {
    expect(guest.open(ROOT, 'dangling-out', { oflags: OFLAGS.CREAT })).toBe('PERM');
    expect(guest.open(ROOT, 'dangling', { oflags: OFLAGS.CREAT | OFLAGS.EXCL })).toBe('EXIST');
    expect(guest.open(ROOT, 'dangling', { oflags: OFLAGS.CREAT })).toBe(4);
    expect(nodeFs.existsSync(path.join(inside, 'new'))).toBe(true);
    expect(nodeFs.existsSync(path.join(home, 'new'))).toBe(false);
  });

  test('a directory that was opened is its own root', () => {
    const dir = guest.openDirectory(ROOT, 'dir') as number;
    expect(guest.readFile(dir, 'file')).toBe('root/dir/file');
    expect(guest.readFile(dir, 'deep/../file')).toBe('root/dir/file');
    expect(guest.readFile(dir, '../file')).toBe('PERM');
    expect(guest.readFile(dir, 'up')).toBe('PERM');
  });

  test('an open directory whose name now leads outside does not', () => {
    const dir = guest.openDirectory(ROOT, 'dir') as number;
    const deep = guest.openDirectory(ROOT, 'dir/deep') as number;
    expect(guest.call('path_rename', ROOT, 'dir', ROOT, 'moved')).toBe('SUCCESS');
    nodeFs.mkdirSync(path.join(home, 'outside', 'deep'));
    nodeFs.writeFileSync(path.join(home, 'outside', 'deep', 'file'), 'secret');
    expect(guest.call('path_symlink', '../outside', ROOT, 'dir')).toBe('SUCCESS');
    expect(['root/dir/file', 'NOTDIR']).toContain(guest.readFile(dir, 'file'));
    expect(guest.readFile(deep, 'file')).toBe('NOENT');
  });

  test('40 symlinks are followed, 41 are not', () => {
    for (let i = 1; i <= 41; i++)
      nodeFs.symlinkSync(i === 1 ? 'file' : `l${i - 1}`, path.join(inside, `l${i}`));
    expect(guest.readFile(ROOT, 'l40')).toBe('root/file');
    expect(guest.readFile(ROOT, 'l41')).toBe('LOOP');
  });
});

/** Everything beside the root, with contents and times. */
function outside(): unknown {
  const names = [
    '',
    ...nodeFs.readdirSync(home),
    ...nodeFs.readdirSync(path.join(home, 'outside')).map((n) => `outside/${n}`),
  ];
  const files = names.filter((name) => name !== 'root').map((name) => path.join(home, name));
  const described = (file: string) => {
    const stats = nodeFs.lstatSync(file, { throwIfNoEntry: false });
    return [file, stats?.mtimeMs, stats?.isFile() && nodeFs.readFileSync(file, 'utf8')];
  };
  return files.map(described);
}
