/**
 * What `sandglass` and `sandglass/runtime` both offer. Not here: Runtimes and modules, of which each has its own.
 */
export {
  AbortError,
  CompileError,
  Exception,
  ExitError,
  formatWasmStack,
  InternalError,
  LinkError,
  OutOfFuelError,
  RuntimeError,
  SnapshotError,
  TimeoutError,
  Trap,
  type TrapCode,
  type WasmFrame,
} from '../runtime/errors.ts';
export { Global } from '../runtime/global.ts';
export type { Limits } from '../runtime/limits.ts';
export type { Imports } from '../runtime/link.ts';
export { Memory } from '../runtime/memory.ts';
export { HOST_STATE, type HostState } from '../runtime/snapshot/host-state.ts';
export { Snapshot, type SnapshotHandle } from '../runtime/snapshot/snapshot.ts';
export { Table } from '../runtime/table.ts';
export { Tag } from '../runtime/tag.ts';
export { type Exports, Instance, type InvokeOptions } from './instance.ts';
export { PrecompiledModule } from './precompiled-module.ts';
