/** Precompiled modules: files, written by whoever may compile, that this engine only loads and runs. */
import { CompileError, type PrecompiledModule, Runtime } from '../../src/runtime.ts';
import { RuntimeEngine } from './runtime-engine.ts';

/** Wasm → the URL of its precompiled file; throws what the compiler says. */
export type Precompile = (bytes: Uint8Array) => Promise<string>;

export class PrecompiledEngine extends RuntimeEngine<PrecompiledModule> {
  readonly #precompile: Precompile;

  constructor(precompile: Precompile) {
    super(new Runtime(), true);
    this.#precompile = precompile;
  }

  async compile(bytes: Uint8Array): Promise<PrecompiledModule> {
    const url = await this.#precompile(bytes);
    const { module } = (await import(url)) as { readonly module: PrecompiledModule };
    await module.load();
    return module;
  }
}

export { CompileError };
