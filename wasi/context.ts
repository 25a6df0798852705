/**
 * What all WASI functions share: the guest's memory, its open files, and the injected sources of time and chance.
 * Each family (args.ts, clock.ts, fd.ts …) is a function from this context to its WASI functions.
 */
import type { Interrupt } from '../runtime/interrupt.ts';
import type { DescriptorTable } from './files/table.ts';
import type { GuestMemory } from './memory-access.ts';

/** Nanoseconds. `realtime` counts from 1970, `monotonic` from any fixed moment. */
export interface Clocks {
  realtime(): bigint;
  monotonic(): bigint;
  /** Of processor time used so far. Default: not supported. */
  processor?(): bigint;
  /** Default 1n. */
  readonly resolution?: bigint;
}

export interface Context {
  readonly args: readonly string[];
  /** `NAME=value`, in the order given. */
  readonly environ: readonly string[];
  readonly memory: GuestMemory;
  readonly descriptors: DescriptorTable;
  readonly clocks: Clocks;
  /** Fills the bytes. */
  readonly random: (bytes: Uint8Array) => void;
  /** `lenient`: a file opened with no rights at all gets all of them. */
  readonly rights: 'strict' | 'lenient';
  /** Blocking operations wait on this, so that a deadline or an interrupt ends them. */
  readonly interrupt: Pick<Interrupt, 'wait' | 'poll'>;
}

/** i32 parameters arrive as (signed) numbers, i64 as bigints; no result means success. Errors are thrown. */
export type WasiFunction = (...parameters: never[]) => void;
export type Family = Readonly<Record<string, WasiFunction>>;
