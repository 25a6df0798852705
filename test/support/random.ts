/**
 * Seeded randomness for tests: the same seed gives the same choices on every machine. With a taste for the values that
 * break things: powers of two, their neighbours, NaNs, zeros, infinities.
 */

export const NUMBERS = ['i32', 'i64', 'f32', 'f64'] as const;

export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0;
    this.next();
  }
  /** 32 random bits, unsigned. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }
  /** From 0 to n - 1. */
  int(n: number): number {
    return this.next() % n;
  }
  /** From low to high, both included. */
  between(low: number, high: number): number {
    return low + this.int(high - low + 1);
  }
  chance(probability: number): boolean {
    return this.next() < probability * 4294967296;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!;
  }
  /** A key, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let at = this.int(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [key, weight] of entries) {
      at -= weight;
      if (at < 0) return key;
    }
    throw new Error('no weights');
  }

  i32(): number {
    if (this.chance(0.5)) return this.between(-4, 20);
    if (this.chance(0.5)) return ((1 << this.int(32)) + this.between(-1, 1)) | 0;
    return this.next() | 0;
  }
  i64(): bigint {
    if (this.chance(0.4)) return BigInt(this.between(-4, 70));
    if (this.chance(0.5))
      return BigInt.asIntN(64, (1n << BigInt(this.int(64))) + BigInt(this.between(-1, 1)));
    return BigInt.asIntN(64, (BigInt(this.next()) << 32n) | BigInt(this.next()));
  }
  /** Raw bits. */
  f32(): bigint {
    const special = [0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x4f000000, 0xcf000000];
    if (this.chance(0.25)) return BigInt(this.pick(special));
    if (this.chance(0.5)) return this.#bits32(this.between(-9, 9) / 2);
    if (this.chance(0.1)) return BigInt(0x7f800001 + this.int(0x7ffffe));
    return this.chance(0.5) ? this.#bits32(this.i32()) : BigInt(this.next());
  }
  f64(): bigint {
    const special = [0, -0, Infinity, -Infinity, NaN, 2 ** 31, -(2 ** 31) - 1, 2 ** 63, 2 ** 32, 5e-324];
    if (this.chance(0.25)) return bits64(this.pick(special));
    if (this.chance(0.6)) return bits64(this.chance(0.5) ? this.between(-9, 9) / 2 : this.i32());
    if (this.chance(0.1)) return 0x7ff0000000000001n + BigInt(this.next());
    return BigInt.asIntN(64, (BigInt(this.next()) << 32n) | BigInt(this.next()));
  }
  #bits32(value: number): bigint {
    scratch.setFloat32(0, value);
    return BigInt(scratch.getUint32(0));
  }
}

const scratch = new DataView(new ArrayBuffer(8));
function bits64(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigInt64(0);
}
