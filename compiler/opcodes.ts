/**
 * THE TABLE: one row per WebAssembly instruction. Decoder, validator, emitter, disassembler and tests derive from it;
 * an instruction that JavaScript can express costs one row. The rows stand in opcodes/*.ts by family.
 *
 * A template (`js`) is one JavaScript expression, parsed once, with these free names:
 *  - `a`, `b`, `c`, `d`: the operands in order. Bound to a temporary first where mentioned more than once; first uses are in
 *    order, so evaluating the template evaluates the operands once, left to right.
 *  - `x`, `y`: fresh temporaries, assigned inside the template.
 *  - `ea`, `V`: effective address of a memory access (it stands for `a`) and the memory's DataView.
 *  - `i`, `j`: first and second immediate index; of an atomic access, `i` is the memory. `E`: the environment.
 *  - `A`, `U`: BigInt.asIntN, asUintN. `BigInt`, `NaN`. The functions of `MATH` (runtime/library.ts).
 *  - `R`, `RL`, `RD`, `RF`: views of the register file, whose first cells are scratch within a single expression.
 *  - every helper of runtime/helpers/index.ts by its name, and `POW2`.
 *  - `k`, `m`, `u`, in `constant` templates: literals made from the last operand by `CONSTANTS`.
 * Several results are left in the scratch cells `R[0]`, `R[1]`: then the operands are in variables or cells of their own.
 * Instructions on vectors have templates for lanes instead, see opcodes/lane-forms.ts.
 * An i32 result may be a JavaScript boolean if the template's top node is a comparison; all else is closed: i32 by
 * `| 0`, i64 by `A(64, …)`, f32 by `fround`.
 */

import type { FuncType } from '../runtime/types.ts';
import { BULK } from './opcodes/bulk.ts';
import { CONTROL } from './opcodes/control.ts';
import { FLOAT } from './opcodes/float.ts';
import { GC } from './opcodes/gc.ts';
import { I32 } from './opcodes/i32.ts';
import { I64 } from './opcodes/i64.ts';
import { MEMORY } from './opcodes/memory.ts';
import { isAccess, type Opcode, PLAIN_SUBJECT, parseSignature, type Subject } from './opcodes/row.ts';
import { SIMD_FLOAT } from './opcodes/simd-float.ts';
import { SIMD_INTEGER } from './opcodes/simd-integer.ts';
import { SIMD_LANES } from './opcodes/simd-lanes.ts';
import { THREADS } from './opcodes/threads.ts';
import { WIDE } from './opcodes/wide.ts';

export type { Effect, Feature, ImmediateKind, Opcode, Target } from './opcodes/row.ts';

/** Every instruction that we compile. */
export const OPCODES: readonly Opcode[] = [
  ...CONTROL,
  ...MEMORY,
  ...BULK,
  ...GC,
  ...I32,
  ...I64,
  ...FLOAT,
  ...WIDE,
  ...SIMD_LANES,
  ...SIMD_INTEGER,
  ...SIMD_FLOAT,
  ...THREADS,
];

/** The literals of `constant` templates, from the value of a constant i64 operand. */
export const CONSTANTS: Readonly<Record<'k' | 'm' | 'u', (b: bigint) => bigint>> = {
  k: (b) => b & 63n,
  m: (b) => -b & 63n,
  u: (b) => b ^ -(1n << 63n),
};

const single: (Opcode | undefined)[] = new Array(256).fill(undefined);
const prefixed = new Map<number, (Opcode | undefined)[]>();
for (const row of OPCODES) {
  if (typeof row.code === 'number') single[row.code] = row;
  else rowsUnder(row.code[0])[row.code[1]] = row;
}

function rowsUnder(prefix: number): (Opcode | undefined)[] {
  const existing = prefixed.get(prefix);
  if (existing !== undefined) return existing;
  const created: (Opcode | undefined)[] = [];
  prefixed.set(prefix, created);
  return created;
}

/** The row of a byte, or of a prefix byte and a sub-opcode; undefined for what we do not compile. */
export function opcodeOf(code: number, sub?: number): Opcode | undefined {
  return sub === undefined ? single[code] : prefixed.get(code)?.[sub];
}

/** The number of the row with a name. */
export function numberOf(name: string): number {
  const row = OPCODES.find((each) => each.name === name);
  if (row === undefined) throw new Error(`no instruction is called ${name}`);
  return row.number;
}

const signatures = new Map<string, FuncType>();

/** A row's signature as a type: equal texts give the same object for equal subjects. Undefined: `custom`. */
export function signatureOf(row: Opcode, subject: Subject = PLAIN_SUBJECT): FuncType | undefined {
  const { signature, immediate } = row;
  if (signature === 'custom') return undefined;
  const isWide = isAccess(immediate) && subject.at === 'i64';
  const text = isWide ? signature.replace('i32', 'i64') : signature;
  const key = `${text} ${subject.at} ${subject.from} ${subject.element.text}`;
  let type = signatures.get(key);
  if (type === undefined) {
    type = parseSignature(text, subject);
    signatures.set(key, type);
  }
  return type;
}
