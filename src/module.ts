/**
 * A compiled module: decoded and validated once, instantiated as often as one likes. Its generated code depends on a
 * Runtime's options (metering, costs, call depth); Runtimes with equal options share it.
 */

import { sourceMappingUrl } from '../compiler/binary/mapped-lines.ts';
import { decodeModule } from '../compiler/binary/module.ts';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { provideSourceMap } from '../compiler/binary/source-lines.ts';
import type { EmitOptions } from '../compiler/emit/function-emitter.ts';
import type { EmittedGroup } from '../compiler/emit/module.ts';
import type { FeatureSet } from '../compiler/features.ts';
import { validateBodies } from '../compiler/validate.ts';
import { CacheError } from '../runtime/errors.ts';
import { type Entry, type EntryInfo, encodeEntry } from './cache/entry.ts';
import type { CacheKey, ModuleCache, Unsaved } from './cache/module-cache.ts';
import { type CompileOptions, emitText, optionsText } from './cache/options-text.ts';
import { exportsOf, importsOf, type ModuleExport, type ModuleImport } from './describe.ts';
import { JitCode } from './jit.ts';
import { sha256 } from './sha256.ts';

export interface ModuleStats {
  /** Functions that the module defines. */
  readonly functions: number;
  /** Of these, how many have become JavaScript. */
  readonly compiled: number;
  /** Of these, how many were compiled here: the others came out of the cache, or with a serialised module. */
  readonly generated: number;
  readonly groups: number;
  /** Characters of generated text. */
  readonly bytes: number;
}

/** Where a module's code may come from, if not from the compiler. */
export interface CodeSources {
  readonly cache?: ModuleCache | undefined;
  readonly serialized?: Entry | undefined;
}

/** The code for one set of options. */
interface Variant {
  readonly code: JitCode;
  readonly options: string;
  readonly key: CacheKey | undefined;
  /** There is code that the cache does not have. */
  unsaved: boolean;
  /** What the cache has is of no use. */
  replace: boolean;
}

export class Module {
  readonly info: ModuleInfo;
  readonly #variants = new Map<string, Variant>();
  readonly #options: CompileOptions;
  readonly #sources: CodeSources;
  #hash: string | undefined;
  /** The bodies are known to be valid. */
  #validated = false;
  /** Features with which the module is known to be valid. */
  readonly #allowed: Set<FeatureSet>;
  /** The variant last asked for: what `stats` and `textOf` tell of. */
  #latest: Variant | undefined;
  readonly #unsaved: Unsaved = { save: () => this.#save() };

  /** Use `runtime.compile`, or `Runtime.deserialize`. */
  constructor(bytes: Uint8Array, options: CompileOptions, sources: CodeSources = {}) {
    this.info = decodeModule(bytes, options.limits, options.features);
    this.#options = options;
    this.#sources = sources;
    if (sources.cache !== undefined || sources.serialized !== undefined) this.codeFor(options.emit);
    if (options.validate === 'eager' && !this.#validated) {
      validateBodies(this.info);
      this.#validated = true;
    }
    for (const variant of this.#variants.values()) if (variant.unsaved) sources.cache?.unsaved(this.#unsaved);
    this.#allowed = new Set([options.features]);
  }

  /** Refuses what the module uses and a Runtime with other features does not allow. */
  requireFeatures(features: FeatureSet): void {
    if (this.#allowed.has(features)) return;
    const { bytes, limits, features: known } = this.info;
    if (![...known].every((feature) => features.has(feature)))
      validateBodies(decodeModule(bytes, limits, features));
    this.#allowed.add(features);
  }

  /** The code for a Runtime's options. */
  codeFor(options: EmitOptions): JitCode {
    const key = `${emitText(options)} ${options.sourceMaps} ${options.counting?.id}`;
    let variant = this.#variants.get(key);
    if (variant === undefined) {
      variant = this.#variant(options);
      this.#variants.set(key, variant);
    }
    this.#latest = variant;
    return variant.code;
  }

  #variant(emit: EmitOptions): Variant {
    // Source maps and counts stand in the code, for whoever debugs it: such code is made anew.
    const { sourceMaps, counting } = emit;
    const { cache, serialized }: CodeSources = (sourceMaps ?? counting) ? {} : this.#sources;
    const options = optionsText({ ...this.#options, emit });
    const key = cache?.keyOf(this.hash, options);
    const fitting = serialized?.options === options ? serialized : undefined;
    const { entry, damaged } = key === undefined ? { entry: fitting, damaged: false } : cache!.find(key);
    if (entry?.validated === true && !this.#validated) this.#trust(entry);
    const changed = (replace: boolean) => {
      variant.unsaved = true;
      variant.replace ||= replace;
      cache?.unsaved(this.#unsaved);
    };
    const code = new JitCode(this.info, emit, this, {
      id: (key?.id ?? entry?.id)?.slice(0, 16),
      groups: entry?.groups ?? [],
      usesV8Data: cache !== undefined || serialized !== undefined,
      onGenerated: () => changed(false),
      onRejected: () => changed(true),
    });
    const variant: Variant = { code, options, key, unsaved: entry === undefined, replace: damaged };
    return variant;
  }

  /** SHA-256 of its bytes, in hexadecimal. */
  get hash(): string {
    this.#hash ??= sha256(this.info.bytes);
    return this.#hash;
  }

  /** What validation would have found out. */
  #trust({ tailCalls }: Entry): void {
    const { callees, open } = this.info.tailCalls;
    for (const [caller, called] of tailCalls.callees) callees.set(caller, new Set(called));
    for (const caller of tailCalls.open) open.add(caller);
    this.info.tailCalls.complete = true;
    this.#validated = true;
  }

  #entryInfo({ options, key }: Variant): EntryInfo {
    const { cache, serialized } = this.#sources;
    const { callees, open } = this.info.tailCalls;
    const process = globalThis.process as { readonly version?: string } | undefined;
    return {
      hash: this.#hash,
      id: key?.id ?? serialized?.id,
      options,
      validated: this.#validated,
      tailCalls: { callees: [...callees].map(([caller, called]) => [caller, [...called]]), open: [...open] },
      v8: cache?.v8 ?? serialized?.v8,
      name: this.info.name,
      node: process?.version,
    };
  }

  #save(): void {
    const { cache } = this.#sources;
    if (cache === undefined || cache.readOnly) return;
    for (const variant of this.#variants.values()) {
      const { code, key, replace } = variant;
      if (!variant.unsaved || key === undefined) continue;
      const entry = () => ({ ...this.#entryInfo(variant), wasm: undefined, groups: code.stored() });
      cache.write(key, entry, code.storedFunctions, replace);
      variant.unsaved = false;
      variant.replace = false;
    }
    cache.saved(this.#unsaved);
  }

  /** Writes what was compiled so far into the Runtime's cache; at the end of the process that happens by itself. */
  async saveCache(): Promise<void> {
    if (this.#sources.cache === undefined) throw new CacheError('this module has no cache to be saved in');
    this.#save();
  }

  /** The module and the code that it has so far, for `Runtime.deserialize`. It is code: take it from nobody whom you do not trust. */
  serialize(): Uint8Array {
    const variant = this.#current();
    const groups = variant.code.stored();
    return encodeEntry({ ...this.#entryInfo(variant), hash: undefined, wasm: this.info.bytes, groups });
  }

  /** A Runtime's options must be those that a serialised module was compiled for. */
  requireFitting(emit: EmitOptions): void {
    const { serialized } = this.#sources;
    if (serialized === undefined) return;
    const [wanted, own] = [emit, this.#options.emit].map((options) => JSON.parse(emitText(options)));
    // A limit on fuel may come later: then there is other code for it.
    const names = Object.keys(wanted).filter((name) => name !== 'checkEveryRegion');
    const different = names.find((name) => JSON.stringify(wanted[name]) !== JSON.stringify(own[name]));
    if (different !== undefined) {
      throw new CacheError(`the module was serialised by a Runtime with other options: ${different} differs`);
    }
  }

  #current(): Variant {
    if (this.#latest === undefined) this.codeFor(this.#options.emit);
    return this.#latest!;
  }

  get imports(): ModuleImport[] {
    return importsOf(this.info);
  }

  get exports(): ModuleExport[] {
    return exportsOf(this.info);
  }

  /** Contents of the custom sections with this name. */
  customSections(name: string): ArrayBuffer[] {
    return this.info.customSections
      .filter((section) => section.name === name)
      .map(({ start, end }) => this.info.bytes.slice(start, end).buffer as ArrayBuffer);
  }

  get stats(): ModuleStats {
    return this.#current().code.stats;
  }

  /** What the custom section `sourceMappingURL` holds. */
  get sourceMapUrl(): string | undefined {
    return sourceMappingUrl(this.info);
  }

  /** Gives the source map that `sourceMapUrl` names, as text, where that is no `data:` URL; asked for when it is wanted. */
  provideSourceMap(read: () => string | undefined): void {
    provideSourceMap(this.info, read);
  }

  /** The generated JavaScript of a function, by index in the function index space. */
  textOf(functionIndex: number): string {
    return this.emitted(functionIndex).text;
  }

  /** The same with what the emitter knows about it. */
  emitted(functionIndex: number): EmittedGroup {
    return this.#current().code.emitted(functionIndex);
  }
}
