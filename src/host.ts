/**
 * Node's own modules where there is a Node: asked for when they are needed, so that the library loads anywhere.
 */
import { CacheError } from '../runtime/errors.ts';

interface Process {
  getBuiltinModule?(name: string): unknown;
}

interface Builtins {
  readonly 'node:crypto': typeof import('node:crypto');
  readonly 'node:fs': typeof import('node:fs');
  readonly 'node:path': typeof import('node:path');
  readonly 'node:v8': typeof import('node:v8');
  readonly 'node:vm': typeof import('node:vm');
  readonly 'node:zlib': typeof import('node:zlib');
}

/** Undefined outside of Node, and in a Node older than 20.16. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  const { process } = globalThis as { readonly process?: Process };
  return process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
}

export function needed<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const found = builtin(name);
  if (found === undefined) throw new CacheError('the cache needs Node 20.16 or newer');
  return found;
}
