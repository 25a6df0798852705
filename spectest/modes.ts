/** The ways to run the suite: what `--mode` chooses from. */

import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import type { Convert } from './convert.ts';
import type { Engine } from './engine.ts';
import type { SandglassOptions } from './engines/sandglass.ts';
import { type Expectations, NATIVE, SANDGLASS } from './expectations.ts';

export interface Mode {
  readonly summary: string;
  readonly expectations: Expectations;
  /** Loads what the mode needs; the engine that it gives serves one file. */
  load(convert: Convert): Promise<() => Engine>;
}

export const MODES: Readonly<Record<string, Mode>> = {
  jit: {
    summary: 'Sandglass, compiling at first call (the default)',
    expectations: SANDGLASS,
    load: () => loadSandglass({ metering: true }),
  },
  unmetered: {
    summary: 'the same without the meter',
    expectations: SANDGLASS,
    load: () => loadSandglass({ metering: false }),
  },
  regions: {
    summary: 'the default mode, with even small functions split into regions',
    expectations: SANDGLASS,
    load: () => loadSandglass({ metering: true, outline: SPLIT_ALL }),
  },
  native: {
    summary: "Node's own WebAssembly, which checks the runner",
    expectations: NATIVE,
    load: async (convert) => {
      const { NativeEngine } = await import('./engines/native.ts');
      return () => new NativeEngine(convert) as Engine;
    },
  },
};

async function loadSandglass(options: SandglassOptions): Promise<() => Engine> {
  const { SandglassEngine } = await import('./engines/sandglass.ts');
  return () => new SandglassEngine(options) as Engine;
}
