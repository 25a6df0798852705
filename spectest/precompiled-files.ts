/**
 * The files that the modes `precompiled` and `jitless` run: each module of the suite is compiled, as `sandglass compile`
 * does it, into a temporary folder, which goes when the process ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FeatureOptions } from '../compiler/features.ts';
import type { Target } from '../compiler/opcodes.ts';
import { precompile } from '../src/precompile.ts';

const RUNTIME = new URL('../src/runtime.js', import.meta.url).href;

export class PrecompiledFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sandglass-spectest-'));
  readonly #target: Target | undefined;
  #count = 0;

  /** `target`: not this engine. */
  constructor(target?: Target) {
    this.#target = target;
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Answers the main file's URL. */
  async write(bytes: Uint8Array, features: FeatureOptions): Promise<string> {
    const name = `m${this.#count++}.mjs`;
    const files = await precompile(bytes, {
      name,
      features,
      runtime: RUNTIME,
      fuel: 'count',
      ...(this.#target && { target: this.#target }),
    });
    for (const file of files) writeFileSync(join(this.#folder, file.name), file.contents);
    return pathToFileURL(join(this.#folder, files[0]!.name)).href;
  }
}
