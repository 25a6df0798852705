/**
 * The processes that measure or are measured: started, spoken to, and ended. Each gets V8's default flags, whatever
 * flags this process has.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GuestTask } from './guest.ts';
import type { KernelMessage, KernelTask } from './kernel-child.ts';
import type { Cell } from './results.ts';

/** A process that says nothing for so long is stuck. */
const PATIENCE_MS = 10 * 60_000;

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const KERNEL = script('./kernel-child.js');
const GUEST = script('./guest.js');
const JITLESS = script('./jitless-child.js');

/** Measures one C program in a process of its own. */
export function measureKernel(task: KernelTask, progress: (what: string) => void): Promise<readonly Cell[]> {
  const child = fork(KERNEL, [], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const stderr = tailOf(child);
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.on('message', (message: KernelMessage) => {
      limit.refresh();
      if ('cells' in message) resolve(message.cells);
      else progress(message.progress);
    });
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearTimeout(limit);
      reject(new Error(endOf(status, signal, stderr())));
    });
    child.send(task);
  });
}

/** Output of a process that runs to its end. */
export function output(
  file: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<string> {
  const child = spawn(process.execPath, [...flags, file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stderr = tailOf(child);
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearTimeout(limit);
      if (status === 0) resolve(text.trim());
      else reject(new Error(endOf(status, signal, stderr())));
    });
  });
}

/** Of a process without WebAssembly and without a compiler; polywasm needs code from text. */
export function jitlessOutput(task: string): Promise<string> {
  return output(JITLESS, [task], ['--jitless']);
}

export function guestOutput(task: GuestTask): Promise<string> {
  return output(GUEST, [JSON.stringify(task)]);
}

/** A guest that waits for a line and answers with one; its first says that it is ready. */
export class Session {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<string>;
  /** Consumed up to the last answer, where the engine counts. */
  fuel: bigint | undefined;

  constructor(task: GuestTask) {
    this.#child = spawn(process.execPath, [GUEST, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'pipe'] });
    const stderr = tailOf(this.#child);
    this.#child.stdin!.on('error', () => {}); // told by the end of its output
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('close', (status, signal) => resolve(endOf(status, signal, stderr())));
    });
  }

  /** One run of the program: its result. */
  run(): Promise<string> {
    this.#child.stdin!.write('\n');
    return this.answer();
  }

  /** The next line. */
  async answer(): Promise<string> {
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    const { value, done } = await this.#lines.next();
    clearTimeout(limit);
    if (done) throw new Error(await this.#ended);
    const [result, fuel] = (value as string).split(' ') as [string, string];
    if (fuel !== '') this.fuel = BigInt(fuel);
    return result;
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#ended;
    clearTimeout(limit);
  }
}

/** The last of what a process writes to stderr: why it fails, if it does. */
function tailOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4000);
  });
  return () => text;
}

function endOf(status: number | null, signal: string | null, stderr: string): string {
  const lines = stderr.trim().split('\n');
  const named =
    lines.find((line) => /^(\w+: |\w*(Error|Exception)\b|sandglass: )/.test(line)) ?? lines.at(-1);
  const how = signal === null ? `exit status ${status}` : `ended by ${signal}`;
  return named ? `${named} (${how})` : how;
}
