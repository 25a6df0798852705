/**
 * Starts the built `sandglass` in a process of its own, as a user would, and answers what came out of it. Not a test.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const MAIN = fileURLToPath(new URL('../dist/lib/main.js', import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text for stdin, which then ends. Without it stdin is empty; `'idle'` leaves it open and silent. */
  readonly input?: string | { readonly idle: true };
  readonly nodeArgs?: readonly string[];
  /** A different Node. */
  readonly node?: string;
  /** Sent once the program has written something. */
  readonly signal?: NodeJS.Signals;
}

/** Any command. A process that is still there after 280 s is killed, and its status is null. */
export function execute(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<Finished> {
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    timeout: 280_000,
    killSignal: 'SIGKILL',
  });
  if (typeof options.input !== 'object') child.stdin.end(options.input ?? '');
  child.stdin.on('error', () => {}); // a program may end without reading
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      if (output[name] === '' && name === 'stdout' && options.signal !== undefined)
        child.kill(options.signal);
      output[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, ...output }));
  });
}

export function sandglass(args: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  return execute(options.node ?? process.execPath, [...(options.nodeArgs ?? []), MAIN, ...args], options);
}
