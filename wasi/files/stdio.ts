/**
 * The host's own stdin, stdout and stderr by descriptor number, without ever blocking the thread where the host allows it: a thread that
 * is stuck in a system call knows no deadline.
 *
 *  - A pipe or terminal is opened again through `/proc/self/fd/N`, non-blocking; the inherited descriptor stays as it is.
 *  - A socket cannot be opened again (what a Node parent calls a pipe is one): Node's own socket object makes it non-blocking.
 *  - Regular files never wait. Where neither way works (pipes outside Linux) a read blocks, and the deadline counts afterwards.
 */
import fs from 'node:fs';
import { Socket } from 'node:net';
import tty from 'node:tty';
import { hostCode } from '../errno.ts';
import { FILETYPE } from '../types.ts';
import { unlessBusy } from './blocking.ts';
import { type FileStat, fileStat } from './file-system.ts';
import type { Drain, Source } from './streams.ts';

class HostStream {
  readonly fd: number;
  readonly filetype: number;
  /** What we use instead of `fd`, once opened. */
  #own: number | undefined;

  constructor(fd: number) {
    this.fd = fd;
    this.filetype = filetypeOfStream(fd);
  }

  stat(): FileStat {
    return fileStat(fs.fstatSync(this.fd, { bigint: true }));
  }

  close(): void {
    if (this.#own !== undefined && this.#own !== this.fd) fs.closeSync(this.#own);
    this.#own = this.fd;
  }

  /** The descriptor to use, non-blocking where that is possible. */
  usable(access: number): number {
    this.#own ??= mayBlock(this.fd) ? (reopen(this.fd, access) ?? this.fd) : this.fd;
    return this.#own;
  }
}

export class HostInput extends HostStream implements Source {
  #pollable: boolean | undefined;

  get pollable(): boolean {
    this.#pollable ??= this.usable(fs.constants.O_RDONLY) !== this.fd || makeNonBlocking(this.fd);
    return this.#pollable;
  }

  read(target: Uint8Array): number | undefined {
    // Asking makes it so.
    void this.pollable;
    const fd = this.usable(fs.constants.O_RDONLY);
    try {
      return unlessBusy(() => fs.readSync(fd, target));
    } catch (error) {
      // How Windows reports the end of a pipe.
      if (hostCode(error) === 'EOF') return 0;
      throw error;
    }
  }
}

export class HostOutput extends HostStream implements Drain {
  readonly #onBrokenPipe: (() => void) | undefined;

  constructor(fd: number, onBrokenPipe: (() => void) | undefined) {
    super(fd);
    this.#onBrokenPipe = onBrokenPipe;
  }

  write(bytes: Uint8Array): number | undefined {
    const fd = this.usable(fs.constants.O_WRONLY);
    try {
      return unlessBusy(() => fs.writeSync(fd, bytes));
    } catch (error) {
      if (hostCode(error) === 'EPIPE') this.#onBrokenPipe?.();
      throw error;
    }
  }
}

/** A character device means a terminal to guests (`isatty`), so other devices, like /dev/null, are not called that. */
function filetypeOfStream(fd: number): number {
  if (tty.isatty(fd)) return FILETYPE.CHARACTER_DEVICE;
  const stats = statOrUndefined(fd);
  if (stats?.isFile()) return FILETYPE.REGULAR_FILE;
  return stats?.isSocket() ? FILETYPE.SOCKET_STREAM : FILETYPE.UNKNOWN;
}

function mayBlock(fd: number): boolean {
  return tty.isatty(fd) || statOrUndefined(fd)?.isFIFO() === true;
}

/** Undefined for a descriptor that is not open. */
function statOrUndefined(fd: number): fs.Stats | undefined {
  try {
    return fs.fstatSync(fd);
  } catch (error) {
    if (hostCode(error) === 'EBADF') return undefined;
    throw error;
  }
}

/** A second, non-blocking description of the same pipe or terminal; undefined where the host has no such way. */
function reopen(fd: number, access: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return fs.openSync(`/proc/self/fd/${fd}`, access | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  } catch (error) {
    // Another user's terminal, a pipe nobody reads any more, no /proc: the inherited one must do.
    if (hostCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Held only so that it stays non-blocking; nothing is ever read through it. */
const held: Socket[] = [];

/**
 * Whether reading `fd` never waits. For a socket on stdin we see to that; on any other descriptor Node's socket object would, at
 * its end, close what is not ours.
 */
function makeNonBlocking(fd: number): boolean {
  const stats = statOrUndefined(fd);
  if (stats === undefined || stats.isFile()) return true;
  if (fd !== 0 || !stats.isSocket() || process.platform === 'win32') return false;
  if (held.length === 0) held.push(new Socket({ fd, readable: true, writable: false }).pause().unref());
  return true;
}
