/** Environment variables: `environ_get`, `environ_sizes_get`. Nothing of the host's environment is seen unless given. */
import { writeSizes, writeStrings } from './args.ts';
import type { Context, Family } from './context.ts';
import { cString } from './memory-access.ts';

export function environ({ environ, memory }: Context): Family {
  const strings = environ.map(cString);
  return {
    environ_get: (pointers: number, buffer: number) => writeStrings(memory, strings, pointers, buffer),
    environ_sizes_get: (count: number, size: number) => writeSizes(memory, strings, count, size),
  };
}
