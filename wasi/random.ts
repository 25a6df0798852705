/** Randomness: `random_get`, from the host's cryptographic source or an injected one. */
import { randomFillSync } from 'node:crypto';
import type { Context, Family } from './context.ts';

export function systemRandom(bytes: Uint8Array): void {
  randomFillSync(bytes);
}

export function random({ random, memory }: Context): Family {
  return {
    random_get: (buffer: number, length: number) => random(memory.bytes(buffer, length)),
  };
}
