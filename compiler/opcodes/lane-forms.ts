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
 * the lanes. `x` and `y` keep their value from one lane's template to the next; a template that is just `r0` means the result's lane 0.
 */
import {
  type Effect,
  type Feature,
  type ImmediateKind,
  type Kind,
  type LaneForm,
  type Opcode,
  rows,
  type Shape,
} from './row.ts';

const LANES: Readonly<Record<string, number>> = { i32x4: 4, f32x4: 4, f64x2: 2 };

/** How many lanes; 0 for a scalar. */
export function lanesOf(kind: string): number {
  return LANES[kind] ?? 0;
}

export function isShape(kind: Kind): kind is Shape {
  return LANES[kind] !== undefined;
}

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
    /** Another form, for operands that have its shapes already: kinds and templates. */
    readonly other?: readonly [string, string];
  },
];

/** Rows under the prefix 0xfd. Without templates: the emitter knows the instruction. */
export function vectors(feature: Feature, table: readonly VectorRow[]): readonly Opcode[] {
  return table.flatMap(([code, name, kinds, templates, extra = {}]) => {
    const forms = templates === undefined ? undefined : [form(name, kinds, templates, extra.exact)];
    if (extra.other !== undefined) forms!.push(form(name, ...extra.other, true));
    const columns = forms === undefined ? {} : { lanes: forms };
    const { immediate = 'none', effect = 'pure' } = extra;
    return rows(feature, [[[0xfd, code], name, immediate, signature(kinds), effect, undefined, columns]]);
  });
}

/** `'f32x4 i32 -> i32x4'` → `'v128 i32 -> v128'` */
function signature(kinds: string): string {
  return kinds.replace(/\w+x\d/g, 'v128');
}

function form(name: string, kinds: string, text: string, exact = false): LaneForm {
  const [params, results] = kinds.split('->').map((side) => side.trim().split(' ').filter(Boolean) as Kind[]);
  const templates = text.split(' ; ');
  const result = results![0];
  const wanted = result === undefined || !isShape(result) ? 1 : lanesOf(result);
  if (templates.length !== 1 && templates.length !== wanted) {
    throw new Error(`${name}: ${templates.length} templates for ${wanted} lanes`);
  }
  return { operands: params!, result, templates, exact };
}
