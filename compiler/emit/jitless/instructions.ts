/**
 * Instructions that become something else in code for an interpreter than for a compiler. What has no handler here is made as for
 * any other target.
 */
import type { Immediate, MemoryArgument } from '../../function/sink.ts';
import { isAccess } from '../../opcodes/row.ts';
import { OPCODES, type Opcode } from '../../opcodes.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import { emitArrayAccess } from './arrays.ts';
import { FLOATS } from './floats.ts';
import { INTEGERS, type Integers } from './integers.ts';
import { emitPairAccess, emitPairGlobal } from './pair-access.ts';
import { PAIRS } from './pair-conversions.ts';

const HANDLERS: readonly (Integers | undefined)[] = handlers({ ...INTEGERS, ...FLOATS });
const IN_HALVES: readonly (Integers | undefined)[] = handlers(PAIRS);

/** By the rows' numbers. */
function handlers(named: Readonly<Record<string, Integers>>): readonly (Integers | undefined)[] {
  const all: (Integers | undefined)[] = [];
  for (const row of OPCODES) all[row.number] = named[row.name];
  return all;
}

/** False: not here. */
export function emitInterpreted(
  emitter: FunctionEmitter,
  row: Opcode,
  immediate: Immediate,
  offset: number,
): boolean {
  const { halves } = emitter.places;
  const handler = HANDLERS[row.number] ?? (halves ? IN_HALVES[row.number] : undefined);
  if (handler !== undefined) {
    handler(emitter);
    return true;
  }
  if (isAccess(row.immediate)) {
    const argument = immediate as MemoryArgument;
    if (halves && emitPairAccess(emitter, row, argument, offset)) return true;
    return emitArrayAccess(emitter, row, argument, offset);
  }
  return halves && row.immediate === 'global' && emitPairGlobal(emitter, row, immediate);
}
