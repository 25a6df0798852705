/**
 * Validation of the instructions whose operand types depend on their immediate or on the stack: parametric, variable and
 * reference instructions, by the specification's text name. The rest has fixed signatures in the table.
 */
import { refType, type ValueType } from '../../runtime/types.ts';
import { readNullType, readValueType } from '../binary/types.ts';
import type { FunctionState } from './function-state.ts';
import type { Immediate } from './sink.ts';
import { I32, isReference, type Operand, operandOf, operandText, UNKNOWN, withoutNull } from './stacks.ts';

/** Reads the immediate and moves the stacks; answers the immediate for the sink. */
export type Type = (f: FunctionState) => Immediate;

export const TYPING: Readonly<Record<string, Type>> = {
  drop(f) {
    f.stacks.popOperand(UNKNOWN);
    return undefined;
  },
  select(f) {
    const { stacks } = f;
    stacks.popOperand(I32);
    const second = stacks.popOperand(UNKNOWN);
    const first = stacks.popOperand(UNKNOWN);
    if (isReference(first) || isReference(second)) {
      f.mismatch('numbers', operandText(isReference(first) ? first : second));
    }
    if (first !== second && first !== UNKNOWN && second !== UNKNOWN)
      f.mismatch(operandText(first), operandText(second));
    stacks.pushOperand(first === UNKNOWN ? second : first);
    return undefined;
  },
  'select t'(f) {
    const types: ValueType[] = f.bytes.vector(() => readValueType(f.bytes, f.module));
    if (types.length !== 1) f.fail(`invalid result arity ${types.length}`);
    const operand = operandOf(types[0]!);
    f.stacks.popOperand(I32);
    f.stacks.popOperand(operand);
    f.stacks.popOperand(operand);
    f.stacks.pushOperand(operand);
    return types;
  },
  'local.get'(f) {
    const index = f.bytes.u32();
    f.stacks.pushOperand(local(f, index));
    f.requireInitialised(index);
    return index;
  },
  'local.set'(f) {
    const index = f.bytes.u32();
    f.stacks.popOperand(local(f, index));
    f.initialise(index);
    return index;
  },
  'local.tee'(f) {
    const index = f.bytes.u32();
    const operand = local(f, index);
    f.stacks.popOperand(operand);
    f.stacks.pushOperand(operand);
    f.initialise(index);
    return index;
  },
  'global.get'(f) {
    const index = f.bytes.u32();
    f.stacks.pushOperand(operandOf(global(f, index).type));
    return index;
  },
  'global.set'(f) {
    const index = f.bytes.u32();
    const { type, mutable } = global(f, index);
    if (!mutable) f.fail(`immutable global ${index}`);
    f.stacks.popOperand(operandOf(type));
    return index;
  },
  'ref.null'(f) {
    const type = readNullType(f.bytes, f.module);
    f.stacks.pushOperand(operandOf(type));
    return [type];
  },
  'ref.is_null'(f) {
    f.stacks.popReference();
    f.stacks.pushOperand(I32);
    return undefined;
  },
  'ref.as_non_null'(f) {
    f.stacks.pushOperand(withoutNull(f.stacks.popReference()));
    return undefined;
  },
  'ref.func'(f) {
    const index = f.readFunction();
    if (!f.module.declaredFunctions.has(index)) f.fail(`undeclared function reference ${index}`);
    f.stacks.pushOperand(operandOf(refType(false, f.module.functions[index]!)));
    return index;
  },
};

function local(f: FunctionState, index: number): Operand {
  return f.localOperands[index] ?? f.fail(`unknown local ${index}`);
}

function global(f: FunctionState, index: number) {
  return f.module.globals[index] ?? f.fail(`unknown global ${index}`);
}
