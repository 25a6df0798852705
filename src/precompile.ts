/**
 * Module → files of JavaScript: `out.mjs`, and what does not fit in there. The library's half of `sandglass compile`; writes
 * nothing itself.
 *
 *   bytes ──decode, validate──▶ ModuleInfo ──parts (threads)──▶ texts ──main file──▶ ──bundle.ts: minify, standalone──▶ files
 */
import { sourceMappingUrl } from '../compiler/binary/mapped-lines.ts';
import { decodeModule } from '../compiler/binary/module.ts';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { provideSourceMap } from '../compiler/binary/source-lines.ts';
import { wrappersText } from '../compiler/emit/precompiled.ts';
import { ModuleSources } from '../compiler/emit/source-map.ts';
import { type FeatureOptions, resolveFeatures } from '../compiler/features.ts';
import type { Target } from '../compiler/opcodes.ts';
import { validateBodies } from '../compiler/validate.ts';
import { ABI_VERSION } from '../runtime/abi.ts';
import { type Costs, DEFAULT_COSTS } from '../runtime/costs.ts';
import { DEFAULT_LIMITS } from '../runtime/limits.ts';
import { packDescription } from '../runtime/packed-description.ts';
import { bundledRuntime, type MarkedText, minifiedExpression } from './bundle.ts';
import { type CodeFile, type DebugScope, debugTable, withSourceMaps } from './precompile-maps.ts';
import { type PartRequest, partTexts } from './precompile-parts.ts';
import type { Form } from './precompiled-module.ts';
import { sha256 } from './sha256.ts';
import { linesOf } from './source-lines.ts';
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
  /** `out.mjs.map`, to the program's source where it has debug information, else to its text. */
  readonly sourceMap?: boolean;
  /**
   * Traps tell byte offsets, and source lines where the module has debug information: by a table in the file, or in one beside it.
   * Default: those of functions with debug information; with `sourceMap`, all.
   */
  readonly debug?: boolean;
  /** The text of the source map that the module names by this URL, if it may be had (`data:` URLs are not asked for). */
  readonly readSourceMap?: (url: string) => string | undefined;
  /** The contents of a source file that debug information names, to stand in source maps, if it may be had. */
  readonly readSource?: (file: string) => string | undefined;
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
  const { readSourceMap } = options;
  const url = sourceMappingUrl(module);
  if (url !== undefined && readSourceMap !== undefined && !url.startsWith('data:'))
    provideSourceMap(module, () => readSourceMap(url));
  const writer = new Writer(module, options);
  return writer.files();
}

class Writer {
  readonly #module: ModuleInfo;
  readonly #options: PrecompileOptions;
  /** Without its extension. */
  readonly #name: string;
  readonly #extension: string;
  /** Beside the main file: code, and bytes. */
  readonly #code: CodeFile[] = [];
  readonly #bytes: OutputFile[] = [];
  /** Nothing beside the main file. */
  readonly #alone: boolean;
  readonly #sources: ModuleSources;
  readonly #debug: DebugScope | undefined;

  constructor(module: ModuleInfo, options: PrecompileOptions) {
    this.#module = module;
    this.#options = options;
    const { name = 'module.mjs' } = options;
    this.#extension = /\.m?js$/.exec(name)?.[0] ?? '.mjs';
    this.#name = name.replace(/\.m?js$/, '');
    this.#alone = options.inline === true || options.standalone === true;
    const { sourceMap = false, debug = sourceMap || undefined, readSource } = options;
    const lines = sourceMap || debug !== false ? linesOf(module) : undefined;
    this.#sources = new ModuleSources(module, { lines, readSource });
    const hasLines = () => module.bodies.some((_, defined) => this.#sources.hasLines(defined));
    this.#debug = debug ? 'all' : debug === undefined && hasLines() ? 'lines' : undefined;
  }

  async files(): Promise<readonly OutputFile[]> {
    const { standalone = false, minify = false, types = false, sourceMap = false } = this.#options;
    const parts = await partTexts(this.#module, this.#requests(), this.#options);
    const file = await this.#fileText(parts);
    const runtime = this.#options.runtime ?? 'sandglass/runtime';
    const head = standalone
      ? await bundledRuntime(minify)
      : `import { precompiled${file.includes('sideFile(') ? ', sideFile' : ''} } from ${JSON.stringify(runtime)};\n`;
    const declarations = {
      name: `${this.#name}.d${this.#extension.replace('js', 'ts')}`,
      contents: typesText(this.#module, runtime, standalone),
    };
    const contents = `${head}export const { module, description, instantiate } = precompiled(${file});\n`;
    const main = { name: this.#name + this.#extension, contents, parts: this.#isOneFile ? parts : [] };
    const code = [main, ...this.#code];
    const written = sourceMap
      ? withSourceMaps(code, this.#sources)
      : code.map(({ name, contents }) => ({ name, contents }));
    return [...written, ...this.#bytes, ...(types ? [declarations] : [])];
  }

  /** The object that `precompiled` takes. */
  async #fileText(parts: readonly MarkedText[]): Promise<string> {
    const {
      costs,
      countDepth: depth = false,
      countObjects: objects = false,
      minify = false,
      target = TARGET,
    } = this.#options;
    const shortened = async (text: string, names = false) =>
      minify ? (await minifiedExpression({ text, marks: undefined }, names)).text : text;
    const data = Buffer.concat(this.#module.data.map(({ bytes }) => bytes));
    const fields = [
      `abi: ${ABI_VERSION}`,
      `hash: ${JSON.stringify(sha256(this.#module.bytes))}`,
      `description: ${await shortened(JSON.stringify(packDescription(this.#module)))}`,
      `data: ${this.#bytesText(data, 'data')}`,
      `wrappers: ${await shortened(wrappersText(this.#module), true)}`,
      `forms: {${this.#formsText(parts)}}`,
    ];
    if (this.#debug !== undefined) {
      const table = debugTable(this.#module, parts, this.#sources, this.#debug);
      fields.push(`debug: ${this.#bytesText(table, 'debug')}`);
    }
    if (costs !== undefined) fields.push(`costs: ${JSON.stringify(costs)}`);
    if (target === 'jitless') fields.push('arrays: true');
    if (depth || objects) fields.push(`counts: ${JSON.stringify({ depth, objects })}`);
    return `{\n${fields.join(',\n')},\n}`;
  }

  /** Bytes in the text, or where they will be. */
  #bytesText(bytes: Uint8Array, extension: string): string {
    if (this.#alone || bytes.length < SMALL_DATA)
      return JSON.stringify(Buffer.from(bytes).toString('base64'));
    const name = `${this.#name}.${extension}`;
    this.#bytes.push({ name, contents: bytes });
    return `() => sideFile(new URL(${JSON.stringify(besideUrl(name))}, import.meta.url))`;
  }

  #formsText(all: readonly MarkedText[]): string {
    const count = this.#ranges().length;
    const lines = formsOf(this.#options).map((form, i) => {
      const parts = all.slice(i * count, (i + 1) * count);
      return `${form}: [${parts.map((part, number) => this.#partText(part, form, number)).join(', ')}]`;
    });
    return lines.join(', ');
  }

  /** All code is in the main file. */
  get #isOneFile(): boolean {
    return this.#alone || this.#ranges().length === 1;
  }

  /** Every part in every form, form by form. */
  #requests(): readonly PartRequest[] {
    const ranges = this.#ranges();
    return formsOf(this.#options).flatMap((form) => ranges.map((range) => this.#request(form, range)));
  }

  /** A part, or where it will be. */
  #partText(part: MarkedText, form: Form, number: number): string {
    if (this.#isOneFile) return part.text;
    const name = `${this.#name}.${form}-${number}${this.#extension}`;
    this.#code.push({ name, contents: `export default ${part.text};\n`, parts: [part] });
    return `{ load: () => import(${JSON.stringify(besideUrl(name))}) }`;
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
      marked: this.#debug !== undefined || this.#options.sourceMap === true,
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

/** A file in the same folder, as a relative URL: what would end the path there is written otherwise. */
function besideUrl(name: string): string {
  return `./${name.replace(/[%#?\\]/g, encodeURIComponent)}`;
}

/** Less than this is worth no file of its own. */
const SMALL_DATA = 4096;

function formsOf({ metering = true, fuel = 'both' }: PrecompileOptions): readonly Form[] {
  if (!metering) return ['unmetered'];
  if (fuel === 'both') return ['counted', 'limited'];
  return [fuel === 'count' ? 'counted' : 'limited'];
}
