/**
 * Everything by name: the `path_*` functions. Every path is resolved inside the directory it is relative to (files/resolve.ts); what
 * is done here is done to one entry of one directory, never through a symlink. Opening is open.ts.
 */
import type { Context, Family } from './context.ts';
import { WasiError } from './errno.ts';
import { newTimes, writeFilestat } from './fd.ts';
import { seconds } from './files/directory.ts';
import { fileStat } from './files/file-system.ts';
import type { Location } from './files/resolve.ts';
import { utf8 } from './memory-access.ts';
import { follows, pathOpen } from './open.ts';
import { RIGHTS } from './types.ts';

export function path(context: Context): Family {
  return { path_open: pathOpen(context), ...entries(context), ...links(context), ...attributes(context) };
}

/** Creating, removing and renaming. */
function entries({ memory, descriptors }: Context): Family {
  return {
    path_create_directory: (fd: number, pointer: number, length: number) => {
      const directory = descriptors.directory(fd, RIGHTS.PATH_CREATE_DIRECTORY);
      directory.resolve(memory.string(pointer, length), false, ({ fs, path }) => fs.mkdirSync(path));
    },
    path_remove_directory: (fd: number, pointer: number, length: number) => {
      const directory = descriptors.directory(fd, RIGHTS.PATH_REMOVE_DIRECTORY);
      directory.resolve(memory.string(pointer, length), false, (location) => {
        requireDirectory(location);
        location.fs.rmdirSync(location.path);
      });
    },
    path_unlink_file: (fd: number, pointer: number, length: number) => {
      const directory = descriptors.directory(fd, RIGHTS.PATH_UNLINK_FILE);
      directory.resolve(memory.string(pointer, length), false, (location) => {
        if (existing(location).isDirectory()) throw new WasiError('ISDIR');
        checkSlash(location);
        location.fs.unlinkSync(location.path);
      });
    },
    path_rename: (
      fd: number,
      from: number,
      fromLength: number,
      toFd: number,
      to: number,
      toLength: number,
    ) => {
      const source = descriptors.directory(fd, RIGHTS.PATH_RENAME_SOURCE);
      const target = descriptors.directory(toFd, RIGHTS.PATH_RENAME_TARGET);
      source.resolve(memory.string(from, fromLength), false, (old) =>
        target.resolve(memory.string(to, toLength), false, (next) => rename(old, next)),
      );
    },
  };
}

function rename(old: Location, next: Location): void {
  const isDirectory = existing(old).isDirectory();
  if ((old.mustBeDirectory || next.mustBeDirectory) && !isDirectory) throw new WasiError('NOTDIR');
  checkSlash(next);
  checkSameFileSystem(old, next);
  old.fs.renameSync(old.path, next.path);
}

function links({ memory, descriptors }: Context): Family {
  return {
    path_link: (
      ...[fd, lookup, from, fromLength, toFd, to, toLength]: [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ]
    ) => {
      const source = descriptors.directory(fd, RIGHTS.PATH_LINK_SOURCE);
      const target = descriptors.directory(toFd, RIGHTS.PATH_LINK_TARGET);
      source.resolve(memory.string(from, fromLength), follows(lookup), (old) =>
        target.resolve(memory.string(to, toLength), false, (next) => link(old, next)),
      );
    },
    path_symlink: (text: number, textLength: number, fd: number, pointer: number, length: number) => {
      const directory = descriptors.directory(fd, RIGHTS.PATH_SYMLINK);
      const target = memory.string(text, textLength);
      if (target === '') throw new WasiError('NOENT');
      if (target.includes('\0')) throw new WasiError('INVAL');
      // It would be refused when followed; refusing now also protects host programs that follow it later.
      if (target.startsWith('/')) throw new WasiError('PERM');
      directory.resolve(memory.string(pointer, length), false, (location) => {
        checkNewName(location);
        location.fs.symlinkSync(target, location.path);
      });
    },
    path_readlink: (
      ...[fd, pointer, length, buffer, size, result]: [number, number, number, number, number, number]
    ) => {
      const directory = descriptors.directory(fd, RIGHTS.PATH_READLINK);
      const target = directory.resolve(memory.string(pointer, length), false, (location) => {
        checkSlash(location);
        if (!existing(location).isSymbolicLink()) throw new WasiError('INVAL');
        return utf8(location.fs.readlinkSync(location.path, 'utf8'));
      });
      // Cut off where it does not fit, as POSIX has it.
      const fitting = target.subarray(0, size >>> 0);
      memory.bytes(buffer, size).set(fitting);
      memory.setU32(result, fitting.length);
    },
  };
}

function link(old: Location, next: Location): void {
  if (existing(old).isDirectory()) throw new WasiError('PERM');
  checkSlash(old);
  checkNewName(next);
  checkSameFileSystem(old, next);
  old.fs.linkSync(old.path, next.path);
}

function attributes({ memory, descriptors, clocks }: Context): Family {
  return {
    path_filestat_get: (fd: number, lookup: number, pointer: number, length: number, result: number) => {
      const directory = descriptors.directory(fd, RIGHTS.PATH_FILESTAT_GET);
      const path = memory.string(pointer, length);
      directory.resolve(path, follows(lookup, path), (location) => {
        const stat = fileStat(existing(location));
        checkSlash(location);
        writeFilestat(memory, result, stat);
      });
    },
    path_filestat_set_times: (
      ...[fd, lookup, pointer, length, atim, mtim, flags]: [
        number,
        number,
        number,
        number,
        bigint,
        bigint,
        number,
      ]
    ) => {
      const directory = descriptors.directory(fd, RIGHTS.PATH_FILESTAT_SET_TIMES);
      const path = memory.string(pointer, length);
      directory.resolve(path, follows(lookup, path), (location) => {
        const stats = existing(location);
        checkSlash(location);
        const times = newTimes(() => fileStat(stats), clocks.realtime, atim, mtim, flags);
        location.fs.lutimesSync(location.path, seconds(times[0]), seconds(times[1]));
      });
    },
  };
}

type Existing = NonNullable<Location['stats']>;

function existing({ stats }: Location): Existing {
  if (stats === undefined) throw new WasiError('NOENT');
  return stats;
}

function requireDirectory(location: Location): void {
  if (!existing(location).isDirectory()) throw new WasiError('NOTDIR');
}

/** `file/` names nothing. */
function checkSlash({ stats, mustBeDirectory }: Location): void {
  if (mustBeDirectory && stats !== undefined && !stats.isDirectory()) throw new WasiError('NOTDIR');
}

/** The name of something new that is not a directory: free, and without a closing slash. */
function checkNewName({ stats, mustBeDirectory }: Location): void {
  if (stats !== undefined) throw new WasiError('EXIST');
  if (mustBeDirectory) throw new WasiError('NOENT');
}

function checkSameFileSystem(old: Location, next: Location): void {
  if (old.fs !== next.fs) throw new WasiError('XDEV');
}
