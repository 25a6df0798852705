/**
 * Everything that Sandglass throws, and every message of the runtime: one class per kind of failure, one place for
 * the words. Compile errors come from `compiler/`, traps from generated code and its helpers, the rest from here.
 *
 * Not here: when to throw, and the link errors' texts (`link.ts` words those as the specification's suite does).
 */
import type { Tag } from './tag.ts';

/** Gives every instance of a class its name without an own property, as native errors have it. */
// biome-ignore lint/complexity/noBannedTypes: any class
function named(errorClass: Function, name: string): void {
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true });
}

/** Where in a module something happened; every part optional. */
export interface Place {
  readonly functionIndex?: number | undefined;
  readonly functionName?: string | undefined;
  /** Byte offset in the module. */
  readonly offset?: number | undefined;
  readonly source?: SourcePosition | undefined;
}

/** The module is malformed, invalid, over a limit, or uses a feature that is switched off. */
export class CompileError extends Error {
  readonly offset: number | undefined;
  readonly functionIndex: number | undefined;
  readonly functionName: string | undefined;
  /** The proposal that the module uses and that is switched off: `simd`, `gc`. */
  readonly feature: string | undefined;

  constructor(message: string, details: Place & { readonly feature?: string | undefined } = {}) {
    super(message + placeText(details));
    this.offset = details.offset;
    this.functionIndex = details.functionIndex;
    this.functionName = details.functionName;
    this.feature = details.feature;
  }
}

/** An import is missing or does not fit. */
export class LinkError extends Error {}

/** A failure while WebAssembly code runs. */
export class RuntimeError extends Error {}

/** Trap codes and the specification's texts, which its test suite checks. */
export const TRAPS = {
  unreachable: 'unreachable',
  'integer-divide-by-zero': 'integer divide by zero',
  'integer-overflow': 'integer overflow',
  'invalid-conversion-to-integer': 'invalid conversion to integer',
  'out-of-bounds-memory-access': 'out of bounds memory access',
  'out-of-bounds-table-access': 'out of bounds table access',
  'undefined-element': 'undefined element',
  'uninitialized-element': 'uninitialized element',
  'indirect-call-type-mismatch': 'indirect call type mismatch',
  'call-stack-exhausted': 'call stack exhausted',
  'null-reference': 'null reference',
  'null-structure-reference': 'null structure reference',
  'null-array-reference': 'null array reference',
  'null-i31-reference': 'null i31 reference',
  'cast-failure': 'cast failure',
  'out-of-bounds-array-access': 'out of bounds array access',
  'array-too-large': 'array too large',
  'allocation-limit-exceeded': 'allocation limit exceeded',
  'null-function-reference': 'null function reference',
  'null-exception-reference': 'null exception reference',
  'unaligned-atomic': 'unaligned atomic',
  'expected-shared-memory': 'expected shared memory',
} as const;
export type TrapCode = keyof typeof TRAPS;

/** A place in a program's source, as its debug information tells. */
export interface SourcePosition {
  /** A path or URL, as the module has it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; 0: not known. */
  readonly column: number;
}

/** One WebAssembly function on the stack when a trap struck, innermost first. */
export interface WasmFrame {
  readonly functionIndex: number;
  readonly functionName: string | undefined;
  /** Byte offset in the module, where known. */
  readonly offset: number | undefined;
  /** The source line, where the module has debug information. */
  readonly source?: SourcePosition | undefined;
}

/** A frame, and which lines of an engine's stack trace told of it, counted from 0: parts of a split function have their own. */
export interface LocatedFrame extends WasmFrame {
  readonly stackLines: readonly number[];
  /** Where in generated code it is, if nothing better is known: debuggers lead on from there. */
  readonly generated?: string | undefined;
}

export class Trap extends RuntimeError {
  readonly code: TrapCode;
  /** Filled in where the trap leaves WebAssembly for the host. */
  wasmStack: readonly WasmFrame[] = [];

  /** `detail` follows the specification's text: `uninitialized element 7`. */
  constructor(code: TrapCode, detail?: string | number) {
    super(detail === undefined ? TRAPS[code] : `${TRAPS[code]} ${detail}`);
    this.code = code;
  }
}

export function trap(code: TrapCode, detail?: string | number): never {
  throw new Trap(code, detail);
}

/** The fuel is used up and nobody granted more. */
export class OutOfFuelError extends Error {
  /** Everything charged; may exceed the limit by less than the last region's cost. */
  readonly consumed: bigint;
  readonly limit: bigint;

  constructor(consumed: bigint, limit: bigint) {
    super(`fuel exhausted: consumed ${consumed} of ${limit}`);
    this.consumed = consumed;
    this.limit = limit;
  }
}

export class TimeoutError extends Error {
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    super(`deadline of ${deadlineMs} ms exceeded`);
    this.deadlineMs = deadlineMs;
  }
}

export class AbortError extends Error {
  /** The signal's reason, or `'interrupted'`. */
  readonly reason: unknown;

  constructor(reason: unknown) {
    super(reason instanceof Error ? reason.message : typeof reason === 'string' ? reason : 'aborted');
    this.reason = reason;
  }
}

/** The program asked to end (`proc_exit`). */
export class ExitError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit status ${code}`);
    this.code = code;
  }
}

/** A bug of ours. */
export class InternalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(`internal error: ${message}`, options);
  }
}

/** State cannot be saved, or what was saved cannot be used: then nothing has changed. */
export class SnapshotError extends Error {}

/** Stored code cannot be used, or its directory cannot be trusted. */
export class CacheError extends Error {}

named(CacheError, 'CacheError');
named(CompileError, 'CompileError');
named(LinkError, 'LinkError');
named(RuntimeError, 'RuntimeError');
named(SnapshotError, 'SnapshotError');
named(Trap, 'Trap');
named(OutOfFuelError, 'OutOfFuelError');
named(TimeoutError, 'TimeoutError');
named(AbortError, 'AbortError');
named(ExitError, 'ExitError');
named(InternalError, 'InternalError');

const INTERNAL_PAYLOAD = Symbol('internal payload');

/**
 * A WebAssembly exception, as `throw` makes it and as the host may make and catch it. No `Error`: capturing a stack
 * for every `throw` would cost more than the throw.
 */
export class Exception {
  readonly tag: Tag;
  /** Internal values, one per parameter of the tag (`getArg` gives the host's view). */
  readonly payload: readonly unknown[];

  /** For hosts: `payload` is converted to the tag's parameter types, as the arguments of an exported function are. */
  constructor(tag: Tag, payload: Iterable<unknown>, internal?: typeof INTERNAL_PAYLOAD) {
    this.tag = tag;
    this.payload =
      internal === INTERNAL_PAYLOAD ? (payload as readonly unknown[]) : tag.payloadFromHost([...payload]);
  }

  /** For generated code: `payload` holds internal values already. */
  static of(tag: Tag, payload: readonly unknown[]): Exception {
    return new Exception(tag, payload, INTERNAL_PAYLOAD);
  }

  is(tag: Tag): boolean {
    return this.tag === tag;
  }

  getArg(tag: Tag, index: number): unknown {
    if (this.tag !== tag) throw new TypeError('the exception has another tag');
    return tag.argumentToHost(this.payload, index);
  }

  get message(): string {
    return `uncaught exception with tag ${this.tag}`;
  }

  toString(): string {
    return `Exception: ${this.message}`;
  }
}
named(Exception, 'Exception');

/**
 * Carries what a host threw through WebAssembly frames, so that a host's `RangeError` is not taken for a failed bounds
 * check there; unwrapped at the boundary, with identity.
 */
export class HostError {
  readonly error: unknown;
  /** Whether `catch_all` sees it. False for what the embedder's own policies threw (`onOutOfFuel`). */
  readonly catchable: boolean;

  constructor(error: unknown, catchable = true) {
    this.error = error;
    this.catchable = catchable;
  }
}

const PASSES_THROUGH = [
  Exception,
  HostError,
  Trap,
  OutOfFuelError,
  TimeoutError,
  AbortError,
  ExitError,
  InternalError,
];

/** What to throw into WebAssembly frames when a host function threw `error`: itself if it is ours, else a `HostError`. */
export function wrapHostError(error: unknown): unknown {
  return PASSES_THROUGH.some((known) => error instanceof known) ? error : new HostError(error);
}

/** The other way, at the boundary back to the host. */
export function unwrapHostError(error: unknown): unknown {
  return error instanceof HostError ? error.error : error;
}

/** Whether `catch_all` and its like may see `error`; traps and the meter's errors pass them by. */
export function isCatchable(error: unknown): error is Exception | HostError {
  return error instanceof Exception || (error instanceof HostError && error.catchable);
}

/** `"mix"`: a name out of a module, quoted, on one line, of bounded length. */
export function quoteName(name: string, longest = 100): string {
  const short = name.length > longest ? `${name.slice(0, longest)}…` : name;
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(short).replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped);
}

/** `main.c:12:5`. The path is the module's: on one line, whatever it holds. */
function sourceText({ file, line, column }: SourcePosition): string {
  return `${quoteName(file, 1000).slice(1, -1)}:${line}${column === 0 ? '' : `:${column}`}`;
}

/** ` (func 12 "mix", offset 0x1a2)`, or as much of it as is known. */
function placeText({ functionIndex, functionName, offset, source }: Place, generated?: string): string {
  const parts: string[] = [];
  if (functionIndex !== undefined) {
    parts.push(`func ${functionIndex}${functionName === undefined ? '' : ` ${quoteName(functionName)}`}`);
  }
  if (offset !== undefined) parts.push(`offset 0x${offset.toString(16)}`);
  if (source !== undefined) parts.push(sourceText(source));
  if (generated !== undefined) parts.push(generated);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** Lines such as `    at name (func 12, offset 0x1a2, main.c:7:3)`, innermost first. */
export function formatWasmStack(frames: readonly WasmFrame[]): string {
  return frames.map((frame) => frameLine(frame)).join('\n');
}

function frameLine({ functionIndex, functionName, offset, source }: WasmFrame, generated?: string): string {
  const place =
    functionName === undefined
      ? ` func ${functionIndex}${placeText({ offset, source }, generated)}`
      : ` ${quoteName(functionName).slice(1, -1)}${placeText({ functionIndex, offset, source }, generated)}`;
  return `    at${place}`;
}

/** An engine's stack trace with a module's frames told as WebAssembly's, one line each. */
export function stackWithFrames(stack: string, frames: readonly LocatedFrame[]): string {
  const lines: (string | undefined)[] = stack.split('\n');
  for (const frame of frames) {
    const [first, ...others] = frame.stackLines;
    lines[first!] = frameLine(frame, frame.generated);
    for (const line of others) lines[line] = undefined;
  }
  return lines.filter((line) => line !== undefined).join('\n');
}

/** How a value looks in a message: short, on one line, and without running the host's code. */
function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoteName(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : 'an object';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return String(value);
  }
}

// The messages of the JavaScript API and of the limits: each returns the error to throw.

export const wrongType = (expected: string, value: unknown): TypeError =>
  new TypeError(`expected ${expected}, found ${describe(value)}`);

export const notConvertible = (value: unknown, type: string): TypeError =>
  new TypeError(`cannot convert ${describe(value)} to ${type}`);

export const notVisibleToHost = (type: string): TypeError =>
  new TypeError(`a value of type ${type} cannot pass between WebAssembly and JavaScript`);

export const outOfRange = (what: string, value: unknown, smallest: unknown, largest: unknown): RangeError =>
  new RangeError(`${what} must be from ${smallest} to ${largest}, found ${describe(value)}`);

export const negative = (what: string, value: bigint): RangeError =>
  new RangeError(`${what} must not be negative, found ${describe(value)}`);

export const maximumBelowInitial = (what: string, initial: number, maximum: number): RangeError =>
  new RangeError(`${what} has a maximum of ${maximum}, below its initial ${initial}`);

export const overLimit = (what: string, limit: number, limitName: string): RangeError =>
  new RangeError(`${what} exceeds the limit of ${limit} (limits.${limitName})`);

export const allocationFailed = (pages: number): RangeError =>
  new RangeError(`could not allocate memory of ${pages} pages`);

export const cannotGrow = (what: string, size: number, delta: number): RangeError =>
  new RangeError(`cannot grow a ${what} of ${size} by ${delta}`);

export const tableIndexOutOfRange = (index: number, length: number): RangeError =>
  new RangeError(`table index ${index} is out of range (length ${length})`);

export const immutableGlobal = (): TypeError => new TypeError('cannot set the value of an immutable global');

export const unknownKey = (what: string, key: string): TypeError =>
  new TypeError(`unknown ${what} ${quoteName(key)}`);

export const wrongPayloadLength = (expected: number, found: number): TypeError =>
  new TypeError(`the tag has ${expected} parameters, found ${found} values`);
