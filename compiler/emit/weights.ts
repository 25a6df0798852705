/**
 * How long V8's bytecode will be for the JavaScript that we make, in bytes: V8 optimises no function beyond 60 KiB of it
 * (`outline.ts` splits accordingly). Every expression bears its weight, added up as it is made from its operands.
 *
 * The costs were fitted to the functions of CPython, Ruby and Pyodide with 4 KiB of bytecode and more (Node 20 and 26, with
 * and without metering): there most operands take 16 bits; small functions come out shorter. How far off the estimate is for
 * a module, `bench/giant` tells.
 */
export const WEIGHTS = {
  /** A variable that is read. */
  name: 2,
  /** Most operations take a literal along. */
  literal: 1,
  binary: 5,
  comparison: 6,
  unary: 2,
  conditional: 6,
  /** `RL[…]`, `E.S`. */
  member: 2,
  /** Its callee's name included, and a method's. */
  call: 14,
  method: 12,
  argument: 2,
  /** `l0 = …`; and what `RL[…] = …` takes more than reading it. */
  assignment: 1,
  store: 7,

  /** `if`, `&&`, `||`. */
  branch: 3,
  /** `break`, `continue`. */
  jump: 4,
  return: 3,
  loop: 6,
  switch: 10,
  /** A case that is compared with; in a table of jumps it costs nothing. */
  lonelyCase: 10,
  try: 20,

  /** `S.fuel = S.fuel - 7 | 0`; and the slow path of a look at the account. */
  charge: 19,
  refuel: 12,
  /** `V = E.V`: what a call leaves to be done; and how much more it is if the fuel was in a variable. */
  arrival: 5,
  fuelArrival: 19,
  /** `x = f12$3(E, q, r, d)`. */
  regionCall: 30,
  /** `S.sp = w; S.rp = t`: how a handler begins. */
  restore: 16,
} as const;

/**
 * Of a `switch`, without its discriminant and what stands in it. V8 makes a table of six cases and more that are not spread over
 * too wide a range.
 */
export function switchWeight(cases: number, range = cases): number {
  const hasTable = cases >= 6 && range <= 3 * cases;
  return WEIGHTS.switch + (hasTable ? 0 : WEIGHTS.lonelyCase * cases);
}
