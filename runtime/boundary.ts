/**
 * Where control passes between the host and WebAssembly: what the generated wrappers (compiler/emit/wrappers.ts) share,
 * and calls with raw bits.
 *
 * Errors change their shape here. Outward: a `RangeError` of the engine becomes the trap that it means, a host's own
 * error is unwrapped with its identity. Inward: whatever a host function throws is wrapped, so that it cannot be taken
 * for a trap.
 */
import type { FunctionReference } from './abi.ts';
import type { Environment, HostEnvironment } from './environment.ts';
import {
  AbortError,
  CompileError,
  Exception,
  ExitError,
  HostError,
  InternalError,
  type LocatedFrame,
  OutOfFuelError,
  stackWithFrames,
  TimeoutError,
  Trap,
  unwrapHostError,
  wrapHostError,
  wrongType,
} from './errors.ts';
import { R, RD, RL, RR, S } from './registers.ts';
import { cellsOf, type ValueType } from './types.ts';
import { fromHost, fromRaw, toHost, toRaw } from './values.ts';
import type { Vector } from './vector.ts';

/** The error as the host sees it. */
export function outgoing(error: unknown, reference: FunctionReference): unknown {
  if (error instanceof RangeError) return describeTrap(trapOf(error), error, reference);
  const accessed = error instanceof TypeError ? nullAccess(error) : undefined;
  if (accessed !== undefined) return describeTrap(accessed, error as TypeError, reference);
  if (error instanceof Trap) return describeTrap(error, error, reference);
  if (error instanceof HostError) return unwrapHostError(error);
  if (isOurs(error)) return error;
  return new InternalError(`${error}`, { cause: error });
}

function isOurs(error: unknown): boolean {
  return [Exception, OutOfFuelError, TimeoutError, AbortError, ExitError, CompileError, InternalError].some(
    (known) => error instanceof known,
  );
}

/** In generated code, only a view's bounds and the stack's end are left to the engine. */
function trapOf(error: RangeError): Trap {
  return new Trap(error.message === boundsMessage ? 'out-of-bounds-memory-access' : 'call-stack-exhausted');
}

/**
 * A field of null, read or written: generated code leaves that to the engine. The property tells what the object should
 * have been (layout.ts). Any other `TypeError` is a bug of ours.
 */
function nullAccess(error: TypeError): Trap | undefined {
  for (const pattern of NULL_ACCESS) {
    const property = pattern.exec(error.message)?.[1];
    if (property === 'a') return new Trap('null-array-reference');
    if (property !== undefined) return new Trap('null-structure-reference');
  }
  return undefined;
}

/** The engine's own words for an error, by example. */
function provoke(fail: () => unknown): string {
  try {
    fail();
  } catch (error) {
    return (error as Error).message;
  }
  throw new InternalError('a provoked error did not happen');
}

/** Provoked at start-up: later, an exhausted stack could be what answers. */
const boundsMessage = provoke(() => new DataView(new ArrayBuffer(1)).getInt8(1));

/**
 * The wasm stack is worked out when somebody asks: that costs a compilation. `thrown`: what the engine threw, which tells where
 * it happened; the trap itself may have been made here.
 */
function describeTrap(trap: Trap, thrown: Error, { env }: FunctionReference): Trap {
  if (described.has(trap)) return trap;
  described.add(trap);
  const { code } = env as Environment;
  const trace = traceOf(thrown);
  let frames: readonly LocatedFrame[] | undefined;
  const located = () => {
    frames ??= code === undefined ? [] : code.locate(trace);
    return frames;
  };
  const title = `${trap.name}: ${trap.message}\n`;
  define(trap, 'wasmStack', located, true);
  define(trap, 'stack', () => title + stackWithFrames(trace, located()), false);
  return trap;
}

function define(trap: Trap, name: string, get: () => unknown, enumerable: boolean): void {
  // Like any error's stack, it can be replaced.
  const set = (value: unknown) =>
    Object.defineProperty(trap, name, { value, writable: true, configurable: true, enumerable });
  Object.defineProperty(trap, name, { get, set, configurable: true, enumerable });
}

/**
 * The frames of an error's stack, one a line, with places in the generated code: under `--enable-source-maps` Node would
 * tell those in its source, from which no instruction can be found.
 */
function traceOf(error: Error): string {
  const own = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  let trace: string | undefined;
  // Reflect: where `Error` is frozen, the engine's own words have to do.
  Reflect.set(Error, 'prepareStackTrace', (_: unknown, sites: readonly unknown[]) => {
    trace = sites.map((site) => `    at ${site}`).join('\n');
    return trace;
  });
  try {
    // Made now, by what was just set, unless somebody has looked before.
    const stack = error.stack ?? '';
    return trace ?? stack.slice(/^ {4}at /m.exec(stack)?.index ?? 0);
  } finally {
    if (own === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Reflect.defineProperty(Error, 'prepareStackTrace', own);
  }
}

const described = new WeakSet<Trap>();

/**
 * The error as WebAssembly frames see it. An exhausted stack passes their handlers, wherever it is noticed: else it would
 * depend on the engine's frame sizes whether a program sees it.
 */
export function incoming(error: unknown): unknown {
  return isStackOverflow(error) ? new HostError(error, false) : wrapHostError(error);
}

function isStackOverflow(error: unknown): boolean {
  if (!(error instanceof RangeError)) return false;
  overflowMessage ??= provoke(function recur(): unknown {
    return [recur()];
  });
  return error.message === overflowMessage;
}

/** The engine's words for reading and writing a slot of null, with the slot's name to be found. */
const NULL_ACCESS: readonly RegExp[] = [
  (nothing: { f0: unknown }) => nothing.f0,
  (nothing: { f0: unknown }) => {
    nothing.f0 = 0;
  },
].map((access) => {
  const message = provoke(() => access(null as never));
  const escaped = message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace('f0', '(a|[fd]\\d+)')}$`);
});

/** Provoked when first needed: filling a large stack takes a while. */
let overflowMessage: string | undefined;

/** Several results of a host function: any iterable, of exactly the right length. */
export function resultList(results: unknown, count: number): unknown[] {
  if (results === null || typeof results !== 'object' || !(Symbol.iterator in results)) {
    throw wrongType(`an iterable of ${count} results`, results);
  }
  const list = Array.from(results as Iterable<unknown>);
  if (list.length !== count) throw new TypeError(`expected ${count} results, found ${list.length}`);
  return list;
}

export function closed(): never {
  throw new TypeError('the runtime is closed');
}

export function exhaustedAtBoundary(): never {
  throw new Trap('call-stack-exhausted');
}

/** Names that generated wrappers use, for whoever binds them. */
export const BOUNDARY = {
  R,
  RL,
  RD,
  RR,
  S,
  outgoing,
  incoming,
  resultList,
  closed,
  exhaustedAtBoundary,
  toHost,
  fromHost,
};

/** Calls with raw bits (see `fromRaw`), and gives raw bits. */
export function callRaw(reference: FunctionReference, raw: readonly unknown[]): unknown[] {
  return callFromHost(reference, (type, i) => fromRaw(raw[i], type), toRaw);
}

/**
 * Calls a function of any signature: the host's arguments are taken, all before the first one goes to a cell, and results
 * given. Values inside are never held in an array of numbers alone: V8 keeps such an array as doubles and makes signalling
 * NaNs quiet.
 */
export function callFromHost(
  reference: FunctionReference,
  take: (type: ValueType, i: number) => unknown,
  give: (value: unknown, type: ValueType) => unknown,
): unknown[] {
  const { env, type } = reference;
  const store = (env as Environment | HostEnvironment).S;
  if (store.closed) closed();
  const values: unknown[] = [env];
  type.params.forEach((param, i) => void values.push(take(param, i)));
  const outer = store.enter();
  const { sp, rp, depth } = S;
  try {
    const first = reference.code(...passed(values, type.params, sp));
    if (S.fuel < 0) store.account.refuel();
    return results(type.results, first, give);
  } catch (error) {
    S.sp = sp;
    S.rp = rp;
    S.depth = depth;
    S.tail = null;
    throw outgoing(error, reference);
  } finally {
    outer?.enter();
  }
}

/** Behind the environment, what is passed as such; the others go to the cells from `sp` on. */
function passed(values: readonly unknown[], types: readonly ValueType[], sp: number): unknown[] {
  if (sp + types.reduce((cells, type) => cells + cellsOf(type), 0) > S.limit) exhaustedAtBoundary();
  const args: unknown[] = [values[0]];
  let cell = sp;
  types.forEach((type, i) => {
    const value = values[i + 1];
    if (type === 'i64') R[cell] = value as bigint;
    else if (type === 'v128') RL.set(value as Vector, 2 * cell);
    else args.push(value);
    cell += cellsOf(type);
  });
  return args;
}

/** The return value, and what lies in cells. */
function results(
  types: readonly ValueType[],
  first: unknown,
  give: (value: unknown, type: ValueType) => unknown,
): unknown[] {
  let { sp: cell, rp: references } = S;
  return types.map((type, i) => {
    if (i === 0 && cellsOf(type) === 0) return give(first, type);
    const at = cell;
    cell += cellsOf(type) || 1;
    if (type === 'v128') return give(RL.slice(2 * at, 2 * at + 4), type);
    if (type === 'i64') return give(R[at], type);
    if (type === 'i32') return give(RL[2 * at], type);
    if (type === 'f32' || type === 'f64') return give(RD[at], type);
    return give(RR[references++], type);
  });
}
