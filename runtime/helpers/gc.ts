/**
 * Arrays: making, filling, copying; what converts references; and the traps of objects. Operands and order as in table.ts:
 * check bounds, charge fuel, change. What new objects take is counted against `limits.gcBytes`.
 *
 * Single elements and fields are not here: the emitter writes them.
 */
import type { EnvironmentAbi } from '../abi.ts';
import { trap } from '../errors.ts';
import { arrayBytes, kindOf } from '../layout.ts';
import { type Elements, elementsOf, externalize, GcArray, internalize, newElements } from '../objects.ts';
import type { FieldType } from '../types.ts';
import { f32_from_bits, f64_from_bits } from './float.ts';
import { charge } from './fuel.ts';
import { move } from './table.ts';

export function null_i31(): never {
  trap('null-i31-reference');
}

export function cast_failure(): never {
  trap('cast-failure');
}

export function array_bounds(): never {
  trap('out-of-bounds-array-access');
}

/** Before an object of so many bytes is made. */
export function allocate(E: EnvironmentAbi, bytes: number): void {
  if (!E.S.mayAllocate(bytes)) trap('allocation-limit-exceeded');
}

export const any_convert_extern: typeof internalize = internalize;
export const extern_convert_any: typeof externalize = externalize;

// -------------------------------------------------------------------- new arrays

/** Room for `count` elements, charged and counted. */
function room(E: EnvironmentAbi, field: FieldType, count: number): Elements {
  charge(E, count);
  allocate(E, arrayBytes(field, count));
  return newElements(field, count);
}

function fieldOf(E: EnvironmentAbi, type: number): FieldType {
  return E.defined[type]!.element;
}

export function array_new(E: EnvironmentAbi, type: number, value: unknown, count: number): GcArray {
  const elements = room(E, fieldOf(E, type), count >>> 0);
  if (value !== null && value !== 0n && !Object.is(value, 0)) elements.fill(value as never);
  return new GcArray(E.defined[type]!, elements);
}

export function array_new_default(E: EnvironmentAbi, type: number, count: number): GcArray {
  return new GcArray(E.defined[type]!, room(E, fieldOf(E, type), count >>> 0));
}

/** A rest parameter is an array of objects, which keeps signalling NaNs as they are. */
export function array_new_fixed(E: EnvironmentAbi, type: number, ...values: unknown[]): GcArray {
  const field = fieldOf(E, type);
  allocate(E, arrayBytes(field, values.length));
  const elements =
    kindOf(field) === 'reference' ? (values as unknown as Elements) : elementsOf(field, values);
  return new GcArray(E.defined[type]!, elements);
}

/** `count` elements from byte `from` of a data segment. */
export function array_new_data(
  E: EnvironmentAbi,
  type: number,
  segment: number,
  from: number,
  count: number,
): GcArray {
  const field = fieldOf(E, type);
  const source = dataOf(E, field, segment, from >>> 0, count >>> 0);
  const elements = room(E, field, count >>> 0);
  decode(field, source, from >>> 0, elements, 0, count >>> 0);
  return new GcArray(E.defined[type]!, elements);
}

/** `count` elements from element `from` of an element segment. */
export function array_new_elem(
  E: EnvironmentAbi,
  type: number,
  segment: number,
  from: number,
  count: number,
): GcArray {
  const source = segmentOf(E, segment, from >>> 0, count >>> 0);
  const elements = room(E, fieldOf(E, type), count >>> 0);
  move(elements, source, 0, from >>> 0, count >>> 0);
  return new GcArray(E.defined[type]!, elements);
}

// -------------------------------------------------------------------- whole ranges

function checkedElements(array: GcArray | null, at: number, count: number): Elements {
  if (array === null) return trap('null-array-reference');
  if (at + count > array.a.length) array_bounds();
  return array.a;
}

export function array_fill(
  E: EnvironmentAbi,
  array: GcArray | null,
  at: number,
  value: unknown,
  count: number,
): void {
  const elements = checkedElements(array, at >>> 0, count >>> 0);
  charge(E, count >>> 0);
  elements.fill(value as never, (at >>> 0) as never, ((at >>> 0) + (count >>> 0)) as never);
}

export function array_copy(
  E: EnvironmentAbi,
  target: GcArray | null,
  to: number,
  source: GcArray | null,
  from: number,
  count: number,
): void {
  // A null is found before anything that is out of bounds.
  if (source === null) trap('null-array-reference');
  const targets = checkedElements(target, to >>> 0, count >>> 0);
  const sources = checkedElements(source, from >>> 0, count >>> 0);
  charge(E, count >>> 0);
  copy(targets, sources, to >>> 0, from >>> 0, count >>> 0);
}

/** Up to so many elements a loop takes less time than making a view of them (test/fixtures/gc/hash-map: 4.2 to 2.0 ms a run). */
const FEW = 64;

function copy(targets: Elements, sources: Elements, to: number, from: number, count: number): void {
  if (count <= FEW || Array.isArray(targets)) move(targets, sources, to, from, count);
  else {
    const range = (sources as unknown as Uint8Array).subarray(from, from + count);
    (targets as unknown as Uint8Array).set(range, to);
  }
}

export function array_init_data(
  E: EnvironmentAbi,
  type: number,
  segment: number,
  array: GcArray | null,
  at: number,
  from: number,
  count: number,
): void {
  const field = fieldOf(E, type);
  const elements = checkedElements(array, at >>> 0, count >>> 0);
  const source = dataOf(E, field, segment, from >>> 0, count >>> 0);
  charge(E, count >>> 0);
  decode(field, source, from >>> 0, elements, at >>> 0, count >>> 0);
}

export function array_init_elem(
  E: EnvironmentAbi,
  _type: number,
  segment: number,
  array: GcArray | null,
  at: number,
  from: number,
  count: number,
): void {
  const elements = checkedElements(array, at >>> 0, count >>> 0);
  const source = segmentOf(E, segment, from >>> 0, count >>> 0);
  charge(E, count >>> 0);
  move(elements, source, at >>> 0, from >>> 0, count >>> 0);
}

// -------------------------------------------------------------------- segments

/** An element segment with `count` elements from `from` on. */
function segmentOf(E: EnvironmentAbi, segment: number, from: number, count: number): readonly unknown[] {
  const source = E.elements[segment]!;
  if (from + count > source.length) trap('out-of-bounds-table-access');
  return source;
}

const SIZES = { i8: 1, i16: 2, i32: 4, i64: 8, f32: 4, f64: 8, v128: 16, reference: 0 } as const;

/** A data segment with `count` elements from byte `from` on. */
function dataOf(
  E: EnvironmentAbi,
  field: FieldType,
  segment: number,
  from: number,
  count: number,
): Uint8Array {
  const bytes = E.data[segment]!;
  if (from + count * SIZES[kindOf(field)] > bytes.length) trap('out-of-bounds-memory-access');
  return bytes;
}

/** As memory holds them: little-endian. */
function decode(
  field: FieldType,
  bytes: Uint8Array,
  from: number,
  elements: Elements,
  at: number,
  count: number,
): void {
  const kind = kindOf(field);
  if (kind === 'i8') {
    copy(elements, bytes as unknown as Elements, at, from, count);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[kind as keyof typeof READERS];
  const size = SIZES[kind];
  for (let i = 0; i < count; i++) elements[at + i] = read(view, from + i * size);
}

const READERS = {
  i16: (view: DataView, at: number) => view.getUint16(at, true),
  i32: (view: DataView, at: number) => view.getInt32(at, true),
  i64: (view: DataView, at: number) => view.getBigInt64(at, true),
  f32: (view: DataView, at: number) => f32_from_bits(view.getInt32(at, true)),
  f64: (view: DataView, at: number) => f64_from_bits(view.getBigInt64(at, true)),
  v128: (view: DataView, at: number) =>
    Int32Array.from({ length: 4 }, (_, i) => view.getInt32(at + 4 * i, true)),
};
