/**
 * Validation of function bodies: the reader with a sink that does nothing. Everything else about a module is checked by
 * `decodeModule`.
 */
import type { ModuleInfo } from './binary/module-info.ts';
import { NULL_SINK } from './function/null-sink.ts';
import { readFunction } from './function/reader.ts';

/** Throws a `CompileError` at the first body that is not valid. */
export function validateBodies(module: ModuleInfo): void {
  for (let index = 0; index < module.bodies.length; index++) readFunction(module, index, NULL_SINK);
}
