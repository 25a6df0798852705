/**
 * Which files are open, in a form that outlives the interpreter: a snapshot of its memory holds numbers of descriptors, and these
 * have to stand for the same files when it is restored. A file that is not there any more stays closed (EBADF).
 */
import { errnoOf } from '../../wasi/errno.ts';
import type { Descriptor } from '../../wasi/files/descriptor.ts';
import { open } from '../../wasi/open.ts';
import { RIGHTS, WHENCE } from '../../wasi/types.ts';
import { O } from './constants.ts';
import type { HostContext } from './context.ts';
import { OpenDirectory } from './open-directory.ts';
import { requestOf } from './open-request.ts';

export interface OpenFileState {
  readonly path: string;
  readonly flags: number;
  readonly position: number;
  /** All numbers that it has. */
  readonly fds: readonly number[];
}

/** How each open file was opened. */
const opened = new WeakMap<Descriptor, { readonly path: string; readonly flags: number }>();

/** Opens what an absolute path of the guest leads to. */
export function openPath(context: HostContext, path: string, flags: number): Descriptor {
  const request = requestOf(flags);
  const exclusive = (flags & O.CREAT) !== 0 && (flags & O.EXCL) !== 0;
  const follow = ((flags & O.NOFOLLOW) === 0 && !exclusive) || path.endsWith('/');
  const descriptor = context.namespace.resolve(path, follow, (location) => {
    const device = context.namespace.deviceAt(location);
    if (device !== undefined) return device.open(context.interrupt);
    const file = open(context, location, request, OpenDirectory.open);
    // Times may be set through any descriptor, as there is one user, but for what nobody may change.
    if (!location.directory.readOnly) file.rights |= RIGHTS.FD_FILESTAT_SET_TIMES;
    return file;
  });
  opened.set(descriptor, { path, flags: flags & ~(O.CREAT | O.EXCL | O.TRUNC) });
  return descriptor;
}

/** Standard input and output are not among them. */
export function saveOpenFiles({ descriptors }: HostContext): OpenFileState[] {
  const numbers = new Map<Descriptor, number[]>();
  for (const [fd, descriptor] of descriptors.entries()) {
    numbers.set(descriptor, [...(numbers.get(descriptor) ?? []), fd]);
  }
  return Array.from(numbers).flatMap(([descriptor, fds]) => {
    const how = opened.get(descriptor);
    if (how === undefined) return [];
    const seekable = (descriptor.rights & RIGHTS.FD_TELL) !== 0n;
    return [{ ...how, fds, position: seekable ? Number(descriptor.seek(0n, WHENCE.CUR)) : 0 }];
  });
}

export function restoreOpenFiles(context: HostContext, files: readonly OpenFileState[]): void {
  for (const { path, flags, position, fds } of files) {
    try {
      const descriptor = openPath(context, path, flags);
      if (position !== 0) descriptor.seek(BigInt(position), WHENCE.SET);
      for (const fd of fds) context.descriptors.set(fd, descriptor);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }
}
