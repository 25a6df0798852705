/**
 * An interpreter of a worker, and what it is made of again: from the image, or from its own last snapshot. Its host's hooks are those
 * of the run that it is in.
 */
import { Snapshot } from '../runtime/snapshot/snapshot.ts';
import type { Engine } from './emscripten/engine.ts';
import { seededRandom } from './entropy.ts';
import type { Recovery } from './errors.ts';
import { type OpenedMounts, openMounts } from './files/mounts.ts';
import { Guest } from './guest.ts';
import { Interpreter, type InterpreterState } from './interpreter.ts';
import type { InterpreterConfig, SharedBytes } from './messages.ts';
import type { PythonModule } from './worker-engine.ts';
import type { Hooks, Run } from './worker-run.ts';

/** What all interpreters of a worker have in common. */
export interface Common {
  readonly module: PythonModule;
  readonly library: Parameters<typeof Interpreter.resume>[2]['library'];
  readonly image: LoadedSnapshot;
  onRestore(): void;
}

/** Something to restore an interpreter from. */
export interface LoadedSnapshot {
  readonly snapshot: Snapshot;
  readonly state: SavedInterpreter;
}

/** Beside the memory; plain data. */
export interface SavedInterpreter {
  readonly interpreter: InterpreterState;
  /** The function that the guest is called by. */
  readonly call: number;
}

interface Restored {
  readonly interpreter: Interpreter;
  readonly guest: Guest;
  readonly files: OpenedMounts | undefined;
}

/** Between runs nobody hears what is written. */
const NO_HOOKS: Hooks = {
  write: () => {},
  channel: { receive: () => {}, next: () => undefined },
  takeSignal: () => 0,
  pendingSignal: () => 0,
  pause: () => {},
};

export class InterpreterSlot {
  readonly #common: Common;
  readonly #config: InterpreterConfig;
  readonly #engine: Engine | undefined;
  #hooks: Hooks = NO_HOOKS;
  #memoryLimit = Infinity;
  #interpreter: Interpreter;
  #guest: Guest;
  #files: OpenedMounts | undefined;
  /** Undefined: the image. */
  #snapshot: LoadedSnapshot | undefined;

  /** `engine`: what makes instances of the image; by default a new one each time. */
  constructor(common: Common, config: InterpreterConfig, engine?: Engine) {
    this.#common = common;
    this.#config = config;
    this.#engine = engine;
    const { interpreter, guest, files } = this.#restore(common.image);
    this.#interpreter = interpreter;
    this.#guest = guest;
    this.#files = files;
    this.#fresh();
  }

  get guest(): Guest {
    return this.#guest;
  }

  get memoryBytes(): number {
    return this.#interpreter.memoryBytes;
  }

  /** `run` is what its host turns to; undefined: nobody. */
  attach(run: Run | undefined, maxMemoryBytes: number | null = null): void {
    this.#hooks = run ?? NO_HOOKS;
    if (run !== undefined) this.#memoryLimit = maxMemoryBytes ?? Infinity;
  }

  /** It was cut off, and can only `recover`. */
  get broken(): boolean {
    return this.#interpreter.broken;
  }

  /** As it was at first. */
  reset(): void {
    this.#snapshot = undefined;
    this.#replace(this.#common.image);
    this.#fresh();
  }

  /** After a run that was cut off: what it goes back to. */
  recover(): Recovery {
    if (this.#snapshot === undefined) {
      this.reset();
      return 'image';
    }
    this.#replace(this.#snapshot);
    return 'snapshot';
  }

  /** All of its memory, and what belongs to it. */
  save(): SharedBytes {
    const saved = { interpreter: this.#interpreter.suspend(), call: this.#call };
    try {
      const snapshot = this.#common.module.snapshot(this.#interpreter.instance);
      this.#snapshot = { snapshot, state: saved };
      return encodeSaved(snapshot, saved);
    } finally {
      this.#interpreter.wake();
    }
  }

  /** What `save` answered, of this or another one. Throws, and nothing has changed, for what is none. */
  load(bytes: Uint8Array): void {
    const loaded = decodeSaved(bytes);
    this.#replace(loaded);
    this.#snapshot = loaded;
  }

  close(): void {
    this.#interpreter.close();
    this.#files?.close();
    // One that serves again keeps its memory.
    if (this.#engine === undefined) this.#common.module.release(this.#interpreter.instance);
  }

  // ------------------------------------------------------------------ making one

  #call = 0;

  #replace(from: LoadedSnapshot): void {
    const { interpreter, guest, files } = this.#restore(from);
    this.close();
    this.#interpreter = interpreter;
    this.#guest = guest;
    this.#files = files;
  }

  #fresh(): void {
    // The image's own environment is in its memory.
    this.#guest.fresh(this.#files?.paths, this.#config.env);
  }

  #restore({ snapshot, state }: LoadedSnapshot): Restored {
    const { module, library } = this.#common;
    const { env, seed, files: spec, stdin } = this.#config;
    const files = spec && openMounts(spec, { poll: () => this.#hooks.pause(0) });
    const engine = this.#engine ?? module.engine(snapshot);
    const interpreter = Interpreter.resume(engine, state.interpreter, {
      library,
      mounts: files?.mounts,
      env,
      ...(seed !== null && { random: seededRandom(seed) }),
      stdin: stdin === 'inherit' ? 0 : stdin,
      stdout: (bytes) => this.#hooks.write(1, bytes),
      stderr: (bytes) => this.#hooks.write(2, bytes),
      channel: {
        receive: (message) => this.#hooks.channel.receive(message),
        next: () => this.#hooks.channel.next(),
      },
      signals: { take: () => this.#hooks.takeSignal(), pending: () => this.#hooks.pendingSignal() },
      pause: (ms) => this.#hooks.pause(ms),
      memoryLimit: () => this.#memoryLimit,
    });
    this.#call = state.call;
    this.#common.onRestore();
    const guest = new Guest({ call: (request) => interpreter.call(state.call, request) });
    return { interpreter, guest, files };
  }
}

// -------------------------------------------------------------------- as bytes

const MAGIC = 'SGPYSES1';
const JSON_FROM = 16;
const aligned = (length: number) => Math.ceil(length / 8) * 8;

function encodeSaved(snapshot: Snapshot, saved: SavedInterpreter): SharedBytes {
  const json = new TextEncoder().encode(JSON.stringify(saved));
  const memory = snapshot.save();
  const at = aligned(JSON_FROM + json.length);
  const bytes = new Uint8Array(new SharedArrayBuffer(at + memory.length));
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(8, json.length, true);
  bytes.set(json, JSON_FROM);
  bytes.set(memory, at);
  return bytes;
}

function decodeSaved(bytes: Uint8Array): LoadedSnapshot {
  const magic = new TextDecoder().decode(bytes.slice(0, MAGIC.length));
  if (magic !== MAGIC || bytes.length < JSON_FROM)
    throw new TypeError('these bytes are no snapshot of a session');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  const at = aligned(JSON_FROM + length);
  const snapshot = Snapshot.load(bytes.slice(at));
  const state = parseSaved(new TextDecoder().decode(bytes.slice(JSON_FROM, JSON_FROM + length)));
  if (state === undefined) throw new TypeError('the snapshot of the session is damaged: its header');
  return { snapshot, state };
}

/** Undefined: not what `encodeSaved` wrote. What it names (files, addresses) is no more than a program could ask for. */
function parseSaved(text: string): SavedInterpreter | undefined {
  let saved: {
    interpreter?: { host?: { cwd?: unknown; files?: unknown }; trampoline?: unknown };
    call?: unknown;
  };
  try {
    saved = JSON.parse(text) as typeof saved;
  } catch {
    return undefined;
  }
  const { host, trampoline } = saved?.interpreter ?? {};
  const whole = [trampoline, saved?.call].every((value) => Number.isInteger(value));
  const fine = whole && typeof host?.cwd === 'string' && Array.isArray(host.files);
  return fine ? (saved as SavedInterpreter) : undefined;
}
