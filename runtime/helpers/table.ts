/**
 * Tables and function references: single elements, size, growth, fill, copy, init. Operands as in memory.ts, and the
 * order too: check bounds, charge fuel, change.
 *
 * Not here: how a table grows (`../table.ts`), calls through a table (the emitter inlines them).
 */
import type { EnvironmentAbi } from '../abi.ts';
import { trap } from '../errors.ts';
import { charge } from './fuel.ts';

const NOTHING: readonly unknown[] = [];

/** Traps unless `count` elements from `index` lie within `length` elements. */
function checkBounds(length: number, index: number, count: number): void {
  if (index + count > length) trap('out-of-bounds-table-access');
}

function elementsOf(E: EnvironmentAbi, table: number): unknown[] {
  return E.T[table]!.elements;
}

export function table_get(E: EnvironmentAbi, table: number, index: number): unknown {
  const elements = elementsOf(E, table);
  checkBounds(elements.length, index, 1);
  return elements[index];
}

export function table_set(E: EnvironmentAbi, table: number, index: number, value: unknown): void {
  const elements = elementsOf(E, table);
  checkBounds(elements.length, index, 1);
  elements[index] = value;
}

export function table_size(E: EnvironmentAbi, table: number): number {
  return elementsOf(E, table).length;
}

/** The previous size, or −1. Growth that is refused costs nothing. */
export function table_grow(E: EnvironmentAbi, index: number, value: unknown, delta: number): number {
  const table = E.T[index]!;
  if (table.elements.length + delta > E.S.limits.tableElements || !table.mayGrow(delta)) return -1;
  charge(E, delta);
  return table.tryGrow(delta, value);
}

export function table_fill(
  E: EnvironmentAbi,
  table: number,
  to: number,
  value: unknown,
  count: number,
): void {
  const elements = elementsOf(E, table);
  checkBounds(elements.length, to, count);
  charge(E, count);
  elements.fill(value, to, to + count);
}

/** From table `source` to table `target`; the ranges may overlap. */
export function table_copy(
  E: EnvironmentAbi,
  target: number,
  source: number,
  to: number,
  from: number,
  count: number,
): void {
  const targetElements = elementsOf(E, target);
  const sourceElements = elementsOf(E, source);
  checkBounds(targetElements.length, to, count);
  checkBounds(sourceElements.length, from, count);
  charge(E, count);
  move(targetElements, sourceElements, to, from, count);
}

/** From element segment `segment` to table `target`. */
export function table_init(
  E: EnvironmentAbi,
  segment: number,
  target: number,
  to: number,
  from: number,
  count: number,
): void {
  const targetElements = elementsOf(E, target);
  const sourceElements = E.elements[segment]!;
  checkBounds(targetElements.length, to, count);
  checkBounds(sourceElements.length, from, count);
  charge(E, count);
  move(targetElements, sourceElements, to, from, count);
}

/** Backwards where the target starts inside the source. */
export function move(
  target: Record<number, unknown>,
  source: Readonly<Record<number, unknown>>,
  to: number,
  from: number,
  count: number,
): void {
  if (to <= from) for (let i = 0; i < count; i++) target[to + i] = source[from + i];
  else for (let i = count - 1; i >= 0; i--) target[to + i] = source[from + i];
}

export function elem_drop(E: EnvironmentAbi, segment: number): void {
  E.elements[segment] = NOTHING;
}

/** The one reference of a function: made when first asked for. */
export function ref_func(E: EnvironmentAbi, index: number): unknown {
  return E.refs[index] ?? E.makeRef(index);
}
