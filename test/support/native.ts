/**
 * The host's own WebAssembly, the oracle of these tests, with just the types they need: the project compiles without
 * the DOM's declarations, and the product never touches this object.
 */
// biome-ignore lint/suspicious/noExplicitAny: as in the standard API
export type Constructor<T = any> = new (...args: any[]) => T;
// biome-ignore lint/suspicious/noExplicitAny: exports are used as what the program made them
export type Exports = Record<string, any>;
export interface NativeGlobal {
  value: unknown;
}

interface NativeApi {
  validate(bytes: Uint8Array): boolean;
  readonly Module: Constructor<object>;
  readonly Instance: Constructor<{ readonly exports: Exports }>;
  readonly Memory: Constructor;
  readonly Table: Constructor;
  readonly Global: Constructor<NativeGlobal>;
  readonly Tag: Constructor;
  readonly Exception: Constructor;
  readonly CompileError: Constructor<Error>;
  readonly LinkError: Constructor<Error>;
  readonly RuntimeError: Constructor<Error>;
}

export const native = (globalThis as unknown as { readonly WebAssembly: NativeApi }).WebAssembly;
