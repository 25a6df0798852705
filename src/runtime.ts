/**
 * `sandglass/runtime`: what precompiled files stand on, and a Runtime for them. No compiler, and no code out of text: a test
 * follows its imports.
 *
 *   import { instantiate } from './app.mjs';               written by `sandglass compile`
 *   const instance = await instantiate(imports, { fuel: 1_000_000n });
 */
import { wrongType } from '../runtime/errors.ts';
import type { Imports } from '../runtime/link.ts';
import { BASE_OPTIONS, BaseRuntime, type BaseRuntimeOptions } from './base-runtime.ts';
import type { ModuleExport, ModuleImport } from './describe.ts';
import { checkKeys, type Instance, type InvokeOptions } from './instance.ts';
import { type PrecompiledFile, PrecompiledModule } from './precompiled-module.ts';

export { BaseRuntime as Runtime, type BaseRuntimeOptions as RuntimeOptions } from './base-runtime.ts';
export * from './common.ts';
export type { PrecompiledFile } from './precompiled-module.ts';
export { sideFile } from './side-file.ts';

/** As those of `Runtime`; `deadlineMs` and `signal` are for the start function. Metered as the file is, by default. */
export interface InstantiateOptions extends BaseRuntimeOptions, InvokeOptions {
  /** Instances of one Runtime share fuel and limits, and can be linked. Default: a new one, of these options. */
  readonly runtime?: BaseRuntime | undefined;
}

/** What a precompiled file exports. */
export interface Precompiled {
  /** For `runtime.instantiate`. */
  readonly module: PrecompiledModule;
  readonly description: {
    readonly name: string | undefined;
    readonly metering: boolean;
    readonly imports: readonly ModuleImport[];
    readonly exports: readonly ModuleExport[];
  };
  instantiate(imports?: Imports, options?: InstantiateOptions): Promise<Instance>;
}

/** Called by the text of precompiled files. */
export function precompiled(file: PrecompiledFile): Precompiled {
  const module = new PrecompiledModule(file);
  const { name, metering, imports, exports } = module;
  return {
    module,
    description: Object.freeze({ name, metering, imports, exports }),
    instantiate: async (given = {}, options = {}) => {
      const [runtime, control] = runtimeFor(module, options);
      return runtime.instantiate(module, given, control);
    },
  };
}

function runtimeFor(module: PrecompiledModule, options: InstantiateOptions): [BaseRuntime, InvokeOptions] {
  checkKeys('option of instantiate', options, [...BASE_OPTIONS, 'runtime', 'deadlineMs', 'signal']);
  const { runtime, deadlineMs, signal, ...own } = options;
  const control = { deadlineMs, signal };
  if (runtime === undefined) {
    const made = new BaseRuntime({ metering: module.metering, ...own }, BASE_OPTIONS, module.costs);
    return [made, control];
  }
  if (!(runtime instanceof BaseRuntime)) throw wrongType('runtime to be a Runtime', runtime);
  const [extra] = Object.keys(own);
  if (extra !== undefined) throw new TypeError(`${extra} is an option of the Runtime that is given`);
  return [runtime, control];
}
