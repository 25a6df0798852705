/**
 * Objects to be told of something for as long as they live, without being kept alive for it.
 */
export class WeakList<T extends object> {
  #references: WeakRef<T>[] = [];
  /** Beyond this many entries, the dead ones are dropped: amortised, so adding stays cheap. */
  #sweepAt = 32;

  add(value: T): void {
    if (this.#references.length >= this.#sweepAt) {
      this.#references = this.#references.filter((reference) => reference.deref() !== undefined);
      this.#sweepAt = Math.max(32, 2 * this.#references.length);
    }
    this.#references.push(new WeakRef(value));
  }

  /** The living, in the order in which they were added. */
  *[Symbol.iterator](): Generator<T> {
    for (const reference of this.#references) {
      const value = reference.deref();
      if (value !== undefined) yield value;
    }
  }

  /** Entries, dead ones that were not dropped yet included. */
  get size(): number {
    return this.#references.length;
  }

  clear(): void {
    this.#references = [];
  }
}
