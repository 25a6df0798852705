/**
 * What a run may use up: one row per limit, with its default. `null` means no limit.
 */
import { bigCount, checkKeys, count } from './options.ts';

export interface ResourceLimitsOptions {
  /** From the start of the code to its end, callbacks included. Default 30,000. */
  readonly executionTimeoutMs?: number | null | undefined;
  /** Of each callback. Default 10,000. */
  readonly callbackTimeoutMs?: number | null | undefined;
  /** Of the interpreter's memory; beyond it Python raises `MemoryError`. Default 128 MiB. */
  readonly maxMemoryBytes?: number | null | undefined;
  /** Per execution. Default 1000. */
  readonly maxCallbackInvocations?: number | null | undefined;
  /** WebAssembly instructions, per execution; counted in any case. Default: no limit. */
  readonly maxFuel?: bigint | number | null | undefined;
  /** Of all files in memory together; null: 64 MiB. */
  readonly maxVfsBytes?: number | null | undefined;
  /** Of stdout and stderr together, per execution; what is written beyond it is dropped. Default 16 MiB. */
  readonly maxOutputBytes?: number | null | undefined;
}

const DEFAULTS = {
  executionTimeoutMs: 30_000,
  callbackTimeoutMs: 10_000,
  maxMemoryBytes: 134_217_728,
  maxCallbackInvocations: 1000,
  maxFuel: null,
  maxVfsBytes: null,
  maxOutputBytes: 16_777_216,
} as const satisfies ResourceLimitsOptions;

const NAMES = Object.keys(DEFAULTS) as readonly (keyof typeof DEFAULTS)[];

export class ResourceLimits {
  readonly executionTimeoutMs: number | null;
  readonly callbackTimeoutMs: number | null;
  readonly maxMemoryBytes: number | null;
  readonly maxCallbackInvocations: number | null;
  readonly maxFuel: bigint | null;
  readonly maxVfsBytes: number | null;
  readonly maxOutputBytes: number | null;

  constructor(limits: ResourceLimitsOptions = {}) {
    checkKeys('resource limit', limits, NAMES);
    const of = (name: keyof typeof DEFAULTS) =>
      limits[name] ?? (limits[name] === null ? null : DEFAULTS[name]);
    this.executionTimeoutMs = count('executionTimeoutMs', of('executionTimeoutMs'));
    this.callbackTimeoutMs = count('callbackTimeoutMs', of('callbackTimeoutMs'));
    this.maxMemoryBytes = count('maxMemoryBytes', of('maxMemoryBytes'));
    this.maxCallbackInvocations = count('maxCallbackInvocations', of('maxCallbackInvocations'));
    this.maxFuel = bigCount('maxFuel', of('maxFuel'));
    this.maxVfsBytes = count('maxVfsBytes', of('maxVfsBytes'));
    this.maxOutputBytes = count('maxOutputBytes', of('maxOutputBytes'));
    Object.freeze(this);
  }

  /** Without limits, but for the quota of files (64 MiB), which can only be set. */
  static unlimited(): ResourceLimits {
    return new ResourceLimits(Object.fromEntries(NAMES.map((name) => [name, null])));
  }

  /** These limits with some replaced. */
  with(changes: ResourceLimitsOptions): ResourceLimits {
    checkKeys('resource limit', changes, NAMES);
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    return new ResourceLimits({ ...this, ...Object.fromEntries(given) });
  }
}

/** What a user passed for `resourceLimits`. */
export function limitsOf(value: ResourceLimits | ResourceLimitsOptions | undefined): ResourceLimits {
  return value instanceof ResourceLimits ? value : new ResourceLimits(value);
}
