/**
 * A volume in memory, in the shape of `node:fs` (file-system.ts), to be mounted like a directory of the host. Not for paths with
 * symlinks or `..` in them: resolve.ts takes those apart; here a path is `/` or `/name/name…`, and no symlink is followed.
 */
import { constants } from 'node:fs';
import type { Entry, FileSystem, Stats } from './file-system.ts';
import {
  DirectoryNode,
  type FileContent,
  FileNode,
  type MemoryNode,
  SymlinkNode,
  typeOf,
} from './memory-node.ts';

export interface MemoryFileSystemOptions {
  /** Of all files together, by their sizes (holes count); more fails with ENOSPC. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Files, directories and links together; more fails with ENOSPC. Default unlimited. */
  readonly maxEntries?: number;
  /** Nanoseconds since 1970. Default: the system's. */
  readonly now?: () => bigint;
  /** What tells volumes apart in `os.stat`. Default 1. */
  readonly dev?: bigint;
}

interface OpenFile {
  readonly node: MemoryNode;
  position: number;
}

interface Slot {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: MemoryNode | undefined;
}

export class MemoryFileSystem implements FileSystem {
  readonly confined = true;
  readonly #root: DirectoryNode;
  readonly #open = new Map<number, OpenFile>();
  readonly #now: () => bigint;
  readonly #dev: bigint;
  #maxBytes: number;
  readonly #maxEntries: number;
  #bytes = 0;
  #entries = 0;
  #nextFd = 1;
  #nextIno = 1n;

  constructor({ maxBytes, maxEntries, now, dev = 1n }: MemoryFileSystemOptions = {}) {
    this.#now = now ?? (() => BigInt(Date.now()) * 1_000_000n);
    this.#dev = dev;
    this.#maxBytes = maxBytes ?? 2 ** 30;
    this.#maxEntries = maxEntries ?? Infinity;
    this.#root = new DirectoryNode(this.#nextIno++, 0o755, this.#now());
  }

  /** Sum of the sizes of all files. */
  get usedBytes(): number {
    return this.#bytes;
  }

  get entryCount(): number {
    return this.#entries;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** What is there already stays, even if it is more. */
  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
  }

  /**
   * Puts a file in place, with the directories above it. The bytes are not copied. Where they come later, `size` is what they will
   * be; if that is not known, they are asked for when somebody wants to know it, and count for nothing.
   */
  addFile(path: string, content: FileContent, size?: number): void {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw failure('EISDIR', path);
    const directory = this.addDirectory(`/${names.join('/')}`);
    const known = size ?? (typeof content === 'function' ? undefined : content.length);
    this.#charge(known ?? 0, path);
    this.#link({ directory, name, node: undefined }, this.#file(0o644, content, known), path);
  }

  /** Makes it, and those above it, where they are missing. */
  addDirectory(path: string): DirectoryNode {
    let directory = this.#root;
    for (const name of namesOf(path)) {
      const node = directory.entries.get(name) ?? this.#newDirectory(directory, name, path);
      if (!(node instanceof DirectoryNode)) throw failure('ENOTDIR', path);
      directory = node;
    }
    return directory;
  }

  openSync(path: string, flags: string | number): number {
    const mode = typeof flags === 'string' ? constants.O_RDONLY : flags;
    const slot = this.#slot(path);
    const node = slot.node ?? this.#create(slot, path, mode);
    if (slot.node !== undefined) {
      if (mode & constants.O_CREAT && mode & constants.O_EXCL) throw failure('EEXIST', path);
      if (node instanceof SymlinkNode) throw failure('ELOOP', path);
      const writes = (mode & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
      if (node instanceof DirectoryNode && writes) throw failure('EISDIR', path);
      if (mode & constants.O_TRUNC && node instanceof FileNode) this.#resize(node, 0, path);
    }
    const fd = this.#nextFd++;
    this.#open.set(fd, { node, position: 0 });
    return fd;
  }

  closeSync(fd: number): void {
    const { node } = this.#opened(fd);
    this.#open.delete(fd);
    this.#drop(node);
  }

  readvSync(fd: number, buffers: readonly NodeJS.ArrayBufferView[], position?: number): number {
    const open = this.#opened(fd);
    const file = fileOf(open.node);
    let at = position ?? open.position;
    const start = at;
    for (const buffer of buffers) at += file.read(bytesOf(buffer), at);
    if (position === undefined) open.position = at;
    return at - start;
  }

  writevSync(fd: number, buffers: readonly NodeJS.ArrayBufferView[], position?: number): number {
    const open = this.#opened(fd);
    const file = fileOf(open.node);
    const start = position ?? open.position;
    const length = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
    if (length === 0) return 0;
    this.#charge(Math.max(0, start + length - file.size), 'write');
    let at = start;
    for (const buffer of buffers) {
      file.write(bytesOf(buffer), at);
      at += buffer.byteLength;
    }
    file.mtime = file.ctime = this.#now();
    if (position === undefined) open.position = at;
    return length;
  }

  fstatSync(fd: number, _options: { bigint: true }): Stats {
    return this.#opened(fd).node.stats(this.#dev);
  }

  lstatSync(path: string, options: { bigint: true }): Stats;
  lstatSync(path: string, options: { bigint: true; throwIfNoEntry: false }): Stats | undefined;
  lstatSync(path: string, options: { bigint: true; throwIfNoEntry?: false }): Stats | undefined {
    const node = this.#find(path);
    if (node === undefined && options.throwIfNoEntry !== false) throw failure('ENOENT', path);
    return node?.stats(this.#dev);
  }

  ftruncateSync(fd: number, length = 0): void {
    this.#resize(fileOf(this.#opened(fd).node), length, 'ftruncate');
  }

  fsyncSync(fd: number): void {
    this.#opened(fd);
  }

  fdatasyncSync(fd: number): void {
    this.#opened(fd);
  }

  futimesSync(fd: number, atime: number, mtime: number): void {
    setTimes(this.#opened(fd).node, atime, mtime, this.#now());
  }

  lutimesSync(path: string, atime: number, mtime: number): void {
    setTimes(this.#existing(path), atime, mtime, this.#now());
  }

  readdirSync(path: string, _options: { withFileTypes: true }): Entry[] {
    const directory = this.#directory(path);
    return Array.from(directory.entries, ([name, { kind }]) => ({ name, ...typeOf(kind) }));
  }

  mkdirSync(path: string): void {
    const { directory, name, node } = this.#slot(path);
    if (node !== undefined) throw failure('EEXIST', path);
    this.#newDirectory(directory, name, path);
  }

  rmdirSync(path: string): void {
    const slot = this.#slot(path);
    const node = existing(slot, path);
    if (!(node instanceof DirectoryNode)) throw failure('ENOTDIR', path);
    if (node.entries.size > 0) throw failure('ENOTEMPTY', path);
    this.#unlink(slot, node);
  }

  unlinkSync(path: string): void {
    const slot = this.#slot(path);
    const node = existing(slot, path);
    if (node instanceof DirectoryNode) throw failure('EISDIR', path);
    this.#unlink(slot, node);
  }

  renameSync(from: string, to: string): void {
    const source = this.#slot(from);
    const node = existing(source, from);
    const target = this.#slot(to);
    if (target.node === node) return;
    if (isInside(to, from)) throw failure('EINVAL', from);
    if (target.node !== undefined) this.#replace(target, target.node, node, to);
    source.directory.entries.delete(source.name);
    target.directory.entries.set(target.name, node);
    if (node instanceof DirectoryNode) {
      source.directory.nlink--;
      target.directory.nlink++;
    }
    this.#touch(source.directory);
    this.#touch(target.directory);
    node.ctime = this.#now();
  }

  linkSync(from: string, to: string): void {
    const node = this.#existing(from);
    if (node instanceof DirectoryNode) throw failure('EPERM', from);
    const slot = this.#slot(to);
    if (slot.node !== undefined) throw failure('EEXIST', to);
    this.#link(slot, node, to);
    node.nlink++;
  }

  symlinkSync(target: string, path: string): void {
    const slot = this.#slot(path);
    if (slot.node !== undefined) throw failure('EEXIST', path);
    this.#link(slot, new SymlinkNode(this.#nextIno++, this.#now(), target), path);
  }

  readlinkSync(path: string, _encoding: 'utf8'): string {
    const node = this.#existing(path);
    if (!(node instanceof SymlinkNode)) throw failure('EINVAL', path);
    return node.target;
  }

  /** There is nothing to resolve. */
  realpathSync(path: string, _encoding: 'utf8'): string {
    this.#existing(path);
    return `/${namesOf(path).join('/')}`;
  }

  #opened(fd: number): OpenFile {
    const open = this.#open.get(fd);
    if (open === undefined) throw failure('EBADF', 'descriptor');
    return open;
  }

  #find(path: string): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root;
    for (const name of namesOf(path)) {
      if (node === undefined) return undefined;
      if (!(node instanceof DirectoryNode)) throw failure('ENOTDIR', path);
      node = node.entries.get(name);
    }
    return node;
  }

  #existing(path: string): MemoryNode {
    const node = this.#find(path);
    if (node === undefined) throw failure('ENOENT', path);
    return node;
  }

  #directory(path: string): DirectoryNode {
    const node = this.#existing(path);
    if (!(node instanceof DirectoryNode)) throw failure('ENOTDIR', path);
    return node;
  }

  /** The place of an entry, which need not be there. The root has none. */
  #slot(path: string): Slot {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw failure('EBUSY', path);
    if (name.length > 255) throw failure('ENAMETOOLONG', path);
    const directory = this.#directory(`/${names.join('/')}`);
    return { directory, name, node: directory.entries.get(name) };
  }

  #create(slot: Slot, path: string, mode: number): FileNode {
    if (!(mode & constants.O_CREAT)) throw failure('ENOENT', path);
    const file = this.#file(0o644, new Uint8Array(0), 0);
    this.#link(slot, file, path);
    return file;
  }

  #file(permissions: number, content: FileContent, size: number | undefined): FileNode {
    return new FileNode(this.#nextIno++, permissions, this.#now(), content, size);
  }

  #newDirectory(above: DirectoryNode, name: string, path: string): DirectoryNode {
    const made = new DirectoryNode(this.#nextIno++, 0o755, this.#now());
    this.#link({ directory: above, name, node: undefined }, made, path);
    above.nlink++;
    return made;
  }

  #link({ directory, name }: Slot, node: MemoryNode, path: string): void {
    if (this.#entries >= this.#maxEntries) throw failure('ENOSPC', path);
    this.#entries++;
    directory.entries.set(name, node);
    this.#touch(directory);
  }

  #unlink({ directory, name }: Slot, node: MemoryNode): void {
    directory.entries.delete(name);
    this.#entries--;
    if (node instanceof DirectoryNode) {
      directory.nlink--;
      node.nlink = 0;
    } else node.nlink--;
    node.ctime = this.#now();
    this.#touch(directory);
    this.#drop(node);
  }

  /** A file that has no name and is not open any more takes no room. */
  #drop(node: MemoryNode): void {
    if (!(node instanceof FileNode) || node.nlink > 0) return;
    for (const open of this.#open.values()) if (open.node === node) return;
    this.#bytes -= node.size;
  }

  #replace(slot: Slot, old: MemoryNode, next: MemoryNode, path: string): void {
    const isDirectory = next instanceof DirectoryNode;
    if (old instanceof DirectoryNode) {
      if (!isDirectory) throw failure('EISDIR', path);
      if (old.entries.size > 0) throw failure('ENOTEMPTY', path);
    } else if (isDirectory) throw failure('ENOTDIR', path);
    this.#unlink(slot, old);
  }

  #resize(file: FileNode, size: number, path: string): void {
    this.#charge(size - file.size, path);
    file.resize(size);
    file.mtime = file.ctime = this.#now();
  }

  #charge(bytes: number, path: string): void {
    if (bytes > 0 && this.#bytes + bytes > this.#maxBytes) throw failure('ENOSPC', path);
    this.#bytes += bytes;
  }

  #touch(directory: DirectoryNode): void {
    directory.mtime = directory.ctime = this.#now();
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function existing({ node }: Slot, path: string): MemoryNode {
  if (node === undefined) throw failure('ENOENT', path);
  return node;
}

/** Whether a path leads into the directory that another names. */
function isInside(path: string, directory: string): boolean {
  return `/${namesOf(path).join('/')}`.startsWith(`/${namesOf(directory).join('/')}/`);
}

function fileOf(node: MemoryNode): FileNode {
  if (!(node instanceof FileNode)) throw failure('EISDIR', 'descriptor');
  return node;
}

function bytesOf(view: NodeJS.ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function setTimes(node: MemoryNode, atime: number, mtime: number, now: bigint): void {
  node.atime = nanoseconds(atime);
  node.mtime = nanoseconds(mtime);
  node.ctime = now;
}

/** From a double, which holds microseconds. */
function nanoseconds(seconds: number): bigint {
  return BigInt(Math.floor(seconds * 1e6)) * 1000n;
}

/** As `node:fs` fails. */
function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
