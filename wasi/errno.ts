/**
 * The error numbers of WASI preview 1, by name, and the way from a host error to one of them.
 *
 * Inside `wasi/` an operation that fails throws `WasiError('NOENT')`; the wrapper around every WASI function (index.ts)
 * turns it into the number that the guest receives. Errors that end the guest (ExitError, TimeoutError, AbortError, our own
 * bugs) are not errnos and pass through.
 */

/** In the order of their numbers: `SUCCESS` is 0, `NOTCAPABLE` is 76. */
const NAMES = [
  ...[
    'SUCCESS',
    '2BIG',
    'ACCES',
    'ADDRINUSE',
    'ADDRNOTAVAIL',
    'AFNOSUPPORT',
    'AGAIN',
    'ALREADY',
    'BADF',
    'BADMSG',
  ],
  ...[
    'BUSY',
    'CANCELED',
    'CHILD',
    'CONNABORTED',
    'CONNREFUSED',
    'CONNRESET',
    'DEADLK',
    'DESTADDRREQ',
    'DOM',
    'DQUOT',
  ],
  ...[
    'EXIST',
    'FAULT',
    'FBIG',
    'HOSTUNREACH',
    'IDRM',
    'ILSEQ',
    'INPROGRESS',
    'INTR',
    'INVAL',
    'IO',
    'ISCONN',
    'ISDIR',
  ],
  ...[
    'LOOP',
    'MFILE',
    'MLINK',
    'MSGSIZE',
    'MULTIHOP',
    'NAMETOOLONG',
    'NETDOWN',
    'NETRESET',
    'NETUNREACH',
    'NFILE',
  ],
  ...[
    'NOBUFS',
    'NODEV',
    'NOENT',
    'NOEXEC',
    'NOLCK',
    'NOLINK',
    'NOMEM',
    'NOMSG',
    'NOPROTOOPT',
    'NOSPC',
    'NOSYS',
  ],
  ...[
    'NOTCONN',
    'NOTDIR',
    'NOTEMPTY',
    'NOTRECOVERABLE',
    'NOTSOCK',
    'NOTSUP',
    'NOTTY',
    'NXIO',
    'OVERFLOW',
    'OWNERDEAD',
  ],
  ...[
    'PERM',
    'PIPE',
    'PROTO',
    'PROTONOSUPPORT',
    'PROTOTYPE',
    'RANGE',
    'ROFS',
    'SPIPE',
    'SRCH',
    'STALE',
    'TIMEDOUT',
  ],
  ...['TXTBSY', 'XDEV', 'NOTCAPABLE'],
] as const;

export type ErrnoName = (typeof NAMES)[number];

/** `ERRNO.BADF === 8`. */
export const ERRNO = Object.freeze(
  Object.fromEntries(NAMES.map((name, number) => [name, number])),
) as Readonly<Record<ErrnoName, number>>;

export function errnoName(errno: number): ErrnoName | undefined {
  return NAMES[errno];
}

/** An operation failed in a way that the guest is told about. */
export class WasiError extends Error {
  override readonly name = 'WasiError';
  readonly errno: number;

  constructor(name: ErrnoName) {
    super(name);
    this.errno = ERRNO[name];
  }
}

/** Host codes whose WASI name is not simply the code without its `E`. */
const RENAMED: Readonly<Record<string, ErrnoName>> = {
  EWOULDBLOCK: 'AGAIN',
  EOPNOTSUPP: 'NOTSUP',
  ENOTSUP: 'NOTSUP',
};

/** The errno that `error` stands for, or undefined if it is not an answer to the guest but must pass. */
export function errnoOf(error: unknown): number | undefined {
  if (error instanceof WasiError) return error.errno;
  const code = hostCode(error);
  if (code === undefined) return undefined;
  return ERRNO[RENAMED[code] ?? (code.slice(1) as ErrnoName)] ?? ERRNO.IO;
}

/** `'ENOENT'` of an error that a system call made, such as those of `node:fs`. */
export function hostCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
