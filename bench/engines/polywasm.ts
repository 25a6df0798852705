/**
 * polywasm: compiles wasm to JavaScript when a module is loaded, function by function when they are called.
 */
import { readFileSync } from 'node:fs';
import { howToInstall, importPackage, packageFile } from '../packages.ts';
import { type Engine, throughApi, type WebAssemblyApi } from './engine.ts';

const ENTRY = 'index.js';

export const polywasm: Engine = {
  name: 'polywasm',
  summary: 'evanw/polywasm, as its module is published',
  package: 'polywasm',
  obstacle: () => (packageFile('polywasm', ENTRY) === undefined ? howToInstall('polywasm') : undefined),
  load: async (file) => {
    const { WebAssembly } = await importPackage<{ WebAssembly: WebAssemblyApi }>('polywasm', ENTRY);
    // A copy with a buffer of its own: Node's lie anywhere in a shared one, where polywasm reads constants from wrong places.
    return throughApi(WebAssembly, new Uint8Array(readFileSync(file)));
  },
};
