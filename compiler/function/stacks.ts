/**
 * The two stacks of the specification's validation algorithm (appendix "Validation Algorithm"): types of operands, and
 * open control blocks. The primitives bear the appendix's names.
 *
 * Types are small integers here (`Operand`), so that the common check is one comparison of numbers. Nothing here knows
 * instructions or bytes.
 */
import { type Definitions, matchesRef } from '../../runtime/subtyping.ts';
import {
  type AbstractHeapType,
  type FuncType,
  type RefType,
  refType,
  SHORTHANDS,
  typeText,
  type ValueType,
} from '../../runtime/types.ts';

/** A value type's number, or `UNKNOWN`. */
export type Operand = number;
/** An operand that only unreachable code has: it fits every type. */
export const UNKNOWN: Operand = 0;

/**
 * Types by number: number and vector types, abstract references; those to type `i` of the module, which is the first of
 * its equals, have two numbers from `FIRST_DEFINED + 2 * i` on. Entry 0 stands for `UNKNOWN` and is never looked up.
 */
const types: ValueType[] = ['i32', 'i32', 'i64', 'f32', 'f64', 'v128'];
const LAST_NUMBER = types.length - 1;
for (const heap of Object.keys(SHORTHANDS) as AbstractHeapType[]) {
  types.push(refType(false, heap), refType(true, heap));
}
const operands = new Map(types.map((type, operand) => [type, operand]));
/** A reference that is not null, and of which no more is known: only unreachable code has it. */
export const UNKNOWN_REFERENCE: Operand = types.length;
const FIRST_DEFINED = UNKNOWN_REFERENCE + 1;

export const I32: Operand = operandOf('i32');

export function operandOf(type: ValueType): Operand {
  if (typeof type === 'string' || typeof type.heap !== 'number') return operands.get(type)!;
  return FIRST_DEFINED + 2 * type.heap + (type.nullable ? 1 : 0);
}

/** The type of an operand that is known. */
export function typeOf(operand: Operand): ValueType {
  const number = operand - FIRST_DEFINED;
  return number < 0 ? types[operand]! : refType(number % 2 === 1, number >> 1);
}

export function operandText(operand: Operand): string {
  if (operand === UNKNOWN) return 'unknown';
  return operand === UNKNOWN_REFERENCE ? 'an unknown reference' : typeText(typeOf(operand));
}

export function isReference(operand: Operand): boolean {
  return operand > LAST_NUMBER;
}

/** The same reference without null; what is unknown stays so. */
export function withoutNull(reference: Operand): Operand {
  if (reference === UNKNOWN || reference === UNKNOWN_REFERENCE) return UNKNOWN_REFERENCE;
  return operandOf(refType(false, (typeOf(reference) as RefType).heap));
}

/** The same reference, or null. */
export function withNull(reference: Operand): Operand {
  if (reference === UNKNOWN || reference === UNKNOWN_REFERENCE) return reference;
  return operandOf(refType(true, (typeOf(reference) as RefType).heap));
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
  /** How many locals had been given their first value before it. */
  readonly initialised: number;
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
  private readonly definitions: Definitions;
  private current: ControlFrame | undefined;
  /** Locals without a default that have been given a value, in this order; see `resetLocals`. */
  readonly initialised: number[] = [];

  constructor(definitions: Definitions, mismatch: Mismatch) {
    this.definitions = definitions;
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
    if (found !== expected && !this.fits(found, expected))
      this.mismatch(operandText(expected), operandText(found));
    return found;
  }

  /** Pops any reference. */
  popReference(): Operand {
    const found = this.popOperand(UNKNOWN);
    if (found !== UNKNOWN && !isReference(found)) this.mismatch('a reference', operandText(found));
    return found;
  }

  /** Whether an operand may stand where another type is expected. */
  fits(found: Operand, expected: Operand): boolean {
    if (found === expected || found === UNKNOWN || expected === UNKNOWN) return true;
    if (!isReference(found) || !isReference(expected)) return false;
    if (found === UNKNOWN_REFERENCE) return true;
    return matchesRef(typeOf(found) as RefType, typeOf(expected) as RefType, this.definitions);
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
        if (!this.fits(operands[at]!, expected[i]!))
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
      initialised: this.initialised.length,
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
