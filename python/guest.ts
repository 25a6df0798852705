/**
 * The typed face of the bootstrap: one method per operation of `bootstrap/serve.py`, over the one function that CPython
 * is entered by. It knows nothing of workers, limits or files, and trusts no answer.
 *
 * `execute` runs until the program has ended or must wait; a waiting program goes on with `resume`.
 */
import {
  type CallbackAnswer,
  type Completeness,
  type ExecuteRequest,
  type Outcome,
  ProtocolError,
  type PythonError,
  parseAnswer,
  parseCompleteness,
  parseSavedState,
  type SavedState,
} from './protocol.ts';

/** What `Guest` needs of an interpreter: the bootstrap's `call`, bytes to bytes. */
export interface Callable {
  call(request: Uint8Array): Uint8Array;
}

/** An operation other than a program ended with a Python exception. */
export class GuestError extends Error {
  override readonly name = 'GuestError';
  readonly python: PythonError;

  constructor(python: PythonError) {
    super(python.message === '' ? python.type : python.message);
    this.python = python;
  }
}

/** Code that cannot be given to Python's compiler at all. */
export class RefusedCodeError extends Error {
  override readonly name = 'RefusedCodeError';
}

const NEWLINE = 10;
const DEFAULT_RESULT_VARIABLE = 'result';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Answer = ReturnType<typeof parseAnswer>;

export class Guest {
  readonly #interpreter: Callable;

  constructor(interpreter: Callable) {
    this.#interpreter = interpreter;
  }

  /** Runs a program. One that still waits is dropped where it stands. */
  execute(request: ExecuteRequest): Outcome {
    if (request.code.includes('\0'))
      throw new RefusedCodeError('code contains NUL bytes, which cannot be executed');
    const resultVariable = request.resultVariable ?? DEFAULT_RESULT_VARIABLE;
    return this.#ask({ op: 'execute', ...request, resultVariable }).answer;
  }

  /**
   * Goes on with a program that waits. `interrupt`: what waits is cancelled, and the program ends with a KeyboardInterrupt
   * unless it catches the cancellation.
   */
  resume(answers: readonly CallbackAnswer[], interrupt = false): Outcome {
    return this.#ask({ op: 'resume', answers, ...(interrupt && { interrupt }) }).answer;
  }

  /**
   * Once after an image was restored into a fresh sandbox: random numbers begin anew, from the host's entropy. `path`:
   * directories to be searched for modules, after those of the image. `env`: environment variables besides the image's.
   */
  fresh(path: readonly string[] = [], env: Readonly<Record<string, string>> = {}): void {
    this.#succeed({ op: 'fresh', path, env });
  }

  /** Forgets all variables; imported modules stay. */
  clear(): void {
    this.#succeed({ op: 'clear' });
  }

  /** Imports modules, before an image is made; `path` as above. */
  importModules(names: readonly string[], path: readonly string[] = []): void {
    this.#succeed({ op: 'import', names, path });
  }

  /** Last before an image is made: what exists now is spared from garbage collection for ever. */
  seal(): void {
    this.#succeed({ op: 'seal' });
  }

  /** Whether a REPL should run this text or read on. */
  complete(source: string): Completeness {
    return parseCompleteness(this.#succeed({ op: 'complete', source }).answer);
  }

  /** The portable form of all variables, at most `limit` bytes (default 10 MiB). */
  saveState(limit?: number): SavedState {
    const { answer, extra } = this.#succeed({ op: 'pickle', ...(limit !== undefined && { limit }) });
    return parseSavedState(answer, extra);
  }

  /** Merges saved variables into those that are there. */
  loadState(bytes: Uint8Array): void {
    this.#succeed({ op: 'unpickle' }, bytes);
  }

  #succeed(message: object, extra?: Uint8Array): { answer: Answer; extra: Uint8Array } {
    const reply = this.#ask(message, extra);
    const { answer } = reply;
    if (answer.status === 'wait')
      throw new ProtocolError('the guest waits where nothing is to be waited for');
    if (!answer.ok) throw new GuestError(answer.error);
    return reply;
  }

  #ask(message: object, extra?: Uint8Array): { answer: Answer; extra: Uint8Array } {
    const reply = this.#interpreter.call(requestBytes(JSON.stringify(message), extra));
    const end = reply.indexOf(NEWLINE);
    if (end < 0) throw new ProtocolError('the guest sent an answer without end');
    const answer = parseAnswer(decoder.decode(reply.subarray(0, end)));
    return { answer, extra: reply.slice(end + 1) };
  }
}

function requestBytes(line: string, extra: Uint8Array | undefined): Uint8Array {
  const head = encoder.encode(`${line}\n`);
  if (extra === undefined) return head;
  const all = new Uint8Array(head.length + extra.length);
  all.set(head);
  all.set(extra, head.length);
  return all;
}
