/**
 * Where the suite's own files are on disk. The sources run from `bench/`, the built files from `dist/bench/`, and both
 * mean the same folders.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function projectFolder(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'bench', 'package.json'))) return folder;
    if (folder === dirname(folder))
      throw new Error(`bench: no folder above ${start} holds bench/package.json`);
  }
}

/** The project's folder. */
export const PROJECT = projectFolder();
/** Its folder `bench/`, with sources, programs and a package of its own. */
export const BENCH = join(PROJECT, 'bench');
export const PROGRAMS = join(BENCH, 'programs');
