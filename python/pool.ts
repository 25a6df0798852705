/**
 * A pool of sandboxes: as many at once as it may have, the others wait. What a user sets on a sandbox of the pool is gone when
 * it is given back. (Programs start in fresh interpreters in any case; what is pooled are warm threads and the right to use them.)
 *
 *   using sandbox = await pool.acquire();
 *   await sandbox.withCallbacks({ now: () => Date.now() }).execute('print(await now())');
 */
import { wrongType } from '../runtime/errors.ts';
import type { Callbacks } from './callbacks.ts';
import { PoolError, TimeoutError } from './errors.ts';
import { SandboxFactory } from './factory.ts';
import type { VfsStorage } from './files/vfs-storage.ts';
import type { ResourceLimits, ResourceLimitsOptions } from './limits.ts';
import { checkKeys, count, number, optional } from './options.ts';
import type { Handlers } from './output.ts';
import type { ExecuteResult } from './result.ts';
import { type ExecuteOptions, type ExecutionHandle, Sandbox, type SandboxOptions } from './sandbox.ts';

export interface PoolOptions {
  /** Sandboxes in use at once. Default 10. */
  readonly maxSize?: number | undefined;
  /** Sandboxes, and threads, that are there from the start. Default 1. */
  readonly minIdle?: number | undefined;
  /** How long one that nobody uses is kept, see `evictIdle`. Default 300,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long `acquire` waits; null: for ever. Default 30,000. */
  readonly acquireTimeoutMs?: number | null | undefined;
  /** Whether what was set on a sandbox is undone when it is given back. Default true. */
  readonly resetOnRelease?: boolean | undefined;
  /** Threads of the pool's own factory. */
  readonly workers?: number | undefined;
}

/** All of them, with defaults. */
export interface PoolConfig {
  readonly maxSize: number;
  readonly minIdle: number;
  readonly idleTimeoutMs: number;
  readonly acquireTimeoutMs: number | null;
  readonly resetOnRelease: boolean;
}

export interface PoolStats {
  readonly total: number;
  /** Sandboxes that can be had at once. */
  readonly available: number;
  readonly inUse: number;
  readonly totalAcquisitions: number;
  readonly totalCreations: number;
  /** Acquisitions that had to wait. */
  readonly waitCount: number;
  readonly totalWaitMs: number;
  readonly averageWaitMs: number;
}

/** Settings of one user. */
type Overrides = Pick<
  SandboxOptions,
  'callbacks' | 'resourceLimits' | 'onStdout' | 'onStderr' | 'onTrace' | 'vfs'
>;

interface Slot {
  overrides: Overrides;
  idleSince: number;
}

interface Waiting {
  readonly since: number;
  readonly resolve: (slot: Slot) => void;
  readonly reject: (error: Error) => void;
}

const POOL_OPTIONS: readonly (keyof PoolOptions)[] = [
  'maxSize',
  'minIdle',
  'idleTimeoutMs',
  'acquireTimeoutMs',
  'resetOnRelease',
  'workers',
];

/** Of users who forgot to give theirs back. */
const forgotten = new FinalizationRegistry<() => void>((release) => release());

export class SandboxPool {
  readonly #factory: SandboxFactory;
  readonly #ownsFactory: boolean;
  readonly #options: SandboxOptions;
  readonly #config: PoolConfig;
  readonly #idle: Slot[] = [];
  readonly #inUse = new Set<Slot>();
  readonly #waiting: Waiting[] = [];
  #closed = false;
  #acquisitions = 0;
  #creations = 0;
  #waits = 0;
  #waitMs = 0;

  constructor(sandbox: SandboxOptions = {}, pool: PoolOptions = {}) {
    this.#config = configOf(pool);
    if (typeof sandbox !== 'object' || sandbox === null) throw wrongType('options of a sandbox', sandbox);
    const { factory, cache, ...options } = sandbox;
    if (factory !== undefined && !(factory instanceof SandboxFactory))
      throw wrongType('factory to be a SandboxFactory', factory);
    if (factory !== undefined && pool.workers !== undefined)
      throw new TypeError('workers is an option of the factory that was given');
    this.#ownsFactory = factory === undefined;
    this.#factory = factory ?? new SandboxFactory({ cache, workers: pool.workers });
    this.#options = { ...options, factory: this.#factory };
    // Whatever is wrong with them is said now.
    void new Sandbox(this.#options);
    for (let i = 0; i < this.#config.minIdle; i++) this.#idle.push(this.#create());
    // What hinders it is said to whoever executes something.
    if (this.#config.minIdle > 0) this.ready().catch(() => {});
  }

  /** Resolved when the threads are there that `minIdle` asks for. */
  async ready(): Promise<this> {
    await this.#factory.group.warm(Math.max(1, this.#config.minIdle));
    return this;
  }

  get config(): PoolConfig {
    return this.#config;
  }

  /** Waits for a free sandbox, as long as the pool's options say. */
  acquire(): Promise<PooledSandbox> {
    return this.acquireTimeout(this.#config.acquireTimeoutMs);
  }

  async acquireTimeout(timeoutMs: number | null): Promise<PooledSandbox> {
    const ms = count('timeoutMs', timeoutMs);
    this.#requireOpen();
    const slot = this.#take() ?? (await this.#wait(ms));
    return this.#hand(slot);
  }

  /** A sandbox, if one is free; else null. */
  tryAcquire(): PooledSandbox | null {
    this.#requireOpen();
    const slot = this.#take();
    return slot === undefined ? null : this.#hand(slot);
  }

  stats(): PoolStats {
    const { maxSize } = this.#config;
    return {
      total: this.#idle.length + this.#inUse.size,
      available: this.#closed ? 0 : maxSize - this.#inUse.size,
      inUse: this.#inUse.size,
      totalAcquisitions: this.#acquisitions,
      totalCreations: this.#creations,
      waitCount: this.#waits,
      totalWaitMs: this.#waitMs,
      averageWaitMs: this.#waits === 0 ? 0 : this.#waitMs / this.#waits,
    };
  }

  /** Drops sandboxes that have been idle for too long, but for `minIdle`; answers how many. */
  evictIdle(): number {
    const { minIdle, idleTimeoutMs } = this.#config;
    const now = performance.now();
    let evicted = 0;
    // The one that was given back first stands first.
    while (this.#idle.length > minIdle && now - this.#idle[0]!.idleSince >= idleTimeoutMs) {
      this.#idle.shift();
      evicted++;
    }
    return evicted;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Nobody gets any more; those in use go on to their end. Its own factory ends when they are given back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#idle.length = 0;
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    await this.#endFactory();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ------------------------------------------------------------------ slots

  #take(): Slot | undefined {
    if (this.#idle.length > 0) return this.#idle.pop();
    const full = this.#inUse.size >= this.#config.maxSize;
    return full ? undefined : this.#create();
  }

  #create(): Slot {
    this.#creations++;
    return { overrides: {}, idleSince: performance.now() };
  }

  #hand(slot: Slot): PooledSandbox {
    this.#acquisitions++;
    this.#inUse.add(slot);
    return new PooledSandbox(this.#options, slot, {
      release: () => this.#release(slot),
      detach: () => this.#detach(slot),
    });
  }

  async #wait(ms: number | null): Promise<Slot> {
    const since = performance.now();
    this.#waits++;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Slot>((resolve, reject) => {
        const waiting: Waiting = { since, resolve, reject };
        this.#waiting.push(waiting);
        if (ms === null) return;
        const giveUp = () => {
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          reject(new TimeoutError(ms, {}, `waiting for one of ${this.#config.maxSize} sandboxes`));
        };
        timer = setTimeout(giveUp, Math.min(ms, 2 ** 31 - 1));
      });
    } finally {
      clearTimeout(timer);
      this.#waitMs += performance.now() - since;
    }
  }

  #release(slot: Slot): void {
    if (!this.#inUse.delete(slot)) return;
    if (this.#config.resetOnRelease) slot.overrides = {};
    slot.idleSince = performance.now();
    this.#pass(slot);
  }

  /** It leaves the pool, and there is room for another. */
  #detach(slot: Slot): void {
    if (this.#inUse.delete(slot)) this.#pass();
  }

  #pass(slot?: Slot): void {
    if (this.#closed) return void this.#endFactory();
    const next = this.#waiting.shift();
    if (next !== undefined) {
      // Nobody else may have it before it is handed over.
      const given = slot ?? this.#create();
      this.#inUse.add(given);
      next.resolve(given);
    } else if (slot !== undefined) {
      this.#idle.push(slot);
    }
  }

  async #endFactory(): Promise<void> {
    if (this.#ownsFactory && this.#inUse.size === 0) await this.#factory.close();
  }

  #requireOpen(): void {
    if (this.#closed) throw closedError();
  }
}

/** A sandbox for the time being. */
export class PooledSandbox {
  readonly #options: SandboxOptions;
  readonly #slot: Slot;
  readonly #ends: { release(): void; detach(): void };
  #released = false;

  /** Pools make them. */
  constructor(options: SandboxOptions, slot: Slot, ends: { release(): void; detach(): void }) {
    this.#options = options;
    this.#slot = slot;
    this.#ends = ends;
    forgotten.register(this, ends.release, this);
  }

  /** The sandbox as it is set now; it stays usable after `release`. */
  sandbox(): Sandbox {
    return new Sandbox({ ...this.#options, ...this.#slot.overrides });
  }

  async execute(code: string, options: ExecuteOptions = {}): Promise<ExecuteResult> {
    this.#requireMine();
    return await this.sandbox().execute(code, options);
  }

  executeCancellable(code: string): ExecutionHandle {
    this.#requireMine();
    return this.sandbox().executeCancellable(code);
  }

  withCallbacks(callbacks: Callbacks): this {
    return this.#with({ callbacks });
  }

  withResourceLimits(resourceLimits: ResourceLimits | ResourceLimitsOptions): this {
    return this.#with({ resourceLimits });
  }

  withOutputHandler({ onStdout, onStderr }: Pick<Handlers, 'onStdout' | 'onStderr'>): this {
    return this.#with({ onStdout, onStderr });
  }

  withTraceHandler(onTrace: NonNullable<Handlers['onTrace']>): this {
    return this.#with({ onTrace });
  }

  /** What `/data` is: files that are there for whoever has the storage. */
  withVfsStorage(vfs: VfsStorage): this {
    return this.#with({ vfs });
  }

  /** Gives it back. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    forgotten.unregister(this);
    this.#ends.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Takes it out of the pool for good. */
  detach(): Sandbox {
    this.#requireMine();
    const sandbox = this.sandbox();
    this.#released = true;
    forgotten.unregister(this);
    this.#ends.detach();
    return sandbox;
  }

  #with(overrides: Overrides): this {
    this.#requireMine();
    const all = { ...this.#slot.overrides, ...overrides };
    void new Sandbox({ ...this.#options, ...all });
    this.#slot.overrides = all;
    return this;
  }

  #requireMine(): void {
    if (this.#released) throw new PoolError('closed', 'the sandbox was given back to its pool');
  }
}

function configOf(options: PoolOptions): PoolConfig {
  checkKeys('option of SandboxPool', options, POOL_OPTIONS);
  const maxSize = number('maxSize', options.maxSize ?? 10, 0);
  const minIdle = number('minIdle', options.minIdle ?? Math.min(1, maxSize), 0);
  if (maxSize === 0) throw new PoolError('creation', 'maxSize must be at least 1');
  if (minIdle > maxSize) throw new PoolError('creation', `minIdle (${minIdle}) exceeds maxSize (${maxSize})`);
  return {
    maxSize,
    minIdle,
    idleTimeoutMs: number('idleTimeoutMs', options.idleTimeoutMs ?? 300_000, 0),
    acquireTimeoutMs: count(
      'acquireTimeoutMs',
      options.acquireTimeoutMs === undefined ? 30_000 : options.acquireTimeoutMs,
    ),
    resetOnRelease: optional('boolean', 'resetOnRelease', options.resetOnRelease) ?? true,
  };
}

function closedError(): PoolError {
  return new PoolError('closed', 'the pool is closed');
}
