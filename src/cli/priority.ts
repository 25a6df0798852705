/**
 * Priority of a run's threads. V8 optimises hot code, and collects garbage, on four threads besides the program's. With two
 * processors they keep a program that starts waiting for an eighth to a quarter of its time; so they stand back where there
 * are not processors enough for all. Where there are, nothing changes.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';

/** Under Linux a nice value belongs to a thread, and a new thread has that of its maker. */
const NICE = 5;

/**
 * Makes all threads of this process but the calling main thread stand back; to be called before workers are started. With
 * a single processor nothing does: what is optimised later, or never, costs more than it saves.
 */
export function preferMainThread(): void {
  if (process.platform !== 'linux' || availableParallelism() === 1) return;
  try {
    for (const thread of readdirSync('/proc/self/task').map(Number)) {
      if (thread !== process.pid) setPriority(thread, NICE);
    }
  } catch {
    // Without it the program only starts more slowly.
  }
}
