/**
 * Python packages of the user's, as the guest will see them: read-only trees under `/site-packages`, `/site-packages-1`, …,
 * one for each, on `sys.path` in the order given. A wheel or a `.tar.gz` is unpacked here, once, into memory that all workers
 * share; a folder stays where it is and is mounted. Pure Python only so far. No dependencies are resolved, nothing is downloaded.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type ArchivedFile, readTarGz, readZip } from './archive.ts';

/** A path on the host, or an archive's bytes with a file name that tells its format. */
export type PackageOption = string | { readonly name: string; readonly bytes: Uint8Array };

/** An unpacked archive, made to be sent to workers: its memory is shared, not copied. */
export interface PackageTree {
  readonly kind: 'tree';
  /** Of its content: a hash. */
  readonly id: string;
  /** The files' contents one after the other, behind them the index as JSON. */
  readonly bytes: SharedArrayBuffer;
  readonly indexAt: number;
}

export interface PackedFile {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

export interface PackageFolder {
  readonly kind: 'folder';
  /** Absolute. */
  readonly hostPath: string;
}

export type Package = PackageTree | PackageFolder;

/** Where the guest finds the package of this index. */
export function packagePath(index: number): string {
  return index === 0 ? '/site-packages' : `/site-packages-${index}`;
}

/** Different for packages that differ; a folder is known by its files' names, sizes and times. */
export function packageKey(each: Package): string {
  if (each.kind === 'tree') return each.id;
  return hashOf(Buffer.from(JSON.stringify([each.hostPath, folderFacts(each.hostPath)])));
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function folderFacts(folder: string): [name: string, size: number, modified: number][] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return names.flatMap((name) => {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    return stats?.isFile() ? [[name, stats.size, stats.mtimeMs]] : [];
  });
}

/** Checks and unpacks; every error names the package. */
export function loadPackages(packages: unknown): Package[] {
  if (!Array.isArray(packages)) throw new TypeError('packages must be an array of paths');
  return packages.map(loadPackage);
}

function loadPackage(option: unknown): Package {
  if (typeof option === 'string') {
    if (isDirectory(option)) return { kind: 'folder', hostPath: resolve(option) };
    return unpack(option, () => readFileSync(option));
  }
  const { name, bytes } = (option ?? {}) as { name?: unknown; bytes?: unknown };
  if (typeof name !== 'string' || !(bytes instanceof Uint8Array))
    throw new TypeError('a package must be a path, or { name, bytes }');
  return unpack(name, () => bytes);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

interface Format {
  readonly ending: RegExp;
  readonly what: string;
  read(bytes: Uint8Array): ArchivedFile[];
  /** From how the archive is laid out to what belongs on `sys.path`. */
  arrange(files: readonly ArchivedFile[]): readonly ArchivedFile[];
}

const FORMATS: readonly Format[] = [
  { ending: /\.whl$/i, what: 'wheel', read: readZip, arrange: installed },
  { ending: /\.(tar\.gz|tgz)$/i, what: 'archive', read: readTarGz, arrange: withoutProject },
];

function unpack(name: string, read: () => Uint8Array): PackageTree {
  const format = FORMATS.find(({ ending }) => ending.test(name));
  if (format === undefined) {
    const expected = 'Expected .whl, .tar.gz, or directory.';
    throw new TypeError(`Cannot detect package format for '${name}'. ${expected}`);
  }
  let files: readonly ArchivedFile[];
  try {
    files = format.arrange(format.read(read()));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Failed to open ${format.what} '${name}': ${reason}`, { cause });
  }
  const native = files.find(({ path }) => /\.(so|pyd|dylib|dll)$|\.so\./i.test(basename(path)));
  if (native !== undefined) {
    const where = `'${name}' holds a native extension (${native.path})`;
    throw new TypeError(`${where}: only packages of pure Python are supported`);
  }
  return pack(files);
}

/** What a wheel keeps for installers: `x.data/purelib/…` belongs beside the packages, its scripts and headers nowhere. */
function installed(files: readonly ArchivedFile[]): readonly ArchivedFile[] {
  return files.flatMap(({ path, bytes }) => {
    const [, scheme, rest] = /^[^/]+\.data\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (scheme === undefined) return [{ path, bytes }];
    return scheme === 'purelib' || scheme === 'platlib' ? [{ path: rest!, bytes }] : [];
  });
}

/** A source distribution holds one folder, and in it a description and the packages, or a folder `src` with them. */
function withoutProject(files: readonly ArchivedFile[]): readonly ArchivedFile[] {
  const top = `${files[0]?.path.split('/', 1)[0]}/`;
  const described = ['PKG-INFO', 'pyproject.toml', 'setup.py'].some((name) =>
    files.some(({ path }) => path === top + name),
  );
  if (!described || !files.every(({ path }) => path.startsWith(top))) return files;
  const source = `${top}src/`;
  const prefix = files.some(({ path }) => path.startsWith(source)) ? source : top;
  return files
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path, bytes }) => ({ path: path.slice(prefix.length), bytes }));
}

function pack(files: readonly ArchivedFile[]): PackageTree {
  let end = 0;
  const index = files.map(({ path, bytes }): PackedFile => {
    const start = end;
    end += bytes.length;
    return { path, start, end };
  });
  const text = new TextEncoder().encode(JSON.stringify(index));
  const whole = new Uint8Array(new SharedArrayBuffer(end + text.length));
  for (const [i, { bytes }] of files.entries()) whole.set(bytes, index[i]!.start);
  whole.set(text, end);
  return { kind: 'tree', id: hashOf(whole), bytes: whole.buffer, indexAt: end };
}

/** What is in a tree; its bytes start at those of `bytes`. */
export function packedFiles({ bytes, indexAt }: PackageTree): PackedFile[] {
  // Decoders refuse shared memory.
  const text = new Uint8Array(bytes, indexAt).slice();
  return JSON.parse(new TextDecoder().decode(text)) as PackedFile[];
}
