/**
 * Waiting for host descriptors from synchronous code: an operation on a non-blocking descriptor is tried again until the host no
 * longer says EAGAIN. Between tries the thread waits on the interrupt, so a deadline ends it.
 */
import type { Interrupt } from '../../runtime/interrupt.ts';
import { hostCode } from '../errno.ts';

export type Waiter = Pick<Interrupt, 'wait' | 'poll'>;

/** Longest pause between two tries, in milliseconds. */
export const LONGEST_PAUSE = 10;

export function untilReady<T>(waiter: Waiter, operation: () => T | undefined): T {
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const result = unlessBusy(operation);
    if (result !== undefined) return result;
    waiter.wait(pause);
  }
}

/** The operation's result, or undefined where the host would have to wait. */
export function unlessBusy<T>(operation: () => T): T | undefined {
  try {
    return operation();
  } catch (error) {
    if (hostCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}
