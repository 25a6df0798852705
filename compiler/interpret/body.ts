/**
 * A function as the interpreter runs it: one flat list of numbers, made by a sink of the reader. Programs begin with
 * thousands of functions that run a few times; to make JavaScript of each costs more than to interpret them.
 *
 *   local.get 0; i32.const 5; i32.add    →    charge 4 · get 0 · constant 1 · (row of i32.add)
 *
 * Fuel is charged for the same regions, at the same moments, as in generated code (`emit/metering.ts`), so that totals do
 * not tell who ran a function. What is not interpreted: loops (one call may run for ever), exceptions, several results.
 * The loop that runs the list is made by `loop.ts`.
 */
import type { Costs } from '../../runtime/costs.ts';
import type { FuncType, ValueType } from '../../runtime/types.ts';
import type { ModuleInfo } from '../binary/module-info.ts';
import { readFunction } from '../function/reader.ts';
import type { FunctionContext, Immediate, MemoryArgument, Sink } from '../function/sink.ts';
import { type Opcode, signatureOf } from '../opcodes.ts';
import { OPERATION, ROW_OPERATIONS } from './operations.ts';

export interface InterpretedBody {
  /** In the function index space. */
  readonly index: number;
  /** Operations and their immediates. */
  readonly code: readonly number[];
  readonly constants: readonly unknown[];
  /** For each position of the code where an operation begins, the byte offset of its instruction. */
  readonly offsets: readonly number[];
  /** Locals and operands at entry; never numbers alone, which V8 would keep as doubles. */
  readonly frame: readonly unknown[];
  readonly locals: number;
  readonly type: FuncType;
}

/** How a call takes its arguments from the stack: the convention of runtime/abi.ts. */
export interface CallPlan {
  readonly count: number;
  /** Which of them are i64, and go to cells; undefined: none. */
  readonly wide: readonly boolean[] | undefined;
  readonly result: 'none' | 'value' | 'cell';
}

function callPlan({ params, results }: FuncType): CallPlan {
  const wide = params.map((type) => type === 'i64');
  const result = results.length === 0 ? 'none' : results[0] === 'i64' ? 'cell' : 'value';
  return { count: params.length, wide: wide.includes(true) ? wide : undefined, result };
}

/** What the function contains is left to generated code. */
class NotInterpreted extends Error {}

/** Undefined if the function is none that is interpreted. */
export function interpretedBody(
  module: ModuleInfo,
  definedIndex: number,
  costs: Costs | undefined,
): InterpretedBody | undefined {
  const sink = new BodySink(costs);
  try {
    readFunction(module, definedIndex, sink);
  } catch (error) {
    if (error instanceof NotInterpreted) return undefined;
    throw error;
  }
  return sink.finish();
}

interface Frame {
  readonly kind: 'function' | 'block' | 'if' | 'else';
  /** Operands below the block's own. */
  readonly height: number;
  readonly type: FuncType;
  /** Positions of code that wait for the address of the end. */
  readonly ends: number[];
  /** `if`: where the address of the else-branch goes. */
  readonly otherwise?: number;
  jumps: number;
}

class BodySink implements Sink {
  readonly #costs: Costs | undefined;
  readonly #code: number[] = [];
  readonly #offsets: number[] = [];
  readonly #constants: unknown[] = [];
  readonly #frames: Frame[] = [];
  #context!: FunctionContext;
  #height = 0;
  #highest = 0;
  /** Position of the amount of the region that is open; 0: none. */
  #region = 0;

  constructor(costs: Costs | undefined) {
    this.#costs = costs;
  }

  finish(): InterpretedBody {
    const { index, locals, type } = this.#context;
    const operands = new Array<unknown>(this.#highest + 1).fill(null);
    return {
      index,
      code: this.#code,
      constants: this.#constants,
      offsets: this.#offsets,
      frame: [...locals.map(zeroOf), ...operands],
      locals: locals.length,
      type,
    };
  }

  start(context: FunctionContext): void {
    if (context.type.results.length > 1) throw new NotInterpreted();
    this.#context = context;
    this.#frames.push({ kind: 'function', height: 0, type: context.type, ends: [], jumps: 0 });
  }

  // ------------------------------------------------------------------ code

  #put(offset: number, ...numbers: number[]): void {
    this.#offsets[this.#code.length] = offset;
    this.#code.push(...numbers);
  }

  #constant(value: unknown): number {
    return this.#constants.push(value) - 1;
  }

  #pop(count: number): void {
    this.#height -= count;
  }

  #push(count: number): void {
    this.#height += count;
    if (this.#height > this.#highest) this.#highest = this.#height;
  }

  /** As `Meter.charge`. */
  #charge(name: string, offset: number): void {
    if (this.#costs === undefined) return;
    const cost = this.#costs[name] ?? this.#costs.default;
    const atStart = this.#code.length === 0;
    if (cost === 0 && (this.#region !== 0 || !atStart)) return;
    if (this.#region === 0) {
      this.#put(offset, atStart ? OPERATION.check : OPERATION.charge, 0);
      this.#region = this.#code.length - 1;
    }
    this.#code[this.#region]! += cost;
    if (cost === 0) this.#code[this.#region] = 1;
  }

  #endRegion(): void {
    this.#region = 0;
  }

  // ------------------------------------------------------------------ plain instructions

  instruction(row: Opcode, immediate: Immediate, offset: number): void {
    this.#charge(row.name, offset);
    const special = SPECIAL[row.name];
    if (special !== undefined) special.call(this, immediate, offset);
    else this.#template(row, immediate, offset);
  }

  #template(row: Opcode, immediate: Immediate, offset: number): void {
    const operation = ROW_OPERATIONS.get(row);
    const signature = signatureOf(row);
    if (operation === undefined || signature === undefined) throw new NotInterpreted();
    this.#put(offset, operation, ...this.#immediates(row, immediate));
    this.#pop(signature.params.length);
    this.#push(signature.results.length);
    if (row.effect === 'call') this.#endRegion();
  }

  /** `memarg`: memory, then the offset as a constant; else the indices. */
  #immediates(row: Opcode, immediate: Immediate): number[] {
    if (row.immediate === 'none') return [];
    if (row.immediate === 'memarg') {
      const { memory, offset } = immediate as MemoryArgument;
      if (memory !== 0 || typeof offset !== 'number' || offset > 0x7fffffff) throw new NotInterpreted();
      return [offset];
    }
    return typeof immediate === 'number' ? [immediate] : [...(immediate as readonly number[])];
  }

  get(local: number, offset: number): void {
    this.#put(offset, OPERATION.get, local);
    this.#push(1);
  }

  set(local: number, offset: number): void {
    this.#put(offset, OPERATION.set, local);
    this.#pop(1);
  }

  tee(local: number, offset: number): void {
    this.#put(offset, OPERATION.tee, local);
  }

  literal(value: unknown, offset: number): void {
    this.#put(offset, OPERATION.constant, this.#constant(value));
    this.#push(1);
  }

  drop(offset: number): void {
    this.#put(offset, OPERATION.drop);
    this.#pop(1);
  }

  select(offset: number): void {
    this.#put(offset, OPERATION.select);
    this.#pop(2);
  }

  global(operation: number, index: number, offset: number): void {
    const { module } = this.#context;
    const { type, mutable } = module.globals[index]!;
    if ((index < module.importedGlobals && mutable) || typeof type !== 'string' || type === 'v128')
      throw new NotInterpreted();
    this.#put(offset, operation, this.#constant(type === 'i32' ? 'GI' : type === 'i64' ? 'GL' : 'GD'), index);
    if (operation === OPERATION.globalGet) this.#push(1);
    else this.#pop(1);
  }

  // ------------------------------------------------------------------ control

  block(type: FuncType, offset: number): void {
    this.#charge('block', offset);
    this.#frames.push({ kind: 'block', height: this.#height - type.params.length, type, ends: [], jumps: 0 });
  }

  loop(): void {
    throw new NotInterpreted();
  }

  if(type: FuncType, offset: number): void {
    this.#charge('if', offset);
    this.#put(offset, OPERATION.jumpUnless, 0);
    this.#pop(1);
    const height = this.#height - type.params.length;
    const otherwise = this.#code.length - 1;
    this.#frames.push({ kind: 'if', height, type, ends: [], otherwise, jumps: 0 });
    this.#endRegion();
  }

  else(reachable: boolean, offset: number): void {
    if (reachable) this.#charge('else', offset);
    this.#beginElse(reachable, offset);
  }

  #beginElse(reachable: boolean, offset: number): void {
    const frame = this.#frames.pop()!;
    if (reachable) {
      this.#put(offset, OPERATION.jump, 0);
      frame.ends.push(this.#code.length - 1);
    }
    this.#code[frame.otherwise!] = this.#code.length;
    const { height, type, ends, jumps } = frame;
    this.#frames.push({ kind: 'else', height, type, ends, jumps });
    this.#height = height + type.params.length;
    this.#endRegion();
  }

  end(reachable: boolean, offset: number): void {
    const frame = this.#frames.at(-1)!;
    if (frame.kind === 'function') return this.#endFunction(frame, reachable, offset);
    // As `JsSink.end`: a false `if` without `else` reaches its `end` too.
    const joined = frame.kind === 'if' && frame.jumps === 0;
    if (reachable && !joined) this.#charge('end', offset);
    if (frame.kind === 'if') {
      if (joined) this.#code[frame.otherwise!] = this.#code.length;
      else {
        this.#beginElse(reachable, offset);
        this.#charge('end', offset);
      }
    }
    this.#close(this.#frames.pop()!);
    if (!(reachable && frame.kind === 'block' && frame.jumps === 0)) this.#endRegion();
    if (joined) this.#charge('end', offset);
  }

  #close({ ends, height, type }: Frame): void {
    for (const at of ends) this.#code[at] = this.#code.length;
    this.#height = height;
    this.#push(type.results.length);
  }

  #endFunction(frame: Frame, reachable: boolean, offset: number): void {
    if (reachable) this.#charge('end', offset);
    this.#close(frame);
    this.#put(offset, OPERATION.return, frame.type.results.length);
    this.#frames.pop();
  }

  /** Target, height, count; the target is filled in at the block's end. */
  #destination(depth: number, at: number): number[] {
    const frame = this.#frames[this.#frames.length - 1 - depth]!;
    frame.ends.push(at);
    frame.jumps++;
    return [0, frame.height, frame.type.results.length];
  }

  br(depth: number, offset: number): void {
    this.#charge('br', offset);
    this.#put(offset, OPERATION.branch, ...this.#destination(depth, this.#code.length + 1));
    this.#endRegion();
  }

  brIf(depth: number, offset: number): void {
    this.#charge('br_if', offset);
    this.#pop(1);
    this.#put(offset, OPERATION.branchIf, ...this.#destination(depth, this.#code.length + 1));
    this.#endRegion();
  }

  brTable(depths: readonly number[], offset: number): void {
    this.#charge('br_table', offset);
    this.#pop(1);
    const at = this.#code.length + 2;
    const targets = depths.flatMap((depth, i) => this.#destination(depth, at + 3 * i));
    this.#put(offset, OPERATION.branchTable, depths.length - 1, ...targets);
    this.#endRegion();
  }

  return(offset: number): void {
    this.#charge('return', offset);
    this.#put(offset, OPERATION.return, this.#context.type.results.length);
    this.#endRegion();
  }

  unreachable(offset: number): void {
    this.#charge('unreachable', offset);
    this.#put(offset, OPERATION.unreachable);
    this.#endRegion();
  }

  // ------------------------------------------------------------------ calls

  call(index: number, type: FuncType, offset: number): void {
    this.#charge('call', offset);
    const { importedFunctions } = this.#context.module;
    const imported = index < importedFunctions;
    const operation = imported ? OPERATION.callImport : OPERATION.call;
    this.#performed(type, offset, operation, imported ? index : index - importedFunctions);
  }

  callIndirect(typeIndex: number, table: number, type: FuncType, offset: number): void {
    this.#charge('call_indirect', offset);
    this.#pop(1);
    this.#performed(type, offset, OPERATION.callIndirect, table, typeIndex);
  }

  #performed(type: FuncType, offset: number, ...numbers: number[]): void {
    if (type.results.length > 1) throw new NotInterpreted();
    this.#put(offset, ...numbers, this.#constant(callPlan(type)));
    this.#pop(type.params.length);
    this.#push(type.results.length);
    this.#endRegion();
  }

  // ------------------------------------------------------------------ exceptions

  tryTable = refuse;
  try = refuse;
  catch = refuse;
  catchAll = refuse;
  delegate = refuse;
  rethrow = refuse;
  throw = refuse;
  throwRef = refuse;
}

function refuse(): never {
  throw new NotInterpreted();
}

/** Instructions without a template. */
const SPECIAL: Readonly<Record<string, (this: BodySink, immediate: Immediate, offset: number) => void>> = {
  nop() {},
  drop(_, offset) {
    this.drop(offset);
  },
  select(_, offset) {
    this.select(offset);
  },
  'select t'(_, offset) {
    this.select(offset);
  },
  'local.get'(local, offset) {
    this.get(local as number, offset);
  },
  'local.set'(local, offset) {
    this.set(local as number, offset);
  },
  'local.tee'(local, offset) {
    this.tee(local as number, offset);
  },
  'i32.const'(value, offset) {
    this.literal(value, offset);
  },
  'i64.const'(value, offset) {
    this.literal(value, offset);
  },
  'f32.const': refuseNaN((bits) => floatOf(bits as number)),
  'f64.const': refuseNaN((bits) => doubleOf(bits as bigint)),
  'global.get'(index, offset) {
    this.global(OPERATION.globalGet, index as number, offset);
  },
  'global.set'(index, offset) {
    this.global(OPERATION.globalSet, index as number, offset);
  },
};

/** A NaN's bits need a helper (`emit/instructions.ts`). */
function refuseNaN(valueOf: (bits: Immediate) => number) {
  return function (this: BodySink, bits: Immediate, offset: number): void {
    const value = valueOf(bits);
    if (Number.isNaN(value)) throw new NotInterpreted();
    this.literal(value, offset);
  };
}

const scratch = new DataView(new ArrayBuffer(8));

function floatOf(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

function doubleOf(bits: bigint): number {
  scratch.setBigInt64(0, bits);
  return scratch.getFloat64(0);
}

function zeroOf(type: ValueType): unknown {
  if (type === 'i64') return 0n;
  return typeof type === 'string' ? 0 : null;
}
