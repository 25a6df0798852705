/**
 * An open file of the guest: what every descriptor has (rights, flags) and every operation on it, each refusing until a kind of
 * descriptor (host-file.ts, directory.ts, streams.ts) can do it. Operations know nothing of guest memory layouts, and rights are
 * checked before they are reached (table.ts).
 */
import { WasiError } from '../errno.ts';
import type { FileStat } from './file-system.ts';

export abstract class Descriptor {
  /** What may be done with it, and what may at most be done with that which is opened through it. */
  rights: bigint;
  inheriting: bigint;
  /** FDFLAGS. */
  flags: number;
  abstract readonly filetype: number;

  constructor(rights: bigint, inheriting: bigint, flags: number) {
    this.rights = rights;
    this.inheriting = inheriting;
    this.flags = flags;
  }

  abstract stat(): FileStat;
  abstract close(): void;

  /** Fills the buffers from the cursor on; 0 at the end. */
  read(_buffers: Uint8Array[]): number {
    throw new WasiError('BADF');
  }

  write(_buffers: Uint8Array[]): number {
    throw new WasiError('BADF');
  }

  pread(_buffers: Uint8Array[], _offset: bigint): number {
    throw new WasiError('SPIPE');
  }

  pwrite(_buffers: Uint8Array[], _offset: bigint): number {
    throw new WasiError('SPIPE');
  }

  /** Moves the cursor and returns it. */
  seek(_offset: bigint, _whence: number): bigint {
    throw new WasiError('SPIPE');
  }

  setSize(_size: bigint): void {
    throw new WasiError('INVAL');
  }

  allocate(_offset: bigint, _length: bigint): void {
    throw new WasiError('SPIPE');
  }

  sync(_dataOnly: boolean): void {
    throw new WasiError('INVAL');
  }

  /** Nanoseconds since 1970. */
  setTimes(_atim: bigint, _mtim: bigint): void {
    throw new WasiError('INVAL');
  }

  /** Bytes that a read would give at once (0 at the end), or undefined if a read would wait. */
  readable(): number | undefined {
    return 0;
  }
}
