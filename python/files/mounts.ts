/**
 * From what the user gave a sandbox (storage, volumes, packages) to the mounts of its guest. On the host `planFiles` checks it all
 * and makes a plan that can be sent to a worker; there `openMounts` turns the plan into mounts for python/emscripten. What may be
 * reached in a mount, and how names lead there, is decided where mounts are used.
 *
 *   /data             a volume in memory: the worker's own, fresh each time, or a VfsStorage in another thread
 *   /site-packages…   one read-only tree for each package
 *   volumes           where the user wants them; one may take the place of `/data`
 */
import nodeFs from 'node:fs';
import { MemoryFileSystem } from '../../wasi/files/memory-file-system.ts';
import type { Mount } from '../emscripten/namespace.ts';
import { type Package, type PackageTree, packagePath } from '../packages.ts';
import { type Poll, type RemoteEnd, RemoteFileSystem } from './remote.ts';
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_ENTRIES, VFS_DEV } from './vfs-storage.ts';
import { checkGuestPath, type Volume } from './volumes.ts';

export const DATA_PATH = '/data';

/** Plain data: goes to the worker as it is. */
export interface FilesPlan {
  readonly dataPath: string;
  /** Of a volume of the worker's own. */
  readonly maxBytes: number;
  readonly volumes: readonly Volume[];
  readonly packages: readonly Package[];
}

export interface FilesOptions {
  /** Default `/data`. */
  readonly dataPath?: string;
  /** Default 64 MiB. */
  readonly maxBytes?: number | null;
  /** Checked (volumes.ts). Default none. */
  readonly volumes?: readonly Volume[];
  /** Loaded (packages.ts). Default none. */
  readonly packages?: readonly Package[];
}

export function planFiles({
  dataPath = DATA_PATH,
  maxBytes,
  volumes = [],
  packages = [],
}: FilesOptions): FilesPlan {
  return {
    dataPath: checkGuestPath(dataPath, 'vfsMountPath'),
    maxBytes: maxBytes ?? DEFAULT_MAX_BYTES,
    volumes,
    packages,
  };
}

/** What belongs on `sys.path`, in order. */
export function packagePaths({ packages }: Pick<FilesPlan, 'packages'>): string[] {
  return packages.map((_, i) => packagePath(i));
}

export interface OpenedMounts {
  readonly mounts: readonly Mount[];
  /** Lets go of what the interpreter left open elsewhere. */
  close(): void;
}

/** `data`: the connection to a VfsStorage; without one, `/data` is new and empty. `now` is for times of change. */
export function openMounts(
  plan: FilesPlan,
  waiter: Poll,
  data?: RemoteEnd,
  now?: () => bigint,
): OpenedMounts {
  const { dataPath, volumes, packages } = plan;
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
    const fileSystem = remote ?? privateData(plan.maxBytes, now);
    mounts.push({ path: dataPath, fileSystem, root: '/', readOnly: false });
  }
  for (const [i, each] of packages.entries()) mounts.push({ path: packagePath(i), ...mounted(each, i) });
  return { mounts, close: () => remote?.closeAll() };
}

function privateData(maxBytes: number, now: (() => bigint) | undefined): MemoryFileSystem {
  const limits = { maxBytes, maxEntries: DEFAULT_MAX_ENTRIES, dev: VFS_DEV };
  return new MemoryFileSystem(now === undefined ? limits : { ...limits, now });
}

function mounted(each: Package, index: number): Omit<Mount, 'path'> {
  if (each.kind === 'folder') return { fileSystem: nodeFs, root: each.hostPath, readOnly: true };
  return { fileSystem: treeOf(each, VFS_DEV + 1n + BigInt(index)), root: '/', readOnly: true };
}

/** The files' bytes stay where they are, in memory that all workers share; nobody writes to them. */
function treeOf({ files, bytes }: PackageTree, dev: bigint): MemoryFileSystem {
  const tree = new MemoryFileSystem({ dev, now: () => 0n });
  for (const { path, start, end } of files)
    tree.addFile(`/${path}`, new Uint8Array(bytes, start, end - start));
  return tree;
}
