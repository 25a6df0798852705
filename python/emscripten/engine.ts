/**
 * What runs WebAssembly, as the interpreter sees it: Sandglass's Runtime, or for comparison the engine's own `WebAssembly`. It
 * is given from above: this layer knows no compiler.
 */

export interface ImportDescriptor {
  readonly module: string;
  readonly name: string;
  /** `'function'`, `'global'` … */
  readonly kind: string;
}

export type ImportObject = Record<string, Record<string, unknown>>;

export interface EngineInstance {
  // biome-ignore lint/suspicious/noExplicitAny: what each is, only the module knows
  readonly exports: Readonly<Record<string, any>>;
}

export interface Engine {
  /** Of CPython's module. */
  readonly imports: readonly ImportDescriptor[];
  /** CPython, fresh: or as it was when a snapshot of it was taken. */
  instantiate(imports: ImportObject): EngineInstance;
  /** Whether it can run a module of ours. */
  supports(bytes: Uint8Array): boolean;
  /** A small module of ours, linked to CPython's. */
  instantiateModule(bytes: Uint8Array, imports: ImportObject): EngineInstance;
  /** A mutable global of type i32. */
  makeGlobal(value: number): unknown;
}
