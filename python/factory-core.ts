/**
 * What sandboxes and sessions need of a factory: its threads, its image, and when that is written. By default they belong to one
 * that the process shares.
 *
 * Not here: what users do with a factory (factory.ts).
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { wrongType } from '../runtime/errors.ts';
import { SandboxFiles } from './files/sandbox-files.ts';
import { encodeImage, imageSize } from './image.ts';
import { type Image, type ImageRecipe, recipeText } from './messages.ts';
import { checkKeys, number, optional } from './options.ts';
import { loadPackages, type Package, type PackageOption } from './packages.ts';
import { platform } from './platform.ts';
import type { PythonThread } from './thread.ts';
import { type GroupStats, WorkerGroup } from './worker-group.ts';

export interface FactoryOptions {
  /** Modules that are imported before the image is made: sandboxes have them from the start. */
  readonly imports?: readonly string[] | undefined;
  /** Wheels, `.tar.gz` and folders, for the imports and for all sandboxes; with `load`, those of the image once more. */
  readonly packages?: readonly PackageOption[] | undefined;
  /** A folder of installed packages: the first of `packages`. */
  readonly sitePackages?: string | undefined;
  /** The hash seed and all else that is random while the image is made; by default another in each build. */
  readonly seed?: string | undefined;
  /**
   * The directory that the image is kept in from process to process; it must be yours alone. `false`: nothing is kept. Default:
   * `SANDGLASS_CACHE`, or `sandglass` in the user's cache directory.
   */
  readonly cache?: string | false | undefined;
  /** A folder in whose `node_modules` the package pyodide is. Default: `SANDGLASS_PYODIDE`, else where imports are found. */
  readonly pyodide?: string | undefined;
  /** Threads at most. Default: as many as the machine has processors, at least 2. */
  readonly workers?: number | undefined;
  /** Told in one line what went wrong with a stored image; by default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The image has the rest in it. */
export type LoadOptions = Omit<FactoryOptions, 'imports' | 'seed' | 'cache'>;

export interface FactoryStats extends GroupStats {
  /** Bytes of the image; 0 before it is there. */
  readonly imageBytes: number;
}

const LOAD_OPTIONS: readonly (keyof LoadOptions)[] = [
  ...(['packages', 'sitePackages', 'pyodide', 'workers', 'onWarning'] as const),
];
const OPTIONS: readonly (keyof FactoryOptions)[] = [...LOAD_OPTIONS, 'imports', 'seed', 'cache'];

/** A dropped factory's threads end with it. */
const dropped = new FinalizationRegistry<WorkerGroup>((group) => void group.close());
/** Factories of the process whose images may have grown: written before it ends by itself. */
const unsaved = new Set<WorkerGroup>();

export class FactoryCore {
  /** For sandboxes and sessions, not for users. */
  readonly group: WorkerGroup;
  /** Those of all its sandboxes. */
  readonly packages: readonly Package[];

  /** `image`: see `load`. */
  constructor(options: FactoryOptions = {}, image?: Image) {
    checkKeys('option of SandboxFactory', options, image === undefined ? OPTIONS : LOAD_OPTIONS);
    const onWarning = optional('function', 'onWarning', options.onWarning);
    const warn = onWarning ?? ((message: string) => console.warn(`sandglass: ${message}`));
    this.packages = packagesOf(options);
    const recipe = recipeOf(options, this.packages);
    const directory = image === undefined ? directoryOf(options.cache) : undefined;
    this.group = new WorkerGroup({
      start: platform().startWorker,
      recipe,
      image,
      file: directory === undefined ? undefined : { directory, name: fileName(recipe) },
      pyodide: optional('string', 'pyodide', options.pyodide) ?? platform().defaultPyodide(),
      maxWorkers: options.workers === undefined ? defaultWorkers() : number('workers', options.workers, 1),
      warn,
    });
    if (directory !== undefined) keepSaved(this.group);
    dropped.register(this, this.group, this);
  }

  /** Resolved when the image is there, and a thread that has it. Happens by itself at the first execution, too. */
  async ready(): Promise<this> {
    await this.group.warm(1);
    return this;
  }

  /** The image, with all code that was generated so far. */
  async toBytes(): Promise<Uint8Array> {
    return encodeImage(await this.#freshImage());
  }

  /** Writes what `load` reads. */
  async save(path: string | URL): Promise<void> {
    await writeFile(path, await this.toBytes(), { mode: 0o600 });
  }

  /** Of the image, in bytes; 0 before it is there. */
  get sizeBytes(): number {
    const { image } = this.group;
    return image === undefined ? 0 : imageSize(image);
  }

  get stats(): FactoryStats {
    return { ...this.group.stats, imageBytes: this.sizeBytes };
  }

  get closed(): boolean {
    return this.group.closed;
  }

  async #freshImage(): Promise<Image> {
    const lease = await this.group.lease();
    try {
      const image = (await lease.thread.ask({ op: 'image', force: true })) as Image;
      this.group.image = image;
      return image;
    } finally {
      lease.release();
    }
  }

  /** Ends its threads; what still runs fails. Writes the image first, if much code was generated since. */
  async close(): Promise<void> {
    dropped.unregister(this);
    await saveGrown(this.group);
    unsaved.delete(this.group);
    await this.group.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

// -------------------------------------------------------------------- the one that is shared

const sharedFactories = new Map<string, FactoryCore>();

/** The process's factory for this cache. */
export function sharedFactory(cache: FactoryOptions['cache']): FactoryCore {
  const key = String(directoryOf(cache));
  let factory = sharedFactories.get(key);
  if (factory === undefined || factory.closed) {
    factory = new FactoryCore({ cache });
    sharedFactories.set(key, factory);
  }
  return factory;
}

/** `factory` and `cache` of a sandbox's options. */
export function factoryOf(factory: unknown, cache: FactoryOptions['cache']): FactoryCore {
  if (factory === undefined) return sharedFactory(cache);
  if (!(factory instanceof FactoryCore)) throw wrongType('factory to be a SandboxFactory', factory);
  if (cache !== undefined) throw new TypeError('cache is an option of the factory');
  return factory;
}

// -------------------------------------------------------------------- writing images

/** A group whose image may grow: a while after the last run, before the process ends by itself, and when it is closed. */
function keepSaved(group: WorkerGroup): void {
  let timer: NodeJS.Timeout | undefined;
  group.onIdle = () => {
    unsaved.add(group);
    if (unsaved.size === 1) watchEnd();
    clearTimeout(timer);
    timer = setTimeout(() => void saveGrown(group), IDLE_MS).unref();
  };
}

const IDLE_MS = 2000;
let watching = false;

function watchEnd(): void {
  if (watching) return;
  watching = true;
  // Once: saving makes threads busy and idle again, and would never end.
  process.once('beforeExit', () => {
    for (const group of unsaved) void saveGrown(group);
    unsaved.clear();
  });
}

/** Asks the threads for images that are worth writing; they write them. */
async function saveGrown(group: WorkerGroup): Promise<void> {
  for (const thread of group.grown()) await saveFrom(group, thread);
}

async function saveFrom(group: WorkerGroup, thread: PythonThread): Promise<void> {
  const lease = await group.lease(thread);
  try {
    const image = (await lease.thread.ask({ op: 'image', force: false })) as Image | null;
    if (image !== null) group.image = image;
  } catch (error) {
    group.warn(`the image was not written: ${(error as Error).message}`);
  } finally {
    lease.release();
  }
}

// -------------------------------------------------------------------- options

function packagesOf({ packages = [], sitePackages }: FactoryOptions): Package[] {
  const first = optional('string', 'sitePackages', sitePackages);
  return [...loadPackages(first === undefined ? [] : [first]), ...loadPackages(packages)];
}

function recipeOf({ imports = [], seed }: FactoryOptions, packages: readonly Package[]): ImageRecipe {
  if (!Array.isArray(imports) || imports.some((name) => typeof name !== 'string'))
    throw wrongType('imports to be a list of names of modules', imports);
  const files = packages.length === 0 ? undefined : new SandboxFiles({}, { packages });
  return {
    imports: [...imports],
    files: files?.lease().spec,
    filesKey: files?.key ?? '',
    seed: optional('string', 'seed', seed),
  };
}

function directoryOf(cache: unknown): string | undefined {
  if (cache === false) return undefined;
  if (cache === undefined) return platform().defaultCache();
  if (typeof cache !== 'string' || cache === '')
    throw wrongType('cache to be the path of a directory, or false', cache);
  return cache;
}

function fileName(recipe: ImageRecipe): string {
  const digest = createHash('sha256').update(recipeText(recipe)).digest('hex');
  return `python-${digest.slice(0, 8)}`;
}

function defaultWorkers(): number {
  return Math.max(2, availableParallelism());
}
