/**
 * What the guest (Python, `bootstrap/*.py`) and its worker say to each other: the types, and the checks of what comes from
 * the guest, which may be anything at all once a program has had its hands on the interpreter.
 *
 * There are two ways. `call`: a request, an answer (a line of JSON, then bytes). And, while a program runs, the channel
 * `/dev/sandglass`: lines of JSON in either direction. What workers and the host say to each other is not said here.
 */

/** A host function as the program shall see it. */
export interface CallbackEntry {
  readonly name: string;
  readonly description?: string;
  /** JSON schema of its arguments: `properties` in order give meaning to positional arguments. */
  readonly schema?: unknown;
}

export interface ExecuteRequest {
  readonly code: string;
  /** In tracebacks. Default `<user>`. */
  readonly filename?: string;
  /** `sys.argv`; as it was by default. */
  readonly argv?: readonly string[];
  /**
   * `exec`: a script (default). `single`: an entry of a REPL, the value of a last expression is printed, and `exit()` is an
   * exception like any other.
   */
  readonly mode?: 'exec' | 'single';
  readonly callbacks?: readonly CallbackEntry[];
  readonly resultVariable?: string;
  readonly trace?: boolean;
  /** The interpreter is thrown away afterwards: do what the end of a Python process does (atexit, files, `__del__`). */
  readonly final?: boolean;
}

/** The host's answer to a callback. */
export type CallbackAnswer =
  | { readonly id: number; readonly ok: true; readonly json: string }
  | { readonly id: number; readonly ok: false; readonly message: string };

/** An exception that the program did not catch, or that an operation ended with. */
export interface PythonError {
  /** The name of its class, without module. */
  readonly type: string;
  readonly message: string;
  /** As Python prints it, without a newline at the end. */
  readonly traceback: string;
  /** Of a `SystemExit`: what the process would end with. */
  readonly exitCode?: number;
}

export interface Failed {
  readonly status: 'done';
  readonly ok: false;
  readonly error: PythonError;
}

export interface Succeeded {
  readonly status: 'done';
  readonly ok: true;
  readonly resultJson?: string;
  readonly resultError?: string;
}

/**
 * The program waits for answers, or for the time (null: for answers only). No Python code is on the stack: the instance
 * is at rest, and a snapshot may be taken.
 */
export interface Waiting {
  readonly status: 'wait';
  readonly timeoutMs: number | null;
}

export type Outcome = Waiting | Succeeded | Failed;

export type Completeness = 'complete' | 'incomplete' | 'invalid';

export interface SavedState {
  readonly bytes: Uint8Array;
  /** The variables that are in it. */
  readonly names: readonly string[];
  /** Those that are not, and why. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

export type TraceEvent =
  | { readonly kind: 'line'; readonly lineno: number }
  | { readonly kind: 'call' | 'return'; readonly lineno: number; readonly function: string }
  | { readonly kind: 'exception'; readonly lineno: number; readonly message: string }
  | { readonly kind: 'callback_start'; readonly lineno: number; readonly name: string }
  | {
      readonly kind: 'callback_end';
      readonly lineno: number;
      readonly name: string;
      readonly durationMs: number;
    };

/** From the guest, while a program runs. */
export type ChannelMessage =
  /** A host function is called: it begins at once. `json`: an object, its arguments by name. */
  | { readonly t: 'call'; readonly id: number; readonly name: string; readonly json: string }
  /** Nobody waits for that call any more. */
  | { readonly t: 'cancel'; readonly id: number }
  | { readonly t: 'trace'; readonly event: TraceEvent }
  /** The guest is about to read: it wants a line `{"answers": […]}`, empty when the time is up. */
  | { readonly t: 'wait'; readonly timeoutMs: number | null };

/** The guest said something that is no message: its interpreter has been tampered with. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

type Fields = Readonly<Record<string, unknown>>;

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isTime = (value: unknown): value is number | null =>
  value === null || (isNumber(value) && value >= 0 && value <= 2 ** 47);
const optional = <T>(is: (value: unknown) => value is T, value: unknown) => value === undefined || is(value);

const refuse = (what: string): never => {
  throw new ProtocolError(`the guest sent ${what}`);
};

function parseObject(text: string, what: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(`${what} that is no JSON`);
  }
  const fine = typeof value === 'object' && value !== null && !Array.isArray(value);
  return fine ? (value as Fields) : refuse(`${what} that is no object`);
}

/** Checks an answer of `call`; a failure of the operation is an answer as good as any. */
export function parseAnswer(text: string): Fields & (Outcome | Failed) {
  const answer = parseObject(text, 'an answer');
  if (answer.status === 'wait' && isTime(answer.timeoutMs)) return answer as Fields & Waiting;
  const { resultJson, resultError } = answer;
  if (answer.status !== 'done') return refuse('an answer of unknown status');
  if (answer.ok === false && isPythonError(answer.error)) return answer as Fields & Failed;
  if (answer.ok === true && optional(isString, resultJson) && optional(isString, resultError))
    return answer as Fields & Succeeded;
  return refuse('a malformed answer');
}

function isPythonError(value: unknown): value is PythonError {
  const { type, message, traceback, exitCode } = (value ?? {}) as Fields;
  return isString(type) && isString(message) && isString(traceback) && optional(isNumber, exitCode);
}

/** Checks one line of the channel. */
export function parseChannelLine(line: string): ChannelMessage {
  const message = parseObject(line, 'a line');
  const check =
    isString(message.t) && Object.hasOwn(CHANNEL, message.t)
      ? CHANNEL[message.t as ChannelMessage['t']]
      : undefined;
  if (!check?.(message)) return refuse(`a malformed line (t: ${JSON.stringify(message.t)?.slice(0, 40)})`);
  const sound = message as unknown as ChannelMessage;
  return sound.t === 'trace' ? { t: 'trace', event: bounded(sound.event) } : sound;
}

/** Texts of an event that are longer are cut off. */
const LONGEST_TEXT = 4096;

/** An event with nothing in it that has no place there: hundreds of thousands of them may be kept. */
function bounded(event: TraceEvent): TraceEvent {
  const { kind, lineno, function: name, message, name: callback, durationMs } = event as Fields;
  const texts = { function: name, message, name: callback };
  const given = Object.entries(texts).filter(([, text]) => typeof text === 'string') as [string, string][];
  const cut = Object.fromEntries(given.map(([key, text]) => [key, text.slice(0, LONGEST_TEXT)]));
  return { kind, lineno, ...cut, ...(isNumber(durationMs) && { durationMs }) } as TraceEvent;
}

const CHANNEL: Readonly<Record<ChannelMessage['t'], (message: Fields) => boolean>> = {
  call: ({ id, name, json }) => isNumber(id) && isString(name) && isString(json),
  cancel: ({ id }) => isNumber(id),
  trace: ({ event }) => isTraceEvent((event ?? {}) as Fields),
  wait: ({ timeoutMs }) => isTime(timeoutMs),
};

function isTraceEvent(event: Fields): boolean {
  const check =
    isString(event.kind) && Object.hasOwn(EVENTS, event.kind)
      ? EVENTS[event.kind as TraceEvent['kind']]
      : undefined;
  return isNumber(event.lineno) && (check?.(event) ?? false);
}

const withFunction = (event: Fields) => isString(event.function);
const EVENTS: Readonly<Record<TraceEvent['kind'], (event: Fields) => boolean>> = {
  line: () => true,
  call: withFunction,
  return: withFunction,
  exception: (event) => isString(event.message),
  callback_start: (event) => isString(event.name),
  callback_end: (event) => isString(event.name) && isNumber(event.durationMs),
};

const isSkipped = (value: unknown) => {
  const { name, reason } = (value ?? {}) as Fields;
  return isString(name) && isString(reason);
};

/** Checks the answer to `pickle`. */
export function parseSavedState(answer: Fields, bytes: Uint8Array): SavedState {
  const { names, skipped } = answer;
  const fine =
    Array.isArray(names) && names.every(isString) && Array.isArray(skipped) && skipped.every(isSkipped);
  return fine
    ? { bytes, names, skipped: skipped as SavedState['skipped'] }
    : refuse('a malformed list of variables');
}

/** Checks the answer to `complete`. */
export function parseCompleteness(answer: Fields): Completeness {
  const { completeness } = answer;
  const fine = completeness === 'complete' || completeness === 'incomplete' || completeness === 'invalid';
  return fine ? completeness : refuse('no completeness');
}
