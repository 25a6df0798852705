/**
 * The file system that a directory of the guest lives on: the synchronous part of `node:fs` that we use. A `memfs` volume has the
 * same shape and mounts alike: `preopens: { '/data': { fs: volume, path: '/' } }`; so does our own (memory-file-system.ts).
 */
import type { BigIntStats, Dirent } from 'node:fs';
import { FILETYPE } from '../types.ts';

type Kind = `is${'File' | 'Directory' | 'SymbolicLink' | 'CharacterDevice' | 'BlockDevice' | 'Socket'}`;
type Time = `${'atime' | 'mtime' | 'ctime'}Ns`;
export type Stats = Pick<BigIntStats, Kind | Time | 'dev' | 'ino' | 'nlink' | 'size' | 'mode'>;
export type Entry = Pick<Dirent, Kind | 'name'>;
type Buffers = readonly NodeJS.ArrayBufferView[];

/** Errors have a `code` such as `'ENOENT'`. Flags are those of `node:fs` on this host. Times are in seconds. */
export interface FileSystem {
  /** Paths are taken name by name: no symlink in them is followed, and nothing lies outside. */
  readonly confined?: true;
  openSync(path: string, flags: string | number, mode?: number): number;
  closeSync(fd: number): void;
  /** Without a position: at the descriptor's own, or for what cannot seek. */
  readvSync(fd: number, buffers: Buffers, position?: number): number;
  writevSync(fd: number, buffers: Buffers, position?: number): number;
  fstatSync(fd: number, options: { bigint: true }): Stats;
  lstatSync(path: string, options: { bigint: true }): Stats;
  lstatSync(path: string, options: { bigint: true; throwIfNoEntry: false }): Stats | undefined;
  ftruncateSync(fd: number, length?: number): void;
  fsyncSync(fd: number): void;
  fdatasyncSync(fd: number): void;
  futimesSync(fd: number, atime: number, mtime: number): void;
  lutimesSync(path: string, atime: number, mtime: number): void;
  readdirSync(path: string, options: { withFileTypes: true }): Entry[];
  mkdirSync(path: string): unknown;
  rmdirSync(path: string): void;
  unlinkSync(path: string): void;
  renameSync(from: string, to: string): void;
  linkSync(from: string, to: string): void;
  symlinkSync(target: string, path: string): void;
  readlinkSync(path: string, encoding: 'utf8'): string;
  realpathSync(path: string, encoding: 'utf8'): string;
}

/** What the guest learns of a file. Times in nanoseconds since 1970. */
export interface FileStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly filetype: number;
  /** The nine bits `rwxrwxrwx`. Preview 1 does not tell them. */
  readonly permissions: number;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
}

export function fileStat(stats: Stats): FileStat {
  return {
    dev: stats.dev,
    ino: stats.ino,
    filetype: filetypeOf(stats),
    permissions: Number(stats.mode & 0o777n),
    nlink: stats.nlink,
    size: stats.size,
    atim: stats.atimeNs,
    mtim: stats.mtimeNs,
    ctim: stats.ctimeNs,
  };
}

/** FIFOs have no type of their own in preview 1. */
export function filetypeOf(entry: Pick<Dirent, Kind>): number {
  if (entry.isFile()) return FILETYPE.REGULAR_FILE;
  if (entry.isDirectory()) return FILETYPE.DIRECTORY;
  if (entry.isSymbolicLink()) return FILETYPE.SYMBOLIC_LINK;
  if (entry.isCharacterDevice()) return FILETYPE.CHARACTER_DEVICE;
  if (entry.isBlockDevice()) return FILETYPE.BLOCK_DEVICE;
  return entry.isSocket() ? FILETYPE.SOCKET_STREAM : FILETYPE.UNKNOWN;
}
