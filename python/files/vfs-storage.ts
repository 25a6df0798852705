/**
 * VfsStorage: the files of a sandbox, in memory and with a quota. The guest sees them at `/data`; the host reads and writes them here,
 * by paths from the storage's own root (what is `/data/a.txt` in the guest is `/a.txt`). Given to several sandboxes, all see the
 * same files: each worker is connected to this thread (remote.ts).
 */
import { constants } from 'node:fs';
import { posix } from 'node:path';
import { errnoName, errnoOf } from '../../wasi/errno.ts';
import { openRoot } from '../../wasi/files/directory-handle.ts';
import { MemoryFileSystem } from '../../wasi/files/memory-file-system.ts';
import { type Location, resolve } from '../../wasi/files/resolve.ts';
import { type RemoteEnd, serveFiles } from './remote.ts';
import { readImage, readWhole, removeTree, writeImage } from './vfs-image.ts';

export interface VfsStorageOptions {
  /** Of all files together; holes count as if they were written. More is refused with ENOSPC. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Files, directories and links. More is refused with ENOSPC. Default 65,536. */
  readonly maxEntries?: number;
}

export interface VfsStat {
  readonly type: 'file' | 'directory' | 'symlink';
  readonly size: number;
  readonly modified: Date;
}

export const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
export const DEFAULT_MAX_ENTRIES = 65_536;
/** What tells the volume from others in the guest's `os.stat`. */
export const VFS_DEV = 2n;

export class VfsStorage {
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly #files: MemoryFileSystem;

  constructor(options: VfsStorageOptions = {}) {
    const { maxBytes, maxEntries } = checkOptions(options);
    this.maxBytes = maxBytes;
    this.maxEntries = maxEntries;
    this.#files = new MemoryFileSystem({ maxBytes, maxEntries, dev: VFS_DEV });
  }

  /** What the files take of `maxBytes`. */
  get usedBytes(): number {
    return this.#files.usedBytes;
  }

  readFile(path: string): Uint8Array;
  readFile(path: string, encoding: BufferEncoding): string;
  readFile(path: string, encoding?: BufferEncoding): Uint8Array | string {
    const bytes = this.#at(path, true, (location) => {
      if (existing(location).isDirectory()) throw failure('EISDIR');
      return readWhole(this.#files, location.path);
    });
    return encoding === undefined ? bytes : Buffer.from(bytes).toString(encoding);
  }

  /** Replaces the file, or makes it. Its directory must be there. */
  writeFile(path: string, data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    if (!(bytes instanceof Uint8Array)) throw new TypeError('the data must be a string or a Uint8Array');
    const { O_WRONLY, O_CREAT, O_TRUNC } = constants;
    this.#at(path, true, (location) => {
      const room = this.maxBytes - this.usedBytes + Number(location.stats?.size ?? 0n);
      if (bytes.length > room) throw failure('ENOSPC');
      const fd = this.#files.openSync(location.path, O_WRONLY | O_CREAT | O_TRUNC);
      try {
        this.#files.writevSync(fd, [bytes], 0);
      } finally {
        this.#files.closeSync(fd);
      }
    });
  }

  /** Whether there is something of that name; a symlink is something wherever it leads. */
  exists(path: string): boolean {
    try {
      return this.#at(path, false, ({ stats }) => stats !== undefined);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as { code?: string }).code ?? '')) return false;
      throw error;
    }
  }

  /** The names in a directory, sorted. */
  list(path = '/'): string[] {
    return this.#at(path, true, (location) => {
      if (!existing(location).isDirectory()) throw failure('ENOTDIR');
      const entries = this.#files.readdirSync(location.path, { withFileTypes: true });
      return entries.map(({ name }) => name).sort();
    });
  }

  /** Of the entry itself, also where it is a symlink. */
  stat(path: string): VfsStat {
    return this.#at(path, false, (location) => {
      const stats = existing(location);
      return {
        type: stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : 'file',
        size: Number(stats.size),
        modified: new Date(Number(stats.mtimeNs / 1_000_000n)),
      };
    });
  }

  /** `recursive`: makes the directories above it, too, and does not mind one that is there. */
  mkdir(path: string, { recursive = false }: { readonly recursive?: boolean } = {}): void {
    if (!recursive) {
      this.#at(path, false, ({ path: plain }) => this.#files.mkdirSync(plain));
      return;
    }
    let above = '';
    for (const name of posix.normalize(`/${path}`).split('/').filter(Boolean)) {
      above += `/${name}`;
      if (!this.exists(above)) this.mkdir(above);
    }
    this.list(path);
  }

  /** A file, a symlink or an empty directory; `recursive`: a directory with all that is in it. */
  delete(path: string, { recursive = false }: { readonly recursive?: boolean } = {}): void {
    this.#at(path, false, (location) => {
      const isDirectory = existing(location).isDirectory();
      if (isDirectory && recursive) removeTree(this.#files, location.path);
      if (isDirectory) this.#files.rmdirSync(location.path);
      else this.#files.unlinkSync(location.path);
    });
  }

  rename(from: string, to: string): void {
    this.#at(from, false, (old) =>
      this.#at(to, false, (next) => this.#files.renameSync(old.path, next.path)),
    );
  }

  /** Everything, as bytes for `restore`. */
  snapshot(): Uint8Array {
    return writeImage(this.#files);
  }

  /** Replaces everything by what `snapshot` answered, here or elsewhere; if that does not fit, nothing changes. */
  restore(snapshot: Uint8Array): void {
    if (!(snapshot instanceof Uint8Array)) throw new TypeError('a snapshot must be a Uint8Array');
    readImage(snapshot, this.#files, this);
  }

  /** For the sandbox's machinery: lets another thread use these files. */
  connect(): { readonly end: RemoteEnd; close(): void } {
    return serveFiles(this.#files);
  }

  /** Resolves a path as the guest would; errors are those of `node:fs`, with the path as the user gave it. */
  #at<T>(path: string, followLast: boolean, use: (location: Location) => T): T {
    if (typeof path !== 'string') throw new TypeError(`a path must be a string, found ${typeof path}`);
    try {
      return resolve(openRoot(this.#files, '/'), path, followLast, use, true);
    } catch (error) {
      const errno = errnoOf(error);
      throw errno === undefined ? error : failure(`E${errnoName(errno)}`, path);
    }
  }
}

function existing({ stats }: Location): NonNullable<Location['stats']> {
  if (stats === undefined) throw failure('ENOENT');
  return stats;
}

const MEANINGS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EEXIST: 'already exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENOTEMPTY: 'directory not empty',
  ENOSPC: 'no space left in the storage',
  ELOOP: 'too many symbolic links',
  EBUSY: 'is the root of the storage',
};

/** As `node:fs` fails: `ENOENT: no such file or directory, "/a"`. */
function failure(code: string, path = ''): Error {
  return Object.assign(new Error(`${code}: ${MEANINGS[code] ?? 'refused'}, ${JSON.stringify(path)}`), {
    code,
  });
}

const OPTIONS = ['maxBytes', 'maxEntries'];

function checkOptions(options: VfsStorageOptions): Required<VfsStorageOptions> {
  if (typeof options !== 'object' || options === null) throw new TypeError('the options must be an object');
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) throw new TypeError(`VfsStorage: unknown option ${JSON.stringify(unknown)}`);
  const { maxBytes = DEFAULT_MAX_BYTES, maxEntries = DEFAULT_MAX_ENTRIES } = options;
  for (const [name, value] of Object.entries({ maxBytes, maxEntries })) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${name} must be a whole number from 0 on, found ${String(value)}`);
  }
  return { maxBytes, maxEntries };
}
