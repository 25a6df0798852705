/**
 * The host that CPython, compiled by Emscripten, runs on: all imports of `pyodide.asm.wasm`. Files, clocks and randomness are
 * those of WASI and their like (one table of descriptors for both); what is not here, the JavaScript bridge above all, ends the
 * guest with its name. The guest reaches nothing that is not given.
 */

import { clock, SYSTEM_CLOCKS } from '../../wasi/clock.ts';
import type { Clocks } from '../../wasi/context.ts';
import { environ } from '../../wasi/environ.ts';
import { WasiError } from '../../wasi/errno.ts';
import { fd } from '../../wasi/fd.ts';
import { type Input, InputStream, OutputStream } from '../../wasi/files/streams.ts';
import { DescriptorTable } from '../../wasi/files/table.ts';
import { functionsOf } from '../../wasi/guest-functions.ts';
import { GuestMemory } from '../../wasi/memory-access.ts';
import { proc } from '../../wasi/proc.ts';
import { random, systemRandom } from '../../wasi/random.ts';
import { bridge } from './bridge.ts';
import { type HostContext, type HostFamily, posixErrno, type Signals } from './context.ts';
import { descriptors } from './descriptors.ts';
import { type Channel, channelDevice, standardDevices } from './devices.ts';
import { directories } from './directories.ts';
import { dynamicLinking } from './dynamic-linking.ts';
import type { Engine, EngineInstance, ImportDescriptor, ImportObject } from './engine.ts';
import { UnsupportedImport } from './errors.ts';
import { BoundGuest } from './guest.ts';
import { memory } from './memory.ts';
import { type Mount, Namespace } from './namespace.ts';
import { type OpenFileState, restoreOpenFiles, saveOpenFiles } from './open-files.ts';
import { process } from './process.ts';
import { sockets } from './sockets.ts';
import { stat } from './stat.ts';
import { time } from './time.ts';

export interface HostOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Default: at its end. */
  readonly stdin?: Input | undefined;
  /** What one write wrote; a copy. Default: thrown away. */
  readonly stdout?: ((bytes: Uint8Array) => void) | undefined;
  readonly stderr?: ((bytes: Uint8Array) => void) | undefined;
  /** `/dev/sandglass`. Default: there is none. */
  readonly channel?: Channel | undefined;
  readonly signals?: Signals | undefined;
  /**
   * Blocks this thread for so many milliseconds (`Infinity`: for ever) at most. It may come back early, and should if a signal is
   * pending or the channel has something for the guest. Default: `Atomics.wait`.
   */
  readonly pause?: ((milliseconds: number) => void) | undefined;
  readonly clocks?: Clocks | undefined;
  readonly random?: ((bytes: Uint8Array) => void) | undefined;
  /** Bytes, at most: asked at each growth. Default 4 GiB. */
  readonly memoryLimit?: (() => number) | undefined;
}

/** Plain data. */
export interface HostState {
  readonly cwd: string;
  readonly files: readonly OpenFileState[];
}

/** What 32 bits address. */
const LARGEST_MEMORY = 2 ** 32;
const NO_SIGNALS: Signals = { take: () => 0, pending: () => 0 };
const nobodyWakesUs = new Int32Array(new SharedArrayBuffer(4));

export class EmscriptenHost {
  readonly imports: ImportObject;
  readonly #guest = new BoundGuest();
  readonly #memory = new GuestMemory();
  readonly #context: HostContext;

  constructor(engine: Engine, options: HostOptions) {
    this.#context = contextOf(options, this.#memory, this.#guest);
    this.imports = importsFor(engine, this.#functions());
  }

  bind(instance: EngineInstance): void {
    this.#memory.bind(instance.exports);
    this.#guest.bind(instance.exports);
  }

  get guest(): BoundGuest {
    return this.#guest;
  }

  get memory(): GuestMemory {
    return this.#memory;
  }

  /** What the guest's memory does not hold of its state: which files are open, and where it works. */
  saveState(): HostState {
    return { cwd: this.#context.cwd, files: saveOpenFiles(this.#context) };
  }

  restoreState({ cwd, files }: HostState): void {
    this.#context.cwd = cwd;
    restoreOpenFiles(this.#context, files);
  }

  /** Closes the guest's files. */
  close(): void {
    this.#context.descriptors.closeAll();
    this.#context.namespace.close();
  }

  #functions(): Record<string, HostFamily> {
    const context = this.#context;
    const wasi = [fd, environ, clock, random, proc].map((family) => family(context));
    const families = [directories, stat, descriptors, time, process, memory, dynamicLinking];
    const env = Object.assign({}, bridge(), sockets(), ...families.map((family) => family(context)));
    return { env, wasi_snapshot_preview1: functionsOf(wasi, posixErrno) as HostFamily };
  }
}

function contextOf(options: HostOptions, memory: GuestMemory, guest: BoundGuest): HostContext {
  const { signals = NO_SIGNALS, random = systemRandom } = options;
  const pause = options.pause ?? ((ms: number) => void Atomics.wait(nobodyWakesUs, 0, 0, ms));
  const interrupt = {
    wait: (milliseconds: number) => {
      if (signals.pending() === 0) pause(milliseconds);
      if (signals.pending() !== 0) throw new WasiError('INTR');
    },
    poll: () => {},
  };
  const devices = standardDevices(random);
  if (options.channel !== undefined) devices.push(channelDevice('/dev/sandglass', options.channel));
  const descriptors = new DescriptorTable();
  const nowhere = () => {};
  descriptors.set(0, new InputStream(options.stdin ?? new Uint8Array(0), interrupt));
  descriptors.set(1, new OutputStream(options.stdout ?? nowhere, interrupt, undefined));
  descriptors.set(2, new OutputStream(options.stderr ?? nowhere, interrupt, undefined));
  return {
    args: [],
    environ: Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
    memory,
    descriptors,
    clocks: withProcessorTime(options.clocks ?? SYSTEM_CLOCKS),
    random,
    rights: 'strict',
    interrupt,
    namespace: new Namespace(options.mounts, devices),
    cwd: '/',
    signals,
    pause,
    memoryLimit: () => Math.min(options.memoryLimit?.() ?? LARGEST_MEMORY, LARGEST_MEMORY),
    guest,
  };
}

/** `time.process_time` counts from the beginning on; whether the guest ran or waited is not told. */
function withProcessorTime(clocks: Clocks): Clocks {
  const start = clocks.monotonic();
  return {
    realtime: () => clocks.realtime(),
    monotonic: () => clocks.monotonic(),
    processor: () => clocks.monotonic() - start,
    ...(clocks.resolution !== undefined && { resolution: clocks.resolution }),
  };
}

/** One of ours for each import; what we do not have ends the guest when it is called. */
function importsFor(engine: Engine, functions: Record<string, HostFamily>): ImportObject {
  const imports: ImportObject = {};
  for (const descriptor of engine.imports) {
    const { module, name } = descriptor;
    imports[module] ??= {};
    imports[module][name] = importOf(engine, functions, descriptor);
  }
  return imports;
}

function importOf(
  engine: Engine,
  functions: Record<string, HostFamily>,
  { module, name, kind }: ImportDescriptor,
): unknown {
  // Addresses of functions that the guest would ask for by name (OpenGL's): there are none.
  if (module === 'GOT.func' && kind === 'global') return engine.makeGlobal(0);
  if (kind !== 'function')
    throw new TypeError(`this CPython needs ${module}.${name}, a ${kind}: not supported`);
  const family = functions[module];
  if (family !== undefined && Object.hasOwn(family, name)) return family[name];
  return () => {
    throw new UnsupportedImport(module, name);
  };
}
