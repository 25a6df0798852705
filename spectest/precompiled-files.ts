/**
 * The files that the modes `precompiled` and `jitless` run: each module of the suite is compiled, as `sandglass compile`
 * does it, into a temporary folder, which goes when the process ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FeatureOptions } from '../compiler/features.ts';
import { type PrecompileOptions, precompile } from '../src/precompile.ts';

const RUNTIME = new URL('../src/runtime.js', import.meta.url).href;

/** What may differ from mode to mode. */
export type FileOptions = Pick<PrecompileOptions, 'fuel' | 'minify' | 'target'>;

export class PrecompiledFiles {
  readonly #options: FileOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sandglass-spectest-'));
  #count = 0;

  constructor(options: FileOptions = {}) {
    this.#options = options;
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Answers the main file's URL. */
  async write(bytes: Uint8Array, features: FeatureOptions): Promise<string> {
    const name = `m${this.#count++}.mjs`;
    const options = { name, features, runtime: RUNTIME, fuel: 'count', ...this.#options } as const;
    const files = await precompile(bytes, options);
    for (const file of files) writeFileSync(join(this.#folder, file.name), file.contents);
    return pathToFileURL(join(this.#folder, files[0]!.name)).href;
  }
}
