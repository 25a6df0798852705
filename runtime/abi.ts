/**
 * The application binary interface between generated code and the runtime: the objects that every generated function
 * reaches through its first parameter `E`, and the names it may use. Types only, plus the version that keys caches.
 *
 * Generated code: `function f12_name(E, l0, l1, …)`.
 *  - i32, f32, f64 and reference parameters are JavaScript parameters, in order; i64 and v128 parameters are not: the
 *    caller writes them, in order, into register-file cells from `S.sp` on before the call (the callee's frame starts there); an
 *    i64 takes one cell, a v128 two.
 *  - The first result, unless i64 or v128, is the JavaScript return value. All other results lie in the register file at the
 *    callee's frame start, in order, each in one cell, a v128 in two (by then S.sp is back at the caller's value): i64 in
 *    `R`, f32/f64 in `RD`, i32 in `RL[2 * cell]`, v128 in `RL[2 * cell]` and the three words behind; the k-th reference
 *    among them in `RR[S.rp + k]`.
 *  - A callee leaves `S.sp` as it found it when it returns normally; after a throw the catcher restores it.
 *  - `S.fuel` is exact at every call, return and exception.
 */
import type { DefinedType } from './defined-types.ts';
import type { Fuel } from './fuel.ts';
import type { Global } from './global.ts';
import type { Interrupt } from './interrupt.ts';
import type { Limits } from './limits.ts';
import type { Memory } from './memory.ts';
import type { Table } from './table.ts';
import type { Tag } from './tag.ts';
import type { FuncType } from './types.ts';

/** Changes with every change of what generated code expects; part of every cache key. */
export const ABI_VERSION = 3;

/** i32 globals below this index that a module defines are fields of its environment: 5 % on CPython, against an array. */
export const FIELD_GLOBALS = 4;

/** What generated code counts (`S`): the thread's, see `registers.ts`. Frames above `limit` do not fit. */
export interface Registers {
  /** First free cell of the register file. */
  sp: number;
  /** First free entry of the stack of references. */
  rp: number;
  limit: number;
  /** Fuel left of the current slice: an int32; below zero means overdrawn, noticed at the next check. */
  fuel: number;
  /** A second slice, which twins of recursive functions spend: two short chains of updates instead of a long one. */
  fuel2: number;
  /** Frames in use and allowed, where a depth limit is compiled in. */
  depth: number;
  maxDepth: number;
  /** Left by a function that returns without results: who called it makes this call instead. */
  tail: PendingCall | null;
}

/** `DefinedType` has so many of its supertypes in fields `s0`, `s1`, …; deeper ones only in `chain`. */
export const FIRST_SUPERTYPES = 8;

/** So many cells for frames: 64 MB, which the system provides as they are used. A power of two less one: see `HALVES` in the emitter. */
export const REGISTER_CELLS = 2 ** 23 - 1;

/** Register-file cells 0 to 7 are scratch for single expressions; frames start here. */
export const FIRST_CELL = 8;

/** So many tail calls pile up on the stack before the next one goes back to the trampoline that started them. */
export const TAIL_CALLS_IN_A_ROW = 32;

/** A tail call on its way to its trampoline: `code(...args)`, its i64 arguments in the cells from `sp` on. */
export interface PendingCall {
  readonly code: Code;
  readonly args: readonly unknown[];
}

/** A compiled function, or a wrapper around a host function: `code(env, …args)`. */
// biome-ignore lint/complexity/noBannedTypes: called only by generated code, with the signature's own arity
export type Code = Function;

/** An exported function as the host sees it. */
export type HostFunction = (...args: unknown[]) => unknown;

/** What a funcref is: one object per function and instance (or host function), so identity holds. `null` is null. */
export interface FunctionReference {
  readonly type: FuncType;
  /** Its type, as objects have it too. */
  readonly rtt: DefinedType;
  /**
   * The number that its type has in its Store, once `code` is the function itself; −1 while it is a stub. What generated
   * code compares, so that a call site never sees a stub: V8 inlines, or calls directly, where it has seen one target.
   */
  readyTypeId: number;
  /** First argument of `code`: the callee's Environment, or a HostFunction. */
  readonly env: object;
  /** Patched when the function is compiled. */
  code: Code;
  /**
   * How a tail call enters the function: as `code`, with one argument more, the number of tail calls that may still be made as
   * ordinary calls. Different from `code` where that is a trampoline (compiler/emit/tail-calls.ts).
   */
  tail: Code;
  /** The exported function, once somebody asked; ask through `hostFunctionOf`: `exports.f === table.get(0)`. */
  host: HostFunction | undefined;
  /** `code` becomes the function itself, compiled if need be. */
  makeReady(): void;
  /** Makes the exported function; only `hostFunctionOf` calls it, once. */
  toHost(): HostFunction;
  /** For traces and messages. */
  readonly index: number;
}

/** What crosses instances: one per Runtime and thread. */
export interface StoreAbi {
  readonly account: Fuel;
  /** How far this Runtime's code may grow a memory or table, whoever made it. */
  readonly limits: Pick<Limits, 'memoryPages' | 'tableElements'>;
  /** `Atomics.wait`, for `ms` milliseconds at most; obeys what may stop the run. */
  waitAt(
    cells: Int32Array | BigInt64Array,
    index: number,
    expected: number | bigint,
    ms: number,
  ): 'ok' | 'not-equal' | 'timed-out';
  /** Bytes or elements of a bulk operation that cost one fuel (default 64); 0: they cost nothing, or metering is off. */
  readonly bulkUnit: number;
  /** Counts bytes of new objects; false where they exceed the limit. */
  mayAllocate(bytes: number): boolean;
}

/** An instance as generated code sees it. Fixed fields; all classes of things by index. */
export interface EnvironmentAbi {
  readonly S: StoreAbi;
  /** View of memory 0: exactly the current pages. Replaced on growth. */
  V: DataView;
  /** All memories, imports first. */
  readonly M: Memory[];
  readonly T: Table[];
  /** The first globals, where they are i32 and the module's own: C's stack pointer is one. See `FIELD_GLOBALS`. */
  g0: number;
  g1: number;
  g2: number;
  g3: number;
  /** All other global values by type: defined globals and immutable imports. Index = global index (sparse is fine). */
  readonly GI: Int32Array;
  readonly GL: BigInt64Array;
  readonly GD: Float64Array;
  readonly GR: unknown[];
  /** v128: global n in the four words from 4 * n on; empty if the module has none. */
  readonly GV: Int32Array;
  /** All globals as cells; generated code uses it for imported mutable ones only: `E.G[3].cells[E.G[3].cell]`. */
  readonly G: Global[];
  /** Imported functions by index. */
  readonly I: FunctionReference[];
  /** Function references by function index, made on demand by `ref_func(E, index)`. */
  readonly refs: (FunctionReference | undefined)[];
  /** Makes the reference of a function, and keeps it in `refs`. */
  makeRef(index: number): FunctionReference;
  /** A function to be called by type `index`, compiled; one of another Runtime as the host's. Undefined: its type does not match. */
  callable(reference: FunctionReference, index: number): FunctionReference | undefined;
  /** The numbers of this module's types in the Store: equal exactly for equal types. */
  readonly types: Int32Array;
  /** What the module's type indices mean. */
  readonly defined: readonly DefinedType[];
  readonly tags: Tag[];
  /** Data and element segments; dropped ones are empty. */
  readonly data: Uint8Array[];
  readonly elements: (readonly unknown[])[];
}

/** An import module object may carry a method under this symbol; see `BoundInstance`. */
export const BIND: unique symbol = Symbol.for('sandglass.bind') as never;

/** What a host module learns of the instance that imports it, before any of the instance's code runs. */
export interface BoundInstance {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly interrupt: Interrupt;
}
