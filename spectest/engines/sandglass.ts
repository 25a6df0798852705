/** Sandglass itself: functions become JavaScript at their first call, with the meter (mode `jit`) or without. */
import { OUTLINE, type OutlineLimits } from '../../compiler/emit/outline.ts';
import { type FeatureOptions, type Module, Runtime } from '../../src/index.ts';
import { RuntimeEngine } from './runtime-engine.ts';

export interface SandglassOptions {
  readonly metering: boolean;
  readonly outline?: OutlineLimits;
  readonly features?: FeatureOptions;
}

export class SandglassEngine extends RuntimeEngine<Module> {
  readonly #runtime: Runtime;

  constructor({ metering, outline = OUTLINE, features }: SandglassOptions) {
    const runtime = new Runtime({ metering, features }, { outline });
    super(runtime, metering);
    this.#runtime = runtime;
  }

  compile(bytes: Uint8Array): Module {
    return this.#runtime.compileSync(bytes);
  }
}
