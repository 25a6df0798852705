/**
 * The engines that `sandglass bench` compares: a module in, and for each engine an exported function of an instance of
 * its own out. Not here: calling and timing it (`bench-worker.ts`).
 */
import { basename } from 'node:path';
import type { ModuleDescription } from '../../runtime/types.ts';
import { Wasi } from '../../wasi/index.ts';
import { type Imports, Runtime } from '../index.ts';
import type { BenchRequest, EngineName } from './bench.ts';
import { naming } from './load.ts';
import { importsFor, invokedType, isCommand } from './program.ts';
import { parseArguments, resultLines } from './typed-arguments.ts';

export interface Engine {
  readonly name: EngineName;
  /** Calls the function with the arguments of the command line. */
  readonly call: () => unknown;
}

export interface Engines {
  readonly metered: Engine;
  readonly unmetered: Engine;
  readonly native: Engine | undefined;
  /** Why there is no native one. */
  readonly note: string | undefined;
  /** What the metered one has consumed. */
  readonly fuelConsumed: () => bigint;
  /** Results as text. */
  readonly textOf: (result: unknown) => string[];
}

/** The little of the native API that is needed; the type declarations in use have none of it. */
interface NativeApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: Imports) => AnyInstance;
}
interface AnyInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export function makeEngines(request: BenchRequest, bytes: Uint8Array): Engines {
  const { file, invoke, features } = request;
  const [withMeter, without] = [true, false].map((metering) => new Runtime({ metering, features })) as [
    Runtime,
    Runtime,
  ];
  const module = naming(file, () => withMeter.compileSync(bytes));
  const type = invokedType(file, module.info, invoke);
  const args = parseArguments(invoke, type, request.args);

  const engine = (name: EngineName, instantiate: (imports: Imports) => AnyInstance): Engine => {
    const { exports } = prepare(request, module.info, instantiate);
    const fn = exports[invoke] as (...args: unknown[]) => unknown;
    return { name, call: () => fn(...args) };
  };
  const sandglass = (name: EngineName, runtime: Runtime) =>
    engine(name, (imports) => naming(file, () => runtime.instantiateSync(module, imports)));
  return {
    metered: sandglass('metered', withMeter),
    unmetered: sandglass('unmetered', without),
    ...native((api) => engine('native', (imports) => new api.Instance(new api.Module(bytes), imports))),
    fuelConsumed: () => withMeter.fuel.consumed,
    textOf: (result) => resultLines(result, type),
  };
}

/** The engine's own WebAssembly, unless there is none or it cannot do with this module. */
function native(make: (api: NativeApi) => Engine): Pick<Engines, 'native' | 'note'> {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: NativeApi };
  if (WebAssembly === undefined)
    return { native: undefined, note: 'this JavaScript engine has no WebAssembly' };
  try {
    return { native: make(WebAssembly), note: undefined };
  } catch (error) {
    return { native: undefined, note: error instanceof Error ? error.message : String(error) };
  }
}

/** An instance with WASI, initialised if it is a library. */
function prepare(
  { file, args, env, dirs }: BenchRequest,
  module: ModuleDescription,
  instantiate: (imports: Imports) => AnyInstance,
): AnyInstance {
  const silent = { stdin: new Uint8Array(), stdout: () => {}, stderr: () => {} };
  const wasi = new Wasi({ args: [basename(file), ...args], env, preopens: dirs, ...silent });
  const instance = instantiate(importsFor(module, wasi));
  // A command is not started: it only has to know its memory.
  const { memory } = instance.exports;
  wasi.initialize(isCommand(module) ? { exports: { memory } } : instance);
  return instance;
}
