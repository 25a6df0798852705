/**
 * The two stacks of the specification's validation algorithm (appendix "Validation Algorithm"): types of operands, and
 * open control blocks. The primitives bear the appendix's names.
 *
 * Types are small integers here (`Operand`), so that the common check is one comparison of numbers. Nothing here knows
 * instructions or bytes.
 */
import { type FuncType, typeText, type ValueType } from '../../runtime/types.ts';

/** A value type's number, or `UNKNOWN`. */
export type Operand = number;
/** An operand that only unreachable code has: it fits every type. */
export const UNKNOWN: Operand = 0;

/** Types by number; entry 0 stands for `UNKNOWN` and is never looked up. */
const types: ValueType[] = ['i32'];
const operands = new Map<ValueType, Operand>();

export function operandOf(type: ValueType): Operand {
  let operand = operands.get(type);
  if (operand === undefined) {
    operand = types.length;
    types.push(type);
    operands.set(type, operand);
  }
  return operand;
}

/** The type of an operand that is not `UNKNOWN`. */
export function typeOf(operand: Operand): ValueType {
  return types[operand]!;
}

export function operandText(operand: Operand): string {
  return operand === UNKNOWN ? 'unknown' : typeText(typeOf(operand));
}

// Number and vector types come first: whatever is numbered later is a reference.
for (const type of ['i32', 'i64', 'f32', 'f64', 'v128'] as const) operandOf(type);
export const I32: Operand = operandOf('i32');
const LAST_NUMBER = operandOf('v128');

export function isReference(operand: Operand): boolean {
  return operand > LAST_NUMBER;
}

/** A function or block type with its operands. */
export interface Signature {
  readonly type: FuncType;
  readonly params: readonly Operand[];
  readonly results: readonly Operand[];
}

export function makeSignature(type: FuncType): Signature {
  return { type, params: type.params.map(operandOf), results: type.results.map(operandOf) };
}

export type BlockKind =
  | 'function'
  | 'block'
  | 'loop'
  | 'if'
  | 'else'
  | 'try'
  | 'catch'
  | 'catch_all'
  | 'try_table';

/** An open block: the appendix's control frame. */
export interface ControlFrame {
  readonly kind: BlockKind;
  readonly signature: Signature;
  /** What a branch to it carries: a loop's parameters, else the results. */
  readonly labelTypes: readonly Operand[];
  /** Operands below belong to the enclosing blocks. */
  readonly height: number;
  /** The block began in reachable code, so the sink knows it. */
  readonly reported: boolean;
  /** The rest of the block cannot be reached: its operand stack is polymorphic. */
  unreachable: boolean;
}

/** Throws the error for a type mismatch; what was found may be nothing. */
export type Mismatch = (expected: string, found: string) => never;

const OPERANDS: Operand[] = [];

export class Stacks {
  /** Those below `height` count. One array for all functions: they are read one after the other. */
  readonly operands: Operand[] = OPERANDS;
  height = 0;
  private readonly frames: ControlFrame[] = [];
  private readonly mismatch: Mismatch;
  private current: ControlFrame | undefined;

  constructor(mismatch: Mismatch) {
    this.mismatch = mismatch;
  }

  get depth(): number {
    return this.frames.length;
  }

  /** The innermost open block. */
  get top(): ControlFrame {
    return this.current!;
  }

  /** The block that a relative depth means. */
  frame(depth: number): ControlFrame | undefined {
    return this.frames[this.frames.length - 1 - depth];
  }

  pushOperand(operand: Operand): void {
    this.operands[this.height++] = operand;
  }

  /** `UNKNOWN` as `expected` takes any type. Answers what was there. */
  popOperand(expected: Operand): Operand {
    const frame = this.current!;
    if (this.height === frame.height) {
      if (!frame.unreachable)
        this.mismatch(expected === UNKNOWN ? 'a value' : operandText(expected), 'nothing');
      return UNKNOWN;
    }
    const found = this.operands[--this.height]!;
    if (found !== expected && !fits(found, expected))
      this.mismatch(operandText(expected), operandText(found));
    return found;
  }

  pushOperands(operands: readonly Operand[]): void {
    for (let i = 0; i < operands.length; i++) this.operands[this.height++] = operands[i]!;
  }

  popOperands(operands: readonly Operand[]): void {
    for (let i = operands.length - 1; i >= 0; i--) this.popOperand(operands[i]!);
  }

  /** Checks the topmost operands and leaves them. */
  peekOperands(expected: readonly Operand[]): void {
    const { operands } = this;
    const frame = this.current!;
    for (let i = expected.length - 1, at = this.height - 1; i >= 0; i--, at--) {
      if (at >= frame.height) {
        if (!fits(operands[at]!, expected[i]!))
          this.mismatch(operandText(expected[i]!), operandText(operands[at]!));
      } else if (!frame.unreachable) this.mismatch(operandText(expected[i]!), 'nothing');
    }
  }

  /** Opens a block whose parameters have been popped: they become its first operands. */
  pushControl(kind: BlockKind, signature: Signature, reported: boolean): void {
    this.openFrame(kind, signature, reported);
    if (kind !== 'function') this.pushOperands(signature.params);
  }

  /** A catch clause starts with the exception's values instead of the block's parameters. */
  pushCatch(
    kind: 'catch' | 'catch_all',
    signature: Signature,
    values: readonly Operand[],
    reported: boolean,
  ): void {
    this.openFrame(kind, signature, reported);
    this.pushOperands(values);
  }

  private openFrame(kind: BlockKind, signature: Signature, reported: boolean): void {
    const labelTypes = kind === 'loop' ? signature.params : signature.results;
    this.current = {
      kind,
      signature,
      labelTypes,
      height: this.height,
      reported,
      unreachable: false,
    };
    this.frames.push(this.current);
  }

  /** Closes a block: exactly its results lie on the stack, and are taken from it. */
  popControl(): ControlFrame {
    const frame = this.current!;
    this.popOperands(frame.signature.results);
    const left = this.height - frame.height;
    if (left > 0) this.mismatch('nothing more', `${left} more value${left > 1 ? 's' : ''} on the stack`);
    this.frames.pop();
    this.current = this.frames[this.frames.length - 1];
    return frame;
  }

  /** The rest of the block is unreachable. */
  markUnreachable(): void {
    const frame = this.current!;
    this.height = frame.height;
    frame.unreachable = true;
  }
}

/** Subtyping on operands: today's types have none beyond equality. */
function fits(found: Operand, expected: Operand): boolean {
  return found === expected || found === UNKNOWN || expected === UNKNOWN;
}
