/**
 * What a run wrote, gathered on the host: bytes become text chunk by chunk (a character may come in two of them), handlers
 * see each chunk as it comes, and all of it is kept.
 */
import type { OutputChunk } from './messages.ts';
import type { TraceEvent } from './result.ts';

export type OutputHandler = (text: string) => unknown;
export type TraceHandler = (event: TraceEvent) => unknown;

export interface Handlers {
  readonly onStdout?: OutputHandler | undefined;
  readonly onStderr?: OutputHandler | undefined;
  readonly onTrace?: TraceHandler | undefined;
}

/** A trace that is longer is cut off in the result; handlers see all of it. */
const LONGEST_TRACE = 100_000;

class Stream {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #handler: OutputHandler | undefined;
  readonly #name: string;
  text = '';

  constructor(name: string, handler: OutputHandler | undefined) {
    this.#name = name;
    this.#handler = handler;
  }

  write(bytes: Uint8Array): void {
    this.#add(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): void {
    this.#add(this.#decoder.decode());
  }

  #add(text: string): void {
    if (text === '') return;
    this.text += text;
    if (this.#handler !== undefined) tell(this.#name, this.#handler, text);
  }
}

export class Output {
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #onTrace: TraceHandler | undefined;
  readonly trace: TraceEvent[] = [];

  constructor({ onStdout, onStderr, onTrace }: Handlers) {
    this.#stdout = new Stream('onStdout', onStdout);
    this.#stderr = new Stream('onStderr', onStderr);
    this.#onTrace = onTrace;
  }

  write(chunks: readonly OutputChunk[]): void {
    for (const [descriptor, bytes] of chunks) (descriptor === 1 ? this.#stdout : this.#stderr).write(bytes);
  }

  traced(events: readonly TraceEvent[]): void {
    for (const event of events) {
      if (this.trace.length < LONGEST_TRACE) this.trace.push(event);
      if (this.#onTrace !== undefined) tell('onTrace', this.#onTrace, event);
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
function tell<Value>(name: string, handler: (value: Value) => unknown, value: Value): void {
  const report = (error: unknown) => console.error(`sandglass: ${name} threw`, error);
  try {
    const answer = handler(value);
    if (answer instanceof Promise) answer.catch(report);
  } catch (error) {
    report(error);
  }
}
