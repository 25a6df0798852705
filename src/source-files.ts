/**
 * Files on this machine that debug information names: the map of a module, the sources of a program. A module may name whatever it
 * likes; what is read is bounded here.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Reads the source map that a module names, if that is a file in its own folder or below. */
export function sourceMapReader(file: string): (url: string) => string | undefined {
  return (url) => {
    const isInside = /^(?:\.\/)?[\w-][\w./ -]*$/.test(url) && !normalize(url).startsWith('..');
    return isInside ? readFileSync(join(dirname(file), url), 'utf8') : undefined;
  };
}

/** What compilers compile. A module may name any file as its source; others are not looked into. */
const SOURCE_FILE = /\.(?:c|cc|cpp|cxx|h|hh|hpp|inc|m|mm|rs|go|zig|swift|kt|nim|d|adb|f90|ts|js|mjs|wat)$/i;
const LARGEST_SOURCE = 2 ** 20;

/** A source file that a module's debug information names, if it is there. */
export function readSource(file: string): string | undefined {
  if (!SOURCE_FILE.test(file)) return undefined;
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() && found.size <= LARGEST_SOURCE ? readFileSync(file, 'utf8') : undefined;
}
