/**
 * A global variable, as the host sees it and as instances share it: one cell of an array of the right kind. A module's
 * own globals are cells of its environment's arrays; a global made by the host has an array to itself.
 */
import { immutableGlobal } from './errors.ts';
import type { GlobalType, ValueType } from './types.ts';
import { defaultValue, fromHost, parseValueType, toHost } from './values.ts';
import type { Vector } from './vector.ts';

/**
 * i32 in an `Int32Array`, i64 in a `BigInt64Array`, f32 and f64 in a `Float64Array`, v128 as four cells of an `Int32Array`,
 * references in a plain array; or an object that has the value in a field.
 */
export type Cells = object;

export interface GlobalDescriptor {
  /** `'i32'`, `'i64'`, `'f32'`, `'f64'`, `'v128'` or a `ReferenceTypeName`. */
  readonly value: string;
  readonly mutable?: boolean | undefined;
}

type Cell = Pick<Global, 'type' | 'cells' | 'cell'>;

export class Global {
  readonly type: GlobalType;
  readonly cells: Cells;
  readonly cell: number | string;

  /** For hosts; `over`: a cell that exists already, value and all. */
  constructor(descriptor: GlobalDescriptor, initial?: unknown, over?: Cell) {
    if (over !== undefined) {
      this.type = over.type;
      this.cells = over.cells;
      this.cell = over.cell;
      return;
    }
    const type = parseValueType(descriptor.value);
    this.type = { type, mutable: Boolean(descriptor.mutable) };
    this.cells = newCells(type);
    this.cell = 0;
    this.raw = initial === undefined ? defaultValue(type) : fromHost(initial, type);
  }

  /** A view of a cell that exists already, value and all. */
  static over(type: GlobalType, cells: Cells, cell: number | string): Global {
    return new Global({ value: 'i32' }, undefined, { type, cells, cell });
  }

  /** The value as generated code holds it. */
  get raw(): unknown {
    const { cells, cell } = this;
    if (this.type.type === 'v128') return (cells as Vector).slice(cell as number, (cell as number) + 4);
    return (cells as Record<number | string, unknown>)[cell];
  }

  set raw(value: unknown) {
    const { cells, cell } = this;
    if (this.type.type === 'v128') (cells as Vector).set(value as Vector, cell as number);
    else (cells as Record<number | string, unknown>)[cell] = value;
  }

  get value(): unknown {
    return toHost(this.raw, this.type.type);
  }

  set value(value: unknown) {
    if (!this.type.mutable) throw immutableGlobal();
    this.raw = fromHost(value, this.type.type);
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
    case 'v128':
      return new Int32Array(4);
    default:
      return [];
  }
}
