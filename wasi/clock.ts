/**
 * Clocks: `clock_res_get`, `clock_time_get`. Realtime (0) and monotonic (1), from the host or injected; the CPU-time clocks
 * (2, 3) answer NOTSUP, unless one is injected. Sleeping is poll.ts.
 */
import type { Clocks, Context, Family } from './context.ts';
import { WasiError } from './errno.ts';

/** The wall's milliseconds, refined by performance.now(), which is finer but does not follow when the wall clock is set. */
let offset = 0;

export const SYSTEM_CLOCKS: Clocks = {
  realtime: () => {
    const fine = performance.now();
    const wall = Date.now();
    if (Math.abs(offset + fine - wall) > 2) offset = wall - fine;
    const milliseconds = Math.floor(offset + fine);
    return BigInt(milliseconds) * 1_000_000n + BigInt(Math.floor((offset + fine - milliseconds) * 1e6));
  },
  monotonic: () => process.hrtime.bigint(),
};

export function clock({ clocks, memory }: Context): Family {
  return {
    clock_res_get: (id: number, result: number) => {
      readClock(clocks, id);
      memory.setU64(result, clocks.resolution ?? 1n);
    },
    clock_time_get: (id: number, _precision: bigint, result: number) => {
      memory.setU64(result, readClock(clocks, id));
    },
  };
}

/** Now, in nanoseconds, on the clock that the guest names. */
export function readClock(clocks: Clocks, id: number): bigint {
  if (id === 0) return clocks.realtime();
  if (id === 1) return clocks.monotonic();
  const isProcessor = id === 2 || id === 3;
  if (isProcessor && clocks.processor !== undefined) return clocks.processor();
  throw new WasiError(isProcessor ? 'NOTSUP' : 'INVAL');
}
