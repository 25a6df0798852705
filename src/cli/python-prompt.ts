/**
 * The prompt of `sandglass python`: reads statements, of one line or more, and runs each in a session. Editing and history are
 * `node:readline`'s. Ctrl-C leaves the statement that is being typed, or stops the one that runs, and never the prompt; Ctrl-D
 * or `exit()` ends it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Session } from '../python.ts';
import { CliError, type Outcome } from './exit-status.ts';
import { outcomeOfPython } from './python-outcome.ts';

type PromptSession = Pick<Session, 'execute' | 'isComplete'>;

const FIRST = '>>> ';
const NEXT = '... ';
const HISTORY_LINES = 1000;

export interface PromptOptions {
  readonly banner: string;
  /** A file that keeps the history. Default: it is forgotten. */
  readonly history?: string | undefined;
}

/** Until the user ends it; answers how. */
export function prompt(session: PromptSession, options: PromptOptions): Promise<Outcome> {
  return new Promise((resolve) => new Prompt(session, options, resolve));
}

class Prompt {
  readonly #session: PromptSession;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #lines: Interface;
  /** Of the statement that is being typed. */
  #statement: string[] = [];
  /** Typed, or pasted, while something ran. */
  readonly #waiting: string[] = [];
  /** Stops what runs. */
  #running: AbortController | undefined;
  #outcome: Outcome = { status: 0, lines: [] };
  #closed = false;

  constructor(session: PromptSession, options: PromptOptions, resolve: (outcome: Outcome) => void) {
    this.#session = session;
    this.#resolve = resolve;
    this.#lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      history: readHistory(options.history),
      historySize: HISTORY_LINES,
      prompt: FIRST,
    });
    this.#lines.on('line', (line) => this.#take(line));
    this.#lines.on('SIGINT', () => this.#interrupt());
    this.#lines.on('history', (history: string[]) => writeHistory(options.history, history));
    this.#lines.on('close', () => this.#close());
    process.stdout.write(`${options.banner}\n`);
    this.#lines.prompt();
  }

  #take(line: string): void {
    this.#waiting.push(line);
    if (this.#running === undefined) void this.#work();
  }

  async #work(): Promise<void> {
    this.#running = new AbortController();
    try {
      for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
        this.#statement.push(line);
        await this.#runStatement(this.#running.signal);
        if (this.#running.signal.aborted) this.#interrupted();
      }
    } catch (error) {
      this.#end(outcomeOfPython(error));
    }
    this.#running = undefined;
    if (this.#closed) this.#resolve(this.#outcome);
    else this.#ask();
  }

  #ask(): void {
    this.#lines.setPrompt(this.#statement.length === 0 ? FIRST : NEXT);
    // What was typed meanwhile stays, and the cursor behind it.
    this.#lines.prompt(true);
  }

  async #runStatement(signal: AbortSignal): Promise<void> {
    const source = this.#statement.join('\n');
    if (source.trim() === '') this.#statement = [];
    else if ((await this.#session.isComplete(source)) !== 'incomplete') {
      this.#statement = [];
      await this.#execute(source, signal);
    }
  }

  async #execute(source: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#session.execute(source, { mode: 'single', signal });
    } catch (error) {
      this.#report(error);
    }
  }

  /** An exception is shown, and the prompt goes on; `exit()` ends it. */
  #report(error: unknown): void {
    const { name, type, recovery } = error as { name?: string; type?: string; recovery?: string };
    const { status, lines } = outcomeOfPython(error);
    if (type === 'SystemExit' || name === 'InitializationError') {
      this.#end({ status, lines });
      return;
    }
    for (const line of name === 'CancelledError' ? [] : lines) process.stderr.write(`${line}\n`);
    if (recovery === 'snapshot' || recovery === 'image')
      process.stderr.write(
        'sandglass: Python had to be stopped for good: its variables are gone, its files are there\n',
      );
  }

  #interrupt(): void {
    if (this.#running !== undefined) {
      this.#waiting.length = 0;
      this.#running.abort();
      return;
    }
    this.#statement = [];
    process.stdout.write('\nKeyboardInterrupt\n');
    this.#forgetLine();
    this.#ask();
  }

  /** Whatever was going on: a statement that ran, or one that was looked at. */
  #interrupted(): void {
    process.stderr.write('KeyboardInterrupt\n');
    this.#statement = [];
    this.#forgetLine();
    this.#running = new AbortController();
  }

  /** What has been typed of a line: before the cursor, and behind it. */
  #forgetLine(): void {
    for (const name of ['u', 'k']) this.#lines.write(null, { ctrl: true, name });
  }

  #end(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#waiting.length = 0;
    this.#lines.close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#running !== undefined) return;
    process.stdout.write('\n');
    this.#resolve(this.#outcome);
  }
}

function readHistory(file: string | undefined): string[] {
  if (file === undefined || !existsSync(file)) return [];
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).reverse();
  } catch (error) {
    throw new CliError(`cannot read the history: ${(error as Error).message}`);
  }
}

/** `history` has the newest line first. */
function writeHistory(file: string | undefined, history: readonly string[]): void {
  if (file === undefined) return;
  writeFileSync(file, `${[...history].reverse().join('\n')}\n`, { mode: 0o600 });
}
