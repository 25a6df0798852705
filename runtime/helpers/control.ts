/**
 * Helpers of control: indirect calls, exceptions, frames that do not fit. The emitter names them itself; they belong to
 * no row's template.
 */
import type { EnvironmentAbi, FunctionReference } from '../abi.ts';
import { Exception, isCatchable, Trap, trap } from '../errors.ts';
import { RR, S } from '../registers.ts';

/**
 * The function that `call_indirect` means, where the inline check fails: element `index` of a table, checked against a type index of the module.
 * The first call of a function comes here, and makes its code.
 */
export function indirect(E: EnvironmentAbi, table: number, index: number, type: number): FunctionReference {
  const { elements } = E.T[table]!;
  const at = index >>> 0;
  if (at >= elements.length) trap('undefined-element');
  const reference = elements[at] as FunctionReference | null;
  if (reference === null) trap('uninitialized-element', at);
  if (reference.typeId === E.types[type]) {
    if (reference.readyTypeId < 0) reference.makeReady();
    return reference;
  }
  return E.adopt(reference, type) ?? trap('indirect-call-type-mismatch');
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
