/** Names: opening what they lead to, and making, removing and moving them. */
import nodeFs from 'node:fs';
import { WasiError } from '../../wasi/errno.ts';
import type { Location } from '../../wasi/files/resolve.ts';
import { utf8 } from '../../wasi/memory-access.ts';
import { open } from '../../wasi/open.ts';
import { AT, O, PATH_MAX } from './constants.ts';
import { type HostContext, type HostFamily, systemCalls } from './context.ts';
import { OpenDirectory } from './open-directory.ts';
import { openPath } from './open-files.ts';
import { requestOf } from './open-request.ts';
import {
  absolutePath,
  at,
  directoryAt,
  directoryPath,
  existing,
  requireFree,
  requireWritable,
} from './paths.ts';

export function directories(context: HostContext): HostFamily {
  return systemCalls({
    __syscall_openat: openat(context),
    ...making(context),
    ...removing(context),
    ...working(context),
    __syscall_getdents64: (fd: number, buffer: number, length: number) => {
      const directory = context.descriptors.get(fd);
      if (!(directory instanceof OpenDirectory)) throw new WasiError('NOTDIR');
      return directory.readEntries(context.memory.view(buffer, length));
    },
  });
}

function openat(context: HostContext) {
  return (directory: number, path: number, flags: number) =>
    context.descriptors.add(openPath(context, absolutePath(context, directory, path), flags), 0);
}

function making(context: HostContext): HostFamily {
  return {
    __syscall_mkdirat: (directory: number, path: number) =>
      at(context, directory, path, false, (location) => {
        requireFree(location, true);
        location.fs.mkdirSync(location.path);
      }),
    __syscall_mknodat: (directory: number, path: number, mode: number) =>
      at(context, directory, path, false, (location) => {
        const format = mode & 0o170000;
        if (format !== 0 && format !== 0o100000) throw new WasiError('PERM');
        requireFree(location);
        open(context, location, requestOf(O.CREAT | O.EXCL | O.WRONLY)).close();
      }),
    __syscall_symlinkat: (target: number, directory: number, path: number) => {
      const text = context.memory.cString(target, PATH_MAX);
      if (text === '') throw new WasiError('NOENT');
      at(context, directory, path, false, (location) => {
        requireFree(location);
        // The guest would resolve it in its own tree, but programs of the host, which may follow it later, in theirs.
        if (location.fs === nodeFs && /^([/\\]|[A-Za-z]:)/.test(text)) throw new WasiError('PERM');
        location.fs.symlinkSync(text, location.path);
      });
    },
    __syscall_readlinkat: (directory: number, path: number, buffer: number, size: number) => {
      if (size <= 0) throw new WasiError('INVAL');
      const target = at(context, directory, path, false, (location) => {
        if (!existing(location).isSymbolicLink()) throw new WasiError('INVAL');
        return utf8(location.fs.readlinkSync(location.path, 'utf8'));
      });
      const fitting = target.subarray(0, size);
      context.memory.bytes(buffer, size).set(fitting);
      return fitting.length;
    },
  };
}

function removing(context: HostContext): HostFamily {
  const removable = (location: Location): boolean => {
    const isDirectory = existing(location).isDirectory();
    if (context.namespace.isMountPoint(location)) throw new WasiError('BUSY');
    requireWritable(location);
    return isDirectory;
  };
  const rmdir = (directory: number, path: number) =>
    at(context, directory, path, false, (location) => {
      if (!removable(location)) throw new WasiError('NOTDIR');
      location.fs.rmdirSync(location.path);
    });
  return {
    __syscall_rmdir: (path: number) => rmdir(AT.FDCWD, path),
    __syscall_unlinkat: (directory: number, path: number, flags: number) => {
      if (flags & AT.REMOVEDIR) return rmdir(directory, path);
      return at(context, directory, path, false, (location) => {
        if (removable(location)) throw new WasiError('ISDIR');
        location.fs.unlinkSync(location.path);
      });
    },
    __syscall_renameat: (fromDirectory: number, from: number, toDirectory: number, to: number) =>
      at(context, fromDirectory, from, false, (old) =>
        at(context, toDirectory, to, false, (next) => {
          const isDirectory = removable(old);
          if (next.stats !== undefined) removable(next);
          else if (next.mustBeDirectory && !isDirectory) throw new WasiError('NOTDIR');
          requireWritable(next);
          if (old.fs !== next.fs) throw new WasiError('XDEV');
          old.fs.renameSync(old.path, next.path);
        }),
      ),
  };
}

function working(context: HostContext): HostFamily {
  const { memory, descriptors } = context;
  return {
    __syscall_chdir: (path: number) => {
      context.cwd = directoryAt(context, absolutePath(context, AT.FDCWD, path));
    },
    __syscall_fchdir: (fd: number) => {
      context.cwd = directoryAt(context, directoryPath(descriptors.get(fd)));
    },
    __syscall_getcwd: (buffer: number, size: number) => {
      const path = utf8(`${context.cwd}\0`);
      if (size === 0) throw new WasiError('INVAL');
      if (size < path.length) throw new WasiError('RANGE');
      memory.bytes(buffer, size).set(path);
      return path.length;
    },
  };
}
