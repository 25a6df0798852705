/**
 * Rows of instructions on vectors: templates for lanes instead of one template for a value.
 *
 *   [0xe4, 'f32x4.add', 'f32x4 f32x4 -> f32x4', 'fround(a + b)']
 *   [0x7e, 'i32x4.extadd_pairwise_i16x8_s', 'i32x4 -> i32x4', '(a << 16 >> 16) + (a >> 16)']
 *   [0xa7, 'i32x4.extend_low_i16x8_s', 'i32x4 -> i32x4', 'a0 << 16 >> 16 ; a0 >> 16 ; a1 << 16 >> 16 ; a1 >> 16']
 *
 * The third column says in which shape each vector is taken and given: `i32x4` four int32 words (of bytes and halves too, lowest
 * first; of an i64x2, low and high word), `f32x4` four numbers, `f64x2` two; `i32`, `f64` … are scalars. The fourth has
 * one template, for every lane with `a`, `b`, `c` the operands' lanes, or one per lane, separated by `;`, with `a0` … `b3`
 * the lanes. A row may have further forms, for operands of which more is known: that they are numbers already, that their 16-bit
 * lanes cannot carry, or that they are comparisons whose highest bits are enough. `x` and `y` keep their value from one lane's template to the next; a template that is just `r0` means the result's lane 0.
 */
import {
  type Arranged,
  type Effect,
  type Feature,
  type ImmediateKind,
  type Kind,
  type LaneForm,
  type Opcode,
  type Row,
  rows,
  type Shape,
} from './row.ts';

const LANES: Readonly<Record<string, number>> = { i32x4: 4, f32x4: 4, f64x2: 2, top8: 4, top16: 4, split: 4 };

/** How many lanes; 0 for a scalar. */
export function lanesOf(kind: string): number {
  return LANES[kind] ?? 0;
}

export function isArranged(kind: Kind): kind is Arranged {
  return kind === 'top8' || kind === 'top16' || kind === 'split';
}

/** Not a scalar. */
export function isVector(kind: Kind): kind is Shape | Arranged {
  return LANES[kind] !== undefined;
}

/** A form beside the main one: kinds, templates, and for which halves it is, if it does not follow from `halves`. */
type OtherForm = readonly [kinds: string, templates: string, serves?: LaneForm['serves']];

/** Columns: sub-opcode, name, kinds, templates, rare columns. */
export type VectorRow = readonly [
  code: number,
  name: string,
  kinds: string,
  templates?: string | undefined,
  extra?: {
    readonly immediate?: ImmediateKind;
    readonly effect?: Effect;
    /** See `LaneForm`. */
    readonly exact?: boolean;
    readonly halves?: LaneForm['halves'];
    readonly halfwise?: boolean;
    /** For halves so small that no lane's result has more than 16 bits: templates. */
    readonly small?: string;
    /** Forms for operands that are there in their shapes already, or small enough; the first that fits is taken. */
    readonly others?: readonly OtherForm[];
  },
];

/** Rows under the prefix 0xfd. Without templates: the emitter knows the instruction. */
export function vectors(feature: Feature, table: readonly VectorRow[]): readonly Opcode[] {
  return rows(
    feature,
    table.map(([code, name, kinds, templates, extra]): Row => {
      const { immediate = 'none', effect = 'pure' } = extra ?? {};
      const forms = templates === undefined ? undefined : formsOf(name, kinds, templates, extra);
      const columns = forms === undefined ? {} : { lanes: forms };
      return [[0xfd, code], name, immediate, kindsOf(kinds).signature, effect, undefined, columns];
    }),
  );
}

/** The main one, and those for operands of which more is known. */
function formsOf(name: string, kinds: string, templates: string, extra: VectorRow[4] = {}): LaneForm[] {
  const { exact = false, halves, halfwise, small, others = [] } = extra;
  const forms: LaneForm[] = [{ ...form(name, kinds, templates), exact, halves, halfwise }];
  if (small !== undefined) {
    const serves = (a: number, b: number) => halves!(a, b) <= LARGEST_HALF;
    forms.push({ ...form(name, kinds, small), serves, halves, halfwise });
  }
  for (const [otherKinds, text, serves] of others) {
    forms.push({ ...form(name, otherKinds, text), exact: true, serves, halves, halfwise });
  }
  return forms;
}

export const LARGEST_HALF = 65535;

interface Kinds {
  readonly operands: readonly Kind[];
  readonly result: Kind | undefined;
  /** `'f32x4 i32 -> i32x4'` → `'v128 i32 -> v128'` */
  readonly signature: string;
}
const known = new Map<string, Kinds>();

function kindsOf(text: string): Kinds {
  let kinds = known.get(text);
  if (kinds === undefined) {
    const [operands, results] = text
      .split('->')
      .map((side) => side.trim().split(' ').filter(Boolean) as Kind[]);
    kinds = { operands: operands!, result: results![0], signature: text.replace(/\w+x\d/g, 'v128') };
    known.set(text, kinds);
  }
  return kinds;
}

function form(name: string, kinds: string, text: string): LaneForm {
  const { operands, result } = kindsOf(kinds);
  const templates = text.split(' ; ');
  const wanted = result === undefined || !isVector(result) ? 1 : lanesOf(result);
  if (templates.length !== 1 && templates.length !== wanted) {
    throw new Error(`${name}: ${templates.length} templates for ${wanted} lanes`);
  }
  return { operands, result, templates, exact: false };
}
