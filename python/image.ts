/**
 * An image as bytes, for files and for `toBytes`:
 *
 *   SGPYIMG1 · length of the header · its SHA-256 · header: JSON · code · snapshot
 *
 * Code and snapshot bring checksums of their own (`Runtime.deserialize`, `Snapshot.load`); here is what leads to them.
 */
import { createHash } from 'node:crypto';
import { quoteName, SnapshotError } from '../runtime/errors.ts';
import { Snapshot } from '../runtime/snapshot/snapshot.ts';
import type { Image, ImageMeta, SharedBytes } from './messages.ts';

/** An image that cannot be used; says why. */
export class ImageError extends Error {}

interface Header extends ImageMeta {
  readonly code: number;
  readonly snapshot: number;
}

const MAGIC = 'SGPYIMG1';
const DIGEST_FROM = 16;
const HEADER_FROM = 48;
const aligned = (length: number) => Math.ceil(length / 8) * 8;

export function imageSize({ code, snapshot, meta }: Image): number {
  return startOf(headerOf({ code, snapshot, meta }).length) + aligned(code.length) + aligned(snapshot.length);
}

export function encodeImage(image: Image): Uint8Array<ArrayBuffer> {
  const header = headerOf(image);
  const bytes = new Uint8Array(imageSize(image));
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, header.length, true);
  bytes.set(digestOf(header), DIGEST_FROM);
  bytes.set(header, HEADER_FROM);
  const at = startOf(header.length);
  bytes.set(image.code, at);
  bytes.set(image.snapshot, at + aligned(image.code.length));
  return bytes;
}

/** Throws an `ImageError` for what is none, or is cut off. */
export function decodeImage(bytes: Uint8Array): Image {
  const magic = new TextDecoder().decode(bytes.slice(0, MAGIC.length));
  if (magic !== MAGIC) {
    throw new ImageError(
      magic.startsWith(MAGIC.slice(0, -1))
        ? 'of another version of the format'
        : 'no image of an interpreter',
    );
  }
  if (bytes.length < HEADER_FROM) throw new ImageError('damaged: it is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.getUint32(8, true);
  const json = bytes.slice(HEADER_FROM, HEADER_FROM + length);
  if (!digestOf(json).equals(bytes.slice(DIGEST_FROM, HEADER_FROM)))
    throw new ImageError('damaged: its checksum does not fit');
  const { code, snapshot, ...meta } = JSON.parse(new TextDecoder().decode(json)) as Header;
  const at = startOf(length);
  if (bytes.length !== at + aligned(code) + aligned(snapshot)) throw new ImageError('damaged: it is cut off');
  const snapshotAt = at + aligned(code);
  const memory = shared(bytes.subarray(snapshotAt, snapshotAt + snapshot));
  // Looks at its checksum, which those who share it need not do again.
  try {
    Snapshot.load(memory);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw new ImageError(`damaged: ${error.message}`, { cause: error });
  }
  const part = bytes.subarray(at, at + code);
  // A part of the file's own bytes serves as well.
  const isShared = part.buffer instanceof SharedArrayBuffer;
  return { meta, code: isShared ? (part as SharedBytes) : shared(part), snapshot: memory };
}

/** Bytes for all workers. */
export function shared(bytes: Uint8Array): SharedBytes {
  const { buffer } = bytes;
  if (buffer instanceof SharedArrayBuffer && buffer.byteLength === bytes.length) return bytes as SharedBytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** An image of something else is of no use. */
export function requireKey(image: Image, key: string): void {
  if (image.meta.key === key) return;
  throw new ImageError(`made for something else (${quoteName(image.meta.key)}, not ${quoteName(key)})`);
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function headerOf({ code, snapshot, meta }: Image): Uint8Array {
  const header: Header = { ...meta, code: code.length, snapshot: snapshot.length };
  return new TextEncoder().encode(JSON.stringify(header));
}

function startOf(headerLength: number): number {
  return aligned(HEADER_FROM + headerLength);
}
