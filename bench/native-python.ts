/** Native WebAssembly as the engine that the interpreter of the Python sandbox runs on. Uses nothing of ours. */
import type { Engine, ImportDescriptor, ImportObject } from '../python/emscripten/engine.ts';
import type { Instance } from './engines/engine.ts';

interface NativeApi {
  readonly Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): readonly ImportDescriptor[];
  };
  readonly Instance: new (module: object, imports: ImportObject) => Instance;
  readonly Global: new (type: { readonly value: string; readonly mutable: boolean }, value: number) => object;
  validate(bytes: Uint8Array): boolean;
}

export function nativePythonEngine(wasm: Uint8Array): Engine {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: NativeApi };
  const { Global, Instance, Module } = WebAssembly;
  const module = new Module(wasm);
  return {
    imports: Module.imports(module),
    instantiate: (imports) => new Instance(module, imports),
    supports: (bytes) => WebAssembly.validate(bytes),
    instantiateModule: (bytes, imports) => new Instance(new Module(bytes), imports),
    makeGlobal: (value) => new Global({ value: 'i32', mutable: true }, value),
  };
}
