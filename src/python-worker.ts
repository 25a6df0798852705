/**
 * The thread that Python runs in: python/worker.ts with the compiler and a Runtime. Bundled as one file; src/python.ts starts it.
 */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { COMPILER_VERSION } from '../compiler/version.ts';
import type { WorkerData } from '../python/messages.ts';
import { serve } from '../python/worker.ts';
import type { Meter, PythonModule, WorkerEngine } from '../python/worker-engine.ts';
import { ABI_VERSION } from '../runtime/abi.ts';
import type { Imports } from '../runtime/link.ts';
import type { Snapshot } from '../runtime/snapshot/snapshot.ts';
import { CacheDirectory } from './cache/directory.ts';
import { needed } from './host.ts';
import { type Module, Runtime } from './index.ts';
import type { Instance } from './instance.ts';
import { pythonEngine } from './python-engine.ts';

/** Where a limit on fuel is looked at matters less than that there is one set of code for all runs. */
const runtime = new Runtime({ fuelChecks: 'loops' });

/** More than a machine counts in a lifetime. */
const UNLIMITED = 2n ** 62n;

const meter: Meter = {
  get consumed() {
    return runtime.fuel.consumed;
  },
  limit: (fuel) => runtime.fuel.set(fuel ?? UNLIMITED),
  within: (deadlineMs, run) => runtime.within({ deadlineMs }, run),
  interruptWord: runtime.interruptWord,
};

/** An instance, linked once, that is set back to a snapshot and given other host functions. That spares its memory. */
class ReusedInstance {
  readonly #module: Module;
  readonly #snapshot: Snapshot;
  readonly #pages: number;
  #instance: Instance | undefined;
  #current: Imports = {};

  constructor(module: Module, snapshot: Snapshot) {
    this.#module = module;
    this.#snapshot = snapshot;
    this.#pages = snapshot.record.memories[0]?.pages ?? 0;
  }

  with(imports: Imports): Instance {
    this.#current = imports;
    // One that has grown much would keep what it has.
    const pages: number = this.#instance?.exports.memory.pages ?? 0;
    if (this.#instance === undefined || pages > MOST_GROWTH * this.#pages) {
      this.#instance = runtime.restore(this.#module, this.#snapshot, this.#forwarded(imports));
    } else {
      this.#instance.reset(this.#snapshot);
    }
    return this.#instance;
  }

  #forwarded(imports: Imports): Imports {
    const forwarded: Record<string, Record<string, unknown>> = {};
    for (const [module, entries] of Object.entries(imports)) {
      forwarded[module] = {};
      for (const [name, value] of Object.entries(entries)) {
        forwarded[module][name] = typeof value === 'function' ? this.#forward(module, name) : value;
      }
    }
    return forwarded;
  }

  #forward(module: string, name: string): (...args: unknown[]) => unknown {
    return (...args) => (this.#current[module]![name] as (...args: unknown[]) => unknown)(...args);
  }
}

/** Of its memory, in times of what it was. */
const MOST_GROWTH = 2;

function pythonModule(module: Module): PythonModule {
  return {
    get generated() {
      return module.stats.generated;
    },
    serialize: () => module.serialize(),
    engine: (snapshot) =>
      snapshot === undefined
        ? pythonEngine(runtime, module)
        : pythonEngine(runtime, module, (imports) => runtime.restore(module, snapshot, imports)),
    reusingEngine: (snapshot) => {
      const instance = new ReusedInstance(module, snapshot);
      return pythonEngine(runtime, module, (imports) => instance.with(imports));
    },
    snapshot: (instance) => (instance as Instance).snapshot(),
    release: (instance) => (instance as Instance).close(),
  };
}

/** Images of this size are not kept for ever: those of old versions go. */
function removeOld(path: string): void {
  const images = readdirSync(path)
    .filter((name) => name.endsWith('.sgimage'))
    .map((name) => ({
      file: join(path, name),
      time: lstatSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((a, b) => b.time - a.time);
  for (const { file } of images.slice(MOST_IMAGES)) rmSync(file, { force: true });
}

const MOST_IMAGES = 10;

const engine: WorkerEngine = {
  version: JSON.stringify([COMPILER_VERSION, ABI_VERSION, needed('node:v8').cachedDataVersionTag()]),
  meter,
  // Through its serialised form: code of such a module can be stored as V8 has it.
  compile: (wasm) =>
    pythonModule(Runtime.deserialize(runtime.compileSync(wasm, { copy: false }).serialize())),
  load: (code) => pythonModule(Runtime.deserialize(code, { copy: false })),
  openDirectory: (path) => {
    const directory = new CacheDirectory(path, true);
    return {
      read: (name) => directory.read(name),
      write: (name, bytes) => {
        directory.write(name, bytes);
        removeOld(path);
      },
    };
  },
};

serve(engine, parentPort!, workerData as WorkerData);
