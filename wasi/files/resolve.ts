/**
 * The confinement: from a path that the guest passed to one entry of one host directory, inside the directory that the path
 * is relative to. Component by component; symlinks are read and resolved here, never by the host.
 *
 *   base /srv/data, path "a/../link/x", link → "b"   gives   entry "x" of the directory /srv/data/b
 *
 * Refused with PERM: absolute paths and symlink targets, and any `..` above the base. More than 40 symlinks: LOOP.
 * Where the base is the guest's root (`isRoot`), both lead to it, as POSIX has it.
 */
import { WasiError } from '../errno.ts';
import type { DirectoryHandle } from './directory-handle.ts';
import type { FileSystem, Stats } from './file-system.ts';

const MAXIMUM_SYMLINKS = 40;

/** One entry of a directory. It need not exist, and it may be a symlink: use it without following. */
export interface Location {
  readonly fs: FileSystem;
  readonly directory: DirectoryHandle;
  /** `'.'` for the directory itself. */
  readonly name: string;
  /** For the host. */
  readonly path: string;
  readonly stats: Stats | undefined;
  /** The path ended in a slash: only a directory will do. */
  readonly mustBeDirectory: boolean;
}

/** Resolves `path` and passes the result to `use`, during which its directory is held open. */
export function resolve<T>(
  base: DirectoryHandle,
  path: string,
  followLast: boolean,
  use: (location: Location) => T,
  isRoot = false,
): T {
  if (path === '') throw new WasiError('NOENT');
  base.check();
  const walk = new Walk(base, isRoot);
  try {
    return use(walk.run(path, followLast));
  } finally {
    walk.close();
  }
}

class Walk {
  /** From the base (not ours to close) down to where we are. */
  readonly #trail: DirectoryHandle[];
  readonly #isRoot: boolean;
  /** Components still to go, next one last. */
  readonly #pending: string[] = [];
  #mustBeDirectory = false;
  #symlinks = 0;

  constructor(base: DirectoryHandle, isRoot: boolean) {
    this.#trail = [base];
    this.#isRoot = isRoot;
  }

  run(path: string, followLast: boolean): Location {
    this.#push(path, true);
    for (;;) {
      const name = this.#pending.pop();
      if (name === undefined) return this.#locate('.');
      if (name === '..') {
        this.#leave();
        continue;
      }
      const isLast = this.#pending.length === 0;
      const location = this.#locate(name);
      if (location.stats?.isSymbolicLink() && (followLast || !isLast)) this.#follow(location, isLast);
      else if (isLast) return location;
      else this.#enter(location);
    }
  }

  close(): void {
    while (this.#trail.length > 1) this.#trail.pop()?.close();
  }

  get #here(): DirectoryHandle {
    return this.#trail[this.#trail.length - 1]!;
  }

  #push(path: string, isLast: boolean): void {
    if (path.includes('\0')) throw new WasiError('INVAL');
    if (path.startsWith('/')) this.#restart();
    if (isLast && /\/\.?$/.test(path)) this.#mustBeDirectory = true;
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    this.#pending.push(...names.reverse());
  }

  #follow(link: Location, isLast: boolean): void {
    if (++this.#symlinks > MAXIMUM_SYMLINKS) throw new WasiError('LOOP');
    const target = link.fs.readlinkSync(link.path, 'utf8');
    if (target === '') throw new WasiError('NOENT');
    this.#push(process.platform === 'win32' ? target.replaceAll('\\', '/') : target, isLast);
  }

  #enter(location: Location): void {
    if (location.stats === undefined) throw new WasiError('NOENT');
    if (!location.stats.isDirectory()) throw new WasiError('NOTDIR');
    this.#trail.push(location.directory.enter(location.name));
  }

  #leave(): void {
    if (this.#trail.length > 1) this.#trail.pop()?.close();
    else if (!this.#isRoot) throw new WasiError('PERM');
  }

  #restart(): void {
    if (!this.#isRoot) throw new WasiError('PERM');
    this.close();
  }

  #locate(entry: string): Location {
    const { directory, name } = this.#here.locate?.(entry) ?? { directory: this.#here, name: entry };
    const { fs } = directory;
    const path = directory.entry(name);
    const stats = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return { fs, directory, name, path, stats, mustBeDirectory: this.#mustBeDirectory };
  }
}
