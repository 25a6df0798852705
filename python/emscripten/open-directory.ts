/** An open directory with a cursor over its entries, as POSIX has it: `getdents` reads from there, `lseek` goes back. */
import { WasiError } from '../../wasi/errno.ts';
import { Directory } from '../../wasi/files/directory.ts';
import type { Location } from '../../wasi/files/resolve.ts';
import { utf8 } from '../../wasi/memory-access.ts';
import type { Request } from '../../wasi/open.ts';
import { OFLAGS, RIGHTS, WHENCE } from '../../wasi/types.ts';
import { ENTRY_TYPES } from './constants.ts';

export class OpenDirectory extends Directory {
  #cursor = 0;

  static open(location: Location, { oflags, rights }: Request): OpenDirectory {
    if ((rights & RIGHTS.FD_WRITE) !== 0n || (oflags & OFLAGS.TRUNC) !== 0) throw new WasiError('ISDIR');
    return new OpenDirectory(location.directory.enter(location.name), rights, 0n);
  }

  override seek(offset: bigint, whence: number): bigint {
    if (whence === WHENCE.CUR) offset += BigInt(this.#cursor);
    else if (whence !== WHENCE.SET) throw new WasiError('INVAL');
    if (offset < 0n) throw new WasiError('INVAL');
    this.#cursor = Number(offset);
    return offset;
  }

  /**
   * Fills `target` with whole entries; answers how many bytes they take, 0 at the end. An entry, its length a multiple of 8:
   *
   *   inode u64 | cursor behind it i64 | its length u16 | type u8 | name, with a closing zero
   */
  readEntries(target: DataView): number {
    const entries = this.list(this.#cursor === 0);
    let used = 0;
    for (; this.#cursor < entries.length; this.#cursor++) {
      const { name, filetype } = entries[this.#cursor]!;
      const text = utf8(name);
      const length = (19 + text.length + 1 + 7) & ~7;
      if (used + length > target.byteLength) break;
      target.setBigUint64(used, this.inodeOf(name), true);
      target.setBigInt64(used + 8, BigInt(this.#cursor + 1), true);
      target.setUint16(used + 16, length, true);
      target.setUint8(used + 18, ENTRY_TYPES[filetype] ?? 0);
      const bytes = new Uint8Array(target.buffer, target.byteOffset + used + 19, length - 19);
      bytes.fill(0);
      bytes.set(text);
      used += length;
    }
    if (used === 0 && this.#cursor < entries.length) throw new WasiError('INVAL');
    return used;
  }
}
