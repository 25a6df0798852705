/**
 * What a run wrote, gathered on the host: bytes become text chunk by chunk (a character may come in two of them), handlers
 * see each chunk as it comes, and all of it is kept.
 */
import type { OutputChunk } from './messages.ts';
import type { TraceEvent } from './result.ts';

/** `bytes`: what was written; a character that comes in two pieces is in the text once it is whole. */
export type OutputHandler = (text: string, bytes: Uint8Array) => unknown;
export type TraceHandler = (event: TraceEvent) => unknown;

export interface Handlers {
  readonly onStdout?: OutputHandler | undefined;
  readonly onStderr?: OutputHandler | undefined;
  readonly onTrace?: TraceHandler | undefined;
  /** Default true. */
  readonly keepOutput?: boolean | undefined;
}

/** A trace that is longer is cut off in the result; handlers see all of it. */
const LONGEST_TRACE = 100_000;

const NOTHING = new Uint8Array(0);

class Stream {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #handler: OutputHandler | undefined;
  readonly #name: string;
  readonly #keep: boolean;
  text = '';

  constructor(name: string, handler: OutputHandler | undefined, keep: boolean) {
    this.#name = name;
    this.#handler = handler;
    this.#keep = keep;
  }

  write(bytes: Uint8Array): void {
    this.#add(this.#decoder.decode(bytes, { stream: true }), bytes);
  }

  end(): void {
    this.#add(this.#decoder.decode(), NOTHING);
  }

  #add(text: string, bytes: Uint8Array): void {
    if (text === '' && bytes.length === 0) return;
    if (this.#keep) this.text += text;
    const handler = this.#handler;
    if (handler !== undefined) tell(this.#name, () => handler(text, bytes));
  }
}

export class Output {
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #onTrace: TraceHandler | undefined;
  readonly trace: TraceEvent[] = [];

  constructor({ onStdout, onStderr, onTrace, keepOutput = true }: Handlers) {
    this.#stdout = new Stream('onStdout', onStdout, keepOutput);
    this.#stderr = new Stream('onStderr', onStderr, keepOutput);
    this.#onTrace = onTrace;
  }

  write(chunks: readonly OutputChunk[]): void {
    for (const [descriptor, bytes] of chunks) (descriptor === 1 ? this.#stdout : this.#stderr).write(bytes);
  }

  traced(events: readonly TraceEvent[]): void {
    for (const event of events) {
      if (this.trace.length < LONGEST_TRACE) this.trace.push(event);
      const handler = this.#onTrace;
      if (handler !== undefined) tell('onTrace', () => handler(event));
    }
  }

  /** No more comes: half a character is what it is. */
  end(): void {
    this.#stdout.end();
    this.#stderr.end();
  }

  get rawStdout(): string {
    return this.#stdout.text;
  }

  get rawStderr(): string {
    return this.#stderr.text;
  }
}

/** What a handler throws, now or later, is its own business: it is told of, and the run goes on. */
function tell(name: string, handler: () => unknown): void {
  const report = (error: unknown) => console.error(`sandglass: ${name} threw`, error);
  try {
    const answer = handler();
    if (answer instanceof Promise) answer.catch(report);
  } catch (error) {
    report(error);
  }
}
