/** Sandglass's own Runtime as the engine that a Python interpreter runs on (python/emscripten/engine.ts). */
import type { Engine, ImportObject } from '../python/emscripten/engine.ts';
import { Global } from '../runtime/global.ts';
import type { Imports } from '../runtime/link.ts';
import type { Module, Runtime } from './index.ts';
import type { Instance } from './instance.ts';

export interface PythonEngine extends Engine {
  instantiate(imports: ImportObject): Instance;
}

/** `instantiate`: how an instance of CPython comes to be; by default a fresh one, of `module`. */
export function pythonEngine(
  runtime: Runtime,
  module: Module,
  instantiate = (imports: Imports): Instance => runtime.instantiateSync(module, imports),
): PythonEngine {
  /** The trampoline: compiled once for all interpreters. */
  let small: Module | undefined;
  return {
    imports: module.imports,
    instantiate: (imports) => instantiate(imports as Imports),
    supports: () => true,
    instantiateModule: (bytes, imports) => {
      small ??= runtime.compileSync(bytes);
      return runtime.instantiateSync(small, imports as Imports);
    },
    makeGlobal: (value) => new Global({ value: 'i32', mutable: true }, value),
  };
}
