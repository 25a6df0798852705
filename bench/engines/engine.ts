/**
 * What an engine is to the suite: a file of wasm in, instances out. Each engine is one small file beside this one; it
 * loads what it needs only when it is used, so that a process which measures one engine holds no other.
 */

import type { Engine as PythonEngine } from '../../python/emscripten/engine.ts';

export type EngineName = 'native' | 'metered' | 'unmetered' | 'polywasm' | 'wasm2js';

export interface Engine {
  readonly name: EngineName;
  /** For the help and the report. */
  readonly summary: string;
  /** The package it comes from, where it is not ours and not Node's own. */
  readonly package?: string;
  /** Why it cannot take part in the run of this file; undefined: it can. */
  obstacle?(file: string): string | undefined;
  /** What has to be done once for a file before any process loads it. */
  prepare?(file: string): Promise<void>;
  /** Reads and compiles the module, which is not part of what is timed, except at start-up. */
  load(file: string): Promise<Loaded>;
}

export interface Loaded {
  instantiate(imports: ImportObject): Instance;
  /** Consumed so far by the module's instances, where the engine counts. */
  fuel?(): bigint;
  /** As what the interpreter of the Python sandbox runs on, where the engine can be that. */
  python?(): PythonEngine;
}

export type ImportObject = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
export interface Instance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The part of the WebAssembly API that native and polywasm are used through; Node's type declarations have none of it. */
export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: ImportObject) => Instance;
}

export function throughApi(api: WebAssemblyApi, bytes: Uint8Array): Loaded {
  const module = new api.Module(bytes);
  return { instantiate: (imports) => new api.Instance(module, imports) };
}
