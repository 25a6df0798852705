/**
 * A directory of files that are code: it must be its owner's alone (mode 0700, no symlink), and so must every file. Files
 * are written aside, synced and renamed, so that a name always stands for a whole file, however many processes write and
 * whenever they die. The least recently used go first when there is too much.
 *
 * Not here: what is in the files (entry.ts).
 */
import type { Stats } from 'node:fs';
import { CacheError } from '../../runtime/errors.ts';
import { readOpenFile } from '../file-bytes.ts';
import { needed } from '../host.ts';

export interface CacheFile {
  readonly name: string;
  readonly size: number;
  /** When it was last written or used, in milliseconds. */
  readonly used: number;
}

const ENTRY = '.sgc';
const UNFINISHED = '.tmp';
/** A file that is still unfinished after so long was left by a process that died. */
const UNFINISHED_MS = 60_000;

const errorCode = (error: unknown) => (error as NodeJS.ErrnoException).code;

export class CacheDirectory {
  readonly path: string;
  readonly #fs = needed('node:fs');
  readonly #join = needed('node:path').join;

  /** `create`: makes the directory if it is not there. */
  constructor(path: string, create: boolean) {
    this.path = needed('node:path').resolve(path);
    if (create) this.#create();
    this.#check();
  }

  #create(): void {
    try {
      this.#fs.mkdirSync(this.path, { recursive: true, mode: 0o700 });
    } catch (error) {
      // What else may stand there, the check says.
      if (errorCode(error) !== 'EEXIST')
        throw new CacheError(`cannot make the cache directory ${this.path}: ${errorCode(error)}`);
    }
  }

  /** Asked again before every use: whoever could put another directory in its place could have us run their code. */
  #check(): void {
    const stats = this.#fs.lstatSync(this.path, { throwIfNoEntry: false });
    const why = stats === undefined ? 'no such directory' : objection(stats);
    if (why !== undefined) throw new CacheError(`refused the cache directory ${this.path}: ${why}`);
  }

  /** The file's bytes; undefined if there is none. Throws a `CacheError` if it cannot be trusted or read. */
  read(name: string): Uint8Array | undefined {
    this.#check();
    const descriptor = this.#open(name);
    if (descriptor === undefined) return undefined;
    try {
      const stats = this.#fs.fstatSync(descriptor);
      if (!stats.isFile()) throw new CacheError('it is not a regular file');
      if (isForeign(stats)) throw new CacheError(`it belongs to user ${stats.uid}`);
      if (isOpen(stats, 0o022)) throw new CacheError(`others may write it (mode ${modeText(stats)})`);
      return readOpenFile(this.#fs, descriptor);
    } finally {
      this.#fs.closeSync(descriptor);
    }
  }

  #open(name: string): number | undefined {
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = this.#fs.constants;
    try {
      return this.#fs.openSync(this.#join(this.path, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT') return undefined;
      throw new CacheError(
        code === 'ELOOP' || code === 'EMLINK' ? 'it is a symbolic link' : `cannot be read (${code})`,
      );
    }
  }

  /** The file's first bytes, as far as they are there. */
  start(name: string, length: number): Uint8Array | undefined {
    const descriptor = this.#open(name);
    if (descriptor === undefined) return undefined;
    try {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, this.#fs.readSync(descriptor, bytes, 0, length, 0));
    } finally {
      this.#fs.closeSync(descriptor);
    }
  }

  /** All of the file or nothing of it. */
  write(name: string, bytes: Uint8Array): void {
    this.#check();
    const random = Math.random().toString(36).slice(2, 10);
    const aside = this.#join(this.path, `${name}.${process.pid}-${random}${UNFINISHED}`);
    try {
      this.#writeSynced(aside, bytes);
      this.#fs.renameSync(aside, this.#join(this.path, name));
    } catch (error) {
      this.#fs.rmSync(aside, { force: true });
      throw error;
    }
    this.#syncDirectory();
  }

  #writeSynced(path: string, bytes: Uint8Array): void {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = this.#fs.constants;
    const descriptor = this.#fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      for (let at = 0; at < bytes.length; )
        at += this.#fs.writeSync(descriptor, bytes, at, bytes.length - at, at);
      this.#fs.fsyncSync(descriptor);
    } finally {
      this.#fs.closeSync(descriptor);
    }
  }

  /** So that the new name outlives a power failure; not every system lets directories be opened. */
  #syncDirectory(): void {
    if (process.platform === 'win32') return;
    const descriptor = this.#fs.openSync(this.path, 'r');
    try {
      this.#fs.fsyncSync(descriptor);
    } finally {
      this.#fs.closeSync(descriptor);
    }
  }

  /** Notes that a file was used. */
  touch(name: string): void {
    const now = new Date();
    try {
      this.#fs.utimesSync(this.#join(this.path, name), now, now);
    } catch (error) {
      // Another process has just evicted it; or the file system is not to be written.
      if (!['ENOENT', 'EROFS', 'EPERM', 'EACCES'].includes(errorCode(error) ?? '')) throw error;
    }
  }

  /** Entries, the one that was used last first. */
  entries(): CacheFile[] {
    return this.#files().filter(({ name }) => name.endsWith(ENTRY));
  }

  #files(): CacheFile[] {
    const files: CacheFile[] = [];
    for (const name of this.#fs.readdirSync(this.path)) {
      if (!name.endsWith(ENTRY) && !name.endsWith(UNFINISHED)) continue;
      const stats = this.#fs.lstatSync(this.#join(this.path, name), { throwIfNoEntry: false });
      if (stats !== undefined) files.push({ name, size: stats.size, used: stats.mtimeMs });
    }
    return files.sort((a, b) => b.used - a.used || (a.name < b.name ? -1 : 1));
  }

  remove(name: string): void {
    this.#fs.rmSync(this.#join(this.path, name), { force: true });
  }

  /** Removes what dead processes left, and then the least recently used entries until `maxBytes` hold the rest. */
  evict(maxBytes: number, keep?: string): CacheFile[] {
    this.#check();
    const removed: CacheFile[] = [];
    let total = 0;
    for (const file of this.#files()) {
      const dead = file.name.endsWith(UNFINISHED) && Date.now() - file.used > UNFINISHED_MS;
      total += file.size;
      if (!dead && (total <= maxBytes || file.name === keep || file.name.endsWith(UNFINISHED))) continue;
      total -= file.size;
      this.remove(file.name);
      removed.push(file);
    }
    return removed;
  }
}

export function entryFile(key: string): string {
  return `${key}${ENTRY}`;
}

/** Why a directory must not be used. */
function objection(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'it is a symbolic link';
  if (!stats.isDirectory()) return 'it is not a directory';
  if (isForeign(stats)) return `it belongs to user ${stats.uid}`;
  if (isOpen(stats, 0o077))
    return `others have access to it (mode ${modeText(stats)}); make it yours alone: chmod 700`;
  return undefined;
}

/** Where there are users. */
function isForeign({ uid }: Stats): boolean {
  return process.getuid !== undefined && uid !== process.getuid();
}

function isOpen({ mode }: Stats, bits: number): boolean {
  return process.getuid !== undefined && (mode & bits) !== 0;
}

function modeText({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
