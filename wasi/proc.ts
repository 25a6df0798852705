/** The process itself: `proc_exit` ends the run by an ExitError, `sched_yield` looks at the deadline. No signals. */
import { ExitError } from '../runtime/errors.ts';
import type { Context, Family } from './context.ts';
import { notYet } from './sock.ts';

export function proc({ interrupt }: Context): Family {
  return {
    proc_exit: (code: number) => {
      throw new ExitError(code >>> 0);
    },
    proc_raise: notYet,
    sched_yield: () => interrupt.poll(),
  };
}
