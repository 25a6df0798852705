/**
 * A snapshot: what an instance at rest had, as bytes that can be kept in a file, posted to threads, and made an instance of
 * again. The bytes of memories stand in one piece behind the record (record.ts).
 *
 *   "SGSNAP1\n"  checksum of all that follows  version  length of the record  0  record  payload, from a multiple of 8 on
 *
 * Not here: taking one (capture.ts), putting it in force (restore.ts).
 */
import { SnapshotError, wrongType } from '../errors.ts';
import { damaged } from './bytes.ts';
import { checksum } from './checksum.ts';
import { decodeRecord, encodeRecord, type SnapshotRecord } from './record.ts';

/** A snapshot as it is posted to another thread of the same process; `Snapshot.from` opens it there. */
export interface SnapshotHandle {
  readonly buffer: SharedArrayBuffer;
}

const MAGIC = new TextEncoder().encode('SGSNAP1\n');
const VERSION = 1;
const CHECKSUM = 8;
const CHECKED_FROM = 12;
const RECORD_LENGTH = 16;
const RECORD_FROM = 24;

const aligned = (length: number) => Math.ceil(length / 8) * 8;

export class Snapshot {
  readonly record: SnapshotRecord;
  /** All of it; the checksum may be missing. */
  #bytes: Uint8Array;
  readonly #payloadFrom: number;

  private constructor(bytes: Uint8Array, record: SnapshotRecord, payloadFrom: number) {
    this.#bytes = bytes;
    this.record = record;
    this.#payloadFrom = payloadFrom;
  }

  /** The bytes that the record's runs are made of. */
  get payload(): Uint8Array {
    return this.#bytes.subarray(this.#payloadFrom);
  }

  /** `write` gets the payload, all zero, of `size` bytes. */
  static make(record: SnapshotRecord, size: number, write: (payload: Uint8Array) => void): Snapshot {
    const head = encodeRecord(record);
    const from = RECORD_FROM + aligned(head.length);
    const bytes = new Uint8Array(from + size);
    const view = new DataView(bytes.buffer);
    bytes.set(MAGIC);
    view.setUint32(CHECKED_FROM, VERSION, true);
    view.setUint32(RECORD_LENGTH, head.length, true);
    bytes.set(head, RECORD_FROM);
    write(bytes.subarray(from));
    return new Snapshot(bytes, record, from);
  }

  /**
   * What `save` answered. The bytes are not copied: nobody changes them as long as the snapshot is in use. They may lie in a
   * `SharedArrayBuffer`. Throws a `SnapshotError` if they are damaged or no snapshot.
   */
  static load(bytes: Uint8Array): Snapshot {
    if (!(bytes instanceof Uint8Array)) throw wrongType('the bytes of a snapshot (Uint8Array)', bytes);
    // Words are read.
    const own = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    checkHead(own);
    const stored = viewOf(own).getUint32(CHECKSUM, true);
    if (checksum(own.subarray(CHECKED_FROM)) !== stored) throw damaged('its checksum does not fit');
    return Snapshot.#open(own);
  }

  /** The snapshot that another thread's `share()` stands for; its bytes are not looked through again. */
  static from(handle: SnapshotHandle): Snapshot {
    const buffer: unknown = handle?.buffer;
    if (!isShared(buffer)) throw wrongType('the handle of a snapshot', handle);
    const bytes = new Uint8Array(buffer);
    checkHead(bytes);
    return Snapshot.#open(bytes);
  }

  static #open(bytes: Uint8Array): Snapshot {
    const length = viewOf(bytes).getUint32(RECORD_LENGTH, true);
    const from = RECORD_FROM + aligned(length);
    if (from > bytes.length) throw damaged('it is cut off');
    // A copy: another thread might change what has been checked.
    const head = Uint8Array.from(bytes.subarray(RECORD_FROM, RECORD_FROM + length));
    return new Snapshot(bytes, decodeRecord(head, bytes.length - from), from);
  }

  /** Bytes that it takes. */
  get byteLength(): number {
    return this.#bytes.length;
  }

  /** For a file, and `load`: a copy. */
  save(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#bytes.length);
    bytes.set(this.#bytes);
    viewOf(bytes).setUint32(CHECKSUM, checksum(bytes.subarray(CHECKED_FROM)), true);
    return bytes;
  }

  /** One copy for all threads of this process: post the handle to them. */
  share(): SnapshotHandle {
    const { buffer, byteLength } = this.#bytes;
    if (isShared(buffer) && buffer.byteLength === byteLength) return { buffer };
    const shared = new SharedArrayBuffer(byteLength);
    const bytes = new Uint8Array(shared);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    return { buffer: shared };
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isShared(buffer: unknown): buffer is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
}

function checkHead(bytes: Uint8Array): void {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) throw new SnapshotError('not a snapshot of Sandglass');
  if (bytes.length < RECORD_FROM) throw damaged('it is cut off');
  const version = viewOf(bytes).getUint32(CHECKED_FROM, true);
  if (version !== VERSION)
    throw new SnapshotError(
      `a snapshot of version ${version} of the format, this Sandglass reads ${VERSION}`,
    );
}
