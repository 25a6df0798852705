/**
 * Standard input and output as the guest's descriptors 0, 1 and 2: a host descriptor, or a function, or (for input) bytes. Streams
 * have no position and belong to the host: closing one here never closes the host's.
 */

import { WasiError } from '../errno.ts';
import { FDFLAGS, FILETYPE, RIGHTS, STREAM_RIGHTS } from '../types.ts';
import { untilReady, type Waiter } from './blocking.ts';
import { Descriptor } from './descriptor.ts';
import type { FileStat } from './file-system.ts';
import { HostInput, HostOutput } from './stdio.ts';

/** A host descriptor, all of the input, or a function that gives up to `max` bytes, none at the end. */
export type Input = number | Uint8Array | ((max: number) => Uint8Array);
/** A host descriptor, or a function that gets what one write wrote (a copy). */
export type Output = number | ((chunk: Uint8Array) => void);

/** Where input comes from. `read` answers how many bytes it gave, 0 at the end, undefined if it would have to wait. */
export interface Source {
  /** Whether `read` returns at once. If not, `read` may block the thread, and asking whether it would is not possible. */
  readonly pollable: boolean;
  readonly filetype: number;
  stat(): FileStat | undefined;
  read(target: Uint8Array): number | undefined;
  close(): void;
}

/** Where output goes. `write` answers how many bytes it took, undefined if it would have to wait. */
export interface Drain {
  readonly filetype: number;
  stat(): FileStat | undefined;
  write(bytes: Uint8Array): number | undefined;
  close(): void;
}

export class InputStream extends Descriptor {
  readonly #source: Source;
  readonly #waiter: Waiter;
  /** Read ahead to find out whether there is anything; an empty one is the end of the input, still to be told. */
  #ahead: Uint8Array | undefined;

  constructor(input: Input, waiter: Waiter) {
    super(RIGHTS.FD_READ | RIGHTS.FD_FDSTAT_SET_FLAGS | STREAM_RIGHTS, 0n, 0);
    this.#source = sourceOf(input);
    this.#waiter = waiter;
  }

  get filetype(): number {
    return this.#source.filetype;
  }

  /** One read of the source, into the first buffer that has room. */
  override read(buffers: Uint8Array[]): number {
    const target = buffers.find((buffer) => buffer.length > 0);
    if (target === undefined) return 0;
    const attempt = () => this.#take(target) ?? this.#source.read(target);
    if ((this.flags & FDFLAGS.NONBLOCK) === 0) return untilReady(this.#waiter, attempt);
    const count = attempt();
    if (count === undefined) throw new WasiError('AGAIN');
    return count;
  }

  override readable(): number | undefined {
    if (this.#ahead === undefined && this.#source.pollable) {
      const buffer = new Uint8Array(4096);
      const count = this.#source.read(buffer);
      if (count === undefined) return undefined;
      this.#ahead = buffer.subarray(0, count);
    }
    return this.#ahead?.length ?? 0;
  }

  stat(): FileStat {
    return this.#source.stat() ?? streamStat(this.filetype);
  }

  close(): void {
    this.#source.close();
  }

  #take(target: Uint8Array): number | undefined {
    const ahead = this.#ahead;
    if (ahead === undefined) return undefined;
    const count = Math.min(ahead.length, target.length);
    target.set(ahead.subarray(0, count));
    this.#ahead = count < ahead.length ? ahead.subarray(count) : undefined;
    return count;
  }
}

export class OutputStream extends Descriptor {
  readonly #drain: Drain;
  readonly #waiter: Waiter;

  constructor(output: Output, waiter: Waiter, onBrokenPipe: (() => void) | undefined) {
    super(RIGHTS.FD_WRITE | RIGHTS.FD_FDSTAT_SET_FLAGS | STREAM_RIGHTS, 0n, 0);
    this.#drain = typeof output === 'number' ? new HostOutput(output, onBrokenPipe) : functionDrain(output);
    this.#waiter = waiter;
  }

  get filetype(): number {
    return this.#drain.filetype;
  }

  /** All buffers as one chunk, completely written. */
  override write(buffers: Uint8Array[]): number {
    const chunk = Buffer.concat(buffers);
    for (let done = 0; done < chunk.length; ) {
      const rest = chunk.subarray(done);
      done += untilReady(this.#waiter, () => this.#drain.write(rest));
    }
    return chunk.length;
  }

  stat(): FileStat {
    return this.#drain.stat() ?? streamStat(this.filetype);
  }

  close(): void {
    this.#drain.close();
  }
}

function sourceOf(input: Input): Source {
  if (typeof input === 'number') return new HostInput(input);
  return functionSource(input instanceof Uint8Array ? bytesReader(input) : input);
}

function functionSource(read: (max: number) => Uint8Array): Source {
  return {
    pollable: true,
    filetype: FILETYPE.UNKNOWN,
    stat: () => undefined,
    read: (target) => {
      const bytes = read(target.length);
      if (bytes.length > target.length)
        throw new RangeError(`stdin gave ${bytes.length} bytes, asked for ${target.length}`);
      target.set(bytes);
      return bytes.length;
    },
    close: () => {},
  };
}

function bytesReader(bytes: Uint8Array): (max: number) => Uint8Array {
  let position = 0;
  return (max) => {
    const chunk = bytes.subarray(position, position + max);
    position += chunk.length;
    return chunk;
  };
}

function functionDrain(write: (chunk: Uint8Array) => void): Drain {
  return {
    filetype: FILETYPE.UNKNOWN,
    stat: () => undefined,
    write: (bytes) => {
      write(new Uint8Array(bytes));
      return bytes.length;
    },
    close: () => {},
  };
}

export function streamStat(filetype: number): FileStat {
  return {
    dev: 0n,
    ino: 0n,
    filetype,
    permissions: 0o600,
    nlink: 1n,
    size: 0n,
    atim: 0n,
    mtim: 0n,
    ctim: 0n,
  };
}
