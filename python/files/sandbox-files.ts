/**
 * What a sandbox's user said about files (storage, volumes, packages), checked and made ready, on the host. Workers are told by a
 * spec, one for each interpreter; what they make of it stands in mounts.ts.
 */

import { loadPackages, type Package, type PackageOption, packageKey } from '../packages.ts';
import type { FilesSpec } from './mounts.ts';
import { DEFAULT_MAX_BYTES, VfsStorage } from './vfs-storage.ts';
import { checkGuestPath, checkVolumes, type Volume, type VolumeOption } from './volumes.ts';

export interface FileOptions {
  /** What `/data` is. Default: of a sandbox, new and empty in every run; of a session, one of its own. */
  readonly vfs?: VfsStorage | undefined;
  /** Where the guest sees it. Default `/data`. */
  readonly vfsMountPath?: string | undefined;
  /** Directories and files of the host. Default none. */
  readonly volumes?: readonly VolumeOption[] | undefined;
  /** Wheels, `.tar.gz` and folders to import from. Default none. */
  readonly packages?: readonly PackageOption[] | undefined;
}

export const FILE_OPTIONS: readonly (keyof FileOptions)[] = ['vfs', 'vfsMountPath', 'volumes', 'packages'];
export const DATA_PATH = '/data';

/** A spec for one interpreter, to be closed when that is gone. */
export interface FilesLease {
  readonly spec: FilesSpec;
  close(): void;
}

export interface FilesSettings {
  /** Of a volume that nobody gave. Default 64 MiB. */
  readonly maxBytes?: number | null;
  /** Without `vfs`, make one: its files outlive interpreters. */
  readonly ownStorage?: boolean;
  /** Of the factory: before the sandbox's own. */
  readonly packages?: readonly Package[];
}

export class SandboxFiles {
  /** Undefined: each interpreter has files of its own. */
  readonly storage: VfsStorage | undefined;
  readonly dataPath: string;
  readonly #maxBytes: number;
  readonly #volumes: readonly Volume[];
  readonly #packages: readonly Package[];

  constructor(options: FileOptions, settings: FilesSettings = {}) {
    const { vfs, vfsMountPath = DATA_PATH, volumes = [], packages = [] } = options;
    if (vfs !== undefined && !(vfs instanceof VfsStorage)) throw new TypeError('vfs must be a VfsStorage');
    if (typeof vfsMountPath !== 'string') throw new TypeError('vfsMountPath must be a path');
    this.dataPath = checkGuestPath(vfsMountPath, 'vfsMountPath');
    const { maxBytes, ownStorage = false, packages: first = [] } = settings;
    this.#maxBytes = maxBytes ?? DEFAULT_MAX_BYTES;
    this.storage = vfs ?? (ownStorage ? new VfsStorage({ maxBytes: this.#maxBytes }) : undefined);
    this.#volumes = checkVolumes(volumes);
    this.#packages = [...first, ...loadPackages(packages)];
  }

  /** Different for packages that differ: for what is kept of an interpreter that has imported from them. */
  get key(): string {
    return this.#packages.map(packageKey).join(' ');
  }

  lease(): FilesLease {
    const connection = this.storage?.connect();
    const spec: FilesSpec = {
      dataPath: this.dataPath,
      maxBytes: this.#maxBytes,
      volumes: this.#volumes,
      packages: this.#packages,
      data: connection?.end,
    };
    return { spec, close: () => connection?.close() };
  }
}
