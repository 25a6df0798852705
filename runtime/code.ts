/**
 * What instances need of a module's compiled form, whoever provides it (the JIT, a precompiled file).
 */
import type { Code, FunctionReference, HostFunction } from './abi.ts';
import type { LocatedFrame } from './errors.ts';
import type { StructClasses } from './objects.ts';
import type { Store } from './store.ts';
import type { FuncType, ModuleDescription } from './types.ts';

/** Makes the exported function of a reference. */
export type ExportWrapper = (reference: FunctionReference, store: Store) => HostFunction;

export interface ModuleCode {
  readonly description: ModuleDescription;
  /** It reaches memory 0 through the arrays of its environment, see memory-arrays.ts. */
  readonly usesArrays: boolean;
  /** SHA-256 of the module's bytes, in hexadecimal: what its snapshots are bound to. */
  readonly hash: string;
  /** Defined functions, called as `code(E, …)`: compiled ones, or stubs that compile at their first call. */
  readonly functions: readonly Code[];
  /** The same functions as tail calls enter them, see `FunctionReference.tail`. */
  readonly tails: readonly Code[];
  /** Compiles a defined function now if it is still a stub, so that it stands in `functions` and `tails`. */
  compile(defined: number): void;
  /** The classes of structs, by shape: the same for all modules. */
  readonly structs: StructClasses;
  exportWrapper(type: FuncType): ExportWrapper;
  /** Code whose environment is a `HostEnvironment`. */
  importWrapper(type: FuncType): Code;
  /** The same module's code that looks at the account in every region. */
  checkingEveryRegion(): ModuleCode;
  /** The module's frames in an error's stack, innermost first. */
  locate(stack: string): readonly LocatedFrame[];
}
