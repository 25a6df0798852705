/**
 * The interface between the reader, which decodes and validates, and whatever consumes a function: the JavaScript
 * emitter, the null sink of `validate()`, the disassembler.
 *
 * The reader calls a sink only for reachable code. After `br`, `return`, `return_call`, `unreachable`, `throw` … nothing is reported
 * (nested blocks included) until the `else`, `catch` or `end` that closes the dead stretch; those carry `reachable`:
 * whether control falls into them from above. Operand types are already checked: a sink may trust its own stack.
 * `offset` is the byte offset of the instruction's first byte in the module.
 */
import type { FuncType, RefType, ValueType } from '../../runtime/types.ts';
import type { ModuleInfo } from '../binary/module-info.ts';
import type { Opcode } from '../opcodes.ts';

/** What the reader knows of a function before its first instruction. */
export interface FunctionContext {
  readonly module: ModuleInfo;
  /** Index in the function index space (imports first). */
  readonly index: number;
  readonly type: FuncType;
  /** Parameters, then declared locals. */
  readonly locals: readonly ValueType[];
}

/** Valid while the sink is being told: the next access reuses the object. */
export interface MemoryArgument {
  readonly memory: number;
  /** log2 of the alignment. */
  readonly align: number;
  /** A number for 32-bit memories (below 2^32); memory64 may need more than 2^53: then a bigint. */
  readonly offset: number | bigint;
  /** `memarg lane`: the lane of a vector. */
  readonly lane: number;
}

/** The immediate of a plain instruction; which one follows from the row's `immediate` column. */
export type Immediate =
  /** `i32`: the value; `f32`: raw bits as int32; `local`, `global`, `function`, `table`, `memory`, `data`, `element`, `type`, `lane`: the index. */
  | number
  /** `i64`: signed value; `f64`: raw bits, signed. */
  | bigint
  /** `memarg`, `memarg lane`. */
  | MemoryArgument
  /** Two indices in binary order: `memory.copy` (destination, source), `memory.init` (data, memory), `table.copy` (destination, source), `table.init` (element, table), and those of structs and arrays (type, then the other). */
  | readonly [number, number]
  /** `v128`: four words, lowest first; `lanes`: the sixteen indices of a shuffle. */
  | readonly number[]
  /** `select t`: the types; `ref.null`: one type. */
  | readonly ValueType[]
  /** `none`. */
  | undefined;

export interface CatchClause {
  readonly kind: 'catch' | 'catch_ref' | 'catch_all' | 'catch_all_ref';
  /** Undefined for the `_all` forms. */
  readonly tag: number | undefined;
  /** Relative label depth, counted from outside the try_table's own label (as in the binary). */
  readonly depth: number;
}

export interface Sink {
  start(context: FunctionContext): void;
  /**
   * Any instruction without a method of its own: numeric, parametric (`drop`, `select`), variable, memory, table and
   * reference instructions, `nop`.
   */
  instruction(row: Opcode, immediate: Immediate, offset: number): void;
  /** `type` is the block's: parameters are taken from the operand stack and stay on it. */
  block(type: FuncType, offset: number): void;
  loop(type: FuncType, offset: number): void;
  if(type: FuncType, offset: number): void;
  else(reachable: boolean, offset: number): void;
  /** Closes block, loop, if, try, try_table; and, once more, the function itself. */
  end(reachable: boolean, offset: number): void;
  /** Depths count labels outward from 0; the outermost is the function's own. */
  br(depth: number, offset: number): void;
  brIf(depth: number, offset: number): void;
  /** The last entry is the default. */
  brTable(depths: readonly number[], offset: number): void;
  return(offset: number): void;
  unreachable(offset: number): void;
  call(functionIndex: number, type: FuncType, offset: number): void;
  callRef(typeIndex: number, type: FuncType, offset: number): void;
  /** Branches with the reference if it has type `to`, or `onFail` if it has not; else it stays. It has type `from` before. */
  brOnCast(depth: number, from: RefType, to: RefType, onFail: boolean, offset: number): void;
  /** Where it does not branch, the reference stays, now known not to be null. */
  brOnNull(depth: number, offset: number): void;
  /** Carries the reference along; where it does not branch, it is dropped. */
  brOnNonNull(depth: number, offset: number): void;
  callIndirect(typeIndex: number, table: number, type: FuncType, offset: number): void;
  /** Calls that take the function's place; the callee's results are the function's. */
  returnCall(functionIndex: number, type: FuncType, offset: number): void;
  returnCallIndirect(typeIndex: number, table: number, type: FuncType, offset: number): void;
  returnCallRef(typeIndex: number, type: FuncType, offset: number): void;
  tryTable(type: FuncType, catches: readonly CatchClause[], offset: number): void;
  /** Legacy exceptions. */
  try(type: FuncType, offset: number): void;
  catch(tag: number, type: FuncType, reachable: boolean, offset: number): void;
  catchAll(reachable: boolean, offset: number): void;
  /** Ends a legacy `try`. `depth` as in the binary: counted from outside the try. */
  delegate(depth: number, reachable: boolean, offset: number): void;
  rethrow(depth: number, offset: number): void;
  throw(tag: number, type: FuncType, offset: number): void;
  throwRef(offset: number): void;
}
