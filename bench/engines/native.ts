/**
 * V8's own WebAssembly: the reference for every time and every result.
 */
import { readFileSync } from 'node:fs';
import { nativePythonEngine } from '../native-python.ts';
import { type Engine, throughApi, type WebAssemblyApi } from './engine.ts';

export const native: Engine = {
  name: 'native',
  summary: "the JavaScript engine's own WebAssembly",
  load: async (file) => {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };
    const bytes = readFileSync(file);
    return { ...throughApi(WebAssembly, bytes), python: () => nativePythonEngine(bytes) };
  },
};
