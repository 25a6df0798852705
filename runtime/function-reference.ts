/**
 * The two faces of a function: `FunctionReference` inside (tables, funcref values), an exported JavaScript function
 * outside. One of each per function, so identity holds both ways: `table.get(0) === instance.exports.f`.
 *
 * Not here: making either (the instance makes references, and each reference knows how to make its host function).
 */
import type { FunctionReference, HostFunction } from './abi.ts';

const references = new WeakMap<HostFunction, FunctionReference>();

/** The exported function of a reference, made at the first request. */
export function hostFunctionOf(reference: FunctionReference): HostFunction {
  if (reference.host === undefined) {
    reference.host = reference.toHost();
    references.set(reference.host, reference);
  }
  return reference.host;
}

/** The reference behind an exported function; undefined for anything else, plain JavaScript functions included. */
export function referenceOf(value: unknown): FunctionReference | undefined {
  return typeof value === 'function' ? references.get(value as HostFunction) : undefined;
}
