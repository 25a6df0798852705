/**
 * What a memory volume consists of (memory-file-system.ts): files, directories, symlinks, each with its number and times. Times are
 * nanoseconds since 1970. A file's bytes may be given as a function, asked when they are first needed.
 */
import type { Stats } from './file-system.ts';

/** The format bits of a mode. */
const FORMAT = { file: 0o100000n, directory: 0o040000n, symlink: 0o120000n } as const;

export abstract class MemoryNode {
  abstract readonly kind: keyof typeof FORMAT;
  readonly ino: bigint;
  readonly permissions: number;
  nlink = 1;
  atime: bigint;
  mtime: bigint;
  ctime: bigint;

  constructor(ino: bigint, permissions: number, now: bigint) {
    this.ino = ino;
    this.permissions = permissions;
    this.atime = this.mtime = this.ctime = now;
  }

  abstract get size(): number;

  /** To tell it would take making the file's bytes. */
  get isSizeUnknown(): boolean {
    return false;
  }

  /** A size that is not known is looked for when it is asked for: a listing of numbers and types makes no files. */
  stats(dev: bigint): Stats {
    if (!this.isSizeUnknown) return this.#statsOfSize(dev, BigInt(this.size));
    const stats = this.#statsOfSize(dev, 0n);
    return Object.defineProperty(stats, 'size', { get: () => BigInt(this.size), enumerable: true });
  }

  #statsOfSize(dev: bigint, size: bigint): Stats {
    const { kind } = this;
    return {
      dev,
      ino: this.ino,
      nlink: BigInt(this.nlink),
      size,
      mode: FORMAT[kind] | BigInt(this.permissions),
      atimeNs: this.atime,
      mtimeNs: this.mtime,
      ctimeNs: this.ctime,
      ...typeOf(kind),
    };
  }
}

const no = () => false;

/** The questions that node:fs answers about a file's type. */
export function typeOf(kind: MemoryNode['kind']) {
  const is = (asked: MemoryNode['kind']) => () => kind === asked;
  return {
    isFile: is('file'),
    isDirectory: is('directory'),
    isSymbolicLink: is('symlink'),
    isCharacterDevice: no,
    isBlockDevice: no,
    isSocket: no,
  };
}

export type FileContent = Uint8Array | (() => Uint8Array);

export class FileNode extends MemoryNode {
  readonly kind = 'file';
  /** Of at least `size` bytes, zero behind them; whoever gave them does not change them, nor do we. */
  #content: FileContent;
  /** Undefined: not known before the bytes are. */
  #size: number | undefined;
  /** `#content` is ours to write to. */
  #owned = false;

  constructor(ino: bigint, permissions: number, now: bigint, content: FileContent, size: number | undefined) {
    super(ino, permissions, now);
    this.#content = content;
    this.#size = size;
  }

  get size(): number {
    this.#size ??= this.#all.length;
    return this.#size;
  }

  override get isSizeUnknown(): boolean {
    return this.#size === undefined;
  }

  get bytes(): Uint8Array {
    return this.#all.subarray(0, this.size);
  }

  get #all(): Uint8Array {
    if (typeof this.#content === 'function') this.#content = this.#content();
    return this.#content;
  }

  /** Fills the target from `position` on; answers how many bytes there were. */
  read(target: Uint8Array, position: number): number {
    const source = this.bytes.subarray(position, position + target.length);
    target.set(source);
    return source.length;
  }

  write(source: Uint8Array, position: number): void {
    const end = position + source.length;
    this.#reserve(end).set(source, position);
    if (end > this.size) this.#size = end;
  }

  resize(size: number): void {
    const bytes = this.#reserve(size);
    if (size < this.size) bytes.fill(0, size, this.size);
    this.#size = size;
    // Memory that is not used any more is given back.
    if (size < bytes.length / 4) this.#content = bytes.slice(0, size);
  }

  /** Bytes of our own, with room for `size`; they grow by half, so that appending does not copy each time. */
  #reserve(size: number): Uint8Array {
    const old = this.bytes;
    const whole = this.#content as Uint8Array;
    if (this.#owned && whole.length >= size) return whole;
    const fresh = new Uint8Array(this.#owned ? Math.max(size, Math.ceil(old.length * 1.5)) : size);
    fresh.set(old.subarray(0, fresh.length));
    this.#content = fresh;
    this.#owned = true;
    return fresh;
  }
}

export class DirectoryNode extends MemoryNode {
  readonly kind = 'directory';
  readonly entries = new Map<string, MemoryNode>();
  override nlink = 2;

  get size(): number {
    return 0;
  }
}

export class SymlinkNode extends MemoryNode {
  readonly kind = 'symlink';
  readonly target: string;

  constructor(ino: bigint, now: bigint, target: string) {
    super(ino, 0o777, now);
    this.target = target;
  }

  get size(): number {
    return Buffer.byteLength(this.target);
  }
}
