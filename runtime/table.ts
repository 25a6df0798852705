/**
 * Tables of references. Generated code and helpers read `elements` directly (its identity never changes; tables of
 * functions hold `FunctionReference`s or null); the host sees functions.
 */
import { cannotGrow, maximumBelowInitial, overLimit, tableIndexOutOfRange } from './errors.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { RefType, TableType } from './types.ts';
import { defaultValue, enforceUint32, fromHost, parseReferenceType, toHost } from './values.ts';

export interface TableDescriptor {
  readonly element: 'anyfunc' | 'funcref' | 'externref';
  readonly initial: number;
  readonly maximum?: number | undefined;
}
type TableLimits = Pick<Limits, 'tableElements'>;

export class Table {
  readonly elements: unknown[] = [];
  #declared: TableType;
  /** What it may grow to: the declared maximum or the embedder's limit. */
  #largest: number;

  /** For hosts. `value`: what it is filled with; by default null (funcref) or undefined (externref). */
  constructor(descriptor: TableDescriptor, value?: unknown, limits: TableLimits = DEFAULT_LIMITS) {
    const type = typeOf(descriptor);
    this.#declared = type;
    this.#largest = largestLength(type, limits);
    this.#push(type.min, convert(value, type.element));
  }

  /** A module's own table, filled with an internal value. */
  static define(type: TableType, value: unknown, limits: TableLimits): Table {
    const table = new Table({ element: 'funcref', initial: 0 }, null, limits);
    table.#declared = type;
    table.#largest = largestLength(type, limits);
    table.#push(type.min, value);
    return table;
  }

  /** As a link check sees it: `min` is the current length. */
  get type(): TableType {
    return { ...this.#declared, min: this.elements.length };
  }

  get length(): number {
    return this.elements.length;
  }

  get(index: number): unknown {
    return toHost(this.elements[this.#checked(index)], this.#declared.element);
  }

  set(index: number, ...value: [value?: unknown]): void {
    const { element } = this.#declared;
    const internal = value.length === 0 ? defaultValue(element) : fromHost(value[0], element);
    this.elements[this.#checked(index)] = internal;
  }

  /** Returns the previous length, or throws a `RangeError`. */
  grow(delta: number, value?: unknown): number {
    const count = enforceUint32(delta, 'delta');
    const previous = this.tryGrow(count, convert(value, this.#declared.element));
    if (previous < 0) throw cannotGrow('table', this.length, count);
    return previous;
  }

  /** Whether limits allow it. */
  mayGrow(delta: number): boolean {
    return delta <= this.#largest - this.elements.length;
  }

  /** `table.grow`: the previous length or −1. `value` is internal. */
  tryGrow(delta: number, value: unknown): number {
    const previous = this.elements.length;
    if (!this.mayGrow(delta)) return -1;
    this.#push(delta, value);
    return previous;
  }

  /** One by one: the array stays packed, without holes to look up in the prototype. */
  #push(count: number, value: unknown): void {
    for (let i = 0; i < count; i++) this.elements.push(value);
  }

  #checked(index: number): number {
    const integer = enforceUint32(index, 'index');
    if (integer >= this.elements.length) throw tableIndexOutOfRange(integer, this.elements.length);
    return integer;
  }
}

function typeOf(descriptor: TableDescriptor): TableType {
  const element = parseReferenceType(descriptor.element);
  const min = enforceUint32(descriptor.initial, 'initial');
  const max = descriptor.maximum === undefined ? undefined : enforceUint32(descriptor.maximum, 'maximum');
  if (max !== undefined && max < min) throw maximumBelowInitial('table', min, max);
  return { element, min, max, address: 'i32' };
}

/** A declared maximum above the limit is clamped, a minimum above it refused. */
function largestLength({ min, max }: TableType, { tableElements }: TableLimits): number {
  if (min > tableElements) throw overLimit(`a table of ${min} elements`, tableElements, 'tableElements');
  return Math.min(max ?? tableElements, tableElements);
}

function convert(value: unknown, type: RefType): unknown {
  return value === undefined ? defaultValue(type) : fromHost(value, type);
}
