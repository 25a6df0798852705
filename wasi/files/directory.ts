/**
 * An open directory of the guest, preopened or opened through another. Paths are relative to it and never leave it (resolve.ts). Its
 * listing is taken when reading starts and kept, so that a reader can go on where it stopped while entries come and go.
 */
import { WasiError } from '../errno.ts';
import { FILETYPE } from '../types.ts';
import { Descriptor } from './descriptor.ts';
import type { DirectoryHandle } from './directory-handle.ts';
import { type FileStat, fileStat, filetypeOf, type Stats } from './file-system.ts';
import { type Location, resolve } from './resolve.ts';

export interface DirectoryEntry {
  readonly name: string;
  readonly filetype: number;
}

export class Directory extends Descriptor {
  readonly filetype = FILETYPE.DIRECTORY;
  /** The guest's name for it, where it was preopened. */
  readonly preopenName: string | undefined;
  readonly handle: DirectoryHandle;
  #listing: DirectoryEntry[] | undefined;

  constructor(handle: DirectoryHandle, rights: bigint, inheriting: bigint, flags = 0, preopenName?: string) {
    super(rights, inheriting, flags);
    this.handle = handle;
    this.preopenName = preopenName;
  }

  /** See `resolve` in resolve.ts. */
  resolve<T>(path: string, followLast: boolean, use: (location: Location) => T): T {
    return resolve(this.handle, path, followLast, use);
  }

  /** `.` and `..` come first. `restart` looks at the directory again. */
  list(restart: boolean): readonly DirectoryEntry[] {
    if (restart || this.#listing === undefined) {
      this.handle.check();
      const mounted = this.handle.mounted?.() ?? [];
      const entries = this.handle.fs.readdirSync(this.handle.entry('.'), { withFileTypes: true });
      const visible = entries.filter(({ name }) => !mounted.includes(name));
      this.#listing = [
        ...visible.map((entry) => ({ name: entry.name, filetype: filetypeOf(entry) })),
        ...mounted.flatMap((name) => {
          // What is mounted may be gone by now.
          const stats = this.#stats(name);
          return stats === undefined ? [] : { name, filetype: filetypeOf(stats) };
        }),
      ];
      for (const name of ['..', '.']) this.#listing.unshift({ name, filetype: FILETYPE.DIRECTORY });
    }
    return this.#listing;
  }

  /** The file number of an entry; 0 for `..`, which may lie outside, and for what is gone. */
  inodeOf(name: string): bigint {
    return name === '..' ? 0n : (this.#stats(name)?.ino ?? 0n);
  }

  #stats(entry: string): Stats | undefined {
    const { directory, name } = this.handle.locate?.(entry) ?? { directory: this.handle, name: entry };
    return directory.fs.lstatSync(directory.entry(name), { bigint: true, throwIfNoEntry: false });
  }

  stat(): FileStat {
    this.handle.check();
    return fileStat(this.handle.fs.lstatSync(this.handle.entry('.'), { bigint: true }));
  }

  override setTimes(atim: bigint, mtim: bigint): void {
    this.handle.check();
    this.handle.fs.lutimesSync(this.handle.entry('.'), seconds(atim), seconds(mtim));
  }

  override sync(): void {
    const { fs } = this.handle;
    const fd = fs.openSync(this.handle.entry('.'), 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  close(): void {
    this.handle.close();
  }

  override read(): number {
    throw new WasiError('ISDIR');
  }

  override write(): number {
    throw new WasiError('ISDIR');
  }

  override pread(): number {
    throw new WasiError('ISDIR');
  }

  override pwrite(): number {
    throw new WasiError('ISDIR');
  }

  override seek(_offset: bigint, _whence: number): bigint {
    throw new WasiError('ISDIR');
  }

  override setSize(): void {
    throw new WasiError('ISDIR');
  }

  override allocate(): void {
    throw new WasiError('ISDIR');
  }
}

/**
 * As `utimes` takes times: a double, which holds about a quarter of a microsecond today, and which Node cuts off (to micro- or
 * nanoseconds, by version). So we round to microseconds, then take the next double above, lest one is lost by cutting.
 */
export function seconds(nanoseconds: bigint): number {
  return (Number((nanoseconds + 500n) / 1000n) / 1e6) * (1 + Number.EPSILON);
}
