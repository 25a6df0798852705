/**
 * How generated code names what is the thread's (runtime/registers.ts): the views of the register file (`RL`) and the
 * registers (`S.fuel`).
 *
 * A group binds them as `_RL` and `_S`: constants, which V8 knows by their values. Functions keep them in constants of their
 * own, since a register of the function takes less bytecode to read again.
 */
import { REGISTER_CELLS, type Registers } from '../../runtime/abi.ts';
import * as js from './js.ts';

/** All that a group may bind. */
export const THREAD = ['S', 'R', 'RL', 'RD', 'RF', 'RR'] as const;

export function isThreads(name: string): boolean {
  return (THREAD as readonly string[]).includes(name);
}

/** What a group binds it as. */
export function nameInGroup(name: string): string {
  return `_${name}`;
}

const S = js.id('S');

/** `S.fuel`. */
export function register(name: keyof Registers): js.Expression {
  return js.member(S, name);
}

/**
 * A frame's pointer in halves of cells. The bits that are masked are never set (`REGISTER_CELLS`), but so V8 knows that a constant added
 * to it does not overflow, and reads the cell without looking.
 */
export const HALVES: js.Expression = js.binary(
  '&',
  js.binary('<<', js.id('q'), js.number(1)),
  js.number(2 * REGISTER_CELLS + 1),
);
