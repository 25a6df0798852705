/**
 * Where a worker's interpreters come from: the process's image, or the one in the file, or one that is built here. Building:
 * boot CPython, give it its guest side, import what is asked for, take a snapshot, and run a few programs so that their code is
 * generated, and stored, before anybody waits for it.
 */
import { createHash } from 'node:crypto';
import { Snapshot } from '../runtime/snapshot/snapshot.ts';
import { BOOTSTRAP_FILENAME, bootstrapSource } from './bootstrap-source.ts';
import { newSeed, seededRandom } from './entropy.ts';
import { openMounts } from './files/mounts.ts';
import { Guest } from './guest.ts';
import { decodeImage, encodeImage, requireKey, shared } from './image.ts';
import { Interpreter } from './interpreter.ts';
import { InterpreterSlot, type LoadedSnapshot, type SavedInterpreter } from './interpreter-slot.ts';
import { type Image, type ImageFile, type ImageMeta, type ImageRecipe, recipeText } from './messages.ts';
import { findPythonFiles, type PythonFiles } from './pyodide-files.ts';
import { standardLibrary } from './standard-library.ts';
import { WARM_UP } from './warm-up.ts';
import type { PythonModule, WorkerEngine } from './worker-engine.ts';

/** An image, ready for use. */
export interface OpenedImage {
  readonly image: Image;
  readonly module: PythonModule;
  readonly loaded: LoadedSnapshot;
  readonly library: ReturnType<typeof standardLibrary>;
  /** Where it is kept. */
  readonly file: ImageFile | undefined;
  /** It was built here. */
  readonly built: boolean;
  readonly warnings: readonly string[];
}

export interface ImageSources {
  readonly recipe: ImageRecipe;
  readonly image: Image | undefined;
  readonly file: ImageFile | undefined;
  readonly pyodide: string | undefined;
}

export function openImage(engine: WorkerEngine, { recipe, image, file, pyodide }: ImageSources): OpenedImage {
  const files = findPythonFiles(pyodide);
  const library = standardLibrary(files.library);
  const warnings: string[] = [];
  if (image !== undefined) {
    const kept = file && fileFor(file, image.meta.key);
    return { ...opened(engine, image), library, file: kept, built: false, warnings };
  }
  const key = keyOf(engine, files, recipe);
  const named = file && fileFor(file, key);
  const stored = named && readImage(engine, named, key, warnings);
  if (stored !== undefined) return { ...stored, library, file: named, built: false, warnings };
  const built = buildImage(engine, files, library, recipe, key);
  if (named !== undefined) writeImage(engine, named, built.image, warnings);
  return { ...built, library, file: named, built: true, warnings };
}

/** Images for other versions of Node, pyodide or Sandglass are files beside it. */
function fileFor({ directory, name }: ImageFile, key: string): ImageFile {
  return { directory, name: `${name}-${key.slice(0, 16)}.sgimage` };
}

/** All that an image depends on. */
function keyOf(engine: WorkerEngine, files: PythonFiles, recipe: ImageRecipe): string {
  const bootstrap = createHash('sha256').update(bootstrapSource()).digest('hex');
  const all = JSON.stringify([engine.version, files.version, bootstrap, recipeText(recipe)]);
  return createHash('sha256').update(all).digest('hex').slice(0, 32);
}

function opened(engine: WorkerEngine, image: Image): Pick<OpenedImage, 'image' | 'module' | 'loaded'> {
  const snapshot = Snapshot.from({ buffer: image.snapshot.buffer });
  const state = image.meta.interpreter as SavedInterpreter;
  return { image, module: engine.load(image.code), loaded: { snapshot, state } };
}

// -------------------------------------------------------------------- files

/** One that cannot be used is told of, and built anew. */
function readImage(
  engine: WorkerEngine,
  { directory, name }: ImageFile,
  key: string,
  warnings: string[],
): Pick<OpenedImage, 'image' | 'module' | 'loaded'> | undefined {
  try {
    const bytes = engine.openDirectory(directory).read(name);
    if (bytes === undefined) return undefined;
    const image = decodeImage(bytes);
    requireKey(image, key);
    return opened(engine, image);
  } catch (error) {
    warnings.push(`the image ${name} in ${directory} is not used: ${(error as Error).message}; made anew`);
    return undefined;
  }
}

export function writeImage(
  engine: WorkerEngine,
  { directory, name }: ImageFile,
  image: Image,
  warnings: string[],
): void {
  try {
    engine.openDirectory(directory).write(name, encodeImage(image));
  } catch (error) {
    warnings.push(`the image ${name} in ${directory} is not written: ${(error as Error).message}`);
  }
}

// -------------------------------------------------------------------- building

function buildImage(
  engine: WorkerEngine,
  files: PythonFiles,
  library: OpenedImage['library'],
  recipe: ImageRecipe,
  key: string,
): Pick<OpenedImage, 'image' | 'module' | 'loaded'> {
  const module = engine.compile(files.wasm);
  const build = recipe.seed ?? newSeed();
  const loaded = boot(module, library, recipe, build);
  const { snapshot, state } = loaded;
  warmUp(module, library, loaded);
  const meta: ImageMeta = {
    key,
    python: '3.14',
    build: createHash('sha256').update(build).digest('hex').slice(0, 16),
    interpreter: state,
  };
  const image = { code: shared(module.serialize()), snapshot: shared(snapshot.save()), meta };
  return { image, module, loaded };
}

/** CPython with its guest side, at rest. All that is random comes from the seed. */
function boot(
  module: PythonModule,
  library: OpenedImage['library'],
  recipe: ImageRecipe,
  seed: string,
): LoadedSnapshot {
  const random = seededRandom(seed);
  const hashSeed = new Uint32Array(1);
  random(new Uint8Array(hashSeed.buffer));
  const env = { PYTHONHASHSEED: String(hashSeed[0]) };
  const files = recipe.files && openMounts(recipe.files, { poll: () => {} });
  const mounts = files?.mounts ?? [];
  const interpreter = Interpreter.boot(module.engine(undefined), { library, mounts, env, random });
  const call = interpreter.load(bootstrapSource(), BOOTSTRAP_FILENAME, 'call');
  const guest = new Guest({ call: (request) => interpreter.call(call, request) });
  guest.importModules(recipe.imports, files?.paths);
  guest.seal();
  const state: SavedInterpreter = { interpreter: interpreter.suspend(), call };
  const snapshot = module.snapshot(interpreter.instance);
  interpreter.close();
  return { snapshot, state };
}

/** In an interpreter that nobody else gets. */
function warmUp(module: PythonModule, library: OpenedImage['library'], image: LoadedSnapshot): void {
  const common = { module, library, image, onRestore: () => {} };
  const slot = new InterpreterSlot(common, { env: {}, files: undefined, seed: 'warm-up', stdin: undefined });
  for (const code of WARM_UP) slot.guest.execute({ code, final: true });
  slot.reset();
  slot.close();
}

/** The same image with the code that there is now. */
export function withCodeOf(module: PythonModule, image: Image): Image {
  return { ...image, code: shared(module.serialize()) };
}
