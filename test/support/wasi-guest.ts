/**
 * A guest without code, for tests of `wasi/`: calls WASI functions as a program would, through a memory, and answers the errno's name or the
 * result. For whole programs see `wasi/programs.test.ts`.
 *
 *   guest.open(3, 'a/../b')                       4, or 'NOENT'
 *   guest.call('path_unlink_file', 3, 'a')        'SUCCESS': a string argument becomes pointer and length
 */
import { Memory } from '../../runtime/memory.ts';
import { errnoName } from '../../wasi/errno.ts';
import { Wasi, type WasiOptions } from '../../wasi/index.ts';
import { ALL_RIGHTS, OFLAGS } from '../../wasi/types.ts';

/** Where results are written, where buffers and arguments lie. */
export const RESULT = 0;
export const BUFFER = 1024;
const ARGUMENTS = 32768;

export interface OpenOptions {
  readonly oflags?: number;
  readonly fdflags?: number;
  readonly rights?: bigint;
  readonly inheriting?: bigint;
  readonly nofollow?: boolean;
}

export class Guest {
  readonly wasi: Wasi;
  readonly memory = new Memory({ initial: 1 });

  constructor(options: WasiOptions) {
    this.wasi = new Wasi({ stdin: new Uint8Array(), stdout: () => {}, stderr: () => {}, ...options });
    this.wasi.initialize({ exports: { memory: this.memory } });
  }

  call(name: string, ...args: (number | bigint | string)[]): string {
    let free = ARGUMENTS;
    const flat = args.flatMap((arg) => {
      if (typeof arg !== 'string') return arg;
      const pointer = free;
      const bytes = new TextEncoder().encode(arg);
      this.memory.bytes.set(bytes, pointer);
      free += bytes.length;
      return [pointer, bytes.length];
    });
    const errno = this.wasi.imports.wasi_snapshot_preview1[name]!(...(flat as never[]));
    return errnoName(errno) ?? `errno ${errno}`;
  }

  open(fd: number, path: string, options: OpenOptions = {}): number | string {
    const { oflags = 0, fdflags = 0, rights = ALL_RIGHTS, inheriting = ALL_RIGHTS, nofollow } = options;
    const lookup = nofollow ? 0 : 1;
    const answer = this.call('path_open', fd, lookup, path, oflags, rights, inheriting, fdflags, RESULT);
    return answer === 'SUCCESS' ? this.u32(RESULT) : answer;
  }

  /** Opens a directory; all rights would ask to write it. */
  openDirectory(fd: number, path: string): number | string {
    return this.open(fd, path, { oflags: OFLAGS.DIRECTORY, rights: ALL_RIGHTS & ~64n });
  }

  /** The text read, or the errno. */
  read(fd: number, length = 1000): string {
    this.setIovec(BUFFER, length);
    const answer = this.call('fd_read', fd, RESULT + 16, 1, RESULT);
    return answer === 'SUCCESS' ? this.text(BUFFER, this.u32(RESULT)) : answer;
  }

  write(fd: number, text: string): number | string {
    this.memory.bytes.set(new TextEncoder().encode(text), BUFFER);
    this.setIovec(BUFFER, text.length);
    const answer = this.call('fd_write', fd, RESULT + 16, 1, RESULT);
    return answer === 'SUCCESS' ? this.u32(RESULT) : answer;
  }

  /** The contents of a file, or the errno of opening it. */
  readFile(fd: number, path: string, options: OpenOptions = {}): string {
    const file = this.open(fd, path, { rights: 0x20_0002n, ...options });
    if (typeof file === 'string') return file;
    const text = this.read(file);
    this.call('fd_close', file);
    return text;
  }

  setIovec(pointer: number, length: number): void {
    this.memory.view.setUint32(RESULT + 16, pointer, true);
    this.memory.view.setUint32(RESULT + 20, length, true);
  }

  u32(pointer: number): number {
    return this.memory.view.getUint32(pointer, true);
  }

  u64(pointer: number): bigint {
    return this.memory.view.getBigUint64(pointer, true);
  }

  text(pointer: number, length: number): string {
    return new TextDecoder().decode(this.memory.bytes.slice(pointer, pointer + length));
  }
}
