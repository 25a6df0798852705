/**
 * A global variable, as the host sees it and as instances share it: one cell of an array of the right kind. A module's
 * own globals are cells of its environment's arrays; a global made by the host has an array to itself.
 */
import { immutableGlobal } from './errors.ts';
import type { GlobalType, ValueType } from './types.ts';
import { defaultValue, fromHost, parseValueType, toHost } from './values.ts';

/** i32 in an `Int32Array`, i64 in a `BigInt64Array`, f32 and f64 in a `Float64Array`, references in a plain array. */
export type Cells = Int32Array | BigInt64Array | Float64Array | unknown[];

export interface GlobalDescriptor {
  /** `'i32'`, `'i64'`, `'f32'`, `'f64'`, `'anyfunc'`, `'externref'`. */
  readonly value: string;
  readonly mutable?: boolean | undefined;
}

export class Global {
  readonly type: GlobalType;
  readonly cells: Cells;
  readonly cell: number;

  constructor(descriptor: GlobalDescriptor, initial?: unknown) {
    const type = parseValueType(descriptor.value);
    this.type = { type, mutable: Boolean(descriptor.mutable) };
    this.cells = newCells(type);
    this.cell = 0;
    this.cells[0] = (initial === undefined ? defaultValue(type) : fromHost(initial, type)) as never;
  }

  /** A view of a cell that exists already, value and all. */
  static over(type: GlobalType, cells: Cells, cell: number): Global {
    return Object.assign(new Global({ value: 'i32' }), { type, cells, cell });
  }

  get value(): unknown {
    return toHost(this.cells[this.cell], this.type.type);
  }

  set value(value: unknown) {
    if (!this.type.mutable) throw immutableGlobal();
    this.cells[this.cell] = fromHost(value, this.type.type) as never;
  }

  valueOf(): unknown {
    return this.value;
  }
}

function newCells(type: ValueType): Cells {
  switch (type) {
    case 'i32':
      return new Int32Array(1);
    case 'i64':
      return new BigInt64Array(1);
    case 'f32':
    case 'f64':
      return new Float64Array(1);
    default:
      return [];
  }
}
