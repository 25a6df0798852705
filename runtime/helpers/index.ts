/**
 * All functions that generated code calls by name, for the wrapper that binds them (src/jit.ts, precompiled output).
 *
 * A helper is named like the instruction it serves, with `_` for `.`; one law test checks that the opcode table and the
 * emitter use exactly these.
 */
import { trap } from '../errors.ts';
import * as arrays from './array-access.ts';
import * as atomics from './atomics.ts';
import * as control from './control.ts';
import * as float from './float.ts';
import * as fuel from './fuel.ts';
import * as gc from './gc.ts';
import * as integer from './integer.ts';
import * as memory from './memory.ts';
import * as table from './table.ts';
import * as truncate from './truncate.ts';
import * as vector from './vector.ts';
import * as wide from './wide.ts';

const { ACCESSES, ...waiting } = atomics;
const { charge: _charge, ...fuelHelpers } = fuel;
const { POW2, ...integerHelpers } = integer;
const { move: _move, ...tableHelpers } = table;

/** `1n << k` by `k`: the one name in generated code that is a table instead of a function. */
export { POW2 };

// biome-ignore lint/complexity/noBannedTypes: called only by generated code, each with its own arity
export const HELPERS: Readonly<Record<string, Function>> = {
  trap,
  ...control,
  ...fuelHelpers,
  ...integerHelpers,
  ...truncate,
  ...float,
  ...memory,
  ...arrays,
  ...tableHelpers,
  ...gc,
  ...vector,
  ...wide,
  ...ACCESSES,
  ...waiting,
};
