/**
 * Tables of references. Generated code and helpers read `elements` directly (its identity never changes; tables of
 * functions hold `FunctionReference`s or null); the host sees functions.
 */
import { addressFromHost, addressToHost, parseAddressType } from './addresses.ts';
import { cannotGrow, maximumBelowInitial, overLimit, tableIndexOutOfRange } from './errors.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { RefType, TableType } from './types.ts';
import { defaultValue, fromHost, parseReferenceType, toHost } from './values.ts';

/** As the JavaScript API names them. */
export type ReferenceTypeName =
  | 'anyfunc'
  | 'funcref'
  | 'externref'
  | 'anyref'
  | 'eqref'
  | 'i31ref'
  | 'structref'
  | 'arrayref';

export interface TableDescriptor {
  readonly element: ReferenceTypeName;
  /** As all sizes and indices, a bigint where addresses have 64 bits. */
  readonly initial: number | bigint;
  readonly maximum?: number | bigint | undefined;
  /** Default `'i32'`. */
  readonly address?: 'i32' | 'i64' | undefined;
}
type TableLimits = Pick<Limits, 'tableElements'>;

/** A module's own table: what a descriptor cannot say, and an internal value. */
interface Internal {
  readonly type: TableType;
  readonly value: unknown;
}

export class Table {
  readonly elements: unknown[] = [];
  readonly #declared: TableType;
  /** What it may grow to: the declared maximum or the embedder's limit. */
  readonly #largest: number;

  /** For hosts. `value`: what it is filled with; by default null (funcref) or undefined (externref). */
  constructor(
    descriptor: TableDescriptor,
    value?: unknown,
    limits: TableLimits = DEFAULT_LIMITS,
    internal?: Internal,
  ) {
    const type = internal?.type ?? typeOf(descriptor);
    this.#declared = type;
    this.#largest = largestLength(type, limits);
    this.#push(type.min, internal === undefined ? convert(value, type.element) : internal.value);
  }

  /** A module's own table, filled with an internal value. */
  static define(type: TableType, value: unknown, limits: TableLimits): Table {
    return new Table({ element: 'funcref', initial: 0 }, null, limits, { type, value });
  }

  /** As a link check sees it: `min` is the current length. */
  get type(): TableType {
    return { ...this.#declared, min: this.elements.length };
  }

  get length(): number | bigint {
    return addressToHost(this.elements.length, this.#declared.address);
  }

  get(index: number | bigint): unknown {
    return toHost(this.elements[this.#checked(index)], this.#declared.element);
  }

  set(index: number | bigint, ...value: [value?: unknown]): void {
    const { element } = this.#declared;
    const internal = value.length === 0 ? defaultValue(element) : fromHost(value[0], element);
    this.elements[this.#checked(index)] = internal;
  }

  /** Returns the previous length, or throws a `RangeError`. */
  grow(delta: number | bigint, value?: unknown): number | bigint {
    const { address, element } = this.#declared;
    const count = addressFromHost(delta, address, 'delta');
    const previous = this.tryGrow(count, convert(value, element));
    if (previous < 0) throw cannotGrow('table', this.elements.length, count);
    return addressToHost(previous, address);
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

  /** Whether limits allow so many elements. */
  mayHold(length: number): boolean {
    return length <= this.#largest;
  }

  /** Exactly so many elements; new ones are null. For snapshots. */
  resize(length: number): void {
    if (length < this.elements.length) this.elements.length = length;
    else this.#push(length - this.elements.length, null);
  }

  /** One by one: the array stays packed, without holes to look up in the prototype. */
  #push(count: number, value: unknown): void {
    for (let i = 0; i < count; i++) this.elements.push(value);
  }

  #checked(index: number | bigint): number {
    const integer = addressFromHost(index, this.#declared.address, 'index');
    if (integer >= this.elements.length) throw tableIndexOutOfRange(integer, this.elements.length);
    return integer;
  }
}

function typeOf(descriptor: TableDescriptor): TableType {
  const element = parseReferenceType(descriptor.element);
  const { initial, maximum } = descriptor;
  const address = parseAddressType(descriptor.address);
  const min = addressFromHost(initial, address, 'initial');
  const max = maximum === undefined ? undefined : addressFromHost(maximum, address, 'maximum');
  if (max !== undefined && max < min) throw maximumBelowInitial('table', min, max);
  return { element, min, max, address };
}

/** A declared maximum above the limit is clamped, a minimum above it refused. */
function largestLength({ min, max }: TableType, { tableElements }: TableLimits): number {
  if (min > tableElements) throw overLimit(`a table of ${min} elements`, tableElements, 'tableElements');
  return Math.min(max ?? tableElements, tableElements);
}

function convert(value: unknown, type: RefType): unknown {
  return value === undefined ? defaultValue(type) : fromHost(value, type);
}
