/**
 * What the sandbox needs from above, where the compiler is: who starts a worker thread that has one, and where images are kept.
 * Given once, by the public entry.
 */
import type { StartWorker } from './thread.ts';

export interface Platform {
  readonly startWorker: StartWorker;
  /** The directory for `cache: undefined`. */
  readonly defaultCache: () => string | undefined;
  /** A folder in whose packages pyodide is looked for. */
  readonly defaultPyodide: () => string | undefined;
}

let provided: Platform | undefined;

export function providePlatform(platform: Platform): void {
  provided = platform;
}

export function platform(): Platform {
  if (provided === undefined) throw new TypeError('import the sandbox from sandglass/python');
  return provided;
}
