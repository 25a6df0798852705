/**
 * The file system that a preopened directory lives on: the synchronous part of `node:fs` that we use. A `memfs` volume has the
 * same shape and mounts alike: `preopens: { '/data': { fs: volume, path: '/' } }`.
 */
import type * as nodeFs from 'node:fs';
import type { BigIntStats, Dirent } from 'node:fs';
import { FILETYPE } from '../types.ts';

export type FileSystem = Pick<
  typeof nodeFs,
  | 'openSync'
  | 'closeSync'
  | 'readvSync'
  | 'writevSync'
  | 'fstatSync'
  | 'lstatSync'
  | 'ftruncateSync'
  | 'fsyncSync'
  | 'fdatasyncSync'
  | 'futimesSync'
  | 'lutimesSync'
  | 'readdirSync'
  | 'mkdirSync'
  | 'rmdirSync'
  | 'unlinkSync'
  | 'renameSync'
  | 'linkSync'
  | 'symlinkSync'
  | 'readlinkSync'
  | 'realpathSync'
>;

/** What the guest learns of a file. Times in nanoseconds since 1970. */
export interface FileStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly filetype: number;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
}

export function fileStat(stats: BigIntStats): FileStat {
  return {
    dev: stats.dev,
    ino: stats.ino,
    filetype: filetypeOf(stats),
    nlink: stats.nlink,
    size: stats.size,
    atim: stats.atimeNs,
    mtim: stats.mtimeNs,
    ctim: stats.ctimeNs,
  };
}

/** FIFOs have no type of their own in preview 1. */
export function filetypeOf(
  entry: Pick<
    Dirent,
    `is${'File' | 'Directory' | 'SymbolicLink' | 'CharacterDevice' | 'BlockDevice' | 'Socket'}`
  >,
): number {
  if (entry.isFile()) return FILETYPE.REGULAR_FILE;
  if (entry.isDirectory()) return FILETYPE.DIRECTORY;
  if (entry.isSymbolicLink()) return FILETYPE.SYMBOLIC_LINK;
  if (entry.isCharacterDevice()) return FILETYPE.CHARACTER_DEVICE;
  if (entry.isBlockDevice()) return FILETYPE.BLOCK_DEVICE;
  return entry.isSocket() ? FILETYPE.SOCKET_STREAM : FILETYPE.UNKNOWN;
}
