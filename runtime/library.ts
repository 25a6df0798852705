/**
 * What generated code binds by name (`H`), however it came to be code: compiled at run time, or out of a file.
 *
 * Not here: how such code is made from text (src/jit.ts), or where files keep it (precompiled.ts).
 */
import { HELPERS, POW2 } from './helpers/index.ts';
import type { StructClasses } from './objects.ts';
import { R, RD, RF, RL, RR, S } from './registers.ts';

/** Functions of `Math` that templates call by their bare names; with `_` before them for functions that keep them in constants of their own. */
export const MATH = [
  'abs',
  'ceil',
  'clz32',
  'floor',
  'fround',
  'imul',
  'max',
  'min',
  'sqrt',
  'trunc',
] as const;

/** The registers, as groups call them (compiler/emit/registers.ts). */
const THREAD = { _S: S, _R: R, _RL: RL, _RD: RD, _RF: RF, _RR: RR };

export type Library = Readonly<Record<string, unknown>>;

/** `structs` gives the class of a shape. */
export function library(structs: StructClasses): Library {
  return {
    struct: (tagged: number, doubles: number) => structs({ tagged, doubles }),
    ...HELPERS,
    ...THREAD,
    ...Object.fromEntries(MATH.flatMap((name) => [name, `_${name}`].map((each) => [each, Math[name]]))),
    A: BigInt.asIntN,
    U: BigInt.asUintN,
    BigInt,
    NaN,
    POW2,
  };
}
