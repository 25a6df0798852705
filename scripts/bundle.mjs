/**
 * A step of `npm run build`: `dist/lib/`, which is what the package's entry points and its command are. Node takes some 80 ms to
 * find and read a hundred modules one by one; these are few. What several entry points share is in chunks that all of them
 * import: a class is the same whichever one exports it.
 *
 * All files lie in one folder, so that code finds those that it starts or bundles itself (`./run-worker.js`) beside it, in
 * whichever file it comes to lie; threads share nothing, and each of theirs is one file. The unbundled files and the
 * declarations are the compiler's, beside this folder.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const LIB = 'dist/lib';
const MAIN = 'src/cli/main.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What package.json offers, by the names of the files: the source of each is where its types come from. */
function entryPoints() {
  const entries = Object.values(manifest.exports)
    .filter((target) => target.default?.startsWith(`./${LIB}/`))
    .map(({ types, default: file }) => [
      basename(file, '.js'),
      types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts'),
    ]);
  return { ...Object.fromEntries(entries), main: MAIN };
}

/** Files that sources name by a text, './x.js', where an import would say './x.ts'. */
function filesFoundAtRunTime() {
  const found = {};
  // Published are the declarations of these folders.
  const folders = manifest.files.flatMap((glob) => /^dist\/(\w+)\/\*\*/.exec(glob)?.[1] ?? []);
  for (const folder of folders) {
    for (const file of sources(folder)) {
      for (const [, name] of readFileSync(join(root, file), 'utf8').matchAll(/'\.\/([\w-]+)\.js'/g))
        found[name] = join(dirname(file), `${name}.ts`);
    }
  }
  return found;
}

function sources(folder) {
  const names = readdirSync(join(root, folder), { recursive: true });
  return names.filter((name) => /(?<!\.test)\.ts$/.test(name)).map((name) => join(folder, name));
}

const OPTIONS = {
  absWorkingDir: root,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  write: false,
};

/** A class that names itself in its body is called `_X` by the bundler: its name, which programs see, is X. */
function withClassNames(text) {
  const names = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => `_${name}`);
  return names.length === 0
    ? text
    : text.replace(new RegExp(`\\b(?:${names.join('|')})\\b`, 'g'), (name) => name.slice(1));
}

/** Not again what is there: somebody may be running it. */
function writeIfNew(path, text) {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

const entries = entryPoints();
const alone = Object.entries(filesFoundAtRunTime()).filter(([name]) => !Object.hasOwn(entries, name));
const results = await Promise.all([
  build({ ...OPTIONS, entryPoints: entries, outdir: LIB, splitting: true, chunkNames: 'chunk-[hash]' }),
  build({ ...OPTIONS, entryPoints: Object.fromEntries(alone), outdir: LIB }),
]);
const written = results.flatMap(({ outputFiles }) => outputFiles);
mkdirSync(join(root, LIB), { recursive: true });
for (const { path, text } of written) writeIfNew(path, withClassNames(text));
const paths = new Set(written.map(({ path }) => path));
for (const name of readdirSync(join(root, LIB)))
  if (name.endsWith('.js') && !paths.has(join(root, LIB, name))) rmSync(join(root, LIB, name));
