/**
 * A volume in memory as bytes, and back: what `VfsStorage.snapshot` answers. All that a guest can tell of its files is in it: names,
 * contents, symlinks, hard links, times of change. A damaged image is refused before anything is changed.
 *
 *   "sandglass-vfs-1\n" · sha256 of the rest · length of the index (u32) · index (JSON) · contents, one after the other
 */
import { createHash } from 'node:crypto';
import type { Entry, FileSystem, Stats } from '../../wasi/files/file-system.ts';
import { MemoryFileSystem } from '../../wasi/files/memory-file-system.ts';

const MAGIC = Buffer.from('sandglass-vfs-1\n');
const DIGEST_BYTES = 32;

type Item =
  | { readonly kind: 'directory'; readonly path: string; readonly modified: string }
  | { readonly kind: 'file'; readonly path: string; readonly modified: string; readonly size: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly modified: string; readonly target: string }
  | { readonly kind: 'link'; readonly path: string; readonly of: string };

export function writeImage(files: FileSystem): Uint8Array {
  const items: Item[] = [];
  const contents: Uint8Array[] = [];
  const byNumber = new Map<bigint, string>();
  for (const [path, stats] of walkTree(files)) {
    const first = byNumber.get(stats.ino);
    if (first === undefined) byNumber.set(stats.ino, path);
    const modified = String(stats.mtimeNs);
    if (stats.isDirectory()) items.push({ kind: 'directory', path, modified });
    else if (first !== undefined) items.push({ kind: 'link', path, of: first });
    else if (stats.isSymbolicLink())
      items.push({ kind: 'symlink', path, modified, target: files.readlinkSync(path, 'utf8') });
    else {
      const bytes = readWhole(files, path);
      items.push({ kind: 'file', path, modified, size: bytes.length });
      contents.push(bytes);
    }
  }
  return sealed(Buffer.from(JSON.stringify(items)), contents);
}

/** Replaces what is in `files`. `limits` are its own, to try the image out on a volume that nobody uses. */
export function readImage(image: Uint8Array, files: MemoryFileSystem, limits: Limits): void {
  const [items, contents] = opened(image);
  fill(new MemoryFileSystem(limits), items, contents);
  removeTree(files);
  fill(files, items, contents);
}

export interface Limits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** Every path but the root's, directories before what is in them. */
function* walkTree(files: FileSystem): Generator<[path: string, stats: Stats]> {
  const pending = ['/'];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const { name } of namesIn(files, directory)) {
      const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
      const stats = files.lstatSync(path, { bigint: true });
      if (stats.isDirectory()) pending.push(path);
      yield [path, stats];
    }
  }
}

function namesIn(files: FileSystem, directory: string): Entry[] {
  return files.readdirSync(directory, { withFileTypes: true });
}

export function readWhole(files: FileSystem, path: string): Uint8Array {
  const fd = files.openSync(path, 'r');
  try {
    const bytes = new Uint8Array(Number(files.fstatSync(fd, { bigint: true }).size));
    return bytes.subarray(0, files.readvSync(fd, [bytes], 0));
  } finally {
    files.closeSync(fd);
  }
}

/** Removes everything below a directory, deepest first. */
export function removeTree(files: FileSystem, top = '/'): void {
  const found = [...walkTree(files)].filter(([path]) => top === '/' || path.startsWith(`${top}/`));
  for (const [path, stats] of found.sort(([a], [b]) => depth(b) - depth(a))) {
    if (stats.isDirectory()) files.rmdirSync(path);
    else files.unlinkSync(path);
  }
}

const depth = (path: string) => path.split('/').length;

function sealed(index: Buffer, contents: readonly Uint8Array[]): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(index.length);
  const body = Buffer.concat([length, index, ...contents]);
  return Buffer.concat([MAGIC, createHash('sha256').update(body).digest(), body]);
}

function opened(image: Uint8Array): [items: Item[], contents: Uint8Array] {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const start = MAGIC.length + DIGEST_BYTES;
  if (bytes.length < start + 4 || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new TypeError('not a snapshot of a VfsStorage');
  const body = bytes.subarray(start);
  const digest = createHash('sha256').update(body).digest();
  if (!digest.equals(bytes.subarray(MAGIC.length, start)))
    throw new TypeError('the snapshot of a VfsStorage is damaged');
  const contents = 4 + body.readUInt32LE(0);
  return [JSON.parse(body.toString('utf8', 4, contents)) as Item[], body.subarray(contents)];
}

function fill(files: MemoryFileSystem, items: readonly Item[], contents: Uint8Array): void {
  let at = 0;
  for (const item of items) {
    if (item.kind === 'directory') files.mkdirSync(item.path);
    else if (item.kind === 'symlink') files.symlinkSync(item.target, item.path);
    else if (item.kind === 'link') files.linkSync(item.of, item.path);
    else {
      files.addFile(item.path, contents.slice(at, at + item.size));
      at += item.size;
    }
  }
  for (const item of items) {
    if (item.kind === 'link') continue;
    const seconds = Number(BigInt(item.modified) / 1000n) / 1e6;
    files.lutimesSync(item.path, seconds, seconds);
  }
}
