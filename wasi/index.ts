/**
 * WASI preview 1 for one instance: `new Wasi({ args, env, preopens })`, `.imports` to instantiate with, `.start(instance)` to run a
 * command. The guest reaches nothing that is not given: no files but those under its preopened directories, no environment but `env`.
 * Each family of functions has its file; this one puts them together and turns thrown WasiErrors into errnos.
 */
import nodeFs from 'node:fs';
import { BIND, type BoundInstance } from '../runtime/abi.ts';
import { ExitError } from '../runtime/errors.ts';
import { Interrupt } from '../runtime/interrupt.ts';
import { HOST_STATE } from '../runtime/snapshot/host-state.ts';
import { args } from './args.ts';
import { clock, SYSTEM_CLOCKS } from './clock.ts';
import type { Clocks, Context } from './context.ts';
import { environ } from './environ.ts';
import { fd } from './fd.ts';
import { Directory } from './files/directory.ts';
import { openRoot } from './files/directory-handle.ts';
import type { FileSystem } from './files/file-system.ts';
import { type Input, InputStream, type Output, OutputStream } from './files/streams.ts';
import { DescriptorTable } from './files/table.ts';
import { functionsOf, type GuestFunctions } from './guest-functions.ts';
import { GuestMemory } from './memory-access.ts';
import { path } from './path.ts';
import { poll } from './poll.ts';
import { proc } from './proc.ts';
import { random, systemRandom } from './random.ts';
import { sock } from './sock.ts';
import { MovedClocks, WasiState } from './state.ts';
import { ALL_RIGHTS, PREOPEN_RIGHTS } from './types.ts';

export type { Clocks } from './context.ts';
export type { FileSystem } from './files/file-system.ts';
export type { Input, Output } from './files/streams.ts';
export { UNIMPLEMENTED } from './sock.ts';

/** A directory of a file system other than the host's: a `memfs` volume, say. */
export interface Mount {
  readonly fs: FileSystem;
  readonly path: string;
}

export interface WasiOptions {
  /** All of them, the program's name first. Default none. */
  readonly args?: readonly string[];
  /** Default none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Directories by the guest's name for them, in order. Default none. */
  readonly preopens?: Readonly<Record<string, string | Mount>>;
  /** Default: the process's own, 0, 1 and 2. */
  readonly stdin?: Input;
  readonly stdout?: Output;
  readonly stderr?: Output;
  /** Called when a reader of stdout or stderr has gone, before the guest is told (errno PIPE). May throw to end the run. */
  readonly onBrokenPipe?: (fd: number) => void;
  /** Default: the system's. */
  readonly clocks?: Clocks;
  /** Fills the bytes. Default: cryptographic randomness of the system. */
  readonly random?: (bytes: Uint8Array) => void;
  /** Some programs open a file without asking for any right, then use it: `lenient` lets them. Default `strict`. */
  readonly rights?: 'strict' | 'lenient';
}

/** What `start` needs of an instance; ours and native WebAssembly's have it. */
export interface Startable {
  readonly exports: Readonly<Record<string, unknown>>;
  invoke?(name: string, args: readonly unknown[], options: StartOptions): unknown;
}

export interface StartOptions {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

export class Wasi {
  /** The standard two-level import object. */
  readonly imports: { readonly wasi_snapshot_preview1: GuestFunctions };
  readonly #memory = new GuestMemory();
  readonly #descriptors = new DescriptorTable();
  /** Until an instance is bound there is nobody to interrupt. */
  #interrupt = new Interrupt();
  #bound = false;
  #started = false;

  constructor(options: WasiOptions = {}) {
    checkOptions(options);
    const context = this.#context(options);
    this.#openStdio(options, context);
    try {
      for (const [name, directory] of Object.entries(options.preopens ?? {})) this.#preopen(name, directory);
    } catch (error) {
      this.close();
      throw error;
    }
    const functions = functionsOf(
      [args, environ, clock, fd, path, poll, proc, random, sock].map((family) => family(context)),
    );
    const bind = (instance: BoundInstance) => this.#bind(instance.exports, instance.interrupt);
    const state = new WasiState(this.#descriptors, context.clocks);
    const hidden = { [BIND]: { value: bind }, [HOST_STATE]: { value: state } };
    this.imports = { wasi_snapshot_preview1: Object.defineProperties(functions, hidden) };
  }

  /**
   * Runs a command to its end and returns its exit code: what it gave to `proc_exit`, or 0. Once only. Its files are closed
   * afterwards. Every error other than exiting (a trap, out of fuel, the deadline) is thrown.
   */
  start(instance: Startable, options?: StartOptions): number {
    const start = instance.exports._start;
    if (typeof start !== 'function') throw new TypeError('no exported function "_start": not a WASI command');
    if (this.#started) throw new Error('a WASI command can be started once only');
    this.#started = true;
    this.#bindForeign(instance);
    try {
      if (options === undefined) start();
      else if (instance.invoke) instance.invoke('_start', [], options);
      else throw new TypeError('this instance cannot be started with a deadline or signal');
      return 0;
    } catch (error) {
      if (error instanceof ExitError) return error.code;
      throw error;
    } finally {
      this.close();
    }
  }

  /** Initialises a library (a WASI reactor): calls `_initialize`, if there is one. Its exports can be used afterwards. */
  initialize(instance: Startable): void {
    if ('_start' in instance.exports) throw new TypeError('exports "_start": a WASI command, not a library');
    this.#bindForeign(instance);
    const initialize = instance.exports._initialize;
    if (typeof initialize === 'function') initialize();
  }

  /** Closes the guest's files and directories. */
  close(): void {
    this.#descriptors.closeAll();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #bind(exports: BoundInstance['exports'], interrupt: Interrupt): void {
    this.#memory.bind(exports);
    this.#interrupt = interrupt;
    this.#bound = true;
  }

  /** Instances of other engines do not announce themselves. */
  #bindForeign(instance: Startable): void {
    if (!this.#bound) this.#bind(instance.exports, this.#interrupt);
  }

  #context({ args = [], env = {}, clocks, random, rights = 'strict' }: WasiOptions) {
    const environ = Object.entries(env).map(([name, value]) => `${checkName(name)}=${value}`);
    for (const text of [...args, ...environ]) checkText(text);
    return {
      args,
      environ,
      memory: this.#memory,
      descriptors: this.#descriptors,
      clocks: new MovedClocks(clocks ?? SYSTEM_CLOCKS),
      random: random ?? systemRandom,
      rights,
      interrupt: { wait: (ms: number) => this.#interrupt.wait(ms), poll: () => this.#interrupt.poll() },
    };
  }

  #openStdio({ stdin = 0, stdout = 1, stderr = 2, onBrokenPipe }: WasiOptions, { interrupt }: Context): void {
    const output = (fd: number, to: Output) =>
      new OutputStream(to, interrupt, onBrokenPipe && (() => onBrokenPipe(fd)));
    this.#descriptors.set(0, new InputStream(stdin, interrupt));
    this.#descriptors.set(1, output(1, stdout));
    this.#descriptors.set(2, output(2, stderr));
  }

  #preopen(name: string, directory: string | Mount): void {
    const { fs, path } = typeof directory === 'string' ? { fs: nodeFs, path: directory } : directory;
    try {
      const handle = openRoot(fs, fs.realpathSync(path, 'utf8'));
      this.#descriptors.add(new Directory(handle, PREOPEN_RIGHTS, ALL_RIGHTS, 0, name));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `cannot open directory ${JSON.stringify(path)} for ${JSON.stringify(name)}: ${reason}`,
        { cause },
      );
    }
  }
}

/** Shapes that would otherwise be read as something else: an array of directories has the names "0", "1", … */
function checkOptions(options: WasiOptions): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('the options must be an object');
  const { args = [], env = {}, preopens = {} } = options;
  if (!Array.isArray(args)) throw new TypeError('args must be an array of strings');
  for (const [name, value] of Object.entries({ env, preopens })) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new TypeError(`${name} must be an object, with names for its keys`);
  }
  for (const [name, directory] of Object.entries(preopens)) {
    if (typeof directory !== 'string' && typeof (directory as Mount | null)?.path !== 'string')
      throw new TypeError(`the preopen ${JSON.stringify(name)} must be a path, or { fs, path }`);
  }
}

function checkName(name: string): string {
  if (name === '' || name.includes('='))
    throw new TypeError(`not an environment variable name: ${JSON.stringify(name)}`);
  return name;
}

function checkText(text: string): void {
  if (typeof text !== 'string') throw new TypeError(`args and env must be strings, found ${typeof text}`);
  if (text.includes('\0')) throw new TypeError(`args and env cannot contain NUL: ${JSON.stringify(text)}`);
}
