/**
 * A v128 on the operand stack: its lanes as expressions, in one shape or in several.
 *
 *   local.get of an f32x4 local     f32x4: l-variables n12 n13 n14 n15
 *   v128.load                       i32x4: V.getInt32(…) …    f32x4: V.getFloat32(…) …    f64x2: V.getFloat64(…) …
 *
 * Who uses it says in which shape. Lanes that are not there in it go through the views of the register file: written to
 * scratch cells in one shape, read back in the other (`convert`).
 *
 * NaNs. A vector that is only moved stays as it is: words. Numbers may lose a signalling NaN, and arithmetic may too; so who
 * wants numbers says whether it must be `exact`. An exact f32 is marked as runtime/helpers/float.ts says; `clean` lanes
 * cannot be signalling, since arithmetic made them. Not here: where vectors live (places.ts), instructions (lane-wise.ts …).
 */
import { LARGEST_HALF } from '../../opcodes/lane-forms.ts';
import type { Arranged, Shape } from '../../opcodes/row.ts';
import * as js from '../js.ts';

export type { Shape };
export type Lanes = readonly js.Expression[];

export interface Vector {
  readonly i32x4?: Lanes;
  readonly f32x4?: Lanes;
  readonly f64x2?: Lanes;
  /** The numbers, where there are words too, may have lost a signalling NaN. */
  readonly lossy: boolean;
  /** No f32 lane is a signalling NaN. */
  readonly clean: boolean;
  /** The same, if none of the locals that it comes from holds one; for the votes of local-shapes.ts. */
  readonly quiet: boolean;
  /** No 16-bit lane of the words is larger; not given: 65535. */
  readonly halves?: number;
  /** The words, as long as nobody needs them in the usual arrangement. */
  readonly arranged?: { readonly kind: Arranged; readonly lanes: Lanes };
  /** Locals that it holds lanes of, unchanged. */
  readonly origins: readonly number[];
}

export const NO_ORIGINS: readonly number[] = [];

/** Of one shape. */
export function vectorOf(shape: Shape, lanes: Lanes, clean = false, origins = NO_ORIGINS): Vector {
  return { [shape]: lanes, lossy: false, clean, quiet: clean, origins };
}

/** The shape in which a vector is kept if nobody asks for another one. */
export function naturalShape({ i32x4, f32x4 }: Vector): Shape {
  if (i32x4 !== undefined) return 'i32x4';
  return f32x4 !== undefined ? 'f32x4' : 'f64x2';
}

export function halvesOf({ halves = LARGEST_HALF }: Vector): number {
  return halves;
}

const LAST_BIT = { top8: 7, top16: 15 } as const;

/** Computed in an arrangement of its own. */
export function arrangedVector(kind: Arranged, lanes: Lanes, halves = LARGEST_HALF): Vector {
  return {
    get i32x4() {
      return kind === 'split' ? joinedHalves(lanes) : lanes.map((lane) => spread(lane, LAST_BIT[kind]));
    },
    lossy: false,
    clean: false,
    quiet: false,
    halves,
    arranged: { kind, lanes },
    origins: NO_ORIGINS,
  };
}

/** `v | v - (v >>> 7)` */
function spread(lane: js.Expression, last: number): js.Expression {
  return js.binary('|', lane, js.binary('-', lane, js.binary('>>>', lane, js.number(last))));
}

/** `v & 65535 | w << 16`, `v >>> 16 | w & -65536` */
function joinedHalves(lanes: Lanes): Lanes {
  return [0, 2].flatMap((n) => {
    const [even, odd] = [lanes[n]!, lanes[n + 1]!];
    const low = js.binary('&', even, js.number(LARGEST_HALF));
    const high = js.binary('>>>', even, js.number(16));
    return [
      js.binary('|', low, js.binary('<<', odd, js.number(16))),
      js.binary('|', high, js.binary('&', odd, js.number(~LARGEST_HALF))),
    ];
  });
}

/** The lanes split, where that takes nothing: they are, or are literals, or all the same. */
export function splitLanes({ arranged, i32x4 }: Vector): Lanes | undefined {
  if (arranged !== undefined) return arranged.kind === 'split' ? arranged.lanes : undefined;
  if (i32x4?.every((lane) => lane === i32x4[0] && js.isSimple(lane))) return i32x4;
  if (!i32x4?.every(({ type }) => type === 'Literal')) return undefined;
  const words = i32x4.map(({ text }) => Number(text));
  return [0, 2].flatMap((n) => {
    const [first, second] = [words[n]!, words[n + 1]!];
    return [
      js.number((first & LARGEST_HALF) | (second << 16)),
      js.number((first >>> 16) | (second & ~LARGEST_HALF)),
    ];
  });
}

/** It was computed: what is loaded or known has every shape. */
export function hasOneShape({ i32x4, f32x4, f64x2 }: Vector): boolean {
  return [i32x4, f32x4, f64x2].filter(Boolean).length === 1;
}

/** The lanes are there, and as exact as is asked for. */
export function lanesAt(vector: Vector, shape: Shape, exact: boolean): Lanes | undefined {
  return exact && vector.lossy && shape !== 'i32x4' ? undefined : vector[shape];
}

/** Two cells of the register file: a vector can be read in any shape, and written. */
export interface VectorCells {
  readonly i32x4: Lanes;
  readonly f32x4: Lanes;
  readonly f64x2: Lanes;
}

export function cellVector(cells: VectorCells, origins = NO_ORIGINS): Vector {
  return {
    // Asked for only where needed: a view that nobody uses is not declared.
    get i32x4() {
      return cells.i32x4;
    },
    get f32x4() {
      return cells.f32x4;
    },
    get f64x2() {
      return cells.f64x2;
    },
    lossy: true,
    clean: false,
    quiet: false,
    origins,
  };
}

function scratchLanes(view: string, first: number, count: number): Lanes {
  return Array.from({ length: count }, (_, i) => js.index(js.id(view), js.number(first + i)));
}

/** Scratch cells 2 and 3: templates use those before. */
const SCRATCH: VectorCells = {
  i32x4: scratchLanes('RL', 4, 4),
  f32x4: scratchLanes('RF', 4, 4),
  f64x2: scratchLanes('RD', 2, 2),
};

/** What conversions call by name: views, helpers. */
export type Use = (name: string) => js.Expression;

/** Whether an exact f32 is not what `Float32Array` makes of it. */
function marked(use: Use, lane: js.Expression, cell: js.Expression): js.Expression {
  const bits = js.assign(cell, js.call(use('f32_to_bits'), [lane]));
  return js.logical('||', js.binary('===', lane, lane), bits);
}

/** Writes lanes, which are simple or read once, to cells: `RF[8] = z4, RF[9] = z5, …`. */
export function writeCells(
  use: Use,
  cells: VectorCells,
  shape: Shape,
  lanes: Lanes,
  clean: boolean,
): js.Expression[] {
  return lanes.flatMap((lane, i) => {
    const written = js.assign(cells[shape][i]!, lane);
    return shape === 'f32x4' && !clean ? [written, marked(use, lane, cells.i32x4[i]!)] : [written];
  });
}

const QUIET_BITS = 0x7fff_ffff;
const INFINITY_BITS = 0x7f80_0000;

/** `(RL[4] & 2147483647) <= 2139095040 ? RF[4] : (f32_widen_nan(RD, RL[4]), RD[0])` */
function exactly(use: Use, word: js.Expression, float: js.Expression): js.Expression {
  const magnitude = js.binary('&', word, js.number(QUIET_BITS));
  const widened = js.sequence([
    js.call(use('f32_widen_nan'), [use('RD'), word]),
    js.index(use('RD'), js.number(0)),
  ]);
  return js.conditional(js.binary('<=', magnitude, js.number(INFINITY_BITS)), float, widened);
}

/**
 * Lanes in another shape: `before` writes the scratch cells; each of `lanes` reads them, and has to be bound before the cells
 * are used again. The vector's own lanes must be simple, or read once.
 */
export function convert(
  use: Use,
  vector: Vector,
  shape: Shape,
  exact: boolean,
): { before: js.Expression[]; lanes: Lanes } {
  const from = naturalShape(vector);
  for (const view of ['RL', 'RF', 'RD']) use(view);
  const before = writeCells(use, SCRATCH, from, vector[from]!, vector.clean);
  if (shape !== 'f32x4' || !exact) return { before, lanes: SCRATCH[shape] };
  return {
    before,
    lanes: SCRATCH.i32x4.map((word, i) => exactly(use, word, SCRATCH.f32x4[i]!)),
  };
}

/**
 * `to[0] = from[0], to[1] = from[1] …`: by way of temporaries where a place is read after it is written.
 * All of `from` that are not among `to` stay as they are.
 */
export function assignLanes(
  to: Lanes,
  from: Lanes,
  temporary: (n: number) => js.Expression,
): js.Expression[] {
  const disturbed = from.some((lane, i) => to.slice(0, i).some((place) => mentions(lane, place)));
  if (!disturbed) {
    return to.flatMap((place, i) => (place === from[i] ? [] : [js.assign(place, from[i]!)]));
  }
  const kept = from.map((lane, i) => js.assign(temporary(i), lane));
  return [...kept, ...to.map((place, i) => js.assign(place, temporary(i)))];
}

/** A lane reads a place. */
export function mentions(lane: js.Expression, place: js.Expression): boolean {
  return js.isSimple(lane) ? lane === place : lane.text.includes(place.text);
}
