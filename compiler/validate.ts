/**
 * Validation of function bodies: the reader with a sink that does nothing. Everything else about a module is checked by
 * `decodeModule`.
 */
import { CompileError } from '../runtime/errors.ts';
import type { ModuleInfo } from './binary/module-info.ts';
import { NULL_SINK } from './function/null-sink.ts';
import { readFunction } from './function/reader.ts';

/** Throws a `CompileError` at the first body that is not valid, or when the limit `compileMs` is used up. */
export function validateBodies(module: ModuleInfo): void {
  const { compileMs = Number.POSITIVE_INFINITY } = module.limits;
  const deadline = performance.now() + compileMs;
  for (let index = 0; index < module.bodies.length; index++) {
    if (performance.now() > deadline) {
      throw new CompileError(`compile time exceeds the limit of ${compileMs} ms`, {
        functionIndex: module.importedFunctions + index,
        offset: module.bodies[index]!.start,
      });
    }
    readFunction(module, index, NULL_SINK);
  }
  module.tailCalls.complete = true;
}
