/**
 * Volumes: directories and single files of the host that a sandbox may see, by names of its own. Here they are checked, on the
 * host and before anything runs; every error is one line that names the volume and what is wrong with it. Mounting is mounts.ts.
 */
import { realpathSync, statSync } from 'node:fs';
import { posix } from 'node:path';

export interface VolumeOptions {
  readonly hostPath: string;
  /** Absolute. */
  readonly guestPath: string;
  /** Default false. */
  readonly readOnly?: boolean;
}
/** As an object, or as Eryx writes it: `[host, guest, readOnly]`. */
export type VolumeOption = VolumeOptions | readonly [hostPath: string, guestPath: string, readOnly?: boolean];

/** A checked volume. What the host path names, a directory or a file, exists and is called by its real path. */
export interface Volume {
  readonly hostPath: string;
  readonly guestPath: string;
  readonly readOnly: boolean;
}

/** What the sandbox itself needs; no volume may hide it. */
const RESERVED = /^\/(tmp$|(lib|dev|proc|sys|usr\/share\/zoneinfo|site-packages(-\d+)?)(\/|$))/;
const KEYS = ['hostPath', 'guestPath', 'readOnly'];

export function checkVolumes(volumes: unknown): Volume[] {
  if (!Array.isArray(volumes)) throw new TypeError('volumes must be an array');
  const checked: Volume[] = [];
  for (const [i, option] of volumes.entries()) {
    const volume = checkVolume(option, `volumes[${i}]`);
    if (checked.some(({ guestPath }) => guestPath === volume.guestPath))
      throw new TypeError(`volumes[${i}]: ${JSON.stringify(volume.guestPath)} is mounted twice`);
    checked.push(volume);
  }
  return checked;
}

function checkVolume(option: unknown, who: string): Volume {
  const { hostPath, guestPath, readOnly = false } = asObject(option, who);
  checkText(hostPath, `${who}.hostPath`);
  checkText(guestPath, `${who}.guestPath`);
  if (typeof readOnly !== 'boolean') throw new TypeError(`${who}.readOnly must be a boolean`);
  return { hostPath: checkHostPath(hostPath, who), guestPath: checkGuestPath(guestPath, who), readOnly };
}

function asObject(option: unknown, who: string): Record<string, unknown> {
  if (Array.isArray(option)) {
    if (option.length !== 2 && option.length !== 3)
      throw new TypeError(`${who} must be [hostPath, guestPath, readOnly]`);
    return { hostPath: option[0], guestPath: option[1], ...(option.length === 3 && { readOnly: option[2] }) };
  }
  if (typeof option !== 'object' || option === null)
    throw new TypeError(
      `${who} must be { hostPath, guestPath, readOnly } or [hostPath, guestPath, readOnly]`,
    );
  const unknown = Object.keys(option).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new TypeError(`${who}: unknown option ${JSON.stringify(unknown)}`);
  return option as Record<string, unknown>;
}

function checkText(value: unknown, who: string): asserts value is string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${who} must be a path`);
  if (value.includes('\0')) throw new TypeError(`${who} cannot contain NUL`);
}

function checkHostPath(path: string, who: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new TypeError(`${who}: No such file or directory: ${JSON.stringify(path)}`);
  if (!stats.isDirectory() && !stats.isFile())
    throw new TypeError(`${who}: neither a directory nor a regular file: ${JSON.stringify(path)}`);
  return realpathSync(path);
}

export function checkGuestPath(path: string, who: string): string {
  const plain = posix.normalize(path).replace(/(?<=.)\/$/, '');
  const found = `found ${JSON.stringify(path)}`;
  if (!plain.startsWith('/') || path.split('/').includes('..'))
    throw new TypeError(`${who}: a guest path must be absolute and without "..", ${found}`);
  if (plain === '/') throw new TypeError(`${who}: the guest's "/" cannot be mounted over`);
  if (RESERVED.test(plain)) throw new TypeError(`${who}: reserved for the sandbox itself, ${found}`);
  return plain.replace(/^\/\//, '/');
}
