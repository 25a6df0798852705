/**
 * Validation at full speed of what most code consists of: instructions of one byte with a fixed signature, locals and
 * constants. Where nobody is told what was read, a run of them is stepped over in one loop, with the operand stack's
 * array in hand.
 *
 * It knows only what is right. At the first instruction of any other kind, or that is not plainly right (a type that does
 * not match, a number of more digits than usual, an end too near), it stops before it, and the reader goes on in its own way and
 * finds the fault or its absence. So no rule of validation stands here alone.
 */
import { OPCODES, type Opcode, signatureOf } from '../opcodes.ts';
import type { FunctionState } from './function-state.ts';
import { naturalAlignmentOf } from './immediates.ts';
import { type Operand, operandOf } from './stacks.ts';

/** How an instruction is stepped over; NOT: not here. */
const NOT = 0;
const FIXED = 1;
const INTEGER = 2;
const MEMARG = 3;
const LOCAL_GET = 4;
/** Takes what a local is. */
const LOCAL_SET = 5;
/** Takes anything. */
const DROP = 6;

/** Of each byte: its kind, bytes of a fixed length, operands that it takes, their types and its result's (0: none), alignment. */
const KIND = new Uint8Array(256);
const LENGTH = new Uint8Array(256);
const POPS = new Uint8Array(256);
const FIRST = new Uint8Array(256);
const SECOND = new Uint8Array(256);
const RESULT = new Uint8Array(256);
const ALIGNMENT = new Uint8Array(256);

const BY_IMMEDIATE: Readonly<Partial<Record<Opcode['immediate'], readonly [kind: number, length: number]>>> =
  {
    none: [FIXED, 1],
    f32: [FIXED, 5],
    f64: [FIXED, 9],
    i32: [INTEGER, 1],
    i64: [INTEGER, 1],
    memarg: [MEMARG, 2],
  };
const BY_NAME: Readonly<Record<string, readonly [kind: number, length: number, pops: number]>> = {
  'local.get': [LOCAL_GET, 2, 0],
  'local.set': [LOCAL_SET, 2, 1],
  'local.tee': [LOCAL_SET, 2, 0],
  drop: [DROP, 1, 1],
};

for (const row of OPCODES) {
  const { code } = row;
  if (typeof code !== 'number') continue;
  const type = signatureOf(row);
  if (type === undefined) [KIND[code], LENGTH[code], POPS[code]] = BY_NAME[row.name] ?? [NOT, 0, 0];
  else if (type.params.length <= 2 && type.results.length <= 1) {
    const [first, second] = type.params;
    [KIND[code], LENGTH[code]] = BY_IMMEDIATE[row.immediate] ?? [NOT, 0];
    POPS[code] = type.params.length;
    FIRST[code] = first === undefined ? 0 : operandOf(first);
    SECOND[code] = second === undefined ? 0 : operandOf(second);
    RESULT[code] = type.results[0] === undefined ? 0 : operandOf(type.results[0]);
    ALIGNMENT[code] = naturalAlignmentOf(row);
  }
}

/** Steps over plain instructions from the cursor on. */
export function skipPlain({ bytes: reader, stacks, localOperands, module }: FunctionState): void {
  const { bytes } = reader;
  const { operands } = stacks;
  const floor = stacks.top.height;
  // Whatever is read of one instruction lies before the end.
  const last = reader.end - LONGEST;
  const hasMemory = module.memories.length > 0;
  let height = stacks.height;
  let at = reader.offset;
  while (at < last) {
    const code = bytes[at]!;
    const kind = KIND[code]!;
    const bottom = height - POPS[code]!;
    let next = at + LENGTH[code]!;
    let result: Operand = RESULT[code]!;
    if (kind <= MEMARG) {
      if (kind === NOT || bottom < floor) break;
      if (FIRST[code] !== 0 && operands[bottom] !== FIRST[code]) break;
      if (SECOND[code] !== 0 && operands[bottom + 1] !== SECOND[code]) break;
      if (kind === MEMARG && (!hasMemory || bytes[at + 1]! > ALIGNMENT[code]!)) break;
      if (kind !== FIXED) next = behindInteger(bytes, next);
      if (next < 0) break;
    } else if (kind === LOCAL_GET) {
      const index = bytes[at + 1]!;
      if (index >= 0x80 || index >= localOperands.length) break;
      result = localOperands[index]!;
    } else {
      if (height === floor) break;
      const index = bytes[at + 1]!;
      if (kind === LOCAL_SET && (index >= 0x80 || localOperands[index] !== operands[height - 1])) break;
    }
    height = bottom;
    if (result !== 0) operands[height++] = result;
    at = next;
  }
  stacks.height = height;
  reader.offset = at;
}

/** No instruction here is longer. */
const LONGEST = 16;

/** Where an integer of up to four digits ends; −1 if it has more. */
function behindInteger(bytes: Uint8Array, at: number): number {
  if (bytes[at]! < 0x80) return at + 1;
  if (bytes[at + 1]! < 0x80) return at + 2;
  if (bytes[at + 2]! < 0x80) return at + 3;
  return bytes[at + 3]! < 0x80 ? at + 4 : -1;
}
