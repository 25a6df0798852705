/**
 * Where vectors live, beside what places.ts says of other values.
 *
 *  - plain: a slot is four variables for words (`v8 … v11` at height 2), others for floats (`z8 …`) and doubles (`h8`, `h9`); where
 *    paths meet, it is the words. A local is variables of the one shape that the function's votes have given it (`n12 …`).
 *  - cells and bare: two cells of the frame, read and written in any shape.
 */

import { LARGEST_HALF } from '../../opcodes/lane-forms.ts';
import * as js from '../js.ts';
import type { LocalShape, ShapeVotes } from './local-shapes.ts';
import {
  assignLanes,
  cellVector,
  convert,
  halvesOf,
  type Lanes,
  lanesAt,
  naturalShape,
  type Shape,
  type Use,
  type Vector,
  type VectorCells,
  vectorOf,
  writeCells,
} from './vector.ts';

/** What the places of other values do for these. */
export interface Frame {
  readonly isPlain: boolean;
  /** The number of the first of two new cells. */
  newCells(): number;
  /** Cell n of the frame, or above it. */
  cells(n: number, outgoing: boolean): VectorCells;
  variable(name: string): js.Expression;
  /** A helper, or a view of the register file. */
  readonly use: Use;
}

const LETTERS: Readonly<Record<Shape, string>> = { i32x4: 'v', f32x4: 'z', f64x2: 'h' };
const COUNT: Readonly<Record<Shape, number>> = { i32x4: 4, f32x4: 4, f64x2: 2 };
const LOCAL = 'n';
const TEMPORARY = 'c';
/** Temporaries from here on are those of `keep`. */
const KEPT = 16;

export class VectorPlaces {
  readonly #frame: Frame;
  readonly #shapes: readonly (LocalShape | undefined)[];
  readonly #slots: (Vector | undefined)[] = [];
  readonly #slotCells: (VectorCells | undefined)[] = [];
  /** Is told whose bits are wanted. */
  votes: ShapeVotes | undefined = undefined;

  /** `shapes`: of locals that are not words, by index. */
  constructor(frame: Frame, shapes: readonly (LocalShape | undefined)[]) {
    this.#frame = frame;
    this.#shapes = shapes;
  }

  get isPlain(): boolean {
    return this.#frame.isPlain;
  }

  get use(): Use {
    return this.#frame.use;
  }

  /** Temporaries within one statement. */
  readonly temporary = (n: number): js.Expression => this.#frame.variable(TEMPORARY + n);

  /** Where the lanes of a slot go, in the plain layout. */
  slotVariables(height: number, shape: Shape): Lanes {
    return lanes(COUNT[shape], (i) => this.#frame.variable(LETTERS[shape] + (4 * height + i)));
  }

  /** The cells of a slot, in the others. */
  slotCells(height: number): VectorCells {
    this.#slotCells[height] ??= this.#frame.cells(this.#frame.newCells(), false);
    return this.#slotCells[height]!;
  }

  /** A vector that lies where branches carry it. */
  slot(height: number): Vector {
    this.#slots[height] ??= this.isPlain
      ? vectorOf('i32x4', this.slotVariables(height, 'i32x4'))
      : cellVector(this.slotCells(height));
    return this.#slots[height]!;
  }

  outgoing(n: number): VectorCells {
    return this.#frame.cells(n, true);
  }

  frameCells(n: number): VectorCells {
    return this.#frame.cells(n, false);
  }

  /** The shape of a local, in the plain layout. */
  localShape(index: number): LocalShape {
    return this.#shapes[index] ?? WORDS;
  }

  localVariables(index: number): Lanes {
    return lanes(COUNT[this.localShape(index).shape], (i) => js.id(LOCAL + (4 * index + i)));
  }

  /** Stores a vector in a slot; `anchored`: where branches carry it. Answers the vector that is there then. */
  settle(
    height: number,
    vector: Vector,
    anchored: boolean,
  ): { vector: Vector; expressions: js.Expression[] } {
    if (anchored) return { vector: this.slot(height), expressions: this.toSlot(height, vector) };
    const shape = naturalShape(vector);
    if (!this.isPlain) {
      const settled = cellVector(this.slotCells(height), vector.origins);
      return { vector: settled, expressions: this.toSlot(height, vector) };
    }
    const to = this.slotVariables(height, shape);
    const { clean, quiet, origins } = vector;
    return {
      vector: { ...vectorOf(shape, to, clean, origins), quiet, halves: halvesOf(vector) },
      expressions: assignLanes(to, vector[shape]!, this.temporary),
    };
  }

  /** Stores a vector where branches carry it. */
  toSlot(height: number, vector: Vector): js.Expression[] {
    if (!this.isPlain) return this.toCells(this.slotCells(height), vector);
    return this.into(this.slotVariables(height, 'i32x4'), vector, 'i32x4', true);
  }

  /** Stores a vector in cells, in whatever shape it is. */
  toCells(cells: VectorCells, vector: Vector): js.Expression[] {
    const shape = naturalShape(vector);
    const from = vector[shape]!;
    this.votes?.noteExact(vector.origins);
    if (shape === 'i32x4') return assignLanes(cells.i32x4, from, this.temporary);
    return writeCells(this.use, cells, shape, from, vector.clean);
  }

  /** Copies a vector to variables of its own, for several statements; `n` tells the copies from each other. */
  keep(vector: Vector, n: number): { readonly vector: Vector; readonly expressions: js.Expression[] } {
    const shape = naturalShape(vector);
    const kept = vector[shape]!.map((_, i) => this.temporary(KEPT + 4 * n + i));
    return {
      vector: { ...vectorOf(shape, kept, vector.clean, vector.origins), quiet: vector.quiet },
      expressions: kept.map((place, i) => js.assign(place, vector[shape]![i]!)),
    };
  }

  /** Stores a vector in the variables of a local, which votes with those that it comes from. */
  intoLocal(local: number, vector: Vector): js.Expression[] {
    const { shape, exact } = this.localShape(local);
    const own = lanesAt(vector, shape, exact);
    if (own === undefined) return this.into(this.localVariables(local), vector, shape, exact);
    return assignLanes(this.localVariables(local), own, this.temporary);
  }

  /** Stores a vector in variables of a shape. */
  into(to: Lanes, vector: Vector, shape: Shape, exact: boolean): js.Expression[] {
    const { before, lanes: from } = this.lanes(vector, shape, exact);
    return [...before, ...assignLanes(to, from, this.temporary)];
  }

  /** Lanes in a shape; those that come out of scratch cells are bound to temporaries from number `first` on. */
  lanes(
    vector: Vector,
    shape: Shape,
    exact: boolean,
    first = 0,
  ): { readonly before: readonly js.Expression[]; readonly lanes: Lanes } {
    const own = lanesAt(vector, shape, exact);
    if (exact || shape === 'i32x4') this.votes?.noteExact(vector.origins);
    if (own !== undefined) return { before: [], lanes: own };
    const converted = convert(this.use, vector, shape, exact);
    const bound = converted.lanes.map((lane, i) => js.assign(this.temporary(first + i), lane));
    return {
      before: [...converted.before, ...bound],
      lanes: converted.lanes.map((_, i) => this.temporary(first + i)),
    };
  }
}

const WORDS: LocalShape = { shape: 'i32x4', exact: true, clean: false, halves: LARGEST_HALF };

function lanes(count: number, lane: (i: number) => js.Expression): Lanes {
  return Array.from({ length: count }, (_, i) => lane(i));
}
