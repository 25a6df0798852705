/**
 * A file system that lives in one thread and is used from others, synchronously: how several sandboxes, each in its worker, share
 * one volume in memory. The user's half (RemoteFileSystem) posts a request and sleeps; the owner's half (serveFiles) does it from its
 * event loop and wakes it. One connection for each user; its open files are closed when it goes.
 *
 *   worker: openSync('/a', 0) → post { id: 1, operation: 'openSync', args } … Atomics.wait → receive { id: 1, value: 3 }
 *
 * A round trip takes about 60 µs. Whoever waits looks at its interrupt every 20 ms, so that a deadline ends the wait;
 * the answer that then comes late is for nobody and is dropped.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { hostCode } from '../../wasi/errno.ts';
import type { Entry, FileSystem, Stats } from '../../wasi/files/file-system.ts';
import { type MemoryNode, typeOf } from '../../wasi/files/memory-node.ts';

/** What a user needs to connect; sent to its worker, with `port` in the transfer list. */
export interface RemoteEnd {
  readonly port: MessagePort;
  /** The ids of the last request posted and of the last one answered. */
  readonly ids: Int32Array<SharedArrayBuffer>;
}

/** What a waiting thread may be told: throws if it has to stop. */
export interface Poll {
  poll(): void;
}

type Kind = MemoryNode['kind'];
type Facts = { readonly kind: Kind } & Pick<Stats, (typeof FACTS)[number]>;
type Failure = { readonly code: string; readonly message: string };
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: Failure };
type Operation = Exclude<keyof FileSystem, 'confined'> | 'closeAll';
interface Request {
  readonly id: number;
  readonly operation: Operation;
  readonly args: readonly unknown[];
}

const FACTS = ['dev', 'ino', 'mode', 'nlink', 'size', 'atimeNs', 'mtimeNs', 'ctimeNs'] as const;
/** What takes a descriptor, and not a path. */
const ON_DESCRIPTORS = /^(close|readv|writev|fstat|ftruncate|fsync|fdatasync|futimes)Sync$/;
/** At most so many bytes go in one message. */
const CHUNK = 1024 * 1024;
const LOOK_UP_MS = 20;
const POSTED = 0;
const ANSWERED = 1;

/** Opens a connection to `files`. `close` ends it; so does the end of the thread that holds the other end. */
export function serveFiles(files: FileSystem & { readonly confined: true }): {
  readonly end: RemoteEnd;
  close(): void;
} {
  const { port1, port2 } = new MessageChannel();
  const ids = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const service = new Service(files);
  port1.on('message', ({ id, operation, args }: Request) => {
    port1.postMessage({ id, ...service.answer(operation, args) } satisfies Answer);
    Atomics.store(ids, ANSWERED, id);
    Atomics.notify(ids, ANSWERED);
  });
  port1.on('close', () => service.closeAll());
  // Waiting for requests is no reason for the process to stay.
  port1.unref();
  return { end: { port: port2, ids }, close: () => port1.close() };
}

/** The owner's side of one connection: does what is asked with the connection's own open files. */
class Service {
  readonly #files: FileSystem;
  readonly #open = new Set<number>();

  constructor(files: FileSystem) {
    this.#files = files;
  }

  answer(operation: Operation, args: readonly unknown[]): Omit<Answer, 'id'> {
    try {
      return { value: this.#perform(operation, args) };
    } catch (error) {
      const code = hostCode(error);
      return {
        error: { code: code ?? 'EIO', message: error instanceof Error ? error.message : String(error) },
      };
    }
  }

  closeAll(): void {
    this.#close([...this.#open]);
  }

  #close(fds: readonly number[]): void {
    for (const fd of fds) if (this.#open.delete(fd)) this.#files.closeSync(fd);
  }

  #perform(operation: Operation, args: readonly unknown[]): unknown {
    if (operation === 'closeAll') return this.#close(args as number[]);
    if (ON_DESCRIPTORS.test(operation) && !this.#open.has(args[0] as number))
      throw Object.assign(new Error('EBADF: not a file of this connection'), { code: 'EBADF' });
    if (operation === 'readvSync') return this.#read(...(args as [number, number, number | undefined]));
    const method = this.#files[operation] as (...args: readonly unknown[]) => unknown;
    const value = method.apply(this.#files, args as unknown[]);
    if (operation === 'openSync') this.#open.add(value as number);
    if (operation === 'closeSync') this.#open.delete(args[0] as number);
    if (operation === 'lstatSync' || operation === 'fstatSync') return value && factsOf(value as Stats);
    if (operation === 'readdirSync') return (value as Entry[]).map((entry) => [entry.name, kindOf(entry)]);
    return value;
  }

  #read(fd: number, length: number, position: number | undefined): Uint8Array {
    const buffer = new Uint8Array(length);
    return buffer.subarray(0, this.#files.readvSync(fd, [buffer], position));
  }
}

function kindOf(entry: Pick<Entry, 'isDirectory' | 'isSymbolicLink'>): Kind {
  return entry.isDirectory() ? 'directory' : entry.isSymbolicLink() ? 'symlink' : 'file';
}

function factsOf(stats: Stats): Facts {
  const facts = Object.fromEntries(FACTS.map((name) => [name, stats[name]]));
  return { kind: kindOf(stats), ...facts } as Facts;
}

const statsOf = ({ kind, ...facts }: Facts): Stats => ({ ...facts, ...typeOf(kind) });

/** The user's half, in any thread but the owner's. */
export class RemoteFileSystem implements FileSystem {
  /** As what it stands for: serve nothing else. */
  readonly confined = true;
  readonly #end: RemoteEnd;
  readonly #waiter: Poll;
  readonly #open = new Set<number>();

  constructor(end: RemoteEnd, waiter: Poll) {
    this.#end = end;
    this.#waiter = waiter;
    // Nothing listens: answers are taken from the port when somebody waits for them.
    end.port.unref();
  }

  /** Closes all files that were opened here. It can be used on. */
  closeAll(): void {
    if (this.#open.size > 0) this.#call('closeAll', [...this.#open]);
    this.#open.clear();
  }

  openSync(path: string, flags: string | number, mode?: number): number {
    const fd = this.#call<number>('openSync', [path, flags, mode]);
    this.#open.add(fd);
    return fd;
  }

  closeSync(fd: number): void {
    this.#call('closeSync', [fd]);
    this.#open.delete(fd);
  }

  readvSync(fd: number, buffers: readonly NodeJS.ArrayBufferView[], position?: number): number {
    let total = 0;
    for (const chunk of chunksOf(buffers)) {
      const at = position === undefined ? undefined : position + total;
      const bytes = this.#call<Uint8Array>('readvSync', [fd, chunk.length, at]);
      chunk.set(bytes);
      total += bytes.length;
      if (bytes.length < chunk.length) break;
    }
    return total;
  }

  writevSync(fd: number, buffers: readonly NodeJS.ArrayBufferView[], position?: number): number {
    let total = 0;
    for (const chunk of chunksOf(buffers)) {
      const at = position === undefined ? undefined : position + total;
      // A copy: what is posted is the whole buffer behind a view, which is the guest's memory.
      const count = this.#call<number>('writevSync', [fd, [chunk.slice()], at]);
      total += count;
      if (count < chunk.length) break;
    }
    return total;
  }

  fstatSync(fd: number, options: { bigint: true }): Stats {
    return statsOf(this.#call('fstatSync', [fd, options]));
  }

  lstatSync(path: string, options: { bigint: true }): Stats;
  lstatSync(path: string, options: { bigint: true; throwIfNoEntry: false }): Stats | undefined;
  lstatSync(path: string, options: { bigint: true }): Stats | undefined {
    const facts = this.#call<Facts | undefined>('lstatSync', [path, options]);
    return facts && statsOf(facts);
  }

  ftruncateSync(fd: number, length?: number): void {
    this.#call('ftruncateSync', [fd, length]);
  }

  fsyncSync(fd: number): void {
    this.#call('fsyncSync', [fd]);
  }

  fdatasyncSync(fd: number): void {
    this.#call('fdatasyncSync', [fd]);
  }

  futimesSync(fd: number, atime: number, mtime: number): void {
    this.#call('futimesSync', [fd, atime, mtime]);
  }

  lutimesSync(path: string, atime: number, mtime: number): void {
    this.#call('lutimesSync', [path, atime, mtime]);
  }

  readdirSync(path: string, options: { withFileTypes: true }): Entry[] {
    const entries = this.#call<[string, Kind][]>('readdirSync', [path, options]);
    return entries.map(([name, kind]) => ({ name, ...typeOf(kind) }));
  }

  mkdirSync(path: string): void {
    this.#call('mkdirSync', [path]);
  }

  rmdirSync(path: string): void {
    this.#call('rmdirSync', [path]);
  }

  unlinkSync(path: string): void {
    this.#call('unlinkSync', [path]);
  }

  renameSync(from: string, to: string): void {
    this.#call('renameSync', [from, to]);
  }

  linkSync(from: string, to: string): void {
    this.#call('linkSync', [from, to]);
  }

  symlinkSync(target: string, path: string): void {
    this.#call('symlinkSync', [target, path]);
  }

  readlinkSync(path: string, encoding: 'utf8'): string {
    return this.#call('readlinkSync', [path, encoding]);
  }

  realpathSync(path: string, encoding: 'utf8'): string {
    return this.#call('realpathSync', [path, encoding]);
  }

  #call<T>(operation: Operation, args: readonly unknown[]): T {
    // Counted where it outlives this object: an answer that came too late for the last user is not mistaken for ours.
    const id = (Atomics.add(this.#end.ids, POSTED, 1) + 1) | 0;
    this.#end.port.postMessage({ id, operation, args } satisfies Request);
    const { value, error } = this.#await(id);
    if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code });
    return value as T;
  }

  #await(id: number): Answer {
    const { port, ids } = this.#end;
    for (;;) {
      const seen = Atomics.load(ids, ANSWERED);
      for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
        const answer = got.message as Answer;
        if (answer.id === id) return answer;
      }
      if (Atomics.wait(ids, ANSWERED, seen, LOOK_UP_MS) === 'timed-out') this.#waiter.poll();
    }
  }
}

/** The buffers' bytes in pieces that fit a message. */
function* chunksOf(buffers: readonly NodeJS.ArrayBufferView[]): Generator<Uint8Array> {
  for (const { buffer, byteOffset, byteLength } of buffers) {
    for (let at = 0; at < byteLength; at += CHUNK) {
      yield new Uint8Array(buffer, byteOffset + at, Math.min(CHUNK, byteLength - at));
    }
  }
}
