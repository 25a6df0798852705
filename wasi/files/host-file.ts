/**
 * An open file of a host file system (or a device or FIFO in a preopened directory), with a cursor of our own, since Node has no
 * `lseek`. Appending is ours too: every write goes to the end as it is then, so that the flag can be switched at any time.
 */
import { WasiError } from '../errno.ts';
import { FDFLAGS, FILETYPE, RIGHTS, WHENCE } from '../types.ts';
import { untilReady, type Waiter } from './blocking.ts';
import { Descriptor } from './descriptor.ts';
import { seconds } from './directory.ts';
import { type FileStat, type FileSystem, fileStat } from './file-system.ts';

const LARGEST_OFFSET = BigInt(Number.MAX_SAFE_INTEGER);

export class HostFile extends Descriptor {
  readonly filetype: number;
  readonly #fs: FileSystem;
  readonly #fd: number;
  readonly #waiter: Waiter;
  #cursor = 0;

  /** Takes over `fd`. What cannot seek loses the rights to. */
  constructor(fs: FileSystem, fd: number, waiter: Waiter, rights: bigint, inheriting: bigint, flags: number) {
    super(rights, inheriting, flags);
    this.#fs = fs;
    this.#fd = fd;
    this.#waiter = waiter;
    this.filetype = this.stat().filetype;
    if (!this.#seekable) this.rights &= ~(RIGHTS.FD_SEEK | RIGHTS.FD_TELL);
  }

  get #seekable(): boolean {
    return this.filetype === FILETYPE.REGULAR_FILE || this.filetype === FILETYPE.BLOCK_DEVICE;
  }

  stat(): FileStat {
    return fileStat(this.#fs.fstatSync(this.#fd, { bigint: true }));
  }

  close(): void {
    this.#fs.closeSync(this.#fd);
  }

  override read(buffers: Uint8Array[]): number {
    const count = this.#transfer('readvSync', buffers, this.#seekable ? this.#cursor : undefined);
    this.#cursor += count;
    return count;
  }

  override write(buffers: Uint8Array[]): number {
    if (!this.#seekable) return this.#transfer('writevSync', buffers);
    if (this.flags & FDFLAGS.APPEND) this.#cursor = Number(this.stat().size);
    const count = this.#transfer('writevSync', buffers, this.#cursor);
    this.#cursor += count;
    return count;
  }

  override pread(buffers: Uint8Array[], offset: bigint): number {
    return this.#transfer('readvSync', buffers, this.#position(offset));
  }

  override pwrite(buffers: Uint8Array[], offset: bigint): number {
    return this.#transfer('writevSync', buffers, this.#position(offset));
  }

  override seek(offset: bigint, whence: number): bigint {
    const target = this.#origin(whence) + offset;
    this.#cursor = this.#position(target);
    return target;
  }

  override setSize(size: bigint): void {
    if (size > LARGEST_OFFSET) throw new WasiError('FBIG');
    this.#fs.ftruncateSync(this.#fd, Number(size));
  }

  override allocate(offset: bigint, length: bigint): void {
    if (!this.#seekable) throw new WasiError('SPIPE');
    if (length === 0n) throw new WasiError('INVAL');
    if (offset + length > this.stat().size) this.setSize(offset + length);
  }

  override sync(dataOnly: boolean): void {
    if (dataOnly) this.#fs.fdatasyncSync(this.#fd);
    else this.#fs.fsyncSync(this.#fd);
  }

  override setTimes(atim: bigint, mtim: bigint): void {
    this.#fs.futimesSync(this.#fd, seconds(atim), seconds(mtim));
  }

  override readable(): number {
    if (!this.#seekable) return 0;
    return Math.max(0, Number(this.stat().size) - this.#cursor);
  }

  #transfer(operation: 'readvSync' | 'writevSync', buffers: Uint8Array[], position?: number): number {
    const filled = buffers.filter((buffer) => buffer.length > 0);
    if (filled.length === 0) return 0;
    const attempt = () => this.#fs[operation](this.#fd, filled, position);
    return this.flags & FDFLAGS.NONBLOCK ? attempt() : untilReady(this.#waiter, attempt);
  }

  #position(offset: bigint): number {
    if (!this.#seekable) throw new WasiError('SPIPE');
    if (offset < 0n || offset > LARGEST_OFFSET) throw new WasiError('INVAL');
    return Number(offset);
  }

  #origin(whence: number): bigint {
    if (!this.#seekable) throw new WasiError('SPIPE');
    if (whence === WHENCE.SET) return 0n;
    if (whence === WHENCE.CUR) return BigInt(this.#cursor);
    if (whence === WHENCE.END) return this.stat().size;
    throw new WasiError('INVAL');
  }
}
