/**
 * Module → files of JavaScript: `out.mjs`, and what does not fit in there. The library's half of `sandglass compile`; writes
 * nothing itself.
 *
 *   bytes ──decode, validate──▶ ModuleInfo ──parts (threads)──▶ texts ──main file──▶ ──bundle.ts: minify, standalone──▶ files
 */
import { decodeModule } from '../compiler/binary/module.ts';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { wrappersText } from '../compiler/emit/precompiled.ts';
import { type FeatureOptions, resolveFeatures } from '../compiler/features.ts';
import type { Target } from '../compiler/opcodes.ts';
import { validateBodies } from '../compiler/validate.ts';
import { ABI_VERSION } from '../runtime/abi.ts';
import { type Costs, DEFAULT_COSTS } from '../runtime/costs.ts';
import { DEFAULT_LIMITS } from '../runtime/limits.ts';
import { packDescription } from '../runtime/packed-description.ts';
import { bundledRuntime, minified } from './bundle.ts';
import { withSourceMaps } from './precompile-maps.ts';
import { type PartRequest, partTexts } from './precompile-parts.ts';
import type { Form } from './precompiled-module.ts';
import { TARGET } from './target.ts';
import { typesText } from './types-text.ts';

export interface PrecompileOptions {
  /** Of the main file; side files' begin like it. Default `module.mjs`. */
  readonly name?: string;
  /** Default true. */
  readonly metering?: boolean;
  /**
   * Which code a metered file has: that counts fuel (`count`), that stops within one region of a limit (`limit`, somewhat
   * slower), or `both`, the default: each run then loads what it needs.
   */
  readonly fuel?: FuelForms;
  readonly costs?: Costs;
  /** Code that can limit the depth of calls (`limits.callDepth`), and the bytes of objects (`limits.gcBytes`). */
  readonly countDepth?: boolean;
  readonly countObjects?: boolean;
  readonly features?: FeatureOptions;
  /** The engine whose fast forms are chosen. Default: this one. */
  readonly target?: Target;
  /** One file that imports nothing. */
  readonly standalone?: boolean;
  readonly minify?: boolean;
  /** Everything in one file. */
  readonly inline?: boolean;
  /** A `.d.ts`, too. */
  readonly types?: boolean;
  /** `out.mjs.map`, to the program's source where it has debug information, else to its text. Not with `minify`. */
  readonly sourceMap?: boolean;
  /** Where the file finds the runtime. */
  readonly runtime?: string;
  /** How many threads emit, at most; 1: this one. Default: as many as there are cores, for large modules. */
  readonly threads?: number;
  /** Told how much of the code, in bytes of wasm, is done. */
  readonly onProgress?: (done: number, total: number) => void;
}

export type FuelForms = 'count' | 'limit' | 'both';

export interface OutputFile {
  readonly name: string;
  readonly contents: string | Uint8Array;
}

/** Bytes of wasm whose code makes a part: some 2 MB of text. */
const PART_BYTES = 256 * 1024;

/** The main file first. Throws a `CompileError` for a module that is not valid. */
export async function precompile(
  bytes: Uint8Array,
  options: PrecompileOptions = {},
): Promise<readonly OutputFile[]> {
  const module = decodeModule(bytes, DEFAULT_LIMITS, resolveFeatures(options.features));
  validateBodies(module);
  if (options.sourceMap === true && options.minify === true)
    throw new TypeError('sourceMap and minify exclude each other');
  const writer = new Writer(module, options);
  return writer.files();
}

class Writer {
  readonly #module: ModuleInfo;
  readonly #options: PrecompileOptions;
  /** Without its extension. */
  readonly #name: string;
  readonly #extension: string;
  readonly #side: OutputFile[] = [];
  /** Nothing beside the main file. */
  readonly #alone: boolean;

  constructor(module: ModuleInfo, options: PrecompileOptions) {
    this.#module = module;
    this.#options = options;
    const { name = 'module.mjs' } = options;
    this.#extension = /\.m?js$/.exec(name)?.[0] ?? '.mjs';
    this.#name = name.replace(/\.m?js$/, '');
    this.#alone = options.inline === true || options.standalone === true;
  }

  async files(): Promise<readonly OutputFile[]> {
    const { standalone = false, minify = false, types = false } = this.#options;
    const file = await this.#fileText();
    const runtime = this.#options.runtime ?? 'sandglass/runtime';
    const head = standalone
      ? await bundledRuntime(minify)
      : `import { precompiled${file.includes('sideFile(') ? ', sideFile' : ''} } from ${JSON.stringify(runtime)};\n`;
    const text = `export const { module, description, instantiate } = precompiled(${file});\n`;
    const main = `${head}${minify ? await minified(text) : text}`;
    const declarations = {
      name: `${this.#name}.d${this.#extension.replace('js', 'ts')}`,
      contents: typesText(this.#module, runtime, standalone),
    };
    const code = [{ name: this.#name + this.#extension, contents: main }, ...this.#side];
    const mapped = this.#options.sourceMap ? withSourceMaps(this.#module, code, this.#requests()) : code;
    return [...mapped, ...(types ? [declarations] : [])];
  }

  /** The object that `precompiled` takes. */
  async #fileText(): Promise<string> {
    const {
      costs,
      countDepth: depth = false,
      countObjects: objects = false,
      target = TARGET,
    } = this.#options;
    const fields = [
      `abi: ${ABI_VERSION}`,
      `description: ${JSON.stringify(packDescription(this.#module))}`,
      `data: ${this.#dataText()}`,
      `wrappers: ${wrappersText(this.#module)}`,
      `forms: {${await this.#formsText()}}`,
    ];
    if (costs !== undefined) fields.push(`costs: ${JSON.stringify(costs)}`);
    if (target === 'jitless') fields.push('arrays: true');
    if (depth || objects) fields.push(`counts: ${JSON.stringify({ depth, objects })}`);
    return `{\n${fields.join(',\n')},\n}`;
  }

  #dataText(): string {
    const data = Buffer.concat(this.#module.data.map(({ bytes }) => bytes));
    if (this.#alone || data.length < SMALL_DATA) return JSON.stringify(data.toString('base64'));
    const name = `${this.#name}.data`;
    this.#side.push({ name, contents: data });
    return `() => sideFile(new URL(${JSON.stringify(`./${name}`)}, import.meta.url))`;
  }

  async #formsText(): Promise<string> {
    const ranges = this.#ranges();
    const forms = formsOf(this.#options);
    const texts = await partTexts(this.#module, this.#requests(), this.#options);
    const lines = forms.map((form, i) => {
      const parts = texts.slice(i * ranges.length, (i + 1) * ranges.length);
      return `${form}: [${parts.map((text, part) => this.#partText(text, form, part)).join(', ')}]`;
    });
    return lines.join(', ');
  }

  /** Every part in every form, form by form. */
  #requests(): readonly PartRequest[] {
    const ranges = this.#ranges();
    return formsOf(this.#options).flatMap((form) => ranges.map((range) => this.#request(form, range)));
  }

  /** A part, or where it will be. */
  #partText(text: string, form: Form, part: number): string {
    if (this.#alone || this.#ranges().length === 1) return text;
    const name = `${this.#name}.${form}-${part}${this.#extension}`;
    this.#side.push({ name, contents: `export default ${text};\n` });
    return `{ load: () => import(${JSON.stringify(`./${name}`)}) }`;
  }

  #request(form: Form, [from, to]: readonly [number, number]): PartRequest {
    const {
      costs = DEFAULT_COSTS,
      countDepth = false,
      countObjects = false,
      target = TARGET,
    } = this.#options;
    return {
      from,
      to,
      costs: form === 'unmetered' ? undefined : costs,
      checkEveryRegion: form === 'limited',
      countDepth,
      countAllocation: countObjects,
      target,
      named: this.#options.minify !== true,
    };
  }

  /** Defined functions in parts of about the same size. */
  #ranges(): readonly (readonly [number, number])[] {
    const ranges: [number, number][] = [];
    let first = 0;
    let size = 0;
    this.#module.bodies.forEach(({ start, end }, i) => {
      size += end - start;
      if (size < PART_BYTES) return;
      ranges.push([first, i + 1]);
      first = i + 1;
      size = 0;
    });
    if (first < this.#module.bodies.length || ranges.length === 0)
      ranges.push([first, this.#module.bodies.length]);
    return ranges;
  }
}

/** Less than this is worth no file of its own. */
const SMALL_DATA = 4096;

function formsOf({ metering = true, fuel = 'both' }: PrecompileOptions): readonly Form[] {
  if (!metering) return ['unmetered'];
  if (fuel === 'both') return ['counted', 'limited'];
  return [fuel === 'count' ? 'counted' : 'limited'];
}
