/**
 * Bytes of memories that nobody uses any more, kept for the next instance that is restored in this thread: to be given new memory by
 * the system takes three times as long as to fill what is there (CPython: 5.5 ms and 1.7), and dropped buffers are work for the
 * collector.
 */

/** More than one instance at a time is seldom replaced. */
const MOST = 2;
/** What is much larger than needed would only take up room. */
const MOST_WASTE = 2;

const spare: ArrayBuffer[] = [];

/** Nobody may have a view of the buffer. */
export function keepBuffer(buffer: ArrayBuffer): void {
  spare.push(buffer);
  if (spare.length > MOST) spare.shift();
}

/** A buffer for so many bytes, with anything in them; what is beyond is zero. */
export function takeBuffer(bytes: number): ArrayBuffer | undefined {
  const found = spare.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= MOST_WASTE * bytes);
  if (found < 0) return undefined;
  const [buffer] = spare.splice(found, 1);
  new Uint8Array(buffer!, bytes).fill(0);
  return buffer;
}
