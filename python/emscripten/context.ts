/**
 * What all imports of CPython share: the guest's memory, its open files, its names of files, and what the interpreter's owner gives
 * (hooks). The families (paths.ts, time.ts, process.ts …) are functions from this context to the functions that the guest imports.
 */
import type { Context } from '../../wasi/context.ts';
import { ERRNO, errnoOf, WasiError } from '../../wasi/errno.ts';
import { GuestAbort } from './errors.ts';
import type { Namespace } from './namespace.ts';

export interface HostContext extends Context {
  readonly namespace: Namespace;
  /** The working directory: the guest's absolute path of it. */
  cwd: string;
  readonly signals: Signals;
  /** Blocks for so many milliseconds at most. */
  readonly pause: (milliseconds: number) => void;
  /** Bytes that the memory may grow to. */
  readonly memoryLimit: () => number;
  /** Of the instance; there from binding on. */
  readonly guest: Guest;
}

/** Soft interruption: what Python's evaluation loop asks for now and then. */
export interface Signals {
  /** The signal that is pending, or 0; it is pending no more. */
  take(): number;
  /** The same, but it stays so. */
  pending(): number;
}

/** Tells Python of the pending signal right away; left to itself it asks now and then. */
export function raiseSignal({ signals, guest }: Pick<HostContext, 'signals' | 'guest'>): void {
  guest.exports.PyErr_SetInterruptEx!(signals.take());
}

/** What the host calls in the guest. */
export interface Guest {
  /** The address that an exported C variable has. */
  address(name: string): number;
  readonly exports: GuestExports;
  /** The function that a C pointer stands for. */
  functionAt(pointer: number): (...args: number[]) => number;
  grow(pages: number): boolean;
  readonly memoryBytes: number;
}

export type GuestExports = Readonly<Record<string, (...args: (number | bigint)[]) => number>>;

/** i32, f64 as numbers, i64 as bigint; no result means 0. Errors are thrown. */
export type HostFunction = (...parameters: never[]) => unknown;
export type HostFamily = Readonly<Record<string, HostFunction>>;

/** A system call answers −errno where it fails. */
export function systemCalls(family: HostFamily): HostFamily {
  const entries = Object.entries(family).map(([name, implementation]) => [name, systemCall(implementation)]);
  return Object.fromEntries(entries);
}

function systemCall(implementation: HostFunction): HostFunction {
  return (...parameters) => {
    try {
      return implementation(...parameters) ?? 0;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return -posixErrno(errno);
    }
  };
}

/** Functions that have no way to say that they failed: with a pointer that leads nowhere, the guest is broken. */
export function plainCalls(family: HostFamily): HostFamily {
  const entries = Object.entries(family).map(([name, implementation]) => [
    name,
    plainCall(name, implementation),
  ]);
  return Object.fromEntries(entries);
}

function plainCall(name: string, implementation: HostFunction): HostFunction {
  return (...parameters) => {
    try {
      return implementation(...parameters);
    } catch (error) {
      if (error instanceof WasiError) throw new GuestAbort(`Python passed a bad pointer to ${name}`);
      throw error;
    }
  };
}

/** POSIX has no rights: what a descriptor was not opened for it cannot do. Other numbers are the same in Emscripten and WASI. */
export function posixErrno(errno: number): number {
  return errno === ERRNO.NOTCAPABLE ? ERRNO.BADF : errno;
}

export function refuse(name: ConstructorParameters<typeof WasiError>[0]): () => never {
  return () => {
    throw new WasiError(name);
  };
}
