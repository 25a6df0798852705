/**
 * The worker threads of one image: who gets which, who waits, when one is started, and when it has been idle for too long.
 * A thread serves one user at a time. Runs in fresh interpreters go to any idle thread, those of a session to its own.
 *
 * The first thread makes the image (or reads it from a file); the others wait for it.
 */
import { isInsideCallback } from './callback-runner.ts';
import { CancelledError, SandboxError } from './errors.ts';
import type { Image, ImageFile, ImageRecipe, WorkerCounts } from './messages.ts';
import { NO_COUNTS, PythonThread, type StartWorker } from './thread.ts';

export interface GroupOptions {
  readonly start: StartWorker;
  readonly recipe: ImageRecipe;
  readonly image?: Image | undefined;
  readonly file?: ImageFile | undefined;
  readonly pyodide?: string | undefined;
  /** Threads at most; callbacks that execute something themselves may start more. */
  readonly maxWorkers: number;
  /** Idle threads that stay for good. Default 1. */
  readonly keepIdle?: number | undefined;
  /** After so long, other idle threads end. Default 10 s. */
  readonly idleMs?: number | undefined;
  readonly warn: (message: string) => void;
}

/** The use of a thread, until it is released. */
export interface Lease {
  readonly thread: PythonThread;
  release(): void;
}

interface Waiting {
  /** The one that it has to be. */
  readonly thread: PythonThread | undefined;
  /** It waits in a callback: for a thread that it would wait for may wait for it. */
  readonly nested: boolean;
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: Error) => void;
}

const IDLE_MS = 10_000;

export interface GroupStats {
  readonly workers: number;
  readonly idle: number;
  readonly waiting: number;
  /** Interpreters of sessions. */
  readonly sessions: number;
  /** Interpreters that were started from nothing. */
  readonly boots: number;
  /** Functions that were compiled, in all threads so far. */
  readonly generated: number;
  /** Interpreters restored from the image. */
  readonly restores: number;
}

export class WorkerGroup {
  readonly #options: GroupOptions;
  readonly #threads = new Set<PythonThread>();
  #waiting: Waiting[] = [];
  #image: Image | undefined;
  /** Somebody is about to find the image. */
  #imageComing = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Of threads that have gone. */
  #past: WorkerCounts = NO_COUNTS;
  /** Called when a thread has nothing to do. */
  onIdle: ((thread: PythonThread) => void) | undefined;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#image = options.image;
  }

  get image(): Image | undefined {
    return this.#image;
  }

  /** A better one: for threads that start from now on. */
  set image(image: Image) {
    this.#image = image;
  }

  warn(message: string): void {
    this.#options.warn(message);
  }

  /** Idle threads that have generated code which no image has. */
  grown(): PythonThread[] {
    const { file } = this.#options;
    if (file === undefined || this.#closed) return [];
    return [...this.#threads].filter(({ leased, counts }) => !leased && counts.unsaved > 0);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get stats(): GroupStats {
    const all = [this.#past, ...[...this.#threads].map(({ counts }) => counts)];
    const sum = (name: keyof WorkerCounts) => all.reduce((total, counts) => total + counts[name], 0);
    return {
      workers: this.#threads.size,
      idle: [...this.#threads].filter(({ leased }) => !leased).length,
      waiting: this.#waiting.length,
      sessions: [...this.#threads].reduce((sum, { sessions }) => sum + sessions, 0),
      boots: sum('boots'),
      generated: sum('generated'),
      restores: sum('restores'),
    };
  }

  /** The use of a thread: of `thread`, or of any. First come, first served. */
  lease(thread?: PythonThread, signal?: AbortSignal): Promise<Lease> {
    if (this.#closed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(new CancelledError(signal.reason));
    return new Promise((resolve, reject) => {
      const waiting = { thread, nested: isInsideCallback(), resolve, reject };
      signal?.addEventListener('abort', () => this.#forget(waiting, signal.reason), { once: true });
      if (waiting.nested) this.#waiting.unshift(waiting);
      else this.#waiting.push(waiting);
      this.#serve();
    });
  }

  #forget(waiting: Waiting, reason: unknown): void {
    if (!this.#waiting.includes(waiting)) return;
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    waiting.reject(new CancelledError(reason));
  }

  /** The same, for a session that is to stay there: a thread with as few others as there are. */
  async leaseForSession(signal?: AbortSignal): Promise<Lease> {
    const idle = [...this.#threads].some(({ leased, sessions }) => !leased && sessions === 0);
    const full = this.#threads.size >= this.#options.maxWorkers;
    const fewest = [...this.#threads].sort((a, b) => a.sessions - b.sessions)[0];
    return this.lease(idle || !full ? undefined : fewest, signal);
  }

  /** Threads that are started ahead, as far as there may be so many. */
  async warm(count: number): Promise<void> {
    const leases = Array.from({ length: Math.min(count, this.#options.maxWorkers) }, () => this.lease());
    for (const lease of await Promise.all(leases)) lease.release();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const error = closedError();
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting = [];
    await Promise.all([...this.#threads].map((thread) => thread.terminate(error)));
  }

  // ------------------------------------------------------------------ who gets what

  #serve(): void {
    for (;;) {
      this.#waiting = this.#waiting.filter((waiting) => !this.#serveOne(waiting));
      if (!this.#mayStart()) return;
      this.#start();
    }
  }

  #mayStart(): boolean {
    if (this.#imageComing || this.#closed) return false;
    const full = this.#threads.size >= this.#options.maxWorkers;
    return this.#waiting.some(({ thread, nested }) => thread === undefined && (nested || !full));
  }

  #serveOne({ thread: wanted, resolve, reject }: Waiting): boolean {
    if (wanted !== undefined && !wanted.alive) {
      reject(new SandboxError('the worker of this session has gone'));
      return true;
    }
    const thread = wanted ?? this.#mostIdle();
    if (thread === undefined || thread.leased) return false;
    thread.leased = true;
    // One that is only starting may come to nothing.
    thread.ready.then(
      () => resolve(this.#leaseOf(thread)),
      (error: SandboxError) => reject(error),
    );
    return true;
  }

  /** Sessions are left to themselves as long as others are free. */
  #mostIdle(): PythonThread | undefined {
    let best: PythonThread | undefined;
    for (const thread of this.#threads) {
      if (!thread.leased && (best === undefined || thread.sessions < best.sessions)) best = thread;
    }
    return best;
  }

  #leaseOf(thread: PythonThread): Lease {
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      thread.leased = false;
      thread.idleSince = performance.now();
      this.#serve();
      if (!thread.leased && thread.alive) {
        this.onIdle?.(thread);
        this.#watchIdle();
      }
    };
    return { thread, release };
  }

  // ------------------------------------------------------------------ starting and ending threads

  #start(): void {
    const { start, recipe, file, pyodide, warn } = this.#options;
    const thread = new PythonThread(start, { recipe, image: this.#image, file, pyodide });
    const first = this.#image === undefined;
    if (first) this.#imageComing = true;
    this.#threads.add(thread);
    thread.onLost = () => this.#lost(thread);
    const settled = () => {
      if (!first) return;
      this.#imageComing = false;
      this.#serve();
    };
    thread.ready.then(({ image, warnings }) => {
      this.#image ??= image;
      for (const warning of warnings) warn(warning);
      settled();
    }, settled);
  }

  #lost(thread: PythonThread): void {
    this.#threads.delete(thread);
    const { boots, generated, restores } = thread.counts;
    this.#past = {
      ...this.#past,
      boots: this.#past.boots + boots,
      generated: this.#past.generated + generated,
      restores: this.#past.restores + restores,
    };
    if (!this.#closed) this.#serve();
  }

  #watchIdle(): void {
    if (this.#timer !== undefined || this.#closed) return;
    const { idleMs = IDLE_MS } = this.#options;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#endIdle() > 0) this.#watchIdle();
    }, idleMs);
    this.#timer.unref();
  }

  /** Ends threads that have been idle for long; returns how many may have to be looked at again. */
  #endIdle(): number {
    const { idleMs = IDLE_MS, keepIdle = 1 } = this.#options;
    const idle = [...this.#threads]
      .filter(({ leased, sessions }) => !leased && sessions === 0)
      .sort((a, b) => b.idleSince - a.idleSince)
      .slice(keepIdle);
    const old = idle.filter(({ idleSince }) => performance.now() - idleSince >= idleMs);
    for (const thread of old) void thread.terminate();
    return idle.length - old.length;
  }
}

function closedError(): SandboxError {
  return new SandboxError('the factory is closed');
}
