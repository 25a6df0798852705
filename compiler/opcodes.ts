/**
 * THE TABLE: one row per WebAssembly instruction (stub: being written).
 */

/** How the immediate is decoded; see `Immediate` in function/sink.ts. */
export type ImmediateKind =
  | 'none'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'local'
  | 'global'
  | 'function'
  | 'table'
  | 'memory'
  | 'data'
  | 'element'
  | 'memarg'
  | 'data memory'
  | 'memory memory'
  | 'element table'
  | 'table table'
  | 'types'
  | 'heaptype'
  | 'block'
  | 'label'
  | 'labels'
  | 'call'
  | 'type table'
  | 'try_table'
  | 'tag';

export type Effect = 'pure' | 'trap' | 'load' | 'store' | 'call' | 'control';

export type Feature =
  | 'mvp'
  | 'mutable-globals'
  | 'sign-extension'
  | 'saturating-float-to-int'
  | 'multi-value'
  | 'bulk-memory'
  | 'reference-types'
  | 'simd'
  | 'extended-const'
  | 'multi-memory'
  | 'tail-call'
  | 'exception-handling'
  | 'legacy-exceptions'
  | 'function-references'
  | 'gc'
  | 'memory64'
  | 'threads'
  | 'relaxed-simd'
  | 'custom-page-sizes'
  | 'wide-arithmetic';

export interface Opcode {
  /** One byte, or prefix and sub-opcode. */
  readonly code: number | readonly [number, number];
  /** The specification's text name. */
  readonly name: string;
  readonly immediate: ImmediateKind;
  /** `'i32 i32 -> i32'`, or `'custom'`: the reader knows. */
  readonly signature: string;
  /** The JavaScript it becomes; see the head of this file for the conventions. Absent: the emitter knows. */
  readonly js?: string;
  readonly effect: Effect;
  readonly feature: Feature;
}
