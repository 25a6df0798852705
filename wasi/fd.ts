/**
 * Everything on open descriptors: the `fd_*` functions. Memory layouts are decoded and encoded here; what happens is up to the
 * descriptor (files/). Order of checks: descriptor, rights, kind, pointers, then the operation.
 */
import type { Context, Family } from './context.ts';
import { WasiError } from './errno.ts';
import { Directory } from './files/directory.ts';
import type { FileStat } from './files/file-system.ts';
import { type GuestMemory, utf8 } from './memory-access.ts';
import { ALL_FDFLAGS, FDFLAGS, FSTFLAGS, RIGHTS } from './types.ts';

export function fd(context: Context): Family {
  return {
    ...transfers(context),
    ...attributes(context),
    ...positions(context),
    ...descriptors(context),
    ...listing(context),
  };
}

/** Between buffers of the guest and files. */
function transfers({ memory, descriptors }: Context): Family {
  return {
    fd_read: (fd: number, iovecs: number, count: number, result: number) => {
      const descriptor = descriptors.get(fd, RIGHTS.FD_READ);
      const target = memory.view(result, 4);
      target.setUint32(0, descriptor.read(memory.iovecs(iovecs, count)), true);
    },
    fd_write: (fd: number, iovecs: number, count: number, result: number) => {
      const descriptor = descriptors.get(fd, RIGHTS.FD_WRITE);
      const target = memory.view(result, 4);
      target.setUint32(0, descriptor.write(memory.iovecs(iovecs, count)), true);
    },
    fd_pread: (fd: number, iovecs: number, count: number, offset: bigint, result: number) => {
      const descriptor = descriptors.get(fd, RIGHTS.FD_READ | RIGHTS.FD_SEEK);
      const target = memory.view(result, 4);
      target.setUint32(0, descriptor.pread(memory.iovecs(iovecs, count), offset), true);
    },
    fd_pwrite: (fd: number, iovecs: number, count: number, offset: bigint, result: number) => {
      const descriptor = descriptors.get(fd, RIGHTS.FD_WRITE | RIGHTS.FD_SEEK);
      const target = memory.view(result, 4);
      target.setUint32(0, descriptor.pwrite(memory.iovecs(iovecs, count), offset), true);
    },
  };
}

function positions({ memory, descriptors }: Context): Family {
  return {
    fd_seek: (fd: number, offset: bigint, whence: number, result: number) => {
      const onlyTells = offset === 0n && whence === 1;
      const descriptor = descriptors.get(fd, onlyTells ? RIGHTS.FD_TELL : RIGHTS.FD_SEEK);
      const target = memory.view(result, 8);
      target.setBigUint64(0, descriptor.seek(offset, whence), true);
    },
    fd_tell: (fd: number, result: number) => {
      const descriptor = descriptors.get(fd, RIGHTS.FD_TELL);
      memory.setU64(result, descriptor.seek(0n, 1));
    },
    // Advice about a range: checked, then not needed.
    fd_advise: (fd: number, offset: bigint, length: bigint, advice: number) => {
      descriptors.get(fd, RIGHTS.FD_ADVISE);
      if (advice >>> 0 > 5 || offset < 0n || length < 0n) throw new WasiError('INVAL');
    },
    fd_allocate: (fd: number, offset: bigint, length: bigint) => {
      descriptors
        .get(fd, RIGHTS.FD_ALLOCATE)
        .allocate(BigInt.asUintN(64, offset), BigInt.asUintN(64, length));
    },
  };
}

function attributes({ memory, descriptors, clocks }: Context): Family {
  return {
    fd_fdstat_get: (fd: number, result: number) => {
      const { filetype, flags, rights, inheriting } = descriptors.get(fd);
      const target = memory.view(result, 24);
      target.setBigUint64(0, 0n, true);
      target.setUint8(0, filetype);
      target.setUint16(2, flags, true);
      target.setBigUint64(8, rights, true);
      target.setBigUint64(16, inheriting, true);
    },
    fd_fdstat_set_flags: (fd: number, flags: number) => {
      const descriptor = descriptors.get(fd, RIGHTS.FD_FDSTAT_SET_FLAGS);
      if ((flags & ~ALL_FDFLAGS) !== 0) throw new WasiError('INVAL');
      // Synchronous writing is a property of the host's descriptor, fixed when it was opened.
      const fixed = FDFLAGS.DSYNC | FDFLAGS.RSYNC | FDFLAGS.SYNC;
      if (((flags ^ descriptor.flags) & fixed) !== 0) throw new WasiError('NOTSUP');
      descriptor.flags = flags;
    },
    fd_fdstat_set_rights: (fd: number, base: bigint, inheriting: bigint) => {
      const descriptor = descriptors.get(fd);
      const rights = BigInt.asUintN(64, base);
      const inherited = BigInt.asUintN(64, inheriting);
      const grown = (rights & ~descriptor.rights) | (inherited & ~descriptor.inheriting);
      if (grown !== 0n) throw new WasiError('NOTCAPABLE');
      descriptor.rights = rights;
      descriptor.inheriting = inherited;
    },
    fd_filestat_get: (fd: number, result: number) => {
      writeFilestat(memory, result, descriptors.get(fd, RIGHTS.FD_FILESTAT_GET).stat());
    },
    fd_filestat_set_size: (fd: number, size: bigint) => {
      descriptors.get(fd, RIGHTS.FD_FILESTAT_SET_SIZE).setSize(BigInt.asUintN(64, size));
    },
    fd_filestat_set_times: (fd: number, atim: bigint, mtim: bigint, flags: number) => {
      const descriptor = descriptors.get(fd, RIGHTS.FD_FILESTAT_SET_TIMES);
      descriptor.setTimes(...newTimes(() => descriptor.stat(), clocks.realtime, atim, mtim, flags));
    },
  };
}

function descriptors({ memory, descriptors }: Context): Family {
  const preopen = (fd: number): Uint8Array => {
    const descriptor = descriptors.get(fd);
    if (!(descriptor instanceof Directory) || descriptor.preopenName === undefined)
      throw new WasiError('BADF');
    return utf8(descriptor.preopenName);
  };
  return {
    fd_close: (fd: number) => descriptors.close(fd),
    fd_renumber: (from: number, to: number) => descriptors.renumber(from, to),
    fd_sync: (fd: number) => descriptors.get(fd, RIGHTS.FD_SYNC).sync(false),
    fd_datasync: (fd: number) => descriptors.get(fd, RIGHTS.FD_DATASYNC).sync(true),
    fd_prestat_get: (fd: number, result: number) => {
      const name = preopen(fd);
      // The tag 0 says that it is a directory.
      const target = memory.view(result, 8);
      target.setUint32(0, 0, true);
      target.setUint32(4, name.length, true);
    },
    fd_prestat_dir_name: (fd: number, buffer: number, length: number) => {
      const name = preopen(fd);
      if (length >>> 0 < name.length) throw new WasiError('NAMETOOLONG');
      memory.bytes(buffer, name.length).set(name);
    },
  };
}

function listing({ memory, descriptors }: Context): Family {
  return {
    fd_readdir: (fd: number, buffer: number, length: number, cookie: bigint, result: number) => {
      const directory = descriptors.directory(fd, RIGHTS.FD_READDIR);
      if (cookie < 0n) throw new WasiError('INVAL');
      const used = memory.view(result, 4);
      used.setUint32(0, writeEntries(directory, memory.bytes(buffer, length), cookie), true);
    },
  };
}

/**
 * Fills `target` with entries from the `cookie`-th on, the last one cut off where it does not fit; answers how much was used, less
 * than all of it only at the end of the directory. Each entry, 24 bytes and a name:
 *
 *   next cookie u64 | inode u64 | name length u32 | file type u8, 3 unused | name
 */
function writeEntries(directory: Directory, target: Uint8Array, cookie: bigint): number {
  const entries = directory.list(cookie === 0n);
  let used = 0;
  for (let index = Number(cookie); index < entries.length && used < target.length; index++) {
    const { name, filetype } = entries[index]!;
    const bytes = utf8(name);
    const record = new Uint8Array(24 + bytes.length);
    const view = new DataView(record.buffer);
    view.setBigUint64(0, BigInt(index + 1), true);
    view.setBigUint64(8, directory.inodeOf(name), true);
    view.setUint32(16, bytes.length, true);
    view.setUint8(20, filetype);
    record.set(bytes, 24);
    const fitting = record.subarray(0, target.length - used);
    target.set(fitting, used);
    used += fitting.length;
  }
  return used;
}

export function writeFilestat(memory: GuestMemory, pointer: number, stat: FileStat): void {
  const target = memory.view(pointer, 64);
  const fields = [
    stat.dev,
    stat.ino,
    BigInt(stat.filetype),
    stat.nlink,
    stat.size,
    stat.atim,
    stat.mtim,
    stat.ctim,
  ];
  for (const [index, field] of fields.entries())
    target.setBigUint64(index * 8, BigInt.asUintN(64, field), true);
}

/** Access and modification time to set: each the given one, now, or the one it has. */
export function newTimes(
  stat: () => FileStat,
  now: () => bigint,
  atim: bigint,
  mtim: bigint,
  flags: number,
): [bigint, bigint] {
  const { ATIM, ATIM_NOW, MTIM, MTIM_NOW } = FSTFLAGS;
  const both = (one: number, other: number) => (flags & one) !== 0 && (flags & other) !== 0;
  if (both(ATIM, ATIM_NOW) || both(MTIM, MTIM_NOW) || flags >>> 0 > 15) throw new WasiError('INVAL');
  const old = stat();
  const choose = (given: bigint, set: number, setNow: number, otherwise: bigint) =>
    flags & set ? BigInt.asUintN(64, given) : flags & setNow ? now() : otherwise;
  return [choose(atim, ATIM, ATIM_NOW, old.atim), choose(mtim, MTIM, MTIM_NOW, old.mtim)];
}
