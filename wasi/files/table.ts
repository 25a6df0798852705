/**
 * The guest's descriptor numbers: 0 to 2 are stdio, preopened directories follow, new ones get the lowest free number from 3.
 * A descriptor may have several numbers (`duplicate`); it is closed with the last.
 */
import { WasiError } from '../errno.ts';
import type { Descriptor } from './descriptor.ts';
import { Directory } from './directory.ts';

const FIRST_FREE = 3;
const MAXIMUM = 2048;

export class DescriptorTable {
  readonly #slots = new Map<number, Descriptor>();

  /** Puts a descriptor under a fixed number: stdio. */
  set(fd: number, descriptor: Descriptor): void {
    this.#slots.set(fd, descriptor);
  }

  /** The lowest free number, from `first` on. */
  add(descriptor: Descriptor, first = FIRST_FREE): number {
    for (let fd = first; fd < MAXIMUM; fd++) {
      if (this.#slots.has(fd)) continue;
      this.#slots.set(fd, descriptor);
      return fd;
    }
    this.#release(descriptor);
    throw new WasiError('MFILE');
  }

  entries(): Iterable<[number, Descriptor]> {
    return this.#slots.entries();
  }

  isOpen(fd: number): boolean {
    return this.#slots.has(fd);
  }

  /** The open descriptor, if it has all of `rights`. */
  get(fd: number, rights = 0n): Descriptor {
    const descriptor = this.#slots.get(fd);
    if (descriptor === undefined) throw new WasiError('BADF');
    if ((descriptor.rights & rights) !== rights) throw new WasiError('NOTCAPABLE');
    return descriptor;
  }

  /** The same for directories; rights are checked before the type. */
  directory(fd: number, rights: bigint): Directory {
    const descriptor = this.get(fd, rights);
    if (!(descriptor instanceof Directory)) throw new WasiError('NOTDIR');
    return descriptor;
  }

  close(fd: number): void {
    const descriptor = this.get(fd);
    this.#slots.delete(fd);
    this.#release(descriptor);
  }

  /** Another number for the same open file, cursor and all. */
  duplicate(fd: number, first: number): number {
    return this.add(this.get(fd), first);
  }

  /** The number `to` for the same open file; what it stood for before is closed. */
  duplicateTo(fd: number, to: number): void {
    const descriptor = this.get(fd);
    if (to < 0 || to >= MAXIMUM) throw new WasiError('BADF');
    if (fd === to) return;
    if (this.#slots.has(to)) this.close(to);
    this.#slots.set(to, descriptor);
  }

  /** `to` becomes what `from` was; `from` is closed. Both must be open. */
  renumber(from: number, to: number): void {
    const moved = this.get(from);
    const replaced = this.get(to);
    if (from === to) return;
    this.#slots.set(to, moved);
    this.#slots.delete(from);
    this.#release(replaced);
  }

  /** Closes what has no number any more. */
  #release(descriptor: Descriptor): void {
    for (const open of this.#slots.values()) if (open === descriptor) return;
    descriptor.close();
  }

  closeAll(): void {
    for (const fd of [...this.#slots.keys()]) this.close(fd);
  }

  /** What is open, by number. */
  get slots(): ReadonlyMap<number, Descriptor> {
    return this.#slots;
  }

  /** Exactly these are open, all of which were; others are closed. */
  replace(slots: ReadonlyMap<number, Descriptor>): void {
    const kept = new Set(slots.values());
    const closed = new Set([...this.#slots.values()].filter((descriptor) => !kept.has(descriptor)));
    this.#slots.clear();
    for (const [fd, descriptor] of slots) this.#slots.set(fd, descriptor);
    for (const descriptor of closed) descriptor.close();
  }
}
