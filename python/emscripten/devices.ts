/** Names in the guest's tree that are no files: `/dev/null`, `/dev/zero`, `/dev/urandom`, and the channel to the host. */

import { WasiError } from '../../wasi/errno.ts';
import type { Waiter } from '../../wasi/files/blocking.ts';
import { Descriptor } from '../../wasi/files/descriptor.ts';
import type { FileStat } from '../../wasi/files/file-system.ts';
import { streamStat } from '../../wasi/files/streams.ts';
import { FDFLAGS, FILETYPE, RIGHTS, STREAM_RIGHTS } from '../../wasi/types.ts';
import type { Device } from './namespace.ts';

const TO_READ = RIGHTS.FD_READ | RIGHTS.FD_FDSTAT_SET_FLAGS | RIGHTS.FD_TELL | RIGHTS.FD_SEEK | STREAM_RIGHTS;
const DEVICE_RIGHTS = TO_READ | RIGHTS.FD_WRITE;

/** Reads by `fill`, which answers how many bytes it gave; takes whatever is written. */
class SimpleDevice extends Descriptor {
  readonly filetype = FILETYPE.CHARACTER_DEVICE;
  readonly #fill: (target: Uint8Array) => number;

  constructor(fill: (target: Uint8Array) => number) {
    super(DEVICE_RIGHTS, 0n, 0);
    this.#fill = fill;
  }

  override read(buffers: Uint8Array[]): number {
    return buffers.reduce((sum, buffer) => sum + this.#fill(buffer), 0);
  }

  override write(buffers: Uint8Array[]): number {
    return buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  }

  override seek(): bigint {
    return 0n;
  }

  stat(): FileStat {
    return streamStat(this.filetype);
  }

  close(): void {}
}

export function standardDevices(random: (bytes: Uint8Array) => void): Device[] {
  const device = (path: string, fill: (target: Uint8Array) => number): Device => ({
    path,
    open: () => new SimpleDevice(fill),
  });
  const randomly = (target: Uint8Array) => {
    random(target);
    return target.length;
  };
  return [
    device('/dev/null', () => 0),
    device('/dev/zero', (target) => target.fill(0).length),
    device('/dev/random', randomly),
    device('/dev/urandom', randomly),
  ];
}

/** The host's end of the channel: messages, in order, both ways. */
export interface Channel {
  /** What one write of the guest wrote; the bytes are the receiver's. */
  receive(message: Uint8Array): void;
  /** What is there for the guest, if anything. Not called again before the guest has read all of it. */
  next(): Uint8Array | undefined;
}

class ChannelDescriptor extends Descriptor {
  readonly filetype = FILETYPE.UNKNOWN;
  readonly #channel: Channel;
  readonly #waiter: Waiter;
  #ahead: Uint8Array | undefined;

  constructor(channel: Channel, waiter: Waiter) {
    super(RIGHTS.FD_READ | RIGHTS.FD_WRITE | RIGHTS.FD_FDSTAT_SET_FLAGS | STREAM_RIGHTS, 0n, 0);
    this.#channel = channel;
    this.#waiter = waiter;
  }

  /** Waits, unless non-blocking, for a message; one longer than the buffer is read in pieces. */
  override read(buffers: Uint8Array[]): number {
    const target = buffers.find((buffer) => buffer.length > 0);
    if (target === undefined) return 0;
    while (this.readable() === undefined) {
      if (this.flags & FDFLAGS.NONBLOCK) throw new WasiError('AGAIN');
      this.#waiter.wait(Infinity);
    }
    const message = this.#ahead!;
    const count = Math.min(message.length, target.length);
    target.set(message.subarray(0, count));
    this.#ahead = count < message.length ? message.subarray(count) : undefined;
    return count;
  }

  override write(buffers: Uint8Array[]): number {
    const message = new Uint8Array(buffers.reduce((sum, buffer) => sum + buffer.length, 0));
    let at = 0;
    for (const buffer of buffers) {
      message.set(buffer, at);
      at += buffer.length;
    }
    this.#channel.receive(message);
    return message.length;
  }

  override readable(): number | undefined {
    while (this.#ahead === undefined || this.#ahead.length === 0) {
      this.#ahead = this.#channel.next();
      if (this.#ahead === undefined) return undefined;
    }
    return this.#ahead.length;
  }

  stat(): FileStat {
    return streamStat(this.filetype);
  }

  close(): void {}
}

export function channelDevice(path: string, channel: Channel): Device {
  return { path, open: (waiter) => new ChannelDescriptor(channel, waiter) };
}
