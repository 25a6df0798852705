/**
 * The cache of a Runtime: finds a module's entry, and writes it when there is something new to write: at the end of the
 * process, when asked, and a while after code was generated where a process lives long.
 *
 * An entry that cannot be used is told of in one line, and made anew. Where nothing may be written, it is an error.
 */
import { COMPILER_VERSION } from '../../compiler/version.ts';
import { ABI_VERSION } from '../../runtime/abi.ts';
import { CacheError } from '../../runtime/errors.ts';
import { needed } from '../host.ts';
import { sha256 } from '../sha256.ts';
import { CacheDirectory, entryFile } from './directory.ts';
import { decodeEntry, type Entry, encodeEntry, functionsIn } from './entry.ts';

export type CacheMode = 'read-write' | 'read-only';

export const DEFAULT_CACHE_BYTES = 2 ** 30;

export interface CacheSettings {
  readonly path: string;
  readonly mode: CacheMode;
  readonly maxBytes: number;
  readonly warn: (message: string) => void;
}

/** Somebody who has something to write. */
export interface Unsaved {
  save(): void;
}

/** Where an entry is looked for: by what was compiled, and how. */
export interface CacheKey {
  /** SHA-256 of the wasm. */
  readonly hash: string;
  readonly options: string;
  /** SHA-256 of both, and of all that the entry depends on besides. */
  readonly id: string;
}

/** After the first group that is generated; from save to save it doubles. */
const FIRST_SAVE_MS = 10_000;
/** With more modules than this unsaved, the oldest is saved at once: they are all kept in memory. */
const MOST_UNSAVED = 16;
/** As much of a file as holds its header, in all but giant entries. */
const HEADER_BYTES = 1 << 20;

export class ModuleCache {
  readonly #directory: CacheDirectory;
  readonly #settings: CacheSettings;
  /** Which V8, and with which flags. */
  readonly v8: number = needed('node:v8').cachedDataVersionTag();
  readonly #unsaved = new Set<Unsaved>();
  #timer: { unref(): void } | undefined;
  #delay = FIRST_SAVE_MS;
  #rejected = false;

  constructor(settings: CacheSettings) {
    this.#settings = settings;
    this.#directory = new CacheDirectory(settings.path, !this.readOnly);
  }

  get readOnly(): boolean {
    return this.#settings.mode === 'read-only';
  }

  keyOf(hash: string, options: string): CacheKey {
    const all = JSON.stringify([hash, options, ABI_VERSION, COMPILER_VERSION, this.v8]);
    return { hash, options, id: sha256(new TextEncoder().encode(all)) };
  }

  /** The entry, if there is one that can be used. */
  find(key: CacheKey): { entry: Entry | undefined; damaged: boolean } {
    const file = entryFile(key.id);
    try {
      const bytes = this.#directory.read(file);
      if (bytes === undefined) {
        if (this.readOnly) throw new CacheError(`no entry ${file} for this module and these options`);
        return { entry: undefined, damaged: false };
      }
      const entry = decodeEntry(bytes);
      if (entry.hash !== key.hash || entry.options !== key.options || entry.v8 !== this.v8)
        throw new CacheError('made for another module, other options or another V8');
      if (!this.readOnly) this.#directory.touch(file);
      return { entry, damaged: false };
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      if (this.readOnly) {
        throw new CacheError(`the read-only cache ${this.#directory.path} misses: ${error.message}`);
      }
      this.#settings.warn(`cache: entry ${file} is not used: ${error.message}; compiled anew`);
      return { entry: undefined, damaged: true };
    }
  }

  /** V8 was given a code cache that it does not want: slower, and nothing else. */
  rejected(): void {
    if (this.#rejected) return;
    this.#rejected = true;
    this.#settings.warn('cache: V8 rejected its code cache; it compiles anew');
  }

  /** Writes an entry, unless there is one that is as good; `replace`: even then. */
  write(key: CacheKey, entry: () => Entry, functions: number, replace: boolean): void {
    const file = entryFile(key.id);
    try {
      if (!replace && this.#holds(file) >= functions) return;
      const bytes = encodeEntry(entry());
      const { maxBytes } = this.#settings;
      if (bytes.length > maxBytes)
        throw new CacheError(`its ${bytes.length} bytes exceed the limit of ${maxBytes}`);
      this.#directory.write(file, bytes);
      this.#directory.evict(maxBytes, file);
    } catch (error) {
      // The program has run; a full disk must not make it fail.
      const isSystemError = error instanceof Error && 'syscall' in error;
      if (!isSystemError && !(error instanceof CacheError)) throw error;
      this.#settings.warn(`cache: entry ${file} is not written: ${error.message}`);
    }
  }

  /** How many functions another process may have stored meanwhile; −1: there is no entry. */
  #holds(file: string): number {
    try {
      const start = this.#directory.start(file, HEADER_BYTES);
      return start === undefined ? -1 : functionsIn(start);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof RangeError || error instanceof CacheError)
        return -1;
      throw error;
    }
  }

  // ------------------------------------------------------------------ when to save

  unsaved(module: Unsaved): void {
    if (this.readOnly) return;
    this.#unsaved.add(module);
    saveAtExit(this);
    if (this.#unsaved.size > MOST_UNSAVED) this.#save([...this.#unsaved][0]!);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#delay *= 2;
      this.saveAll();
    }, this.#delay);
    this.#timer.unref();
  }

  #save(module: Unsaved): void {
    this.#unsaved.delete(module);
    module.save();
  }

  /** The module has been saved by itself. */
  saved(module: Unsaved): void {
    this.#unsaved.delete(module);
    if (this.#unsaved.size === 0) waiting.delete(this);
  }

  saveAll(): void {
    for (const module of this.#unsaved) this.#save(module);
    waiting.delete(this);
  }
}

/** Caches with something to write when the process, or the worker, ends. */
const waiting = new Set<ModuleCache>();
let atExit = false;

function saveAtExit(cache: ModuleCache): void {
  waiting.add(cache);
  if (atExit) return;
  atExit = true;
  process.once('exit', () => {
    for (const each of waiting) each.saveAll();
  });
}
