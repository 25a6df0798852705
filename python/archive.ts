/**
 * Reads the archives that Python packages come in, `.whl` (zip) and `.tar.gz`, into a list of files. An archive is hostile
 * until shown otherwise: names that lead out, links and devices, names twice, bombs and damage are refused by one line that says which
 * entry and why. What the files mean is packages.ts.
 */
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import type { Parser } from 'tar';
import { readZip as readZipEntries } from './zip.ts';

export interface ArchivedFile {
  /** Relative, with forward slashes: no part of it is empty, `.` or `..`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Of all that an archive unpacks to. */
export const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
export const MAX_FILES = 50_000;
const MAX_PATH = 1024;

/** The reader takes 20 ms to load: only when there is an archive to read. */
const load = createRequire(import.meta.url);

/** Collects files, and refuses what must not be among them. */
class Files {
  readonly list: ArchivedFile[] = [];
  readonly #seen = new Set<string>();
  readonly #directories = new Set<string>();
  #bytes = 0;

  /** Before anything is unpacked: may there be `size` bytes more? */
  reserve(path: string, size: number): void {
    this.#bytes += size;
    if (this.#bytes > MAX_UNPACKED_BYTES)
      throw new RangeError(`unpacks to more than ${MAX_UNPACKED_BYTES} bytes at ${quote(path)}`);
    if (this.list.length >= MAX_FILES) throw new RangeError(`holds more than ${MAX_FILES} files`);
  }

  add(path: string, bytes: Uint8Array): void {
    if (this.#seen.has(path) || this.#directories.has(path))
      throw new TypeError(`holds ${quote(path)} twice`);
    this.#seen.add(path);
    for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
      const directory = path.slice(0, end);
      if (this.#seen.has(directory)) throw new TypeError(`holds ${quote(directory)} twice`);
      this.#directories.add(directory);
    }
    this.list.push({ path, bytes });
  }
}

const quote = (path: string) => JSON.stringify(path.slice(0, 200));

/** The path of an entry without a closing slash. */
function checkPath(path: string): string {
  const plain = path.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  const why =
    plain === '' || plain === '.'
      ? undefined
      : plain.startsWith('/') || /^[A-Za-z]:/.test(plain)
        ? 'is absolute'
        : plain.split('/').includes('..')
          ? 'leads out of it'
          : /[\\\0]/.test(plain) || plain.split('/').some((part) => part === '' || part === '.')
            ? 'is no plain path'
            : plain.length > MAX_PATH
              ? 'is too long'
              : undefined;
  if (why !== undefined) throw new TypeError(`the entry ${quote(path)} ${why}`);
  return plain;
}

const FORMAT = 0o170000;
/** None (not made by Unix), a file, a directory. */
const PLAIN_FORMATS = [0, 0o100000, 0o040000];

export function readZip(bytes: Uint8Array): ArchivedFile[] {
  const files = new Files();
  for (const entry of readZipEntries(bytes, 'it')) {
    const path = checkPath(entry.name);
    if (!PLAIN_FORMATS.includes(entry.mode & FORMAT))
      throw new TypeError(`the entry ${quote(path)} is a link or a device`);
    if (entry.name.endsWith('/')) continue;
    files.reserve(path, entry.size);
    files.add(path, entry.read());
  }
  return files.list;
}

export function readTarGz(bytes: Uint8Array): ArchivedFile[] {
  const raw = gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  // The reader would unpack once more, without a bound.
  if (raw[0] === 0x1f && raw[1] === 0x8b) throw new TypeError('is compressed twice');
  const { Parser: TarParser } = load('tar') as { Parser: typeof Parser };
  const files = new Files();
  let failure: unknown;
  let ended = false;
  const parser = new TarParser({
    strict: true,
    brotli: false,
    zstd: false,
    onReadEntry: (entry) => {
      const chunks: Uint8Array[] = [];
      entry.on('data', (chunk) => chunks.push(chunk));
      entry.on('end', () => {
        try {
          takeTarEntry(files, entry.type, entry.path, chunks);
        } catch (error) {
          failure ??= error;
        }
      });
    },
  });
  parser.on('error', (error: unknown) => {
    failure ??= error;
  });
  parser.on('end', () => {
    ended = true;
  });
  // All of it is here, so that the parser is through with it when this returns.
  parser.end(raw);
  if (failure !== undefined) throw failure;
  if (!ended) throw new TypeError('ends in the middle');
  return files.list;
}

function takeTarEntry(files: Files, type: string, name: string, chunks: readonly Uint8Array[]): void {
  const path = checkPath(name);
  if (type === 'Directory' || type === 'GNUDumpDir') return;
  if (!['File', 'OldFile', 'ContiguousFile'].includes(type))
    throw new TypeError(`the entry ${quote(path)} is a ${type}`);
  const bytes = Buffer.concat(chunks);
  files.reserve(path, bytes.length);
  files.add(path, bytes);
}
