/** The ways to run the suite: what `--mode` chooses from. */

import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { type FeatureOptions, isFeatureName } from '../compiler/features.ts';
import type { Convert } from './convert.ts';
import type { Engine } from './engine.ts';
import type { SandglassOptions } from './engines/sandglass.ts';
import { Execution } from './execute.ts';
import { type Expectations, NATIVE, SANDGLASS } from './expectations.ts';
import type { FileOptions } from './precompiled-files.ts';
import type { Runner } from './run-file.ts';

export interface Mode {
  readonly summary: string;
  readonly expectations: Expectations;
  /** Loads what the mode needs; the runner that it gives serves one file, by its name in the suite. */
  load(convert: Convert): Promise<(file: string) => Runner>;
}

export const MODES: Readonly<Record<string, Mode>> = {
  jit: {
    summary: 'Sandglass, compiling at first call (the default)',
    expectations: SANDGLASS,
    load: (convert) => loadSandglass(convert, { metering: true }),
  },
  unmetered: {
    summary: 'the same without the meter',
    expectations: SANDGLASS,
    load: (convert) => loadSandglass(convert, { metering: false }),
  },
  regions: {
    summary: 'the default mode, with even small functions split into regions',
    expectations: SANDGLASS,
    load: (convert) => loadSandglass(convert, { metering: true, outline: SPLIT_ALL }),
  },
  precompiled: {
    summary: 'every module as a file, as sandglass compile writes it',
    expectations: SANDGLASS,
    load: (convert) => loadPrecompiled(convert),
  },
  minified: {
    summary: 'the same, with --minify',
    expectations: SANDGLASS,
    load: (convert) => loadPrecompiled(convert, { minify: true }),
  },
  limited: {
    summary: 'the same, with code that stops at a limit of fuel',
    expectations: SANDGLASS,
    load: (convert) => loadPrecompiled(convert, { fuel: 'limit' }),
  },
  jitless: {
    summary: 'the same for interpreters, in a process without WebAssembly and without code from text',
    expectations: SANDGLASS,
    load: async (convert) => {
      const { startJitless } = await import('./jitless.ts');
      const start = startJitless(convert);
      return (file) => start(featuresOf(file));
    },
  },
  native: {
    summary: "Node's own WebAssembly, which checks the runner",
    expectations: NATIVE,
    load: async (convert) => {
      const { NativeEngine } = await import('./engines/native.ts');
      return () => here(new NativeEngine(convert) as Engine, convert);
    },
  },
};

function here(engine: Engine, convert: Convert): Runner {
  return {
    run: (commands, listed) => new Execution(engine, convert, listed).run(commands),
    close: () => engine.close(),
  };
}

/** Files made and run in this process. */
async function loadPrecompiled(
  convert: Convert,
  options: FileOptions = {},
): Promise<(file: string) => Runner> {
  const { PrecompiledEngine } = await import('./engines/precompiled.ts');
  const { PrecompiledFiles } = await import('./precompiled-files.ts');
  const files = new PrecompiledFiles(options);
  return (file) => {
    const features = featuresOf(file);
    return here(new PrecompiledEngine((bytes) => files.write(bytes, features)) as Engine, convert);
  };
}

async function loadSandglass(convert: Convert, options: SandglassOptions): Promise<(file: string) => Runner> {
  const { SandglassEngine } = await import('./engines/sandglass.ts');
  return (file) => here(new SandglassEngine({ ...options, features: featuresOf(file) }) as Engine, convert);
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
