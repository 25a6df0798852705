/**
 * Stored code as bytes: what `module.serialize()` answers and what a file of the cache holds. A header in JSON, then the
 * wasm (in serialised modules only), then of each group its text and what V8 made of it.
 *
 *   "SGCACHE1"  CRC-32 of all that follows  length of the header  header  blobs, each from a multiple of 8 on
 *
 * Not here: where entries lie (directory.ts), and when one is used (module-cache.ts).
 */
import { COMPILER_VERSION } from '../../compiler/version.ts';
import { ABI_VERSION } from '../../runtime/abi.ts';
import { CacheError } from '../../runtime/errors.ts';
import { crc32 } from './crc32.ts';

/** A group of functions (`compiler/emit/module.ts`), by their indices among the defined ones. */
export interface StoredGroup {
  readonly members: readonly number[];
  readonly callees: readonly number[];
  readonly trampolines: readonly number[];
  /** UTF-8. */
  readonly text: Uint8Array;
  /** V8's code cache for it, if there is one. */
  readonly data: Uint8Array | undefined;
}

/** What validation learned of tail calls (`compiler/binary/tail-calls.ts`). */
export interface StoredTailCalls {
  readonly callees: readonly (readonly [number, readonly number[]])[];
  readonly open: readonly number[];
}

export interface EntryInfo {
  /** SHA-256 of the wasm; undefined where it is in the entry. */
  readonly hash: string | undefined;
  /** Names the scripts: V8's code caches remember what theirs were called. */
  readonly id: string | undefined;
  /** All that the text depends on besides the wasm, see `optionsText`. */
  readonly options: string;
  /** All bodies were validated: what a hit need not do again. */
  readonly validated: boolean;
  readonly tailCalls: StoredTailCalls;
  /** `v8.cachedDataVersionTag()` of the V8 whose code caches are in here. */
  readonly v8: number | undefined;
  /** For people: the module's own name, and the Node that wrote this. */
  readonly name: string | undefined;
  readonly node: string | undefined;
}

export interface Entry extends EntryInfo {
  readonly groups: readonly StoredGroup[];
  readonly wasm: Uint8Array | undefined;
}

/** Lists of indices, and the lengths of text and data. */
type GroupRow = [readonly number[], readonly number[], readonly number[], number, number];

interface Header extends EntryInfo {
  readonly abi: number;
  readonly compiler: string;
  readonly wasm: number;
  readonly groups: readonly GroupRow[];
}

const MAGIC = 'SGCACHE1';
const CHECKED_FROM = 12;
const HEADER_FROM = 16;

const aligned = (length: number) => Math.ceil(length / 8) * 8;

export function encodeEntry({ groups, wasm, ...info }: Entry): Uint8Array {
  const header: Header = {
    ...info,
    abi: ABI_VERSION,
    compiler: COMPILER_VERSION,
    wasm: wasm?.length ?? 0,
    groups: groups.map(({ members, callees, trampolines, text, data }) => {
      return [members, callees, trampolines, text.length, data?.length ?? 0];
    }),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const blobs = [json, wasm, ...groups.flatMap(({ text, data }) => [text, data])];
  const size = blobs.reduce((sum, blob) => sum + aligned(blob?.length ?? 0), HEADER_FROM);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(12, json.length, true);
  let at = HEADER_FROM;
  for (const blob of blobs) {
    if (blob === undefined) continue;
    bytes.set(blob, at);
    at += aligned(blob.length);
  }
  view.setUint32(8, crc32(bytes.subarray(CHECKED_FROM)), true);
  return bytes;
}

/** Throws a `CacheError` that says why these bytes are no entry that this version can use. The entry shares their buffer. */
export function decodeEntry(bytes: Uint8Array): Entry {
  const { at, header } = checkedHeader(bytes);
  const { abi, compiler, wasm, groups, ...info } = header;
  if (abi !== ABI_VERSION || compiler !== COMPILER_VERSION) {
    const own = `${COMPILER_VERSION} with ABI ${ABI_VERSION}`;
    throw new CacheError(`made by Sandglass ${compiler} with ABI ${abi}, this is ${own}`);
  }
  let position = at;
  const take = (length: number) => {
    const blob = bytes.subarray(position, position + length);
    position += aligned(length);
    return blob;
  };
  const wasmBytes = take(wasm);
  const stored = groups.map(([members, callees, trampolines, text, data]) => {
    return { members, callees, trampolines, text: take(text), data: data === 0 ? undefined : take(data) };
  });
  return { ...info, wasm: wasm === 0 ? undefined : wasmBytes, groups: stored };
}

/** How many functions an entry holds, by its header alone; its checksum is not looked at. */
export function functionsIn(start: Uint8Array): number {
  const { groups } = parsedHeader(start) as { readonly groups: unknown };
  // Damage may have left JSON of another shape.
  if (!Array.isArray(groups)) throw new CacheError('damaged: it lists no groups');
  return groups.reduce((sum: number, row: unknown) => {
    const members = Array.isArray(row) ? (row[0] as unknown) : undefined;
    if (!Array.isArray(members)) throw new CacheError('damaged: a group lists no members');
    return sum + members.length;
  }, 0);
}

function checkedHeader(bytes: Uint8Array): { header: Header; at: number } {
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) {
    const other = magic.startsWith(MAGIC.slice(0, -1));
    throw new CacheError(
      other ? 'of another version of the format' : 'damaged: not stored code of Sandglass',
    );
  }
  if (bytes.length < HEADER_FROM) throw new CacheError('damaged: it is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (crc32(bytes.subarray(CHECKED_FROM)) !== view.getUint32(8, true)) {
    throw new CacheError('damaged: its checksum does not fit');
  }
  return { header: parsedHeader(bytes), at: HEADER_FROM + aligned(view.getUint32(12, true)) };
}

function parsedHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const json = bytes.subarray(HEADER_FROM, HEADER_FROM + view.getUint32(12, true));
  return JSON.parse(new TextDecoder().decode(json)) as Header;
}
