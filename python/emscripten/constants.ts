/** Numbers of Emscripten's C library (musl) that guest and host exchange. Facts only. */

/** Of `open`. */
export const O = {
  WRONLY: 0o1,
  RDWR: 0o2,
  ACCMODE: 0o3,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
} as const;

export const AT = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  REMOVEDIR: 0x200,
  EMPTY_PATH: 0x1000,
} as const;

/** File formats of a mode, by WASI's file type. */
export const FORMATS = [
  0o010000, 0o060000, 0o020000, 0o040000, 0o100000, 0o140000, 0o140000, 0o120000,
] as const;
/** `d_type` of a directory entry, by WASI's file type. */
export const ENTRY_TYPES = [0, 6, 2, 4, 8, 12, 12, 10] as const;

export const W_OK = 2;

export const FCNTL = {
  DUPFD: 0,
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  GETLK: 12,
  SETLK: 13,
  SETLKW: 14,
  DUPFD_CLOEXEC: 1030,
} as const;
export const F_UNLCK = 2;
export const FD_CLOEXEC = 1;

export const FIONREAD = 0x541b;

export const POLL = { IN: 1, OUT: 4, ERR: 8, HUP: 16, NVAL: 32 } as const;

/** Nanoseconds that mean "now" and "as it is" to `utimensat`. */
export const UTIME_NOW = 0x3fffffff;
export const UTIME_OMIT = 0x3ffffffe;

export const PATH_MAX = 4096;
export const PAGE = 65_536;
