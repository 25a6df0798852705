/**
 * What the runner asks of an engine: compile, instantiate, call with raw bits, and say what kind of failure an error
 * is. One implementation per mode stands in `engines/`; `modes.ts` lists them.
 */
import type { Pattern, Value } from './values.ts';

export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
export interface EngineInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export type FailureKind = 'compile' | 'link' | 'trap' | 'exhaustion' | 'exception' | 'other';

/** The standard JavaScript API's classes, as far as the suite's host module needs them. */
export interface StoreClasses {
  readonly Memory: new (type: { initial: number; maximum: number; shared?: boolean }) => object;
  readonly Table: new (type: {
    element: 'anyfunc';
    initial: number | bigint;
    maximum: number | bigint;
    address?: 'i32' | 'i64';
  }) => object;
  readonly Global: new (
    type: { value: 'i32' | 'i64' | 'f32' | 'f64'; mutable: boolean },
    value: number | bigint,
  ) => object;
}

export interface Engine<M = unknown, I extends EngineInstance = EngineInstance> {
  /** Whether its errors use the specification's words, to be compared; else only their kinds are. */
  readonly speaksSpec: boolean;
  readonly classes: StoreClasses;
  compile(bytes: Uint8Array): M | Promise<M>;
  instantiate(module: M, imports: Imports): I;
  /**
   * Calls an export. Results are numbers as unsigned raw bits, and references.
   * `expected`, where a result is expected, tells an engine whose results carry no types what they should be.
   */
  invoke(
    instance: I,
    field: string,
    args: readonly Value[],
    expected: readonly Pattern[] | undefined,
  ): Promise<readonly unknown[]>;
  /** The value of an exported global, like a result. */
  get(instance: I, field: string, expected: Pattern | undefined): unknown;
  kindOf(error: unknown): FailureKind;
  close(): void;
}
