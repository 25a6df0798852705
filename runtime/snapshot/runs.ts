/**
 * Which parts of a memory are not all zero, and memories made of such parts again.
 *
 * By 4 KiB, the pages of most systems: what stays untouched in a new buffer costs no memory and no time.
 */
import type { Memory } from '../memory.ts';
import type { Run } from './record.ts';

const CHUNK = 4096;

/** The runs of `bytes`, whose contents are to follow each other from `from` on. `bytes` begin a buffer. */
export function findRuns(bytes: Uint8Array, from: number): Run[] {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  const runs: Run[] = [];
  let start = -1;
  let next = from;
  const end = (at: number) => {
    if (start < 0) return;
    runs.push({ at: start, length: at - start, from: next });
    next += at - start;
    start = -1;
  };
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const upTo = Math.min(at + CHUNK, bytes.length);
    if (isZero(words, at >>> 2, upTo >>> 2) && !hasTail(bytes, upTo)) end(at);
    else if (start < 0) start = at;
  }
  end(bytes.length);
  return runs;
}

function isZero(words: Int32Array, from: number, to: number): boolean {
  let i = from;
  for (; i < to - 7; i += 8) {
    const first = words[i]! | words[i + 1]! | words[i + 2]! | words[i + 3]!;
    if ((first | words[i + 4]! | words[i + 5]! | words[i + 6]! | words[i + 7]!) !== 0) return false;
  }
  for (; i < to; i++) if (words[i] !== 0) return false;
  return true;
}

/** Whether there is something in the last bytes of a memory whose pages are bytes. */
function hasTail(bytes: Uint8Array, upTo: number): boolean {
  for (let i = upTo & ~3; i < upTo; i++) if (bytes[i] !== 0) return true;
  return false;
}

/** Behind each other, as the runs say. */
export function copyRuns(payload: Uint8Array, bytes: Uint8Array, runs: readonly Run[]): void {
  for (const { at, length, from } of runs) payload.set(bytes.subarray(at, at + length), from);
}

/** The whole memory, which has the right size: `isNew` if nothing was written to it yet, so that it is zero. */
export function fill({ bytes }: Memory, runs: readonly Run[], payload: Uint8Array, isNew: boolean): void {
  let end = 0;
  for (const { at, length, from } of runs) {
    if (!isNew) bytes.fill(0, end, at);
    bytes.set(payload.subarray(from, from + length), at);
    end = at + length;
  }
  if (!isNew) bytes.fill(0, end);
}
