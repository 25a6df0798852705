/**
 * What a row of the opcode table is, and how rows are made from the dense tuples of the files beside this one.
 *
 * Rows are checked as they are made: a template that forgets or swaps an operand stops the program at load, not a
 * user's run. Not here: the lookup (`../opcodes.ts`) and the meaning of instructions (their templates and helpers).
 */
import {
  type AddressType,
  EXTERNREF,
  FUNCREF,
  type FuncType,
  type RefType,
  refType,
  type ValueType,
} from '../../runtime/types.ts';
import type { Feature } from '../features.ts';

/** How the immediate is decoded; see `Immediate` in function/sink.ts. */
export type ImmediateKind =
  | 'none'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'local'
  | 'global'
  | 'function'
  | 'type'
  | 'type field'
  | 'type count'
  | 'type data'
  | 'type element'
  | 'type type'
  | 'cast'
  | 'table'
  | 'memory'
  | 'data'
  | 'element'
  | 'memarg'
  /** A memarg whose alignment is the natural one. */
  | 'memarg atomic'
  | 'zero'
  | 'data memory'
  | 'memory memory'
  | 'element table'
  | 'table table'
  | 'types'
  | 'heaptype'
  | 'block'
  | 'label'
  | 'labels'
  | 'call'
  | 'type table'
  | 'try_table'
  | 'tag'
  | 'v128'
  | 'lane'
  | 'lanes'
  | 'memarg lane';

/**
 * What an instruction may do besides giving its result: `trap` may trap and is pure otherwise; `load` reads state (and
 * may trap); `store` writes memory, a local or a global (and may trap); `call` may do anything: grow, charge fuel, run
 * other code; `control` moves control and has a method of its own in the sink.
 */
export type Effect = 'pure' | 'trap' | 'load' | 'store' | 'call' | 'control';

export type { Feature };

/** What code is generated for: V8 of Node 20, or anything later; and V8 without its compilers, which interprets (emit/jitless/). */
export type Target = 'v8-11' | 'v8-12+' | 'jitless';

/** How an instruction takes or gives a vector: as four int32 words, four numbers that are f32, two that are f64. */
export type Shape = 'i32x4' | 'f32x4' | 'f64x2';
/** An operand or result of an instruction on vectors; what is no shape is a scalar. */
export type Kind = Shape | Arranged | 'i32' | 'i64' | 'f32' | 'f64';
/**
 * Words in an arrangement of their own, until somebody needs the usual one. `top8`, `top16`: only the highest bit of each byte or half
 * is set, or none: a comparison that nobody has spread over its lanes. `split`: halves 0 and 2 in the first word, 1 and 3 in
 * the second, and so on: so bytes are extended, and narrowed again, in the fewest steps.
 */
export type Arranged = 'top8' | 'top16' | 'split';

/** What an instruction makes of lanes, see lane-forms.ts. */
export interface LaneForm {
  readonly operands: readonly Kind[];
  readonly result: Kind | undefined;
  /** One for all lanes, or one for each. */
  readonly templates: readonly string[];
  /** It moves bits: the operands' floats must not have turned signalling NaNs into quiet ones. */
  readonly exact: boolean;
  /** Of a form beside the main one: whether it serves halves that are no larger than this (a constant scalar: its value). */
  readonly serves?: ((a: number, b: number) => boolean) | undefined;
  /** How large the result's halves can be, from how large the operands' are (a scalar: its value, NaN if it is not known); above 65535, or NaN: anything. */
  readonly halves?: ((a: number, b: number) => number) | undefined;
  /** What becomes of a half does not depend on where it stands, so operands may be split. */
  readonly halfwise?: boolean | undefined;
}

export interface Opcode {
  /** Counts the rows, for arrays that hold something about each. */
  readonly number: number;
  /** One byte, or prefix and sub-opcode. */
  readonly code: number | readonly [number, number];
  /** The specification's text name; `select t` is the typed form of `select`. */
  readonly name: string;
  readonly immediate: ImmediateKind;
  /**
   * `'i32 i32 -> i32'`, or `'custom'`: the reader knows. Besides the names of types, it may have those of `SUBJECT`: what
   * a memory or table decides. The address of a `memarg` access is written `i32`, and has its memory's address type.
   */
  readonly signature: string;
  /** The JavaScript it becomes; see the head of ../opcodes.ts for the conventions. Absent: the emitter knows. */
  readonly js?: string;
  readonly effect: Effect;
  readonly feature: Feature;
  /** Template for a last operand that is a literal; may use the literals of `CONSTANTS`. */
  readonly constant?: string;
  /** Template for a last operand that is a literal other than 0 and −1: a divisor that needs no test. */
  readonly divisor?: string;
  /** Faster templates for some target; each is right on every engine. */
  readonly variants?: Readonly<Partial<Record<Target, string>>>;
  /** Of instructions on vectors, instead of `js`: the main form, then those for operands of which more is known; see lane-forms.ts. */
  readonly lanes?: readonly LaneForm[];
}

type Extra = Partial<Pick<Opcode, 'constant' | 'divisor' | 'variants' | 'lanes'>>;
/** Columns: code, name, immediate, signature, effect, js, rare columns. */
export type Row = readonly [
  code: Opcode['code'],
  name: string,
  immediate: ImmediateKind,
  signature: string,
  effect: Effect,
  js?: string | undefined,
  extra?: Extra,
];

let made = 0;

/** Rows of one feature, checked. */
export function rows(feature: Feature, table: readonly Row[]): readonly Opcode[] {
  return table.map(([code, name, immediate, signature, effect, js, extra]) => {
    const row: Opcode = {
      number: made++,
      code,
      name,
      immediate,
      signature,
      effect,
      feature,
      ...(js !== undefined && { js }),
      ...extra,
    };
    for (const template of templatesOf(row)) checkTemplate(row, template);
    return row;
  });
}

/** All templates of a row: the plain one, then the special ones. */
export function templatesOf(row: Opcode): readonly string[] {
  const { js, constant, divisor, variants } = row;
  return [js, constant, divisor, ...Object.values(variants ?? {})].filter((text) => text !== undefined);
}

const LAST_OPERAND_AS_LITERAL = new Set(['k', 'm', 'u']);

/**
 * The operands a template uses, in order of first use. `ea` (the effective address) is the first operand of a memory
 * access; `k`, `m` and `u` are the second one as a literal.
 */
export function operandsOf(template: string): readonly string[] {
  const used = new Set<string>();
  for (const [name] of template.matchAll(/\b(?<!\.)(?:[abcdkmu]|ea)\b/g)) {
    used.add(name === 'ea' ? 'a' : LAST_OPERAND_AS_LITERAL.has(name) ? 'b' : name);
  }
  return [...used];
}

function checkTemplate(row: Opcode, template: string): void {
  if (row.signature === 'custom') return;
  const needed = ['a', 'b', 'c', 'd'].slice(0, parseSignature(row.signature).params.length);
  const used = operandsOf(template);
  if (used.join() === needed.join()) return;
  throw new Error(`${row.name}: template uses [${used.join(', ')}], signature needs [${needed.join(', ')}]`);
}

/** The memories or tables that an instruction names. */
export interface Subject {
  /** The address type of the one, or of a copy's destination. */
  readonly at: AddressType;
  /** Of a copy's source. */
  readonly from: AddressType;
  /** What a table holds. */
  readonly element: RefType;
}

/** The smallest: 32-bit addresses, and functions. */
export const PLAIN_SUBJECT: Subject = { at: 'i32', from: 'i32', element: FUNCREF };

/**
 * Placeholders in signatures. Operands of all but `elem` are sizes and positions: templates get them as unsigned
 * JavaScript numbers, whatever their type, and give such numbers.
 */
const SUBJECT: Readonly<Record<string, (subject: Subject) => ValueType>> = {
  __proto__: null as never,
  at: ({ at }) => at,
  from: ({ from }) => from,
  /** How much is copied: the narrower of both. */
  len: ({ at, from }) => (at === 'i64' ? from : at),
  /** A position or size in a segment. */
  u32: () => 'i32',
  elem: ({ element }) => element,
};

/** By operand, whether the template gets it as an unsigned number: `at i32 at ->` gives true, false, true. */
export function unsignedOperands(signature: string): readonly boolean[] {
  return sides(signature)[0]!.map((name) => name !== 'elem' && name in SUBJECT);
}

/** The result is a size or position. */
export function givesSize(signature: string): boolean {
  return sides(signature)[1]?.[0] === 'at';
}

/** The signature depends on a memory's or table's type. */
export function dependsOnSubject({ signature, immediate }: Opcode): boolean {
  if (signature === 'custom') return false;
  return (
    isAccess(immediate) ||
    sides(signature)
      .flat()
      .some((name) => name in SUBJECT)
  );
}

/** Loads and stores of all kinds. */
export function isAccess(immediate: ImmediateKind): boolean {
  return immediate.startsWith('memarg');
}

function sides(signature: string): string[][] {
  return signature.split('->').map((side) => side.trim().split(/\s+/).filter(Boolean));
}

const TYPES: Readonly<Record<string, ValueType>> = {
  i32: 'i32',
  i64: 'i64',
  f32: 'f32',
  f64: 'f64',
  v128: 'v128',
  funcref: FUNCREF,
  externref: EXTERNREF,
  eqref: refType(true, 'eq'),
  arrayref: refType(true, 'array'),
  i31ref: refType(true, 'i31'),
  i31: refType(false, 'i31'),
};

/** `'i32 i32 -> i64'` as a function type. */
export function parseSignature(signature: string, subject = PLAIN_SUBJECT): FuncType {
  const [params, results] = sides(signature).map((side) => side.map((name) => typeNamed(name, subject)));
  if (params === undefined || results === undefined) throw new Error(`bad signature "${signature}"`);
  return { params, results };
}

function typeNamed(name: string, subject: Subject): ValueType {
  const type = SUBJECT[name]?.(subject) ?? TYPES[name];
  if (type === undefined) throw new Error(`unknown type ${name} in a signature`);
  return type;
}
