/**
 * How structs and arrays lie in JavaScript objects. Compiler and runtime both go by this.
 *
 * A struct is an object with its type in `rtt` and its fields in slots: `f0`, `f1`, … for what V8 keeps as a small integer or
 * a pointer, `d0`, … for doubles, which it keeps unboxed in slots that never hold anything else. An i64 takes two slots,
 * its low and high half: a BigInt would be an object, made anew by every store. The numbers of slots are rounded up, so
 * that there are few shapes of objects. A v128 is the vector object that it is in globals too (vector.ts), which nobody changes:
 *
 *   (struct (field i32 f64 (mut i64) anyref))      →      { rtt, f0: 5, f1: low, f2: high, f3: ref, d0: 0.5 }  of shape 4, 1
 *
 * An array is an object with its type in `rtt` and its elements in `a`: a typed array, or a plain one of references and vectors.
 */
import type { FieldType } from './types.ts';

export type FieldKind = 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'reference';

export interface Slot {
  readonly kind: FieldKind;
  /** `f3`, `d0`. */
  readonly name: string;
  /** The second slot of an i64. */
  readonly high: string | undefined;
}

/** All structs of one shape are objects of one class. */
export interface Shape {
  /** Slots `f0`, …, and then `d0`, …. */
  readonly tagged: number;
  readonly doubles: number;
}

export interface StructLayout extends Shape {
  /** By field. */
  readonly slots: readonly Slot[];
}

/** V8 is fast where a program meets up to four shapes in one place: a class and its subclasses should not have more. */
const TAGGED_SIZES = [2, 4, 8, 16, 32, 64];
const DOUBLE_SIZES = [0, 1, 4, 16];

function roundUp(count: number, sizes: readonly number[]): number {
  const largest = sizes[sizes.length - 1]!;
  return sizes.find((size) => size >= count) ?? Math.ceil(count / largest) * largest;
}

export function kindOf({ type }: FieldType): FieldKind {
  return typeof type === 'string' ? type : 'reference';
}

const layouts = new WeakMap<readonly FieldType[], StructLayout>();

export function layoutOf(fields: readonly FieldType[]): StructLayout {
  let layout = layouts.get(fields);
  if (layout === undefined) {
    layout = layOut(fields);
    layouts.set(fields, layout);
  }
  return layout;
}

function layOut(fields: readonly FieldType[]): StructLayout {
  let tagged = 0;
  let doubles = 0;
  const slots = fields.map((field): Slot => {
    const kind = kindOf(field);
    if (kind === 'f32' || kind === 'f64') return { kind, name: `d${doubles++}`, high: undefined };
    const name = `f${tagged++}`;
    return { kind, name, high: kind === 'i64' ? `f${tagged++}` : undefined };
  });
  return { slots, tagged: roundUp(tagged, TAGGED_SIZES), doubles: roundUp(doubles, DOUBLE_SIZES) };
}

// -------------------------------------------------------------------- what is counted against limits.gcBytes

const STRUCT_BYTES = 16;
const ARRAY_BYTES = 24;
const FIELD_BYTES = 8;

/** The same on every engine. */
export function structBytes(fields: readonly FieldType[]): number {
  return STRUCT_BYTES + fields.reduce((sum, { type }) => sum + FIELD_BYTES * (type === 'v128' ? 2 : 1), 0);
}

/** f32 elements are kept as doubles. */
const ELEMENT_BYTES: Readonly<Record<FieldKind, number>> = {
  i8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  f32: 8,
  f64: 8,
  v128: 16,
  reference: 8,
};

export function arrayBytes(field: FieldType, length: number): number {
  return ARRAY_BYTES + ELEMENT_BYTES[kindOf(field)] * length;
}
