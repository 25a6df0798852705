/**
 * `sandglass/plugin`: modules precompiled while a program is built, by Vite, Rollup, esbuild and what else unplugin knows.
 *
 *   import { instantiate } from './app.wasm?sandglass';
 *
 * The import becomes the text that `sandglass compile --inline` writes; the bundler takes `sandglass/runtime` along as it
 * does any other module.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createUnplugin } from 'unplugin';
import { type PrecompileOptions, precompile } from './precompile.ts';
import { readSource, sourceMapReader } from './source-files.ts';

/** As for `precompile`. */
export type PluginOptions = Pick<
  PrecompileOptions,
  | 'metering'
  | 'fuel'
  | 'costs'
  | 'countDepth'
  | 'countObjects'
  | 'features'
  | 'target'
  | 'minify'
  | 'runtime'
  | 'sourceMap'
  | 'threads'
>;

/** The package's own, wherever the importing module lies. */
const RUNTIME = fileURLToPath(new URL('./runtime.js', import.meta.url));

const QUERY = /\.wasm\?sandglass$/;
/** What bundlers would take for a file of theirs has another ending inside. */
const INSIDE = /\.wasm\.sandglass\.mjs$/;

export const sandglass = createUnplugin((options: PluginOptions | undefined) => ({
  name: 'sandglass',
  enforce: 'pre' as const,
  resolveId: {
    filter: { id: QUERY },
    handler(id: string, importer: string | undefined) {
      if (!QUERY.test(id)) return null;
      const path = id.replace(/\?sandglass$/, '');
      const folder = importer === undefined ? process.cwd() : dirname(importer.replace(/[?#].*$/, ''));
      return `${isAbsolute(path) ? path : resolve(folder, path)}.sandglass.mjs`;
    },
  },
  load: {
    filter: { id: INSIDE },
    async handler(id: string) {
      const file = id.replace(/\.sandglass\.mjs$/, '');
      this.addWatchFile(file);
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new Error(`${file}: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
      });
      const made = precompile(bytes, {
        runtime: RUNTIME,
        readSource,
        readSourceMap: sourceMapReader(file),
        ...options,
        inline: true,
        // The bundler is going to change the text that it would describe.
        debug: false,
      }).catch((error: Error) => {
        throw new Error(`${file}: ${error.message}`, { cause: error });
      });
      const [code, map] = (await made).map(({ contents }) => contents as string);
      // The bundler writes the comment that names the map.
      const text = code!.replace(/\n\/\/# sourceMappingURL=.*\n$/, '\n');
      return { code: text, map: map === undefined ? null : JSON.parse(map), moduleSideEffects: false };
    },
  },
}));

export const { vite, rollup, esbuild } = sandglass;
export default sandglass;
