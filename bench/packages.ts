/**
 * Packages that are no dependencies of Sandglass: engines to compare with, programs to run, the chart library. They come
 * from `bench/node_modules`, or from where `npm run fetch:runtimes` puts large programs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BENCH, PROJECT } from './home.ts';

const FOLDERS = [BENCH, process.env.SANDGLASS_RUNTIMES ?? join(PROJECT, '.cache/runtimes')];

/** A file of a package; undefined if the package is not installed. */
export function packageFile(name: string, file: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, 'node_modules', name, file)).find((path) => existsSync(path));
}

export function packageVersion(name: string): string | undefined {
  const manifest = packageFile(name, 'package.json');
  return manifest && (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

export function howToInstall(name: string): string {
  return `${name} is not installed: npm ci --prefix bench`;
}

export async function importPackage<Exports>(name: string, entry: string): Promise<Exports> {
  const path = packageFile(name, entry);
  if (path === undefined) throw new Error(howToInstall(name));
  return (await import(pathToFileURL(path).href)) as Exports;
}
