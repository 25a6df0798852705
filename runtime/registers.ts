/**
 * What generated code keeps outside of JavaScript variables: the register file, and the registers that count. One of each
 * per thread, for good: V8 knows where they lie, so that reading a cell or a register is one instruction (in the store of
 * each Runtime it took eight; see RATIONALE.md).
 *
 * Not here: whose account is in the registers at the moment (`store.ts`).
 */
import { FIRST_CELL, REGISTER_CELLS, type Registers } from './abi.ts';

/** Cells beyond the last limit: arguments written before a callee finds that its frame does not fit. */
const SLACK = 1024;

const buffer = new ArrayBuffer((REGISTER_CELLS + SLACK) * 8);

/** One buffer, several views. */
export const R: BigInt64Array = new BigInt64Array(buffer);
export const RL: Int32Array = new Int32Array(buffer);
export const RD: Float64Array = new Float64Array(buffer);
export const RF: Float32Array = new Float32Array(buffer);
/** The stack of references; cleared on pop. */
export const RR: unknown[] = [];

export const S: Registers = {
  sp: FIRST_CELL,
  rp: 0,
  limit: 0,
  fuel: 0,
  fuel2: 0,
  depth: 0,
  maxDepth: 0,
  tail: null,
};
