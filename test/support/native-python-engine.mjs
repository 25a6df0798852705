/** The engine's own WebAssembly under the same host code, for comparison. Uses nothing of ours. */
export function nativeEngine(wasm) {
  const module = new WebAssembly.Module(wasm);
  return {
    imports: WebAssembly.Module.imports(module),
    instantiate: (imports) => new WebAssembly.Instance(module, imports),
    supports: (bytes) => WebAssembly.validate(bytes),
    instantiateModule: (bytes, imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
    makeGlobal: (value) => new WebAssembly.Global({ value: 'i32', mutable: true }, value),
  };
}
