/**
 * What the host and a worker thread say to each other. (What the worker and the Python in it say: protocol.ts.)
 *
 *   host                                   worker
 *   run ──────────────────────────────────▶ the program runs
 *       ◀───────────────── output, trace, calls
 *   answers ──────────────────────────────▶ (also wakes a guest that is blocked)
 *       ◀──────────────────────────── done
 *
 * Beside the messages there are shared words: a thread that computes, or blocks, reads no messages.
 */
import type { CallbackInfo } from './callbacks.ts';
import type { PythonException, Recovery } from './errors.ts';
import type { FilesSpec } from './files/mounts.ts';
import type { TraceEvent } from './result.ts';

/** Indices of the words that a host and its worker share. */
export const WORDS = {
  /** Grows when something was posted that a blocked guest waits for; who blocks, waits at it. */
  wake: 0,
  /** The number of the run that has to stop: it will find a `KeyboardInterrupt`. */
  stop: 1,
  count: 2,
} as const;

export type Words = Int32Array<SharedArrayBuffer>;

export function newWords(): Words {
  return new Int32Array(new SharedArrayBuffer(WORDS.count * Int32Array.BYTES_PER_ELEMENT));
}

/** Has a worker that is blocked look at its messages, and at `stop`. */
export function wake(words: Words): void {
  Atomics.add(words, WORDS.wake, 1);
  Atomics.notify(words, WORDS.wake);
}

/** How long a program has to come to rest after its `KeyboardInterrupt`, before it is stopped for good. */
export const GRACE_MS = 300;
/** How long its worker has after that, before it is terminated. */
export const LAST_RESORT_MS = 2000;

/** For what is asked of an interpreter whose runs have no limit. */
export const ASK_MS = 60_000;

/** Bytes that all workers of a process share. */
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

/** An interpreter that has started: restored, it need not start again. */
export interface Image {
  /** The module with its generated code, as `module.serialize()` has it. */
  readonly code: SharedBytes;
  /** Memory, globals and tables, as `snapshot.save()` has it. */
  readonly snapshot: SharedBytes;
  readonly meta: ImageMeta;
}

export interface ImageMeta {
  /** What the image was built of and for, as one text: another is of no use. */
  readonly key: string;
  /** `3.14.2`. */
  readonly python: string;
  /** Tells builds apart: their hash seeds differ. */
  readonly build: string;
  /** What the interpreter's host has to know of it besides. */
  readonly interpreter: unknown;
}

/** What an image is to be built of. */
export interface ImageRecipe {
  /** Modules that are imported before anything else. */
  readonly imports: readonly string[];
  /** What these are found in, besides the standard library. */
  readonly files: FilesSpec | undefined;
  /** Different for files that differ. */
  readonly filesKey: string;
  /** Undefined: another one in every build. */
  readonly seed: string | undefined;
}

/** As one text: images of different recipes are different. */
export function recipeText({ imports, filesKey, seed }: ImageRecipe): string {
  return JSON.stringify({ imports, files: filesKey, seed });
}

/** Where a worker looks for an image, and puts one that it built: a directory that only code of its user is in. */
export interface ImageFile {
  readonly directory: string;
  /** How its name begins; what it depends on besides the recipe follows. */
  readonly name: string;
}

export interface WorkerData {
  readonly words: Words;
  readonly recipe: ImageRecipe;
  /** Of the process, if it has one already. */
  readonly image: Image | undefined;
  readonly file: ImageFile | undefined;
  /** A folder in whose packages pyodide is looked for; undefined: the program's and ours. */
  readonly pyodide: string | undefined;
}

export interface RunLimits {
  readonly timeoutMs: number | null;
  readonly maxMemoryBytes: number | null;
  readonly maxFuel: bigint | null;
  readonly maxOutputBytes: number | null;
}

export interface RunRequest {
  readonly code: string;
  readonly resultVariable: string;
  readonly callbacks: readonly CallbackInfo[];
  readonly trace: boolean;
  readonly mode: 'exec' | 'single';
  readonly filename: string | undefined;
  readonly argv: readonly string[] | undefined;
  readonly limits: RunLimits;
}

/** Which interpreter of a worker: 0 is fresh for every run, others are sessions. */
export type InterpreterId = number;
export const TRANSIENT: InterpreterId = 0;

/** What an interpreter finds around it. */
export interface InterpreterConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly files: FilesSpec | undefined;
  /** What its random numbers begin with; null: nothing that repeats. */
  readonly seed: string | null;
  /** Undefined: nothing to read. */
  readonly stdin: 'inherit' | Uint8Array | undefined;
}

export type Answer =
  | { readonly id: number; readonly ok: true; readonly json: string }
  | { readonly id: number; readonly ok: false; readonly message: string };

/** What can be asked of a worker between runs. */
export type Question =
  | { readonly op: 'open'; readonly interpreter: InterpreterId; readonly config: InterpreterConfig }
  | { readonly op: 'close'; readonly interpreter: InterpreterId }
  /** As at first, whatever it was. */
  | { readonly op: 'reset'; readonly interpreter: InterpreterId }
  /** Forgets variables. */
  | { readonly op: 'clear'; readonly interpreter: InterpreterId }
  /** Of all memory. */
  | { readonly op: 'snapshot'; readonly interpreter: InterpreterId }
  | { readonly op: 'restore'; readonly interpreter: InterpreterId; readonly bytes: Uint8Array }
  /** Of variables, one by one. */
  | { readonly op: 'export'; readonly interpreter: InterpreterId }
  | { readonly op: 'import'; readonly interpreter: InterpreterId; readonly bytes: Uint8Array }
  /** Whether a line of a prompt can be run: `complete`, `incomplete` or `invalid`. */
  | { readonly op: 'complete'; readonly interpreter: InterpreterId; readonly source: string }
  /** The image with all code that was generated so far; null if that is hardly more than it has. */
  | { readonly op: 'image'; readonly force: boolean }
  | { readonly op: 'counts' };

export interface WorkerCounts {
  /** Interpreters started from nothing. */
  readonly boots: number;
  /** Functions compiled here, since the worker started. */
  readonly generated: number;
  /** Of these, how many no image has. */
  readonly unsaved: number;
  /** Interpreters restored from the image. */
  readonly restores: number;
}

export type HostMessage =
  | {
      readonly type: 'run';
      readonly run: number;
      readonly interpreter: InterpreterId;
      /** Of a transient interpreter. */
      readonly config: InterpreterConfig | undefined;
      readonly request: RunRequest;
    }
  | { readonly type: 'answers'; readonly run: number; readonly answers: readonly Answer[] }
  | { readonly type: 'stop'; readonly run: number }
  /** What Python has to do for it may take so long. */
  | { readonly type: 'ask'; readonly id: number; readonly question: Question; readonly timeoutMs: number };

export type RunStatus =
  | {
      readonly status: 'ok';
      readonly resultJson: string | undefined;
      readonly resultError: string | undefined;
    }
  | { readonly status: 'raised'; readonly exception: PythonException }
  | { readonly status: 'timeout' }
  | { readonly status: 'stopped' }
  | { readonly status: 'fuel' }
  /** The interpreter is broken: a trap, or what it must not do. */
  | { readonly status: 'failed'; readonly message: string };

export type RunOutcome = RunStatus & {
  readonly durationMs: number;
  readonly peakMemoryBytes: number;
  readonly fuelConsumed: bigint;
  readonly truncated: boolean;
  /** Of a session that did not end well. */
  readonly recovery: Recovery | undefined;
};

/** What was written to a file descriptor, 1 or 2. */
export type OutputChunk = readonly [descriptor: 1 | 2, bytes: Uint8Array];

export interface CallRequest {
  readonly id: number;
  readonly name: string;
  readonly json: string;
}

export type WorkerMessage =
  | {
      readonly type: 'ready';
      /** Not zero: what runs is stopped for good. */
      readonly interruptWord: Int32Array<SharedArrayBuffer>;
      /** Where this worker built or read it. */
      readonly image: Image | undefined;
      readonly counts: WorkerCounts;
      readonly warnings: readonly string[];
    }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'output'; readonly run: number; readonly chunks: readonly OutputChunk[] }
  | { readonly type: 'trace'; readonly run: number; readonly events: readonly TraceEvent[] }
  | { readonly type: 'calls'; readonly run: number; readonly calls: readonly CallRequest[] }
  /** Nobody waits for that call any more. */
  | { readonly type: 'uncall'; readonly run: number; readonly id: number }
  | {
      readonly type: 'done';
      readonly run: number;
      readonly outcome: RunOutcome;
      readonly counts: WorkerCounts;
    }
  | {
      readonly type: 'reply';
      readonly id: number;
      readonly ok: boolean;
      readonly value: unknown;
      readonly message: string;
      readonly timedOut: boolean;
      /** Of an interpreter that was cut off. */
      readonly recovery: Recovery | undefined;
      readonly counts: WorkerCounts;
    };
