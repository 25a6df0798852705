/**
 * From the paths that the guest passes, relative to its working directory or to an open directory, to locations in its namespace.
 * A directory descriptor stands for the path that it was opened by.
 */
import { posix } from 'node:path';
import { WasiError } from '../../wasi/errno.ts';
import { Directory } from '../../wasi/files/directory.ts';
import type { Stats } from '../../wasi/files/file-system.ts';
import type { Location } from '../../wasi/files/resolve.ts';
import { AT, PATH_MAX } from './constants.ts';
import type { HostContext } from './context.ts';
import { guestPath } from './namespace.ts';

/** The guest's absolute path, symlinks and `..` still in it. */
export function absolutePath(context: HostContext, directory: number, pointer: number): string {
  const path = context.memory.cString(pointer, PATH_MAX);
  if (path === '') throw new WasiError('NOENT');
  return path.startsWith('/') ? path : `${baseOf(context, directory)}/${path}`;
}

function baseOf({ descriptors, cwd }: HostContext, fd: number): string {
  return fd === AT.FDCWD ? cwd : directoryPath(descriptors.get(fd));
}

/** The path by which an open directory was opened. */
export function directoryPath(descriptor: unknown): string {
  if (!(descriptor instanceof Directory)) throw new WasiError('NOTDIR');
  return guestPath({ directory: descriptor.handle, name: '.' });
}

/** Resolves the path at `pointer` and passes what it leads to on. */
export function at<T>(
  context: HostContext,
  directory: number,
  pointer: number,
  follow: boolean,
  use: (location: Location) => T,
): T {
  const path = absolutePath(context, directory, pointer);
  return context.namespace.resolve(path, follow || path.endsWith('/'), use);
}

export function existing({ stats, mustBeDirectory }: Location): Stats {
  if (stats === undefined) throw new WasiError('NOENT');
  if (mustBeDirectory && !stats.isDirectory()) throw new WasiError('NOTDIR');
  return stats;
}

/** Before something is made, changed or removed there. */
export function requireWritable({ directory }: Location): void {
  if (directory.readOnly) throw new WasiError('ROFS');
}

/** Before something of a new name is made. */
export function requireFree(location: Location, isDirectory = false): void {
  if (location.stats !== undefined) throw new WasiError('EXIST');
  if (location.mustBeDirectory && !isDirectory) throw new WasiError('NOENT');
  requireWritable(location);
}

/** `directory` as seen from the guest, if it can be worked in. */
export function directoryAt(context: HostContext, path: string): string {
  return context.namespace.resolve(path, true, (location) => {
    if (!existing(location).isDirectory()) throw new WasiError('NOTDIR');
    return posix.normalize(guestPath(location));
  });
}
