/**
 * `sandglass cache`: looks after a directory of compiled code. What an entry is, and when one is used, stands in
 * `src/cache/`.
 */
import { Command } from 'commander';
import { CacheError } from '../../runtime/errors.ts';
import { CacheDirectory, type CacheFile } from '../cache/directory.ts';
import { decodeEntry, type Entry } from '../cache/entry.ts';
import { DEFAULT_CACHE_BYTES } from '../cache/module-cache.ts';
import { CliError, oneLine, STATUS } from './exit-status.ts';
import { cacheFrom, parseBytes } from './options.ts';
import { columns } from './table.ts';

interface CacheOptions {
  readonly cache?: string;
}

export function cacheCommand(): Command {
  const command = new Command('cache').description('look after a cache of compiled code');
  const part = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('--cache <dir>', 'the directory (default: $SANDGLASS_CACHE)');
  part('ls', 'list the entries, the one that was used last first').action(list);
  part('prune', 'remove entries that cannot be used, then the least recently used')
    .option('--max-bytes <n>', 'how much may stay', parseBytes, DEFAULT_CACHE_BYTES)
    .action(prune);
  part('verify', 'check that every entry is whole and can be used; exit status 1 if not').action(verify);
  return command;
}

function directoryOf(options: CacheOptions): CacheDirectory {
  const path = cacheFrom(options);
  if (path === undefined) throw new CliError('no cache: name it with --cache, or in SANDGLASS_CACHE');
  try {
    return new CacheDirectory(path, false);
  } catch (error) {
    throw asCliError(error);
  }
}

const asCliError = (error: unknown) => (error instanceof CacheError ? new CliError(error.message) : error);

type Examined =
  | { readonly file: CacheFile; readonly entry: Entry }
  | { readonly file: CacheFile; readonly problem: string };

/** Every entry, read and checked; of an entry that another process removes meanwhile, nothing. */
function* examine(directory: CacheDirectory): Generator<Examined> {
  for (const file of directory.entries()) {
    try {
      const bytes = directory.read(file.name);
      if (bytes !== undefined) yield { file, entry: decodeEntry(bytes) };
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      yield { file, problem: error.message };
    }
  }
}

const print = (lines: readonly string[]) => {
  if (lines.length > 0) process.stdout.write(`${lines.map(oneLine).join('\n')}\n`);
};

const HEAD = ['entry', 'bytes', 'functions', 'node', 'last used', 'module'];

function list(options: CacheOptions): void {
  const rows = [...examine(directoryOf(options))].map((each) => {
    const { name, size, used } = each.file;
    const when = new Date(used).toISOString().slice(0, 19);
    if ('problem' in each) return [shortName(name), `${size}`, '', '', when, `(${each.problem})`];
    const { groups, node, name: module, hash } = each.entry;
    const functions = groups.reduce((sum, { members }) => sum + members.length, 0);
    const wasm = `sha256 ${hash?.slice(0, 12)}`;
    return [
      shortName(name),
      `${size}`,
      `${functions}`,
      node ?? '',
      when,
      module === undefined ? wasm : `${module}, ${wasm}`,
    ];
  });
  print(columns([HEAD, ...rows]));
}

const shortName = (name: string) => name.slice(0, 16);

function prune(options: CacheOptions & { readonly maxBytes: number }): void {
  const directory = directoryOf(options);
  const removed: CacheFile[] = [];
  for (const each of examine(directory)) {
    if (!('problem' in each)) continue;
    directory.remove(each.file.name);
    removed.push(each.file);
  }
  removed.push(...directory.evict(options.maxBytes));
  const bytes = removed.reduce((sum, { size }) => sum + size, 0);
  print([`removed ${removed.length} ${removed.length === 1 ? 'file' : 'files'}, ${bytes} bytes`]);
}

function verify(options: CacheOptions): void {
  const all = [...examine(directoryOf(options))];
  const problems = all.flatMap((each) => ('problem' in each ? [`${each.file.name}: ${each.problem}`] : []));
  print([...problems, `${all.length - problems.length} whole, ${problems.length} not`]);
  if (problems.length > 0) process.exitCode = STATUS.error;
}
