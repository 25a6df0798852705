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
  OutOfFuelError,
  TimeoutError,
  Trap,
  type TrapCode,
  unwrapHostError,
  type WasmFrame,
  wrapHostError,
  wrongType,
} from './errors.ts';
import { R, RD, RL, RR, S } from './registers.ts';
import { cellsOf, type ValueType } from './types.ts';
import { fromHost, fromRaw, toHost, toRaw } from './values.ts';
import type { Vector } from './vector.ts';

/** The error as the host sees it. */
export function outgoing(error: unknown, reference: FunctionReference): unknown {
  if (error instanceof RangeError) return describeTrap(trapOf(error), error.stack, reference);
  const accessed = error instanceof TypeError ? nullAccess(error) : undefined;
  if (accessed !== undefined) return describeTrap(accessed, accessed.stack, reference);
  if (error instanceof Trap) return describeTrap(error, error.stack, reference);
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
  const isBounds = error.message === boundsMessage;
  return trapInPlaceOf(error, isBounds ? 'out-of-bounds-memory-access' : 'call-stack-exhausted');
}

/** Where it happened, not where it was recognised. */
function trapInPlaceOf(error: Error, code: TrapCode): Trap {
  const trap = new Trap(code);
  trap.stack = `${trap.name}: ${trap.message}${error.stack?.replace(/^[^\n]*/, '') ?? ''}`;
  return trap;
}

/**
 * A field of null, read or written: generated code leaves that to the engine. The property tells what the object should
 * have been (layout.ts). Any other `TypeError` is a bug of ours.
 */
function nullAccess(error: TypeError): Trap | undefined {
  for (const pattern of NULL_ACCESS) {
    const property = pattern.exec(error.message)?.[1];
    if (property === 'a') return trapInPlaceOf(error, 'null-array-reference');
    if (property !== undefined) return trapInPlaceOf(error, 'null-structure-reference');
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

/** The wasm stack is worked out when somebody asks: that costs a compilation. */
function describeTrap(trap: Trap, stack: string | undefined, { env }: FunctionReference): Trap {
  if (described.has(trap)) return trap;
  described.add(trap);
  const code = (env as Environment).code;
  if (code === undefined || stack === undefined) return trap;
  let frames: readonly WasmFrame[] | undefined;
  Object.defineProperty(trap, 'wasmStack', {
    get: () => {
      frames ??= code.locate(stack);
      return frames;
    },
    configurable: true,
    enumerable: true,
  });
  return trap;
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

/**
 * Calls with raw bits (see `fromRaw`), and gives raw bits. Values inside are never held in an array of numbers alone:
 * V8 keeps such an array as doubles and makes signalling NaNs quiet.
 */
export function callRaw(reference: FunctionReference, raw: readonly unknown[]): unknown[] {
  const store = (reference.env as Environment | HostEnvironment).S;
  if (store.closed) closed();
  const outer = store.enter();
  const { sp, rp, depth } = S;
  const { params, results } = reference.type;
  const args: unknown[] = [reference.env];
  let cell = sp;
  params.forEach((type, i) => {
    if (type === 'i64') R[cell++] = fromRaw(raw[i], type) as bigint;
    else if (type === 'v128') {
      RL.set(fromRaw(raw[i], type) as Vector, 2 * cell);
      cell += 2;
    } else args.push(fromRaw(raw[i], type));
  });
  try {
    const first = reference.code(...args);
    if (store.fuel < 0) store.account.refuel();
    return rawResults(results, first);
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

function rawResults(types: readonly ValueType[], first: unknown): unknown[] {
  let { sp: cell, rp: references } = S;
  return types.map((type, i) => {
    if (i === 0 && cellsOf(type) === 0) return toRaw(first, type);
    const at = cell;
    cell += cellsOf(type) || 1;
    if (type === 'v128') return toRaw(RL.slice(2 * at, 2 * at + 4), type);
    if (type === 'i64') return toRaw(R[at], type);
    if (type === 'i32') return toRaw(RL[2 * at], type);
    if (type === 'f32' || type === 'f64') return toRaw(RD[at], type);
    return toRaw(RR[references++], type);
  });
}
