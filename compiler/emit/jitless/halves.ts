/**
 * i64 for an interpreter: two int32 in variables, where each BigInt would be an object that an operation makes and `asIntN` makes again.
 * A local is `l3` and `g3` (the high half), a slot of the operand stack `s3` and `o3`. At calls, i64 go through the register file's
 * cells as everywhere, half by half. (Layouts cells and bare keep BigInts.)
 *
 *   local.get 0 · local.get 1 · i64.xor · local.set 0      →      s0 = l0 ^ l1, o0 = g0 ^ g1; l0 = s0, g0 = o0;
 *
 * What has no handler for halves (pairs.ts) is made by its row's template, with BigInts: halves are joined and taken apart in a
 * scratch cell.
 */
import * as js from '../js.ts';
import type { Value } from '../operand-stack.ts';

/** The two int32: names or literals. */
export type Halves = readonly [low: js.Expression, high: js.Expression];

/** The high half of a value, whose node is the low one. */
export class High {
  readonly node: js.Expression;
  readonly #uses: Set<string>;

  /** `uses`: the views of the register file that the function has to declare. */
  constructor(node: js.Expression, uses: Set<string>) {
    this.node = node;
    this.#uses = uses;
  }

  /** As a BigInt. */
  joined(low: js.Expression): js.Expression {
    this.#uses.add('R').add('RL');
    return js.sequence([js.assign(LOW, low), js.assign(HIGH, this.node), WHOLE]);
  }
}

const WHOLE = js.index(js.id('R'), js.number(0));
const LOW = js.index(js.id('RL'), js.number(0));
const HIGH = js.index(js.id('RL'), js.number(1));

/** Undefined: the value is a BigInt. */
export function halvesOf({ constant, node, high }: Value): Halves | undefined {
  if (typeof constant === 'bigint') {
    return [js.number(Number(BigInt.asIntN(32, constant))), js.number(Number(constant >> 32n))];
  }
  return high === undefined ? undefined : [node, high.node];
}

/** Writes a value to two places. */
export function assignHalves(to: Halves, value: Value, uses: Set<string>): js.Expression[] {
  const from = halvesOf(value);
  if (from !== undefined)
    return to.flatMap((place, i) => (place === from[i] ? [] : [js.assign(place, from[i]!)]));
  uses.add('R').add('RL');
  return [js.assign(WHOLE, value.node), js.assign(to[0], LOW), js.assign(to[1], HIGH)];
}
