/** From POSIX's flags of `open` to WASI's words for the same: what is asked, and what may be done with the descriptor. */
import { WasiError } from '../../wasi/errno.ts';
import type { Request } from '../../wasi/open.ts';
import { FDFLAGS, FILE_ONLY_RIGHTS, OFLAGS, RIGHTS } from '../../wasi/types.ts';
import { O } from './constants.ts';

const ATTRIBUTES = RIGHTS.FD_FILESTAT_GET | RIGHTS.POLL_FD_READWRITE | RIGHTS.FD_FDSTAT_SET_FLAGS;
const POSITION = RIGHTS.FD_SEEK | RIGHTS.FD_TELL | RIGHTS.FD_ADVISE;
const READ = ATTRIBUTES | POSITION | RIGHTS.FD_READ | RIGHTS.FD_READDIR | RIGHTS.FD_SYNC | RIGHTS.FD_DATASYNC;
const CHANGE = RIGHTS.FD_ALLOCATE | RIGHTS.FD_FILESTAT_SET_SIZE | RIGHTS.FD_FILESTAT_SET_TIMES;
const WRITE = (READ & ~FILE_ONLY_RIGHTS) | POSITION | RIGHTS.FD_WRITE | CHANGE;

export function requestOf(flags: number): Request {
  const access = flags & O.ACCMODE;
  if (access === O.ACCMODE) throw new WasiError('INVAL');
  const rights = access === O.RDWR ? READ | WRITE : access === O.WRONLY ? WRITE : READ;
  const bit = (flag: number, means: number) => (flags & flag ? means : 0);
  return {
    oflags:
      bit(O.CREAT, OFLAGS.CREAT) |
      bit(O.DIRECTORY, OFLAGS.DIRECTORY) |
      bit(O.EXCL, OFLAGS.EXCL) |
      bit(O.TRUNC, OFLAGS.TRUNC),
    fdflags: bit(O.APPEND, FDFLAGS.APPEND) | bit(O.NONBLOCK, FDFLAGS.NONBLOCK),
    rights,
    inheriting: 0n,
    widened: false,
  };
}
