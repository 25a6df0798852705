/**
 * A memory's bytes as typed arrays, which `Atomics` takes: one per width. Made when a memory meets its first atomic
 * instruction, and again when it has grown.
 */
export class AtomicViews {
  /** Of the memory, in bytes. */
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;
  readonly unsignedWords: Uint32Array;
  readonly doubles: BigInt64Array;

  constructor(buffer: ArrayBuffer | SharedArrayBuffer, length: number) {
    this.length = length;
    this.bytes = new Uint8Array(buffer, 0, length);
    this.halves = new Uint16Array(buffer, 0, Math.floor(length / 2));
    this.words = new Int32Array(buffer, 0, Math.floor(length / 4));
    this.unsignedWords = new Uint32Array(buffer, 0, Math.floor(length / 4));
    this.doubles = new BigInt64Array(buffer, 0, Math.floor(length / 8));
  }
}
