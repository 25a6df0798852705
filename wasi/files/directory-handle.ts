/**
 * A directory of the host that stays the same directory, whatever happens to its name: the ground on which paths are resolved
 * (resolve.ts). Three kinds, chosen by `openRoot`:
 *
 *  - anchored (Linux, `node:fs`): an open O_PATH descriptor, addressed as `/proc/self/fd/N`. What `openat` does elsewhere:
 *    renaming or replacing directories, even by other processes in mid-walk, cannot lead outside.
 *  - confined: a path in a file system that follows no symlink in it and has nothing outside. There is nothing to guard against.
 *  - named (everything else): a path, with the identity of what it named. Replacing a directory by a symlink *between* our check
 *    and the host's use of the path is a race that another process with write access could win; the guest itself cannot.
 */
import nodeFs from 'node:fs';
import { WasiError } from '../errno.ts';
import type { FileSystem } from './file-system.ts';

export interface DirectoryHandle {
  readonly fs: FileSystem;
  /** The host path of an entry; `'.'` is the directory itself. */
  entry(name: string): string;
  /** A handle on a sub-directory, never through a symlink. */
  enter(name: string): DirectoryHandle;
  /** Where an entry lies, if not here: another file system may be mounted over it. Default: here. */
  locate?(name: string): Place;
  /** Names of what is mounted in this directory; they belong to its listing. Default none. */
  mounted?(): readonly string[];
  /** Nothing here may be changed: EROFS. Default false. */
  readonly readOnly?: boolean;
  /** Fails with NOENT if the name no longer leads to the directory that was opened. */
  check(): void;
  close(): void;
}

/** An entry of a directory; `'.'` is the directory itself. */
export interface Place {
  readonly directory: DirectoryHandle;
  readonly name: string;
}

/** `path` must be absolute and free of symlinks. */
export function openRoot(fs: FileSystem, path: string): DirectoryHandle {
  if (fs.confined) return new ConfinedDirectory(fs, path);
  return fs === nodeFs && canAnchor() ? anchor(path) : new NamedDirectory(fs, path);
}

/** Not among Node's constants; the same on all of Node's Linux platforms. */
const O_PATH = 0o10000000;

function canAnchor(): boolean {
  return process.platform === 'linux' && nodeFs.existsSync('/proc/self/fd/.');
}

function anchor(path: string): AnchoredDirectory {
  const { O_DIRECTORY, O_NOFOLLOW } = nodeFs.constants;
  return new AnchoredDirectory(nodeFs.openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW));
}

class AnchoredDirectory implements DirectoryHandle {
  readonly fs: FileSystem = nodeFs;
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  entry(name: string): string {
    return `/proc/self/fd/${this.#fd}/${name}`;
  }

  enter(name: string): DirectoryHandle {
    return anchor(this.entry(name));
  }

  check(): void {}

  close(): void {
    nodeFs.closeSync(this.#fd);
  }
}

/** `path/name`; `'.'` is the directory itself. */
function entryPath(path: string, name: string): string {
  if (name === '.') return path;
  return path.endsWith('/') ? path + name : `${path}/${name}`;
}

class ConfinedDirectory implements DirectoryHandle {
  readonly fs: FileSystem;
  readonly #path: string;

  constructor(fs: FileSystem, path: string) {
    this.fs = fs;
    this.#path = path;
  }

  entry(name: string): string {
    return entryPath(this.#path, name);
  }

  enter(name: string): DirectoryHandle {
    return new ConfinedDirectory(this.fs, this.entry(name));
  }

  check(): void {}

  close(): void {}
}

class NamedDirectory implements DirectoryHandle {
  readonly fs: FileSystem;
  readonly #path: string;
  readonly #identity: string;

  constructor(fs: FileSystem, path: string) {
    this.fs = fs;
    this.#path = path;
    this.#identity = this.#identify();
  }

  entry(name: string): string {
    if (process.platform === 'win32') refuseWindowsName(name);
    return entryPath(this.#path, name);
  }

  enter(name: string): DirectoryHandle {
    return new NamedDirectory(this.fs, this.entry(name));
  }

  check(): void {
    if (this.#identify() !== this.#identity) throw new WasiError('NOENT');
  }

  close(): void {}

  #identify(): string {
    const stats = this.fs.lstatSync(this.#path, { bigint: true });
    if (!stats.isDirectory()) throw new WasiError('NOTDIR');
    return `${stats.dev}:${stats.ino}`;
  }
}

/** Names that Windows would read as something else: other separators, drives and streams, dots and spaces it drops. */
function refuseWindowsName(name: string): void {
  if (/[\\:]/.test(name) || (name !== '.' && /[. ]$/.test(name))) throw new WasiError('NOENT');
}
