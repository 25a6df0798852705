/** Open files by number, apart from reading and writing, which are WASI's: duplicates, flags, locks, waiting for several. */
import { WasiError } from '../../wasi/errno.ts';
import { LONGEST_PAUSE } from '../../wasi/files/blocking.ts';
import type { Descriptor } from '../../wasi/files/descriptor.ts';
import { FDFLAGS, RIGHTS } from '../../wasi/types.ts';
import { F_UNLCK, FCNTL, FD_CLOEXEC, FIONREAD, O, POLL } from './constants.ts';
import { type HostContext, type HostFamily, raiseSignal, refuse, systemCalls } from './context.ts';

export function descriptors(context: HostContext): HostFamily {
  const { memory, descriptors } = context;
  return systemCalls({
    __syscall_dup: (fd: number) => descriptors.duplicate(fd, 0),
    __syscall_dup3: (fd: number, to: number) => {
      if (fd === to) throw new WasiError('INVAL');
      descriptors.duplicateTo(fd, to);
      return to;
    },
    __syscall_fcntl64: (fd: number, command: number, varargs: number) => fcntl(context, fd, command, varargs),
    __syscall_ioctl: (fd: number, command: number, varargs: number) => {
      const available = descriptors.get(fd).readable() ?? 0;
      if (command !== FIONREAD) throw new WasiError('NOTTY');
      memory.setU32(memory.getU32(varargs), available);
    },
    __syscall_fdatasync: (fd: number) => descriptors.get(fd, RIGHTS.FD_DATASYNC).sync(true),
    // Advice is checked, then not needed.
    __syscall_fadvise64: (fd: number) => void descriptors.get(fd),
    __syscall_fallocate: (fd: number, mode: number, offset: bigint, length: bigint) => {
      if (mode !== 0) throw new WasiError('NOTSUP');
      if (offset < 0n || length <= 0n) throw new WasiError('INVAL');
      descriptors.get(fd, RIGHTS.FD_ALLOCATE).allocate(offset, length);
    },
    __syscall_pipe: refuse('NOSYS'),
    __syscall_poll: (list: number, count: number, timeout: number) => poll(context, list, count, timeout),
  });
}

/** Locks are granted: there is no other process. Nor is there one to inherit descriptors. */
function fcntl({ memory, descriptors }: HostContext, fd: number, command: number, varargs: number): number {
  const descriptor = descriptors.get(fd);
  switch (command) {
    case FCNTL.DUPFD:
    case FCNTL.DUPFD_CLOEXEC:
      return descriptors.duplicate(fd, memory.getU32(varargs));
    case FCNTL.GETFD:
      return FD_CLOEXEC;
    case FCNTL.GETFL:
      return openFlags(descriptor);
    case FCNTL.SETFL:
      setOpenFlags(descriptor, memory.getU32(varargs));
      return 0;
    case FCNTL.GETLK:
      memory.view(memory.getU32(varargs), 2).setInt16(0, F_UNLCK, true);
      return 0;
    case FCNTL.SETFD:
    case FCNTL.SETLK:
    case FCNTL.SETLKW:
      return 0;
    default:
      throw new WasiError('INVAL');
  }
}

function openFlags({ rights, flags }: Descriptor): number {
  const writes = (rights & RIGHTS.FD_WRITE) !== 0n;
  const reads = (rights & RIGHTS.FD_READ) !== 0n;
  const access = writes ? (reads ? O.RDWR : O.WRONLY) : 0;
  return access | (flags & FDFLAGS.APPEND ? O.APPEND : 0) | (flags & FDFLAGS.NONBLOCK ? O.NONBLOCK : 0);
}

function setOpenFlags(descriptor: Descriptor, flags: number): void {
  const changeable = FDFLAGS.APPEND | FDFLAGS.NONBLOCK;
  const asked = (flags & O.APPEND ? FDFLAGS.APPEND : 0) | (flags & O.NONBLOCK ? FDFLAGS.NONBLOCK : 0);
  descriptor.flags = (descriptor.flags & ~changeable) | asked;
}

/** An array of { fd i32 | asked-for events i16 | events i16 }; answers for how many descriptors something has happened. */
function poll(context: HostContext, list: number, count: number, timeout: number): number {
  const { memory, signals, pause } = context;
  const until = timeout < 0 ? Infinity : performance.now() + timeout;
  for (;;) {
    const polled = memory.view(list, count * 8);
    let happened = 0;
    for (let at = 0; at < polled.byteLength; at += 8) {
      const events = eventsOf(context, polled.getInt32(at, true), polled.getInt16(at + 4, true));
      polled.setInt16(at + 6, events, true);
      if (events !== 0) happened++;
    }
    const left = until - performance.now();
    if (happened > 0 || left <= 0) return happened;
    // Descriptors have to be looked at again and again; without any, the time is all there is to wait for.
    if (signals.pending() === 0) pause(count > 0 ? Math.min(left, LONGEST_PAUSE) : left);
    // Not EINTR: Emscripten's `select` passes on that something failed, but not what.
    if (signals.pending() !== 0) {
      raiseSignal(context);
      return 0;
    }
  }
}

function eventsOf({ descriptors }: HostContext, fd: number, asked: number): number {
  if (fd < 0) return 0;
  if (!descriptors.isOpen(fd)) return POLL.NVAL;
  const { rights } = descriptors.get(fd);
  const writable = asked & POLL.OUT && rights & RIGHTS.FD_WRITE ? POLL.OUT : 0;
  const looks = asked & POLL.IN && (rights & RIGHTS.FD_READ) !== 0n;
  return writable | (looks && descriptors.get(fd).readable() !== undefined ? POLL.IN : 0);
}
