/**
 * Instructions that become something else in code for an interpreter than for a compiler. What has no handler here is made as for
 * any other target.
 */
import type { Immediate, MemoryArgument } from '../../function/sink.ts';
import { OPCODES, type Opcode } from '../../opcodes.ts';
import { isAccess } from '../../opcodes/row.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import { emitArrayAccess } from './arrays.ts';
import { FLOATS } from './floats.ts';
import { INTEGERS, type Integers } from './integers.ts';

const HANDLERS: readonly (Integers | undefined)[] = OPCODES.reduce<(Integers | undefined)[]>((all, row) => {
  all[row.number] = INTEGERS[row.name] ?? FLOATS[row.name];
  return all;
}, []);

/** False: not here. */
export function emitInterpreted(
  emitter: FunctionEmitter,
  row: Opcode,
  immediate: Immediate,
  offset: number,
): boolean {
  const handler = HANDLERS[row.number];
  if (handler !== undefined) handler(emitter);
  else if (!isAccess(row.immediate)) return false;
  else return emitArrayAccess(emitter, row, immediate as MemoryArgument, offset);
  return true;
}
