/**
 * Helpers of control: indirect calls, exceptions, frames that do not fit. The emitter names them itself; they belong to
 * no row's template.
 */
import { type Code, type EnvironmentAbi, type FunctionReference, TAIL_CALLS_IN_A_ROW } from '../abi.ts';
import { Exception, isCatchable, Trap, trap } from '../errors.ts';
import { RR, S } from '../registers.ts';

/**
 * The function that `call_indirect` means, where the inline check fails: element `index` of a table, checked against a type index of the module.
 * The first call of a function comes here, and makes its code. A negative index is a large i32.
 */
export function indirect(E: EnvironmentAbi, table: number, index: number, type: number): FunctionReference {
  const { elements } = E.T[table]!;
  if (index < 0 || index >= elements.length) trap('undefined-element');
  const reference = elements[index] as FunctionReference | null;
  if (reference === null) trap('uninitialized-element', index);
  return E.callable(reference, type) ?? trap('indirect-call-type-mismatch');
}

/** The function that `call_ref` means, where the inline check fails. */
export function referenced(
  E: EnvironmentAbi,
  reference: FunctionReference | null,
  type: number,
): FunctionReference {
  if (reference === null) trap('null-function-reference');
  return E.callable(reference, type) ?? trap('indirect-call-type-mismatch');
}

export function null_reference(): never {
  trap('null-reference');
}

/** What a handler may look at; everything else goes on as if there were no handler. */
export function caught(error: unknown): unknown {
  if (isCatchable(error)) return error;
  throw error;
}

/** The exception that `throw` throws. A rest parameter is an array of objects, which keeps signalling NaNs as they are. */
export function throw_(E: EnvironmentAbi, tag: number, ...payload: unknown[]): Exception {
  return Exception.of(E.tags[tag]!, payload);
}

/** What `throw_ref` and `rethrow` throw. */
export function throw_ref(exception: unknown): unknown {
  if (exception === null) trap('null-exception-reference');
  return exception;
}

/** A tail call that is not made here: the caller's trampoline makes it, when the caller has returned. */
export function leave(code: Code, ...args: unknown[]): void {
  S.tail = { code, args };
}

/** Makes the tail call that was left, and those that it leaves in turn. */
export function bounce(): unknown {
  let result: unknown;
  for (let next = S.tail; next !== null; next = S.tail) {
    S.tail = null;
    result = next.code(...next.args, TAIL_CALLS_IN_A_ROW);
  }
  return result;
}

export function unreachable(): never {
  trap('unreachable');
}

/** A frame does not fit the register file, or the call depth is used up. */
export function exhausted(): never {
  throw new Trap('call-stack-exhausted');
}

/** Announces a frame of references up to `end`. */
export function reserve(end: number): void {
  while (RR.length < end) RR.push(null);
  S.rp = end;
}

/** Gives a frame of references back; what it held is not kept alive. */
export function release(start: number, end: number): void {
  RR.fill(null, start, end);
  S.rp = start;
}
