/** Attributes of files, of names and of file systems: the `stat` family, access, times, sizes. Owners and modes are not kept. */
import { WasiError } from '../../wasi/errno.ts';
import { seconds } from '../../wasi/files/directory.ts';
import { type FileStat, fileStat } from '../../wasi/files/file-system.ts';
import type { Location } from '../../wasi/files/resolve.ts';
import type { GuestMemory } from '../../wasi/memory-access.ts';
import { open } from '../../wasi/open.ts';
import { FILETYPE, RIGHTS } from '../../wasi/types.ts';
import { AT, FORMATS, O, UTIME_NOW, UTIME_OMIT, W_OK } from './constants.ts';
import { type HostContext, type HostFamily, systemCalls } from './context.ts';
import { requestOf } from './open-request.ts';
import { at, existing, requireWritable } from './paths.ts';

export function stat(context: HostContext): HostFamily {
  return systemCalls({ ...reading(context), ...changing(context), ...fileSystems(context) });
}

function reading(context: HostContext): HostFamily {
  const { memory, descriptors } = context;
  const byName = (directory: number, path: number, follow: boolean, result: number) => {
    const found = at(context, directory, path, follow, (location) => statOf(context, location));
    writeStat(memory, result, found);
  };
  const byDescriptor = (fd: number, result: number) => writeStat(memory, result, descriptors.get(fd).stat());
  return {
    __syscall_stat64: (path: number, result: number) => byName(AT.FDCWD, path, true, result),
    __syscall_lstat64: (path: number, result: number) => byName(AT.FDCWD, path, false, result),
    __syscall_fstat64: byDescriptor,
    __syscall_newfstatat: (directory: number, path: number, result: number, flags: number) => {
      if (flags & AT.EMPTY_PATH && memory.bytes(path, 1)[0] === 0) byDescriptor(directory, result);
      else byName(directory, path, !(flags & AT.SYMLINK_NOFOLLOW), result);
    },
    __syscall_faccessat: (directory: number, path: number, mode: number, flags: number) =>
      at(context, directory, path, !(flags & AT.SYMLINK_NOFOLLOW), (location) => {
        existing(location);
        if (mode & W_OK && context.namespace.deviceAt(location) === undefined) requireWritable(location);
      }),
  };
}

function statOf({ namespace }: HostContext, location: Location): FileStat {
  const found = fileStat(existing(location));
  if (namespace.deviceAt(location) === undefined) return found;
  return { ...found, filetype: FILETYPE.CHARACTER_DEVICE, permissions: 0o666 };
}

function changing(context: HostContext): HostFamily {
  const { descriptors } = context;
  /** Modes and owners are not kept: there is one user, and it may do what the mount allows. */
  const keepAsItIs = (directory: number, path: number) =>
    at(context, directory, path, true, (location) => {
      existing(location);
      requireWritable(location);
    });
  const fdOnly = (fd: number) => void descriptors.get(fd);
  return {
    __syscall_chmod: (path: number) => keepAsItIs(AT.FDCWD, path),
    __syscall_fchmod: fdOnly,
    __syscall_fchmodat2: keepAsItIs,
    __syscall_fchown32: fdOnly,
    __syscall_fchownat: keepAsItIs,
    __syscall_truncate64: (path: number, size: bigint) => {
      if (size < 0n) throw new WasiError('INVAL');
      at(context, AT.FDCWD, path, true, (location) => {
        existing(location);
        const file = open(context, location, requestOf(O.WRONLY));
        try {
          file.setSize(size);
        } finally {
          file.close();
        }
      });
    },
    __syscall_ftruncate64: (fd: number, size: bigint) => {
      if (size < 0n) throw new WasiError('INVAL');
      descriptors.get(fd, RIGHTS.FD_FILESTAT_SET_SIZE).setSize(size);
    },
    __syscall_utimensat: (directory: number, path: number, times: number, flags: number) => {
      if (path === 0) {
        const descriptor = descriptors.get(directory, RIGHTS.FD_FILESTAT_SET_TIMES);
        const [atime, mtime] = newTimes(context, times, descriptor.stat());
        descriptor.setTimes(atime, mtime);
        return;
      }
      at(context, directory, path, !(flags & AT.SYMLINK_NOFOLLOW), (location) => {
        const [atime, mtime] = newTimes(context, times, fileStat(existing(location)));
        requireWritable(location);
        location.fs.lutimesSync(location.path, seconds(atime), seconds(mtime));
      });
    },
  };
}

/** Two `timespec`, access and modification: each a time, "now" or "as it is"; none at all: both now. */
function newTimes({ memory, clocks }: HostContext, pointer: number, old: FileStat): [bigint, bigint] {
  if (pointer === 0) return [clocks.realtime(), clocks.realtime()];
  const given = memory.view(pointer, 32);
  const choose = (offset: number, before: bigint): bigint => {
    const nanoseconds = given.getInt32(offset + 8, true);
    if (nanoseconds === UTIME_NOW) return clocks.realtime();
    if (nanoseconds === UTIME_OMIT) return before;
    return given.getBigInt64(offset, true) * 1_000_000_000n + BigInt(nanoseconds);
  };
  return [choose(0, old.atim), choose(16, old.mtim)];
}

function fileSystems(context: HostContext): HostFamily {
  const { memory, descriptors } = context;
  return {
    __syscall_statfs64: (path: number, _size: number, result: number) =>
      at(context, AT.FDCWD, path, true, (location) => {
        existing(location);
        writeStatfs(memory, result);
      }),
    __syscall_fstatfs64: (fd: number, _size: number, result: number) => {
      descriptors.get(fd);
      writeStatfs(memory, result);
    },
  };
}

/** What of a 64-bit number fits a 32-bit field. */
const low = (value: bigint) => Number(BigInt.asUintN(32, value));

/** The C struct: dev | mode | nlink | uid | gid | rdev, i32 each | size i64 | block size, blocks i32 | three times | inode u64. */
function writeStat(memory: GuestMemory, pointer: number, found: FileStat): void {
  const target = memory.view(pointer, 96);
  const mode = (FORMATS[found.filetype] ?? 0) | found.permissions;
  const words = [low(found.dev), mode, low(found.nlink), 0, 0, 0];
  for (const [index, word] of words.entries()) target.setUint32(4 * index, word, true);
  target.setBigInt64(24, found.size, true);
  target.setUint32(32, 4096, true);
  target.setUint32(36, low((found.size + 511n) / 512n), true);
  for (const [index, time] of [found.atim, found.mtim, found.ctim].entries()) {
    const fraction = BigInt.asUintN(64, time) % 1_000_000_000n;
    target.setBigInt64(40 + 16 * index, (time - fraction) / 1_000_000_000n, true);
    target.setUint32(48 + 16 * index, Number(fraction), true);
  }
  target.setBigUint64(88, BigInt.asUintN(64, found.ino), true);
}

/** Sizes are not told: a block size, and the longest name. */
function writeStatfs(memory: GuestMemory, pointer: number): void {
  const target = memory.view(pointer, 88);
  for (let offset = 0; offset < 88; offset += 4) target.setUint32(offset, 0, true);
  target.setUint32(4, 4096, true);
  target.setUint32(56, 255, true);
  target.setUint32(60, 4096, true);
}
