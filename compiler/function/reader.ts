/**
 * The only loop over instructions: decodes a function's body, validates it by the specification's algorithm in the same
 * pass, and tells a sink what it read. There is no way to compile that goes round validation.
 *
 * A row of the opcode table says nearly everything; at load each row gets its reading function: by its signature and
 * kind of immediate, or, where the signature is 'custom', by its name from control.ts or typing.ts. No recursion: blocks
 * may nest as deep as they like.
 */
import type { FuncType } from '../../runtime/types.ts';
import type { ModuleInfo } from '../binary/module-info.ts';
import { readPrefixedOpcode } from '../binary/opcode.ts';
import type { FeatureSet } from '../features.ts';
import { dependsOnSubject, isAccess, PLAIN_SUBJECT } from '../opcodes/row.ts';
import { OPCODES, type Opcode, signatureOf } from '../opcodes.ts';
import { CONTROL } from './control.ts';
import { FunctionState } from './function-state.ts';
import { IMMEDIATES, naturalAlignmentOf } from './immediates.ts';
import { NULL_SINK } from './null-sink.ts';
import { OBJECT_TYPING } from './object-typing.ts';
import type { Immediate, MemoryArgument, Sink } from './sink.ts';
import { makeSignature, type Signature } from './stacks.ts';
import { subjectOf } from './subject.ts';
import { TYPING } from './typing.ts';

/** Decodes and validates defined function `definedIndex` (imports not counted) and reports it to the sink. */
export function readFunction(module: ModuleInfo, definedIndex: number, sink: Sink): void {
  const f = new FunctionState(module, definedIndex, sink);
  const { bytes, stacks } = f;
  const single = singleBytesOf(module.features);
  f.readLocals();
  const silent = sink === NULL_SINK;
  if (!silent) sink.start({ module, index: f.index, type: f.signature.type, locals: f.locals });
  stacks.pushControl('function', f.signature, true);
  while (stacks.depth > 0) {
    const offset = bytes.offset;
    if (offset >= bytes.end) missingEnd(f);
    const byte = bytes.byte();
    f.offset = offset;
    const instruction = single[byte] ?? PREFIXED.get(readPrefixedOpcode(bytes, byte, offset))!;
    f.row = instruction.row;
    instruction.read(f);
  }
  if (bytes.offset !== bytes.end)
    bytes.fail('section size mismatch: the function body goes on after its end');
}

/** The specification's interpreter reads on here, and reports what it makes of the bytes that follow. */
function missingEnd({ module, bytes }: FunctionState): never {
  const section = module.sections.find(({ id }) => id === 10)!;
  if (bytes.end < section.end) bytes.fail('END opcode expected at the end of the function body');
  const last = section.end === module.bytes.length;
  return bytes.fail(
    last
      ? 'unexpected end of section or function: the last function has no END opcode'
      : 'section size mismatch: the last function has no END opcode',
  );
}

interface Instruction {
  readonly row: Opcode;
  readonly read: (f: FunctionState) => void;
}

type ByByte = readonly (Instruction | undefined)[];
const SINGLE: (Instruction | undefined)[] = new Array(256).fill(undefined);
const PREFIXED = new Map<Opcode, Instruction>();
for (const row of OPCODES) {
  const instruction = { row, read: readingOf(row) };
  if (typeof row.code === 'number') SINGLE[row.code] = instruction;
  else PREFIXED.set(row, instruction);
}

const singles = new WeakMap<FeatureSet, ByByte>();

/** Instructions of one byte, without those that are switched off: they are refused where the rest is looked up. */
function singleBytesOf(features: FeatureSet): ByByte {
  let enabled = singles.get(features);
  if (enabled === undefined) {
    enabled = SINGLE.map((each) => (each && features.has(each.row.feature) ? each : undefined));
    singles.set(features, enabled);
  }
  return enabled;
}

/** How a row is read; a row that nothing knows how to read stops the program at load. */
function readingOf(row: Opcode): Instruction['read'] {
  const type = signatureOf(row);
  if (type === undefined) {
    const control = CONTROL[row.name];
    if (control !== undefined) return control;
    const typing = TYPING[row.name] ?? OBJECT_TYPING[row.name] ?? missing(row, 'typing');
    return (f) => {
      const immediate = typing(f);
      if (f.live) f.sink.instruction(row, immediate, f.offset);
    };
  }
  const { params, results } = makeSignature(type);
  const readImmediate = IMMEDIATES[row.immediate] ?? missing(row, 'immediate');
  const alignment = naturalAlignmentOf(row);
  if (row.immediate === 'none') {
    return (f) => {
      f.stacks.popOperands(params);
      f.stacks.pushOperands(results);
      if (f.live) f.sink.instruction(row, undefined, f.offset);
    };
  }
  if (isAccess(row.immediate)) {
    const wide = makeSignature(signatureOf(row, { ...PLAIN_SUBJECT, at: 'i64' })!);
    return (f) => {
      const immediate = readImmediate(f, alignment);
      const { address } = f.module.memories[(immediate as MemoryArgument).memory]!;
      f.stacks.popOperands(address === 'i64' ? wide.params : params);
      f.stacks.pushOperands(results);
      if (f.live) f.sink.instruction(row, immediate, f.offset);
    };
  }
  if (dependsOnSubject(row)) {
    return (f) => {
      const immediate = readImmediate(f, alignment);
      const signature = subjectSignature(f, row, immediate);
      f.stacks.popOperands(signature.params);
      f.stacks.pushOperands(signature.results);
      if (f.live) f.sink.instruction(row, immediate, f.offset);
    };
  }
  return (f) => {
    const immediate = readImmediate(f, alignment);
    f.stacks.popOperands(params);
    f.stacks.pushOperands(results);
    if (f.live) f.sink.instruction(row, immediate, f.offset);
  };
}

const known = new Map<FuncType, Signature>();

/** The signature that a row has for the memories or tables that it names. */
function subjectSignature({ module }: FunctionState, row: Opcode, immediate: Immediate): Signature {
  const type = signatureOf(row, subjectOf(module, row.immediate, immediate))!;
  let signature = known.get(type);
  if (signature === undefined) {
    signature = makeSignature(type);
    known.set(type, signature);
  }
  return signature;
}

function missing(row: Opcode, what: string): never {
  throw new Error(`${row.name}: no ${what} in the reader`);
}
