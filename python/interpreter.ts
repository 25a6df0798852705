/**
 * One CPython: booted on an engine, then called with bytes and answering bytes. What it is told, and what the answer means, the
 * Python function knows that is called (bootstrap/).
 *
 *   const interpreter = Interpreter.boot(engine, { library, stdout: (bytes) => … });
 *   const run = interpreter.load(source, '<bootstrap>', 'main');   // def main(request: bytes) -> bytes
 *   const answer = interpreter.call(run, request);
 *
 * Between two calls it is at rest: `suspend` answers what its memory does not hold, as plain data, and a snapshot of the instance
 * may be taken. `resume` goes on in a fresh instance restored from that snapshot, with fresh files, clocks and hooks; pointers such
 * as `run` stay what they were.
 *
 * Errors: a `PythonError` is an exception that nobody caught; the interpreter goes on. Anything else that comes out of a call, a
 * trap, an `ExitError` (os._exit), `OutOfFuelError`, `UnsupportedImport`, left it in mid-flight: it refuses to go on (`broken`).
 */

import { MemoryFileSystem } from '../wasi/files/memory-file-system.ts';
import { CApi, type Pointer, PythonError } from './c-api.ts';
import type { Engine, EngineInstance } from './emscripten/engine.ts';
import { EmscriptenHost, type HostOptions, type HostState } from './emscripten/host.ts';
import type { Mount } from './emscripten/namespace.ts';
import { trampolineModule } from './emscripten/trampoline.ts';
import { hideModules } from './inittab.ts';
import { timeZones } from './time-zones.ts';

export interface InterpreterOptions extends Omit<HostOptions, 'env' | 'mounts'> {
  /** See `standardLibrary`. */
  readonly library: Mount;
  /** Besides the library, the time zones and `/tmp`. */
  readonly mounts?: readonly Mount[] | undefined;
  /** Besides what Python itself needs; `PYTHONHASHSEED` is one to give. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Bytes that files in `/tmp` may take together. Default 64 MiB. */
  readonly temporaryBytes?: number | undefined;
}

/** Plain data: what to keep beside a snapshot. */
export interface InterpreterState {
  readonly host: HostState;
  /** The table entry of the trampoline; 0: none. */
  readonly trampoline: number;
}

export class Interpreter {
  /** Whatever the engine knows of it: to take a snapshot of. */
  readonly instance: EngineInstance;
  readonly #host: EmscriptenHost;
  readonly #engine: Engine;
  readonly #api: CApi;
  #trampoline = 0;
  #broken = false;

  private constructor(engine: Engine, options: InterpreterOptions) {
    this.#engine = engine;
    this.#host = new EmscriptenHost(engine, { ...options, ...surroundings(options) });
    this.instance = engine.instantiate(this.#host.imports);
    this.#host.bind(this.instance);
    this.#api = new CApi(this.#host);
  }

  /** CPython, initialised. The engine gives a fresh instance. */
  static boot(engine: Engine, options: InterpreterOptions): Interpreter {
    const interpreter = new Interpreter(engine, options);
    interpreter.#guard(() => interpreter.#initialize());
    return interpreter;
  }

  /** The engine gives an instance as it was when `state` was taken. */
  static resume(engine: Engine, state: InterpreterState, options: InterpreterOptions): Interpreter {
    const interpreter = new Interpreter(engine, options);
    interpreter.#host.restoreState(state.host);
    interpreter.#trampoline = state.trampoline;
    interpreter.#setTrampoline();
    return interpreter;
  }

  /** Runs source text that defines a function of that name, and answers it. */
  load(source: string, filename: string, name: string): Pointer {
    return this.#guard(() => this.#api.item(this.#api.run(source, filename, '_sandglass'), name));
  }

  /** `callable` takes bytes and returns bytes. */
  call(callable: Pointer, request: Uint8Array): Uint8Array {
    return this.#guard(() => this.#api.call(callable, request));
  }

  /** It was left in mid-flight. */
  get broken(): boolean {
    return this.#broken;
  }

  get memoryBytes(): number {
    return this.#host.guest.memoryBytes;
  }

  /** Before a snapshot is taken: nothing of ours is left in the instance. Afterwards only `resume` goes on, or `wake`. */
  suspend(): InterpreterState {
    if (this.#trampoline !== 0) this.#host.guest.table.set(this.#trampoline, null);
    return { host: this.#host.saveState(), trampoline: this.#trampoline };
  }

  /** Goes on after `suspend` in the same instance. */
  wake(): void {
    this.#setTrampoline();
  }

  /** Closes its files. */
  close(): void {
    this.#broken = true;
    this.#host.close();
  }

  #initialize(): void {
    const { guest, memory } = this.#host;
    const c = this.#api.functions;
    c.__wasm_call_ctors();
    hideModules(memory, guest.address('PyImport_Inittab'));
    this.#trampoline = this.#makeTrampoline();
    // With handlers of signals: SIGINT is KeyboardInterrupt.
    c.Py_InitializeEx(1);
    memory.setU32(guest.address('Py_EMSCRIPTEN_SIGNAL_HANDLING'), 1);
  }

  /** A table entry for it, or 0 where the engine lacks what it takes. */
  #makeTrampoline(): number {
    const { table } = this.#host.guest;
    const slot = table.grow(1);
    this.#trampoline = slot;
    if (!this.#setTrampoline()) return 0;
    const { guest, memory } = this.#host;
    const offset = memory.getU32(guest.address('_PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET'));
    memory.setU32(guest.address('_PyRuntime') + offset, slot);
    return slot;
  }

  #setTrampoline(): boolean {
    if (this.#trampoline === 0) return false;
    const { table, linearMemory } = this.#host.guest;
    const bytes = trampolineModule();
    const imports = { guest: { table, memory: linearMemory } };
    if (!this.#engine.supports(bytes)) return false;
    table.set(this.#trampoline, this.#engine.instantiateModule(bytes, imports).exports.call);
    return true;
  }

  #guard<T>(use: () => T): T {
    if (this.#broken) throw new Error('this interpreter cannot go on: a run was cut off, or it was closed');
    try {
      return use();
    } catch (error) {
      if (!(error instanceof PythonError)) this.#broken = true;
      throw error;
    }
  }
}

function surroundings({ library, mounts = [], env = {}, temporaryBytes = 2 ** 26 }: InterpreterOptions) {
  const temporary = new MemoryFileSystem({ maxBytes: temporaryBytes, maxEntries: 2 ** 16, dev: 3n });
  return {
    mounts: [library, timeZones(), { path: '/tmp', fileSystem: temporary, root: '/' }, ...mounts],
    env: {
      PYTHONHOME: '/',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONNOUSERSITE: '1',
      LANG: 'C.UTF-8',
      HOME: '/tmp',
      PATH: '/',
      ...env,
    },
  };
}
