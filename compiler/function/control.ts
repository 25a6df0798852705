/**
 * Validation of control instructions, one function per instruction, by the specification's text name. Each reads its
 * immediate, moves the stacks, and tells the sink if the code is reachable.
 */
import { EXNREF, FUNCREF, nonNull, refType } from '../../runtime/types.ts';
import { readHeapType } from '../binary/types.ts';
import type { FunctionState } from './function-state.ts';
import type { CatchClause } from './sink.ts';
import {
  type BlockKind,
  type ControlFrame,
  I32,
  type Operand,
  operandOf,
  type Signature,
  withoutNull,
} from './stacks.ts';

type Read = (f: FunctionState) => void;

export const CONTROL: Readonly<Record<string, Read>> = {
  unreachable(f) {
    if (f.live) f.sink.unreachable(f.offset);
    f.markUnreachable();
  },
  block(f) {
    const signature = openBlock(f, 'block');
    if (f.live) f.sink.block(signature.type, f.offset);
  },
  loop(f) {
    const signature = openBlock(f, 'loop');
    if (f.live) f.sink.loop(signature.type, f.offset);
  },
  if(f) {
    const signature = f.readBlockType();
    f.stacks.popOperand(I32);
    open(f, 'if', signature);
    if (f.live) f.sink.if(signature.type, f.offset);
  },
  else(f) {
    if (f.stacks.top.kind !== 'if') f.fail('END opcode expected: else without if');
    const frame = f.stacks.popControl();
    const { signature, reported } = frame;
    f.resetLocals(frame);
    f.stacks.pushControl('else', signature, reported);
    if (reported) f.sink.else(f.live, f.offset);
    f.live = reported;
  },
  end(f) {
    const frame = f.stacks.popControl();
    if (frame.kind === 'if') requireElse(f, frame);
    close(f, frame);
    if (frame.reported) f.sink.end(f.live, f.offset);
    f.live = frame.reported;
  },
  br(f) {
    const depth = f.readLabel();
    f.stacks.popOperands(f.label(depth).labelTypes);
    if (f.live) f.sink.br(depth, f.offset);
    f.markUnreachable();
  },
  br_if(f) {
    const depth = f.readLabel();
    const { labelTypes } = f.label(depth);
    f.stacks.popOperand(I32);
    f.stacks.popOperands(labelTypes);
    f.stacks.pushOperands(labelTypes);
    if (f.live) f.sink.brIf(depth, f.offset);
  },
  br_table(f) {
    const depths = f.bytes.vector(() => f.bytes.u32());
    depths.push(f.bytes.u32());
    f.stacks.popOperand(I32);
    checkTargets(f, depths);
    if (f.live) f.sink.brTable(depths, f.offset);
    f.markUnreachable();
  },
  return(f) {
    f.stacks.popOperands(f.signature.results);
    if (f.live) f.sink.return(f.offset);
    f.markUnreachable();
  },
  call(f) {
    const index = f.readFunction();
    const signature = f.signatureAt(f.module.functions[index]!);
    f.stacks.popOperands(signature.params);
    f.stacks.pushOperands(signature.results);
    if (f.live) f.sink.call(index, signature.type, f.offset);
  },
  call_indirect(f) {
    const { typeIndex, table, signature } = readIndirect(f);
    f.stacks.popOperands(signature.params);
    f.stacks.pushOperands(signature.results);
    if (f.live) f.sink.callIndirect(typeIndex, table, signature.type, f.offset);
  },
  call_ref(f) {
    const { typeIndex, signature } = readReferenced(f);
    f.stacks.popOperands(signature.params);
    f.stacks.pushOperands(signature.results);
    if (f.live) f.sink.callRef(typeIndex, signature.type, f.offset);
  },
  br_on_null(f) {
    const depth = f.readLabel();
    const { labelTypes } = f.label(depth);
    const reference = f.stacks.popReference();
    f.stacks.popOperands(labelTypes);
    f.stacks.pushOperands(labelTypes);
    f.stacks.pushOperand(withoutNull(reference));
    if (f.live) f.sink.brOnNull(depth, f.offset);
  },
  br_on_non_null(f) {
    const depth = f.readLabel();
    const { labelTypes } = f.label(depth);
    const reference = f.stacks.popReference();
    f.stacks.pushOperand(withoutNull(reference));
    if (labelTypes.length === 0) f.mismatch(`label ${depth} to take a reference`, 'nothing');
    f.stacks.popOperands(labelTypes);
    f.stacks.pushOperands(labelTypes.slice(0, -1));
    if (f.live) f.sink.brOnNonNull(depth, f.offset);
  },
  return_call(f) {
    const index = f.readFunction();
    const { type } = tailCall(f, f.signatureAt(f.module.functions[index]!));
    f.module.tailCalls.note(f.index, index);
    if (f.live) f.sink.returnCall(index, type, f.offset);
    f.markUnreachable();
  },
  return_call_ref(f) {
    const { typeIndex, signature } = readReferenced(f);
    const { type } = tailCall(f, signature);
    f.module.tailCalls.note(f.index, undefined);
    if (f.live) f.sink.returnCallRef(typeIndex, type, f.offset);
    f.markUnreachable();
  },
  return_call_indirect(f) {
    const { typeIndex, table, signature } = readIndirect(f);
    const { type } = tailCall(f, signature);
    f.module.tailCalls.note(f.index, undefined);
    if (f.live) f.sink.returnCallIndirect(typeIndex, table, type, f.offset);
    f.markUnreachable();
  },
  br_on_cast: (f) => branchOnCast(f, false),
  br_on_cast_fail: (f) => branchOnCast(f, true),
  throw(f) {
    const tag = f.readTag();
    const signature = tagSignature(f, tag);
    f.stacks.popOperands(signature.params);
    if (f.live) f.sink.throw(tag, signature.type, f.offset);
    f.markUnreachable();
  },
  throw_ref(f) {
    f.stacks.popOperand(EXN);
    if (f.live) f.sink.throwRef(f.offset);
    f.markUnreachable();
  },
  try_table(f) {
    const signature = f.readBlockType();
    const catches = f.bytes.vector(() => readCatchClause(f));
    open(f, 'try_table', signature);
    if (f.live) f.sink.tryTable(signature.type, catches, f.offset);
  },
  try(f) {
    const signature = openBlock(f, 'try');
    if (f.live) f.sink.try(signature.type, f.offset);
  },
  catch(f) {
    const tag = f.readTag();
    const type = tagSignature(f, tag);
    const reported = openCatch(f, 'catch', type.params);
    if (reported) f.sink.catch(tag, type.type, f.live, f.offset);
    f.live = reported;
  },
  catch_all(f) {
    const reported = openCatch(f, 'catch_all', []);
    if (reported) f.sink.catchAll(f.live, f.offset);
    f.live = reported;
  },
  delegate(f) {
    const depth = f.bytes.u32();
    if (f.stacks.top.kind !== 'try') f.fail('END opcode expected: delegate without try');
    const frame = f.stacks.popControl();
    f.label(depth);
    close(f, frame);
    if (frame.reported) f.sink.delegate(depth, f.live, f.offset);
    f.live = frame.reported;
  },
  rethrow(f) {
    const depth = f.readLabel();
    const { kind } = f.label(depth);
    if (kind !== 'catch' && kind !== 'catch_all') f.fail(`invalid rethrow label ${depth}`);
    if (f.live) f.sink.rethrow(depth, f.offset);
    f.markUnreachable();
  },
};

/** What a catch clause gives: an exception, never null. */
const CAUGHT: Operand = operandOf(nonNull(EXNREF));
/** Flags, label, the operand's type, the type it may have. */
function branchOnCast(f: FunctionState, onFail: boolean): void {
  const flags = f.bytes.byte();
  if (flags > 3) f.fail('malformed br_on_cast flags');
  const depth = f.readLabel();
  const from = refType((flags & 1) !== 0, readHeapType(f.bytes, f.module));
  const to = refType((flags & 2) !== 0, readHeapType(f.bytes, f.module));
  if (!f.stacks.fits(operandOf(to), operandOf(from))) f.mismatch(`a subtype of ${from.text}`, to.text);
  const rest = to.nullable ? nonNull(from) : from;
  const { labelTypes } = f.label(depth);
  if (labelTypes.length === 0) f.mismatch(`label ${depth} to take a reference`, 'nothing');
  f.stacks.popOperand(operandOf(from));
  f.stacks.pushOperand(operandOf(onFail ? rest : to));
  f.stacks.popOperands(labelTypes);
  f.stacks.pushOperands(labelTypes.slice(0, -1));
  f.stacks.pushOperand(operandOf(onFail ? to : rest));
  if (f.live) f.sink.brOnCast(depth, from, to, onFail, f.offset);
}

const EXN: Operand = operandOf(EXNREF);
const FUNC: Operand = operandOf(FUNCREF);

function openBlock(f: FunctionState, kind: BlockKind): Signature {
  const signature = f.readBlockType();
  open(f, kind, signature);
  return signature;
}

function open(f: FunctionState, kind: BlockKind, signature: Signature): void {
  f.stacks.popOperands(signature.params);
  f.stacks.pushControl(kind, signature, f.live);
}

/** What a closed block leaves for the enclosing one; the function itself has none. */
function close(f: FunctionState, frame: ControlFrame): void {
  f.resetLocals(frame);
  if (frame.kind !== 'function') f.stacks.pushOperands(frame.signature.results);
}

/** Without `else`, a false `if` passes its parameters on: they must be its results. */
function requireElse(f: FunctionState, { signature }: ControlFrame): void {
  const { params, results } = signature;
  if (params.length === results.length && params.every((operand, i) => f.stacks.fits(operand, results[i]!)))
    return;
  f.mismatch('an else', 'an if whose results are not its parameters');
}

/** Type and table of an indirect call, and its last operand. */
function readIndirect(f: FunctionState): { typeIndex: number; table: number; signature: Signature } {
  const typeIndex = f.readTypeIndex();
  const table = f.readTable();
  const { element, address } = f.module.tables[table]!;
  if (!f.stacks.fits(operandOf(element), FUNC)) f.mismatch('a table of funcref', element.text);
  const signature = f.signatureAt(typeIndex);
  f.stacks.popOperand(operandOf(address));
  return { typeIndex, table, signature };
}

/** Type of a call through a reference, and its last operand. */
function readReferenced(f: FunctionState): { typeIndex: number; signature: Signature } {
  const typeIndex = f.readTypeIndex();
  const signature = f.signatureAt(typeIndex);
  f.stacks.popOperand(operandOf(refType(true, typeIndex)));
  return { typeIndex, signature };
}

/** The callee's results are the function's. */
function tailCall(f: FunctionState, signature: Signature): Signature {
  const { params, results } = signature;
  f.stacks.popOperands(params);
  const wanted = f.signature.results;
  if (results.length !== wanted.length)
    f.mismatch(`a callee with ${wanted.length} results`, String(results.length));
  f.stacks.pushOperands(results);
  f.stacks.popOperands(wanted);
  return signature;
}

/** Every target takes what lies on the stack, and all take equally much. */
function checkTargets(f: FunctionState, depths: readonly number[]): void {
  const { labelTypes } = f.label(depths.at(-1)!);
  let checked: readonly Operand[] | undefined;
  for (const depth of depths) {
    const types = f.label(depth).labelTypes;
    if (types === checked) continue;
    if (types.length !== labelTypes.length)
      f.mismatch(`${labelTypes.length} values`, `${types.length} at label ${depth}`);
    f.stacks.peekOperands(types);
    checked = types;
  }
}

function tagSignature(f: FunctionState, tag: number): Signature {
  return f.signatureAt(f.module.tags[tag]!);
}

const CATCH_KINDS = ['catch', 'catch_ref', 'catch_all', 'catch_all_ref'] as const;

/** Depths count from outside the try_table, whose own frame is not open yet. */
function readCatchClause(f: FunctionState): CatchClause {
  const offset = f.bytes.offset;
  const kind = CATCH_KINDS[f.bytes.byte()] ?? f.bytes.fail('malformed catch clause', offset);
  const tag = kind === 'catch' || kind === 'catch_ref' ? f.readTag() : undefined;
  const depth = f.readLabel();
  const values = tag === undefined ? [] : [...tagSignature(f, tag).params];
  if (kind === 'catch_ref' || kind === 'catch_all_ref') values.push(CAUGHT);
  const { labelTypes } = f.label(depth);
  if (
    values.length !== labelTypes.length ||
    !values.every((each, i) => f.stacks.fits(each, labelTypes[i]!))
  ) {
    f.mismatch(`label ${depth} to take what ${kind} gives`, 'other types');
  }
  return { kind, tag, depth };
}

/** Ends the try body or the clause before, and starts a clause of the same block. */
function openCatch(f: FunctionState, kind: 'catch' | 'catch_all', values: readonly Operand[]): boolean {
  const { kind: before } = f.stacks.top;
  if (before !== 'try' && before !== 'catch') f.fail(`END opcode expected: ${kind} without try`);
  const frame = f.stacks.popControl();
  const { signature, reported } = frame;
  f.resetLocals(frame);
  f.stacks.pushCatch(kind, signature, values, reported);
  return reported;
}
