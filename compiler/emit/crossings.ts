/**
 * Places where control leaves a function's code: noted by function-emitter.ts while it is emitted, filled in once the whole of it is known.
 */
import type * as js from './js.ts';

/** A place where control leaves the function, comes back, or both; `node` is filled in at the end. */
export interface Crossing {
  readonly node: js.Expression;
  readonly core: js.Expression | undefined;
  /** The account must be up to date before. */
  readonly leaves: boolean;
  /** The account is read again after. Neither: the slow path of a check. */
  readonly returns: boolean;
  readonly number: number;
  readonly inLoop: boolean;
  /** Memory does not grow meanwhile. */
  keepsViews?: boolean;
}

/** A way out of the function; `node` is filled in at the end. */
export interface Exit {
  readonly node: js.BlockStatement;
  readonly result: js.Expression | undefined;
  readonly references: js.Statement[];
  /** The result is that of a call in our place, made when all is given back. */
  readonly isCall: boolean;
}

/** Statements that are emitted at their end; what is in them was made from something. */
export const STRUCTURES: ReadonlySet<string> = new Set([
  'BlockStatement',
  'LabeledStatement',
  'ForStatement',
  'DoWhileStatement',
  'TryStatement',
]);
