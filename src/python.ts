/**
 * The Python sandbox: CPython 3.14 for programs that nobody trusts, with limits that hold.
 *
 *   import { Sandbox } from 'sandglass/python';
 *   const { stdout } = await new Sandbox().execute('print("hello")');
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { providePlatform } from '../python/platform.ts';

export {
  type Callback,
  type CallbackContext,
  type CallbackDefinition,
  type CallbackFunction,
  type CallbackOptions,
  CallbackRegistry,
  type Callbacks,
} from '../python/callbacks.ts';
export {
  CancelledError,
  ExecutionError,
  InitializationError,
  PoolError,
  type Recovery,
  ResourceLimitError,
  SandboxError,
  TimeoutError,
  WorkerLostError,
} from '../python/errors.ts';
export { SandboxFactory } from '../python/factory.ts';
export type { FactoryOptions, FactoryStats, LoadOptions } from '../python/factory-core.ts';
export type { FileOptions } from '../python/files/sandbox-files.ts';
export { type VfsStat, VfsStorage, type VfsStorageOptions } from '../python/files/vfs-storage.ts';
export type { VolumeOption, VolumeOptions } from '../python/files/volumes.ts';
export { ResourceLimits, type ResourceLimitsOptions } from '../python/limits.ts';
export type { OutputHandler, TraceHandler } from '../python/output.ts';
export type { PackageOption } from '../python/packages.ts';
export { PooledSandbox, type PoolOptions, type PoolStats, SandboxPool } from '../python/pool.ts';
export { ExecuteResult, type ExecuteStats, type TraceEvent, type TraceKind } from '../python/result.ts';
export { type ExecuteOptions, ExecutionHandle, Sandbox, type SandboxOptions } from '../python/sandbox.ts';
export type { JsonSchema } from '../python/schema.ts';
export {
  type ExportedState,
  Session,
  type SessionExecuteOptions,
  type SessionOptions,
} from '../python/session.ts';

/** C code of CPython recurses deeper than a thread's usual 4 MB allow; only what is used takes memory. */
const STACK_MB = 256;
/** Of JavaScript's own heap, which generated code lives in: the second net. */
const HEAP_MB = 2048;

providePlatform({
  startWorker: (workerData) => {
    const script = new URL('./python-worker.js', import.meta.url);
    return new Worker(script, {
      workerData,
      // None of the process's own: some are not for workers (`--input-type`).
      execArgv: [],
      resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB },
    });
  },
  defaultPyodide: () => process.env.SANDGLASS_PYODIDE || undefined,
  defaultCache: () => {
    const { SANDGLASS_CACHE, XDG_CACHE_HOME } = process.env;
    return SANDGLASS_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'sandglass');
  },
});
