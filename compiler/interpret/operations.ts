/**
 * The operations of interpreted code: those of control, variables and constants by name; every row of the opcode table
 * that has a template is one more, behind them.
 */
import { OPCODES, type Opcode } from '../opcodes.ts';

export const OPERATION = {
  /** n: charges fuel. */
  charge: 0,
  /** n: charges fuel, and looks at the account. */
  check: 1,
  /** target: nothing moves. */
  jump: 2,
  /** target: if the popped condition is 0. */
  jumpUnless: 3,
  /** target, height, count: the top `count` operands move to `height`. */
  branch: 4,
  /** The same, if the popped condition is not 0. */
  branchIf: 5,
  /** n, then n + 1 times target, height, count. */
  branchTable: 6,
  /** count of results, 0 or 1. */
  return: 7,
  unreachable: 8,
  /** defined function, constant: type. */
  call: 9,
  /** imported function, constant: type. */
  callImport: 10,
  /** table, type index, constant: type. */
  callIndirect: 11,
  /** local */
  get: 12,
  set: 13,
  tee: 14,
  /** constant */
  constant: 15,
  drop: 16,
  select: 17,
  /** constant: a place of a global, see `loop.ts`. */
  globalGet: 18,
  globalSet: 19,
} as const;

const FIRST_ROW = 32;

/** Rows of the opcode table as operations. */
export const ROW_OPERATIONS: ReadonlyMap<Opcode, number> = new Map(
  OPCODES.filter(({ js }) => js !== undefined).map((row, i) => [row, FIRST_ROW + i]),
);
