/**
 * The numbers of WASI preview 1 that guests and host exchange: file types, flags, rights. Names are those of the
 * specification (`witx`), without prefixes. Facts only; what they do is decided where they are used.
 */

export const FILETYPE = {
  UNKNOWN: 0,
  BLOCK_DEVICE: 1,
  CHARACTER_DEVICE: 2,
  DIRECTORY: 3,
  REGULAR_FILE: 4,
  SOCKET_DGRAM: 5,
  SOCKET_STREAM: 6,
  SYMBOLIC_LINK: 7,
} as const;

export const FDFLAGS = { APPEND: 1, DSYNC: 2, NONBLOCK: 4, RSYNC: 8, SYNC: 16 } as const;
export const ALL_FDFLAGS = 31;

export const OFLAGS = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 } as const;
export const ALL_OFLAGS = 15;

export const LOOKUPFLAGS = { SYMLINK_FOLLOW: 1 } as const;

export const FSTFLAGS = { ATIM: 1, ATIM_NOW: 2, MTIM: 4, MTIM_NOW: 8 } as const;

export const WHENCE = { SET: 0, CUR: 1, END: 2 } as const;

/** Rights by bit number, in the specification's order. */
const RIGHT_NAMES = [
  ...[
    'FD_DATASYNC',
    'FD_READ',
    'FD_SEEK',
    'FD_FDSTAT_SET_FLAGS',
    'FD_SYNC',
    'FD_TELL',
    'FD_WRITE',
    'FD_ADVISE',
  ],
  ...['FD_ALLOCATE', 'PATH_CREATE_DIRECTORY', 'PATH_CREATE_FILE', 'PATH_LINK_SOURCE', 'PATH_LINK_TARGET'],
  ...[
    'PATH_OPEN',
    'FD_READDIR',
    'PATH_READLINK',
    'PATH_RENAME_SOURCE',
    'PATH_RENAME_TARGET',
    'PATH_FILESTAT_GET',
  ],
  ...['PATH_FILESTAT_SET_SIZE', 'PATH_FILESTAT_SET_TIMES', 'FD_FILESTAT_GET', 'FD_FILESTAT_SET_SIZE'],
  ...[
    'FD_FILESTAT_SET_TIMES',
    'PATH_SYMLINK',
    'PATH_REMOVE_DIRECTORY',
    'PATH_UNLINK_FILE',
    'POLL_FD_READWRITE',
  ],
  ...['SOCK_SHUTDOWN', 'SOCK_ACCEPT'],
] as const;

export type RightName = (typeof RIGHT_NAMES)[number];

export const RIGHTS = Object.freeze(
  Object.fromEntries(RIGHT_NAMES.map((name, bit) => [name, 1n << BigInt(bit)])),
) as Readonly<Record<RightName, bigint>>;

/** Every bit, named or not: guests (Rust's standard library) ask for `!0` as inheriting rights. */
export const ALL_RIGHTS = 0xffff_ffff_ffff_ffffn;

/** What only makes sense on a file's contents; a directory never has these. */
export const FILE_ONLY_RIGHTS = RIGHTS.FD_READ | RIGHTS.FD_WRITE | RIGHTS.FD_SEEK | RIGHTS.FD_TELL;

/** What a preopened directory may do itself; what is opened through it inherits ALL_RIGHTS. */
export const PREOPEN_RIGHTS = BigInt.asUintN(RIGHT_NAMES.length, ~FILE_ONLY_RIGHTS);

export const STREAM_RIGHTS = RIGHTS.FD_FILESTAT_GET | RIGHTS.POLL_FD_READWRITE;
