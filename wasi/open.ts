/**
 * `path_open`: from a path, flags and rights to a new descriptor. What the guest may do with it is at most what its directory lets
 * through (inheriting rights); read and write rights also decide how the host opens it.
 */
import nodeFs from 'node:fs';
import type { Context, WasiFunction } from './context.ts';
import { hostCode, WasiError } from './errno.ts';
import type { Descriptor } from './files/descriptor.ts';
import { Directory } from './files/directory.ts';
import { HostFile } from './files/host-file.ts';
import type { Location } from './files/resolve.ts';
import { ALL_FDFLAGS, ALL_OFLAGS, FDFLAGS, FILE_ONLY_RIGHTS, LOOKUPFLAGS, OFLAGS, RIGHTS } from './types.ts';

/** What is asked of a file that is opened. */
export interface Request {
  readonly oflags: number;
  readonly fdflags: number;
  readonly rights: bigint;
  readonly inheriting: bigint;
  /** Rights were not asked for but given (lenient): take what the host allows. */
  readonly widened: boolean;
}

const WRITING = RIGHTS.FD_WRITE | RIGHTS.FD_ALLOCATE | RIGHTS.FD_FILESTAT_SET_SIZE;
const READING = RIGHTS.FD_READ | RIGHTS.FD_READDIR;

export function pathOpen(context: Context): WasiFunction {
  const { memory, descriptors } = context;
  return (
    ...[fd, lookup, pointer, length, oflags, base, inheriting, fdflags, result]: [
      ...[number, number, number, number, number],
      ...[bigint, bigint, number, number],
    ]
  ) => {
    const directory = descriptors.directory(fd, RIGHTS.PATH_OPEN);
    const target = memory.view(result, 4);
    const path = memory.string(pointer, length);
    const request = checkRequest(context, directory, oflags, fdflags, base, inheriting);
    // A new file must not be made through a symlink that is already there.
    const exclusive = (oflags & OFLAGS.CREAT) !== 0 && (oflags & OFLAGS.EXCL) !== 0;
    const follow = follows(lookup, path) && !exclusive;
    const descriptor = directory.resolve(path, follow, (location) => open(context, location, request));
    target.setUint32(0, descriptors.add(descriptor), true);
  };
}

function checkRequest(
  context: Context,
  directory: Directory,
  oflags: number,
  fdflags: number,
  base: bigint,
  inheritingAsked: bigint,
): Request {
  if ((oflags & ~ALL_OFLAGS) !== 0 || (fdflags & ~ALL_FDFLAGS) !== 0) throw new WasiError('INVAL');
  const asked = BigInt.asUintN(64, base);
  const widened = context.rights === 'lenient' && asked === 0n;
  const rights = widened ? directory.inheriting : asked;
  const inheriting = BigInt.asUintN(64, inheritingAsked);
  const needed = (oflags & OFLAGS.CREAT ? RIGHTS.PATH_CREATE_FILE : 0n) | truncationRight(oflags);
  const missing = ((rights | inheriting) & ~directory.inheriting) | (needed & ~directory.rights);
  if (missing !== 0n) throw new WasiError('NOTCAPABLE');
  return { oflags, fdflags, rights, inheriting, widened };
}

function truncationRight(oflags: number): bigint {
  return oflags & OFLAGS.TRUNC ? RIGHTS.PATH_FILESTAT_SET_SIZE : 0n;
}

/** `asDirectory`: how a directory becomes a descriptor. */
export function open(
  context: Pick<Context, 'interrupt'>,
  location: Location,
  request: Request,
  asDirectory: (location: Location, request: Request) => Descriptor = openDirectory,
): Descriptor {
  const { oflags } = request;
  const { stats } = location;
  const creates = (oflags & OFLAGS.CREAT) !== 0;
  const wantsDirectory = (oflags & OFLAGS.DIRECTORY) !== 0 || location.mustBeDirectory;
  if (creates && (oflags & OFLAGS.DIRECTORY) !== 0) throw new WasiError('INVAL');
  if (creates && (oflags & OFLAGS.EXCL) !== 0 && stats !== undefined) throw new WasiError('EXIST');
  if (stats === undefined && !creates) throw new WasiError('NOENT');
  if (creates && (stats === undefined ? location.mustBeDirectory : stats.isDirectory()))
    throw new WasiError('ISDIR');
  if (stats?.isSymbolicLink()) throw new WasiError('LOOP');
  if (stats?.isDirectory()) return asDirectory(location, request);
  if (wantsDirectory) throw new WasiError('NOTDIR');
  const changes = (request.rights & WRITING) !== 0n || (oflags & OFLAGS.TRUNC) !== 0 || stats === undefined;
  if (changes && location.directory.readOnly) throw new WasiError('ROFS');
  return openFile(context, location, request);
}

function openDirectory(
  location: Location,
  { oflags, fdflags, rights, inheriting, widened }: Request,
): Directory {
  const writes = !widened && (rights & RIGHTS.FD_WRITE) !== 0n;
  if (writes || (oflags & OFLAGS.TRUNC) !== 0) throw new WasiError('ISDIR');
  return new Directory(
    location.directory.enter(location.name),
    rights & ~FILE_ONLY_RIGHTS,
    inheriting,
    fdflags,
  );
}

function openFile(context: Pick<Context, 'interrupt'>, location: Location, request: Request): HostFile {
  const { fs, path } = location;
  const { rights, inheriting, fdflags } = request;
  try {
    const fd = fs.openSync(path, hostFlags(request), 0o666);
    return new HostFile(fs, fd, context.interrupt, rights, inheriting, fdflags);
  } catch (error) {
    const refused = ['EACCES', 'EROFS', 'EPERM', 'ETXTBSY'].includes(hostCode(error) ?? '');
    if (!request.widened || !refused || (rights & WRITING) === 0n) throw error;
    return openFile(context, location, { ...request, rights: rights & ~WRITING });
  }
}

function hostFlags({ oflags, fdflags, rights }: Request): number {
  const host = nodeFs.constants;
  const writes = (rights & WRITING) !== 0n;
  const reads = (rights & READING) !== 0n;
  let flags = writes ? (reads ? host.O_RDWR : host.O_WRONLY) : host.O_RDONLY;
  if (oflags & OFLAGS.CREAT) flags |= host.O_CREAT;
  if (oflags & OFLAGS.EXCL) flags |= host.O_EXCL;
  if (oflags & OFLAGS.TRUNC) flags |= host.O_TRUNC;
  if (fdflags & FDFLAGS.DSYNC) flags |= host.O_DSYNC ?? 0;
  if (fdflags & (FDFLAGS.SYNC | FDFLAGS.RSYNC)) flags |= host.O_SYNC ?? 0;
  // Windows lacks these. Non-blocking, so that neither opening nor reading a FIFO can hang; see files/blocking.ts.
  return flags | (host.O_NOFOLLOW ?? 0) | (host.O_NONBLOCK ?? 0) | (host.O_NOCTTY ?? 0);
}

/** Whether a symlink at the end of the path is followed; a closing slash follows it, too, since it wants a directory. */
export function follows(lookup: number, path = ''): boolean {
  return (lookup & LOOKUPFLAGS.SYMLINK_FOLLOW) !== 0 || path.endsWith('/');
}
