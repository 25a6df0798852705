/**
 * Sandglass as a library, with and without its meter. Each has a Runtime of its own, so nothing that one compiles or
 * learns reaches the other.
 */
import { readFileSync } from 'node:fs';
import type { Engine, Loaded } from './engine.ts';

async function load(file: string, metering: boolean): Promise<Loaded> {
  const { Runtime } = await import('../../src/index.ts');
  const { pythonEngine } = await import('../../src/python-engine.ts');
  const runtime = new Runtime({ metering });
  const module = runtime.compileSync(readFileSync(file));
  return {
    // Functions of the host are what they are; their types are not looked at.
    instantiate: (imports) => runtime.instantiateSync(module, imports as never),
    python: () => pythonEngine(runtime, module),
    ...(metering && { fuel: () => runtime.fuel.consumed }),
  };
}

export const metered: Engine = {
  name: 'metered',
  summary: 'Sandglass as it is by default, counting fuel',
  load: (file) => load(file, true),
};

export const unmetered: Engine = {
  name: 'unmetered',
  summary: 'Sandglass with metering: false',
  load: (file) => load(file, false),
};
