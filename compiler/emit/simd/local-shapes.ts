/**
 * In which shape a v128 local lives in JavaScript variables. The function is emitted with words first; what is written to each local
 * and what reads it votes, more the deeper in loops it stands:
 *
 *   local.get 0 · local.get 1 · f32x4.mul · local.set 2      →      locals 0, 1 and 2: floats
 *
 * Locals that are copied into each other, or that lanes move between unchanged (shuffles, `select`), vote together. Where floats win,
 * the function is emitted again with these shapes. Signalling NaNs must survive in floats where bits are read (a store, a call);
 * where only arithmetic reads them, nothing is done about them. Words whose 16-bit lanes turn out to be small are worth a second
 * emission, too. Not here: the layouts whose locals are in cells.
 */
import type { ValueType } from '../../../runtime/types.ts';
import { LARGEST_HALF } from '../../opcodes/lane-forms.ts';
import type { Shape } from './vector.ts';

export interface LocalShape {
  readonly shape: Shape;
  /** Somebody reads bits: f32 lanes must keep signalling NaNs, marked. */
  readonly exact: boolean;
  /** Nothing is written to it that could hold one. */
  readonly clean: boolean;
  /** How large its 16-bit lanes can be, if it is words. */
  readonly halves: number;
}

/** Per local, or for all that are joined to it. */
interface Ballot {
  readonly votes: Record<Shape, number>;
  exact: boolean;
  clean: boolean;
  /** Of the locals joined with it, another one that speaks for it. */
  leader: Ballot | undefined;
}

/** A loop is taken to run so many times. */
const TURNS = 8;
const DEEPEST = 6;

export class ShapeVotes {
  readonly #ballots: (Ballot | undefined)[] = [];
  /** By local, how large the 16-bit lanes are that are written to it. */
  readonly #halves: number[] = [];

  /** Parameters may be anything. */
  constructor(params: readonly ValueType[]) {
    params.forEach((type, local) => {
      if (type !== 'v128') return;
      this.noteUnclean(local);
      this.noteHalves(local, LARGEST_HALF);
    });
  }

  #ballot(local: number): Ballot {
    this.#ballots[local] ??= {
      votes: { i32x4: 0, f32x4: 0, f64x2: 0 },
      exact: false,
      clean: true,
      leader: undefined,
    };
    return leaderOf(this.#ballots[local]!);
  }

  /** A shape is wanted of locals, or written to one, inside so many loops. */
  vote(locals: readonly number[], shape: Shape, loops: number): void {
    for (const local of locals) this.#ballot(local).votes[shape] += TURNS ** Math.min(loops, DEEPEST);
  }

  /** Their bits are read. */
  noteExact(locals: readonly number[]): void {
    for (const local of locals) this.#ballot(local).exact = true;
  }

  /** What is written may hold a signalling NaN. */
  noteUnclean(local: number): void {
    this.#ballot(local).clean = false;
  }

  noteHalves(local: number, halves: number): void {
    this.#ballot(local);
    this.#halves[local] = Math.max(halves, this.#halves[local] ?? 0);
  }

  join(local: number, others: readonly number[]): void {
    for (const other of others) {
      const [into, from] = [this.#ballot(local), this.#ballot(other)];
      if (into === from) continue;
      from.leader = into;
      for (const shape of SHAPES) into.votes[shape] += from.votes[shape];
      into.exact ||= from.exact;
      into.clean &&= from.clean;
    }
  }

  /** By local; undefined where words win. */
  decide(): (LocalShape | undefined)[] {
    return Array.from(this.#ballots, (ballot, local) => {
      if (ballot === undefined) return undefined;
      const { votes, exact, clean } = leaderOf(ballot);
      const floats = votes.f32x4 >= votes.f64x2 ? 'f32x4' : 'f64x2';
      if (votes[floats] > votes.i32x4) return { shape: floats, exact, clean, halves: LARGEST_HALF };
      // One that is never written is zero.
      const halves = this.#halves[local] ?? 0;
      return halves < LARGEST_HALF ? { shape: 'i32x4', exact: true, clean: false, halves } : undefined;
    });
  }
}

const SHAPES: readonly Shape[] = ['i32x4', 'f32x4', 'f64x2'];

function leaderOf(ballot: Ballot): Ballot {
  let leader = ballot;
  while (leader.leader !== undefined) leader = leader.leader;
  return leader;
}
