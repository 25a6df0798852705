/**
 * What a worker needs of the compiler and its runtime, which are above this layer: src/python-worker.ts gives it.
 */
import type { Snapshot } from '../runtime/snapshot/snapshot.ts';
import type { Engine, EngineInstance } from './emscripten/engine.ts';
import type { SharedBytes } from './messages.ts';

export interface WorkerEngine {
  /** Of everything that generated code depends on: with another one, it is of no use. */
  readonly version: string;
  readonly meter: Meter;
  compile(wasm: Uint8Array): PythonModule;
  /** What `serialize` answered. Throws an error that says why it cannot be used. */
  load(code: SharedBytes): PythonModule;
  /** Files that are code, in a directory that nobody else may write. */
  openDirectory(path: string): CodeDirectory;
}

export interface CodeDirectory {
  /** Undefined: there is none. Throws an error for one that cannot be trusted. */
  read(name: string): Uint8Array | undefined;
  /** All of it or nothing. */
  write(name: string, bytes: Uint8Array): void;
}

export interface PythonModule {
  /** Functions that were compiled here. */
  readonly generated: number;
  /** Module and code so far. */
  serialize(): Uint8Array;
  /** Instances are fresh, or as they were in `snapshot`. */
  engine(snapshot: Snapshot | undefined): Engine;
  /** The same, but one instance is used again and again: who asks for the next one has done with the one before. */
  reusingEngine(snapshot: Snapshot): Engine;
  snapshot(instance: EngineInstance): Snapshot;
  /** Its memory serves others from now on. */
  release(instance: EngineInstance): void;
}

/** What is used up, and the ends of it. */
export interface Meter {
  /** All fuel so far. */
  readonly consumed: bigint;
  /** From now on; null: no limit. */
  limit(fuel: bigint | null): void;
  /** Runs with a deadline; throws a `TimeoutError`, or an `AbortError` once the interrupt word is set. */
  within<Result>(deadlineMs: number, run: () => Result): Result;
  readonly interruptWord: Int32Array<SharedArrayBuffer>;
}
