/** The ways to run the suite: what `--mode` chooses from. */

import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { type FeatureOptions, isFeatureName } from '../compiler/features.ts';
import type { Convert } from './convert.ts';
import type { Engine } from './engine.ts';
import type { SandglassOptions } from './engines/sandglass.ts';
import { type Expectations, NATIVE, SANDGLASS } from './expectations.ts';

export interface Mode {
  readonly summary: string;
  readonly expectations: Expectations;
  /** Loads what the mode needs; the engine that it gives serves one file, by its name in the suite. */
  load(convert: Convert): Promise<(file: string) => Engine>;
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

async function loadSandglass(options: SandglassOptions): Promise<(file: string) => Engine> {
  const { SandglassEngine } = await import('./engines/sandglass.ts');
  return (file) => new SandglassEngine({ ...options, features: featuresOf(file) }) as Engine;
}

/** Proposals whose scripts are older than what they say is an error. */
const OLDER_THAN: Readonly<Record<string, FeatureOptions>> = {
  threads: { 'multi-memory': false, 'reference-types': false },
};

/** A proposal's folder is about its proposal, which may be off by default. */
function featuresOf(file: string): FeatureOptions {
  const [, proposal] = /^proposals\/([^/]+)\//.exec(file) ?? [];
  return proposal !== undefined && isFeatureName(proposal)
    ? { ...OLDER_THAN[proposal], [proposal]: true }
    : {};
}
