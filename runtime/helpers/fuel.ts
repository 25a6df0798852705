/**
 * Where generated code and bulk helpers meet the account of fuel (`../fuel.ts`).
 *
 * Not here: what plain instructions cost; that is charged inline, by `compiler/emit/metering.ts`.
 */
import type { EnvironmentAbi } from '../abi.ts';

/**
 * Charges for the `size` of a bulk operation, in bytes or elements: after its bounds check, before its effect. Other
 * code may run meanwhile (`onOutOfFuel`), so views and contents are looked up afterwards.
 */
export function charge(E: EnvironmentAbi, size: number): void {
  const { S } = E;
  if (S.bulkUnit !== 0 && size >= S.bulkUnit) S.account.charge(Math.floor(size / S.bulkUnit));
}
