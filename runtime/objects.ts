/**
 * Garbage-collected objects at run time: making structs and arrays, and the two faces of a reference, inside and at the
 * host's side.
 *
 * Inside, an `anyref` is null, a number (an i31), an object with an `rtt`, or a `HostValue`. An `externref` is a value of the
 * host as it is. So the two are converted: a struct or array is shown to the host as an opaque object, one per struct.
 */
import { DefinedType } from './defined-types.ts';
import { trap } from './errors.ts';
import { type FieldKind, kindOf, layoutOf, type Shape } from './layout.ts';
import type { FieldType } from './types.ts';
import type { Vector } from './vector.ts';

/** A struct or array, or what stands for a value of the host. */
export interface GcObject {
  readonly rtt: DefinedType;
}

export type Elements = Record<number, unknown> & { readonly length: number; fill(...args: never[]): unknown };

export class GcArray implements GcObject {
  readonly rtt: DefinedType;
  readonly a: Elements;

  constructor(rtt: DefinedType, a: Elements) {
    this.rtt = rtt;
    this.a = a;
  }
}

export type StructConstructor = new (rtt: DefinedType, ...slots: unknown[]) => GcObject;
/** The class of a shape: whoever compiles makes it from text. */
export type StructClasses = (shape: Shape) => StructConstructor;

// -------------------------------------------------------------------- making objects

/** `values`: one per field, as they are inside. */
export function newStruct(rtt: DefinedType, values: readonly unknown[], classes: StructClasses): GcObject {
  const layout = layoutOf(rtt.fields);
  const tagged = new Array<unknown>(layout.tagged).fill(0);
  const doubles = new Array<unknown>(layout.doubles).fill(0);
  layout.slots.forEach(({ kind, name, high }, i) => {
    const at = Number(name.slice(1));
    if (high !== undefined) {
      tagged[at] = Number(BigInt.asIntN(32, values[i] as bigint));
      tagged[at + 1] = Number((values[i] as bigint) >> 32n);
    } else (kind === 'f32' || kind === 'f64' ? doubles : tagged)[at] = values[i];
  });
  return new (classes(layout))(rtt, ...tagged, ...doubles);
}

export function defaultOf(field: FieldType): unknown {
  const kind = kindOf(field);
  if (kind === 'reference') return null;
  if (kind === 'v128') return NO_VECTOR;
  return kind === 'i64' ? 0n : 0;
}

const NO_VECTOR: Vector = new Int32Array(4);

/** Larger ones would be no arrays to V8 any more, or end the process. */
const MOST_REFERENCES = 2 ** 25;
const MOST_BYTES = 2 ** 30;

const TYPED = {
  i8: Uint8Array,
  i16: Uint16Array,
  i32: Int32Array,
  i64: BigInt64Array,
  f32: Float64Array,
  f64: Float64Array,
} as const satisfies Partial<Record<FieldKind, unknown>>;

/** So many elements of the default value. */
export function newElements(field: FieldType, length: number): Elements {
  const kind = kindOf(field);
  if (kind === 'reference' || kind === 'v128') {
    if (length > MOST_REFERENCES) trap('array-too-large');
    return new Array<unknown>(length).fill(defaultOf(field));
  }
  const typed = TYPED[kind];
  if (length * typed.BYTES_PER_ELEMENT > MOST_BYTES) trap('array-too-large');
  try {
    return new typed(length) as unknown as Elements;
  } catch {
    // The host has no room for it.
    return trap('array-too-large');
  }
}

/** An array of just these. */
export function elementsOf(field: FieldType, values: readonly unknown[]): Elements {
  const elements = newElements(field, values.length);
  for (let i = 0; i < values.length; i++) elements[i] = values[i];
  return elements;
}

// -------------------------------------------------------------------- the host's side

/** A type of its own for `HostValue`s: no struct, no array, and no subtype of anything. */
const HOST = new DefinedType(true, 'host', undefined, []);

/** What an anyref holds that came from the host, and is no i31. */
export class HostValue implements GcObject {
  readonly rtt = HOST;
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

const views = new WeakMap<GcObject, object>();
const viewed = new WeakMap<object, GcObject>();

/** `extern.convert_any`: the host's value for an internal reference. */
export function externalize(reference: unknown): unknown {
  if (reference === null || typeof reference === 'number') return reference;
  if (reference instanceof HostValue) return reference.value;
  let view = views.get(reference as GcObject);
  if (view === undefined) {
    view = Object.freeze(Object.create(null) as object);
    views.set(reference as GcObject, view);
    viewed.set(view, reference as GcObject);
  }
  return view;
}

/** `any.convert_extern`: the internal reference for a value of the host. */
export function internalize(value: unknown): unknown {
  if (value === null || isI31(value)) return value;
  const object = typeof value === 'object' ? viewed.get(value) : undefined;
  return object ?? new HostValue(value);
}

function isI31(value: unknown): boolean {
  return typeof value === 'number' && Object.is(value, (value << 1) >> 1);
}
