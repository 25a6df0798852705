/**
 * Random bytes that a text determines: the same seed, the same bytes, on every machine.
 */
import { createHash, randomBytes } from 'node:crypto';

export type FillRandom = (target: Uint8Array) => void;

export function seededRandom(seed: string): FillRandom {
  const key = createHash('sha256').update(`sandglass:${seed}`).digest();
  let counter = 0n;
  let block = new Uint8Array(0);
  return (target) => {
    for (let at = 0; at < target.length; ) {
      if (block.length === 0) {
        const number = Buffer.alloc(8);
        number.writeBigUInt64LE(counter++);
        block = new Uint8Array(createHash('sha256').update(key).update(number).digest());
      }
      const part = block.subarray(0, target.length - at);
      target.set(part, at);
      block = block.subarray(part.length);
      at += part.length;
    }
  };
}

/** A seed that nobody has had before. */
export function newSeed(): string {
  return randomBytes(16).toString('hex');
}
