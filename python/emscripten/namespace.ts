/**
 * The guest's file system: one tree of names, `/`, put together of mounts. Each mount is a directory (or one file) of a file system
 * in the shape of `node:fs`: of the host, of memory, of whoever gives one. Devices are names too, that open in their own way.
 *
 *   /            memory, read-only, holds just the names of what is mounted
 *   /dev/null    device
 *   /lib/…       memory, read-only
 *   /data        a host directory
 *
 * A path is taken apart by resolve.ts of wasi/files, name by name, symlinks and `..` included, from `/` on; a mount is left through
 * `..` to what lies above it in this tree, and never to what lies above it elsewhere.
 */
import { posix } from 'node:path';
import type { Waiter } from '../../wasi/files/blocking.ts';
import type { Descriptor } from '../../wasi/files/descriptor.ts';
import { type DirectoryHandle, openRoot, type Place } from '../../wasi/files/directory-handle.ts';
import type { FileSystem } from '../../wasi/files/file-system.ts';
import { MemoryFileSystem } from '../../wasi/files/memory-file-system.ts';
import { type Location, resolve } from '../../wasi/files/resolve.ts';

export interface Mount {
  /** Where the guest sees it: absolute, not `/`. */
  readonly path: string;
  readonly fileSystem: FileSystem;
  /** What of the file system is mounted: a directory, or a single file. */
  readonly root: string;
  /** Default false. */
  readonly readOnly?: boolean;
}

/** A name that opens as something that is no file: `/dev/null`. */
export interface Device {
  readonly path: string;
  open(waiter: Waiter): Descriptor;
}

export class Namespace {
  readonly #mounts = new Map<string, Mounted>();
  readonly #devices = new Map<string, Device>();
  /** Names of mounts by the directory that they lie in. */
  readonly #names = new Map<string, string[]>();
  readonly #top = new MemoryFileSystem();
  readonly #root: DirectoryHandle;

  constructor(mounts: readonly Mount[], devices: readonly Device[]) {
    const inner = openRoot(this.#top, '/');
    this.#root = new MountedDirectory(this, '/', inner, true);
    for (const device of devices) {
      this.#top.addFile(device.path, new Uint8Array(0));
      this.#devices.set(device.path, device);
    }
    try {
      for (const mount of mounts) this.#mount(mount);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Resolves an absolute path of the guest and passes the result to `use`. */
  resolve<T>(path: string, followLast: boolean, use: (location: Location) => T): T {
    return resolve(this.#root, path, followLast, use, true);
  }

  /** The device at a location, if it is one. */
  deviceAt(location: Location): Device | undefined {
    return location.fs === this.#top ? this.#devices.get(guestPath(location)) : undefined;
  }

  /** Such a name can be neither removed nor moved, however writable what it shows is. */
  isMountPoint(location: Location): boolean {
    if (location.name === '.') return true;
    return [...this.#mounts.values()].some((mount) => mount.is(location));
  }

  mountAt(path: string): Mounted | undefined {
    return this.#mounts.get(path);
  }

  namesIn(path: string): readonly string[] {
    return this.#names.get(path) ?? [];
  }

  close(): void {
    for (const { handle } of this.#mounts.values()) handle.close();
  }

  #mount({ path, fileSystem, root, readOnly = false }: Mount): void {
    if (posix.normalize(path) !== path || !/^\/.*[^/]$/.test(path))
      throw new TypeError(`a mount's path must be absolute and plain, found ${JSON.stringify(path)}`);
    if (this.#mounts.has(path)) throw new TypeError(`${JSON.stringify(path)} is mounted twice`);
    this.#mounts.set(path, new Mounted(this, path, fileSystem, root, readOnly));
    const above = posix.dirname(path);
    // So that the way there exists; where it leads through another mount, this is never seen.
    this.#top.addDirectory(above);
    this.#names.set(above, [...this.namesIn(above), posix.basename(path)]);
  }
}

/** A mount, opened: the directory it shows, or for a single file the one that it lies in. */
class Mounted {
  readonly handle: DirectoryHandle;
  readonly #place: Place;

  constructor(namespace: Namespace, path: string, fileSystem: FileSystem, root: string, readOnly: boolean) {
    const real = fileSystem.realpathSync(root, 'utf8');
    const isDirectory = fileSystem.lstatSync(real, { bigint: true }).isDirectory();
    this.handle = openRoot(fileSystem, isDirectory ? real : dirnameOf(real));
    const shown = isDirectory ? path : posix.dirname(path);
    const directory = new MountedDirectory(namespace, shown, this.handle, readOnly, false);
    this.#place = { directory, name: isDirectory ? '.' : basenameOf(real) };
  }

  get place(): Place {
    return this.#place;
  }

  is({ directory, name }: Place): boolean {
    return directory === this.#place.directory && name === this.#place.name;
  }
}

/** A directory of the guest, which knows its path and what is mounted in it. */
class MountedDirectory implements DirectoryHandle {
  readonly fs: FileSystem;
  /** Absolute. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly #namespace: Namespace;
  readonly #inner: DirectoryHandle;
  /** Ours to close. */
  readonly #owned: boolean;

  constructor(namespace: Namespace, path: string, inner: DirectoryHandle, readOnly: boolean, owned = true) {
    this.fs = inner.fs;
    this.path = path;
    this.readOnly = readOnly;
    this.#namespace = namespace;
    this.#inner = inner;
    this.#owned = owned;
  }

  entry(name: string): string {
    return this.#inner.entry(name);
  }

  enter(name: string): DirectoryHandle {
    const path = posix.join(this.path, name);
    return new MountedDirectory(this.#namespace, path, this.#inner.enter(name), this.readOnly);
  }

  locate(name: string): Place {
    const mounted = name === '.' ? undefined : this.#namespace.mountAt(posix.join(this.path, name));
    return mounted?.place ?? { directory: this, name };
  }

  mounted(): readonly string[] {
    return this.#namespace.namesIn(this.path);
  }

  check(): void {
    this.#inner.check();
  }

  close(): void {
    if (this.#owned) this.#inner.close();
  }
}

/** The guest's absolute path of a location. */
export function guestPath({ directory, name }: Pick<Location, 'directory' | 'name'>): string {
  if (!(directory instanceof MountedDirectory)) throw new TypeError('not a location in a namespace');
  return posix.join(directory.path, name);
}

/** Of the host: its separators may be backslashes, too. */
function dirnameOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, '') || '/';
}

function basenameOf(path: string): string {
  return path.replace(/^.*[\\/]/, '');
}
