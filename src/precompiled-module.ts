/**
 * A module out of a file: what `precompiled({ … })` in the text of the file makes of its contents. Parts of its code that
 * lie in files of their own are loaded when an instance is made.
 *
 * Not here: writing such files (precompile.ts).
 */
import { ABI_VERSION } from '../runtime/abi.ts';
import { type Costs, DEFAULT_COSTS } from '../runtime/costs.ts';
import { DebugTable } from '../runtime/debug-table.ts';
import { type PackedDescription, unpackDescription } from '../runtime/packed-description.ts';
import { type MakeWrappers, type Part, PrecompiledCode, Wrappers } from '../runtime/precompiled.ts';
import type { ModuleDescription } from '../runtime/types.ts';
import { exportsOf, importsOf, type ModuleExport, type ModuleImport } from './describe.ts';

/** Without the meter; counting fuel; and looking at a limit in every region. */
export type Form = 'unmetered' | 'counted' | 'limited';

/** A part itself, or where it is. */
export type PartSource = Part | { readonly load: () => Promise<{ readonly default: Part }> };

/** What stands in a file. */
export interface PrecompiledFile {
  readonly abi: number;
  /** SHA-256 of the module, in hexadecimal. */
  readonly hash?: string;
  readonly description: PackedDescription;
  /** All data segments: base64, or bytes that are somewhere else. */
  readonly data: string | (() => Promise<Uint8Array>);
  readonly wrappers: MakeWrappers;
  readonly forms: Readonly<Partial<Record<Form, readonly PartSource[]>>>;
  /** For traps (runtime/debug-table.ts): base64, or bytes that are somewhere else. */
  readonly debug?: string | (() => Promise<Uint8Array>);
  /** Other costs than the default ones. */
  readonly costs?: Costs;
  /** The code reaches memory through typed arrays. */
  readonly arrays?: boolean;
  /** The code counts calls, and the bytes of objects, so that these can be limited. */
  readonly counts?: { readonly depth?: boolean; readonly objects?: boolean };
}

/** What a Runtime wants of a module's code. */
export interface CodeNeeds {
  readonly costs: Costs | undefined;
  readonly checkEveryRegion: boolean;
  readonly countDepth: boolean;
  readonly countAllocation: boolean;
}

export class PrecompiledModule {
  readonly #file: PrecompiledFile;
  #bytes: Uint8Array | undefined;
  #debug: Uint8Array | undefined;
  #debugTable: DebugTable | undefined;
  #loaded: ModuleDescription | undefined;
  #wrappers: Wrappers | undefined;
  readonly #parts = new Map<Form, readonly Part[]>();
  readonly #codes = new Map<Form, PrecompiledCode>();

  /** `description`, where the bytes of data segments may still be missing. */
  readonly #description: ModuleDescription;

  /** Use `precompiled`. */
  constructor(file: PrecompiledFile) {
    if (file.abi !== ABI_VERSION) {
      throw new TypeError(
        `this file was compiled for version ${file.abi} of Sandglass's code, the runtime has version ${ABI_VERSION}: compile it again`,
      );
    }
    this.#file = file;
    this.#description = unpackDescription(file.description, new Uint8Array(0));
    if (typeof file.data === 'string') this.#bytes = bytesOfBase64(file.data);
    for (const [form, sources] of Object.entries(file.forms)) {
      const parts = sources.filter((source) => typeof source === 'function');
      if (parts.length === sources.length) this.#parts.set(form as Form, parts);
    }
  }

  get name(): string | undefined {
    return this.#description.name;
  }

  get imports(): ModuleImport[] {
    return importsOf(this.#description);
  }

  get exports(): ModuleExport[] {
    return exportsOf(this.#description);
  }

  /** Whether the code counts fuel. */
  get metering(): boolean {
    return this.#file.forms.unmetered === undefined;
  }

  /** The costs that it counts by. */
  get costs(): Costs {
    return this.#file.costs ?? DEFAULT_COSTS;
  }

  /** The runtime's description; without the data before `load`. */
  get info(): ModuleDescription {
    return this.#loaded ?? this.#description;
  }

  /** Brings what lies in other files; `limited`: the code for Runtimes with a limit of fuel, too. */
  async load(limited = false): Promise<void> {
    const form = this.#formFor(limited);
    const { data, debug } = this.#file;
    const [bytes, parts, table] = await Promise.all([
      this.#bytes ?? (data as () => Promise<Uint8Array>)(),
      this.#parts.get(form) ?? Promise.all(this.#file.forms[form]!.map(partOf)),
      // Programs run without it: it may have been left behind.
      this.#debug ?? (typeof debug === 'function' ? debug().catch(() => undefined) : undefined),
    ]);
    this.#bytes = bytes;
    this.#debug = table;
    this.#parts.set(form, parts);
  }

  /** Unpacked when a trap is looked at; undefined where the file has none. */
  #tableForTraps(): DebugTable | undefined {
    const { debug } = this.#file;
    const bytes = this.#debug ?? (typeof debug === 'string' ? bytesOfBase64(debug) : undefined);
    if (bytes !== undefined) this.#debugTable ??= new DebugTable(bytes);
    return this.#debugTable;
  }

  /** Which of the forms in the file serves. */
  #formFor(limited: boolean): Form {
    const { forms } = this.#file;
    if (forms.unmetered !== undefined) return 'unmetered';
    if (!limited && forms.counted !== undefined) return 'counted';
    if (forms.limited !== undefined) return 'limited';
    throw new TypeError(
      'the file has no code that stops at a limit of fuel: compile it with --fuel both, or --fuel limit',
    );
  }

  codeFor(needs: CodeNeeds): PrecompiledCode {
    this.#checkNeeds(needs);
    return this.#code(this.#formFor(needs.checkEveryRegion));
  }

  #checkNeeds({ costs, countDepth, countAllocation }: CodeNeeds): void {
    if (this.metering !== (costs !== undefined)) {
      throw new TypeError(
        this.metering
          ? 'the file was compiled with the meter: it needs a Runtime with metering'
          : 'the file was compiled without the meter: it needs a Runtime with metering: false',
      );
    }
    if (costs !== undefined && JSON.stringify(costs) !== JSON.stringify(this.costs)) {
      throw new TypeError('the file was compiled with other costs than this Runtime has');
    }
    const { depth = false, objects = false } = this.#file.counts ?? {};
    if (countDepth && !depth)
      throw new TypeError('limits.callDepth: the file does not count calls, compile it with --count-depth');
    if (countAllocation && !objects)
      throw new TypeError('limits.gcBytes: the file does not count objects, compile it with --count-objects');
  }

  #code(form: Form): PrecompiledCode {
    let code = this.#codes.get(form);
    if (code === undefined) {
      const parts = this.#parts.get(form);
      if (parts === undefined || this.#bytes === undefined) {
        const argument = form === 'limited' ? 'true' : '';
        throw new TypeError(`the module's code is not there yet: await module.load(${argument}) first`);
      }
      this.#loaded ??= unpackDescription(this.#file.description, this.#bytes);
      this.#wrappers ??= new Wrappers(this.#file.wrappers);
      const limited = () => this.#code(this.#formFor(true));
      const table = () => this.#tableForTraps();
      const { hash, arrays } = this.#file;
      code = new PrecompiledCode(this.#loaded, parts, this.#wrappers, limited, table, hash, arrays);
      this.#codes.set(form, code);
    }
    return code;
  }
}

async function partOf(source: PartSource): Promise<Part> {
  return typeof source === 'function' ? source : (await source.load()).default;
}

interface NodeBuffer {
  from(text: string, encoding: 'base64'): Uint8Array;
}

function bytesOfBase64(text: string): Uint8Array {
  const { Buffer } = globalThis as { readonly Buffer?: NodeBuffer };
  if (Buffer !== undefined) return Buffer.from(text, 'base64');
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
