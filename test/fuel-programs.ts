/**
 * The programs whose fuel is compared with the reference (fuel.test.ts), by subject.
 */
import { CALL_PROGRAMS } from './fuel-programs/calls.ts';
import { CONTROL_PROGRAMS } from './fuel-programs/control.ts';
import { EXCEPTION_PROGRAMS } from './fuel-programs/exceptions.ts';
import { MEMORY_PROGRAMS } from './fuel-programs/memory.ts';
import type { FuelProgram } from './fuel-programs/program.ts';
import { TAIL_CALL_PROGRAMS } from './fuel-programs/tail-calls.ts';

export const FUEL_PROGRAMS: readonly FuelProgram[] = [
  ...CONTROL_PROGRAMS,
  ...CALL_PROGRAMS,
  ...MEMORY_PROGRAMS,
  ...EXCEPTION_PROGRAMS,
  ...TAIL_CALL_PROGRAMS,
];
