/**
 * From a sandbox's files as the host planned them (sandbox-files.ts) to the mounts of its guest: in the worker. What may be reached
 * in a mount, and how names lead there, is decided where mounts are used, in python/emscripten.
 *
 *   /data             a volume in memory: the worker's own, fresh each time, or a VfsStorage in another thread
 *   /site-packages…   one read-only tree for each package
 *   volumes           where the user wants them; one may take the place of `/data`
 */
import nodeFs from 'node:fs';
import { MemoryFileSystem } from '../../wasi/files/memory-file-system.ts';
import type { Mount } from '../emscripten/namespace.ts';
import { type Package, type PackageTree, packagePath, packedFiles } from '../packages.ts';
import { type Poll, type RemoteEnd, RemoteFileSystem } from './remote.ts';
import { DEFAULT_MAX_ENTRIES, VFS_DEV } from './vfs-storage.ts';
import type { Volume } from './volumes.ts';

/** Goes to the worker as it is; the port of `data` has to be in the transfer list. */
export interface FilesSpec {
  readonly dataPath: string;
  /** Of a volume of the worker's own. */
  readonly maxBytes: number;
  readonly volumes: readonly Volume[];
  readonly packages: readonly Package[];
  /** The connection to a VfsStorage; without one, `/data` is new and empty. */
  readonly data: RemoteEnd | undefined;
}

export interface OpenedMounts {
  readonly mounts: readonly Mount[];
  /** What belongs on `sys.path`, in order. */
  readonly paths: readonly string[];
  /** Lets go of what the interpreter left open elsewhere. */
  close(): void;
}

/** `now`: for times of change, in nanoseconds since 1970; by default the system's. */
export function openMounts(spec: FilesSpec, waiter: Poll, now?: () => bigint): OpenedMounts {
  const { dataPath, volumes, packages, data } = spec;
  const remote = data && new RemoteFileSystem(data, waiter);
  const mounts = volumes.map(
    ({ hostPath, guestPath, readOnly }): Mount => ({
      path: guestPath,
      fileSystem: nodeFs,
      root: hostPath,
      readOnly,
    }),
  );
  if (!volumes.some(({ guestPath }) => guestPath === dataPath)) {
    const fileSystem = remote ?? privateData(spec.maxBytes, now);
    mounts.push({ path: dataPath, fileSystem, root: '/', readOnly: false });
  }
  for (const [i, each] of packages.entries()) mounts.push({ path: packagePath(i), ...mounted(each) });
  const paths = packages.map((_, i) => packagePath(i));
  return { mounts, paths, close: () => remote?.closeAll() };
}

function privateData(maxBytes: number, now: (() => bigint) | undefined): MemoryFileSystem {
  const limits = { maxBytes, maxEntries: DEFAULT_MAX_ENTRIES, dev: VFS_DEV };
  return new MemoryFileSystem(now === undefined ? limits : { ...limits, now });
}

function mounted(each: Package): Omit<Mount, 'path'> {
  if (each.kind === 'folder') return { fileSystem: nodeFs, root: each.hostPath, readOnly: true };
  return { fileSystem: treeOf(each), root: '/', readOnly: true };
}

/** Nobody writes to them, so all interpreters of a worker have the same. The least recently used ones are dropped. */
const trees = new Map<string, MemoryFileSystem>();
const MOST_TREES = 16;

function treeOf(each: PackageTree): MemoryFileSystem {
  const tree = trees.get(each.id) ?? makeTree(each);
  trees.delete(each.id);
  trees.set(each.id, tree);
  if (trees.size > MOST_TREES) trees.delete(trees.keys().next().value!);
  return tree;
}

/** The files' bytes stay where they are, in memory that all workers share. */
function makeTree(each: PackageTree): MemoryFileSystem {
  const dev = VFS_DEV + 1n + BigInt(`0x${each.id.slice(0, 6)}`);
  const tree = new MemoryFileSystem({ dev, now: () => 0n });
  for (const { path, start, end } of packedFiles(each))
    tree.addFile(`/${path}`, new Uint8Array(each.bytes, start, end - start));
  return tree;
}
