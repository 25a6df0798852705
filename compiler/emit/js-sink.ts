/**
 * The sink that turns a function into JavaScript: receives the reader's events, charges each instruction, and hands it
 * to the file that knows it.
 */
import type { FuncType, RefType } from '../../runtime/types.ts';
import type { CatchClause, FunctionContext, Immediate, Sink } from '../function/sink.ts';
import { numberOf, type Opcode } from '../opcodes.ts';
import { emitCall, emitCallIndirect, emitCallRef, type Resolve } from './calls.ts';
import {
  emitBr,
  emitBrIf,
  emitBrTable,
  emitElse,
  emitReturn,
  enter,
  enterIf,
  fallOut,
  leave,
  returnStatements,
} from './control.ts';
import {
  emitDelegate,
  emitLegacyCatch,
  emitRethrow,
  emitThrow,
  emitThrowRef,
  enterTry,
  leaveLegacyTry,
  leaveTryTable,
} from './exceptions.ts';
import { closeBlock, StatementList } from './frames.ts';
import type { FunctionEmitter } from './function-emitter.ts';
import { emitInstruction } from './instructions.ts';
import * as js from './js.ts';
import { climb } from './ladder.ts';
import { ANY_EFFECT } from './operand-stack.ts';
import { splitFrame } from './outline.ts';
import { emitBrOnCast, emitBrOnNonNull, emitBrOnNull } from './references.ts';
import { isChargedBySize } from './region-counts.ts';
import { emitReturnCall, emitReturnCallIndirect, emitReturnCallRef, enterBody } from './tail-calls.ts';

const BLOCK = numberOf('block');
const LOOP = numberOf('loop');
const IF = numberOf('if');
const ELSE = numberOf('else');
const END = numberOf('end');
const BR = numberOf('br');
const BR_IF = numberOf('br_if');
const BR_TABLE = numberOf('br_table');
const RETURN = numberOf('return');
const UNREACHABLE = numberOf('unreachable');
const CALL = numberOf('call');
const CALL_INDIRECT = numberOf('call_indirect');
const CALL_REF = numberOf('call_ref');
const BR_ON_CAST = numberOf('br_on_cast');
const BR_ON_CAST_FAIL = numberOf('br_on_cast_fail');
const BR_ON_NULL = numberOf('br_on_null');
const BR_ON_NON_NULL = numberOf('br_on_non_null');
const RETURN_CALL = numberOf('return_call');
const RETURN_CALL_REF = numberOf('return_call_ref');
const RETURN_CALL_INDIRECT = numberOf('return_call_indirect');
const TRY_TABLE = numberOf('try_table');
const TRY = numberOf('try');
const CATCH = numberOf('catch');
const CATCH_ALL = numberOf('catch_all');
const DELEGATE = numberOf('delegate');
const RETHROW = numberOf('rethrow');
const THROW = numberOf('throw');
const THROW_REF = numberOf('throw_ref');

/** Instructions with effects that never trap. */
const QUIET: ReadonlySet<string> = new Set([
  'local.get',
  'local.set',
  'local.tee',
  'global.get',
  'global.set',
]);

export class JsSink implements Sink {
  emitter!: FunctionEmitter;
  readonly #create: (context: FunctionContext) => FunctionEmitter;
  readonly #resolve: Resolve;

  constructor(create: (context: FunctionContext) => FunctionEmitter, resolve: Resolve) {
    this.#create = create;
    this.#resolve = resolve;
  }

  start(context: FunctionContext): void {
    this.emitter = this.#create(context);
    if (this.emitter.bodyIsLoop) enterBody(this.emitter);
  }

  instruction(row: Opcode, immediate: Immediate, offset: number): void {
    this.emitter.charge(row.number);
    if (row.effect !== 'pure' && !QUIET.has(row.name)) this.emitter.meter.noteTrap();
    if (this.emitter.options.counting !== undefined && isChargedBySize(row.name)) {
      this.#countSize(row, immediate, offset);
    } else emitInstruction(this.emitter, row, immediate, offset);
  }

  /** Operands, which may be such instructions too, come before it is told; the instruction itself at once. */
  #countSize(row: Opcode, immediate: Immediate, offset: number): void {
    const { emitter } = this;
    emitter.stack.settleAll();
    emitter.emit(js.statement(js.call(emitter.use('charging'), [js.number(offset)])));
    emitInstruction(emitter, row, immediate, offset);
    emitter.stack.settleAll();
  }

  block(type: FuncType): void {
    this.emitter.charge(BLOCK);
    enter(this.emitter, 'block', type);
  }

  loop(type: FuncType): void {
    this.emitter.charge(LOOP);
    enter(this.emitter, 'loop', type);
  }

  if(type: FuncType): void {
    this.emitter.charge(IF);
    enterIf(this.emitter, type);
  }

  else(reachable: boolean): void {
    if (reachable) this.emitter.charge(ELSE);
    emitElse(this.emitter, reachable);
  }

  end(reachable: boolean): void {
    const { emitter } = this;
    const { kind, isBody } = emitter.frame;
    if (kind === 'function' || isBody) {
      this.#finish(reachable);
      return;
    }
    // A false `if` without `else` reaches its `end` too. Where nothing jumps over it, it is charged behind the join.
    const joined = kind === 'if' && emitter.frame.jumps === 0;
    if (reachable && !joined) emitter.charge(END);
    if (kind === 'if' && !joined) {
      emitElse(emitter, reachable);
      emitter.charge(END);
      leave(emitter, true);
      return;
    }
    if (kind === 'try_table') leaveTryTable(emitter, reachable);
    else if (kind === 'try' || kind === 'catch' || kind === 'catch_all') leaveLegacyTry(emitter, reachable);
    else leave(emitter, reachable);
    if (joined) emitter.charge(END);
  }

  #finish(reachable: boolean): void {
    const { emitter } = this;
    if (emitter.places.layout === 'plain') {
      if (reachable) {
        emitter.charge(END);
        emitter.meter.noteReturn();
        emitter.stack.settleEffects(ANY_EFFECT);
        for (const statement of returnStatements(emitter)) emitter.emit(statement);
      }
      if (emitter.frame.isBody) leave(emitter, false);
      climb(emitter.frame, false);
      return;
    }
    if (reachable) emitter.charge(END);
    if (emitter.frame.isBody) leave(emitter, reachable);
    const { frame } = emitter;
    if (reachable) fallOut(emitter, frame);
    splitFrame(emitter, frame, reachable);
    const { statement, weight, nesting } = closeBlock(frame);
    frame.list = new StatementList();
    emitter.emit(statement, nesting, weight);
    emitter.stack.truncate(0);
    for (const type of frame.type.results) emitter.stack.pushSettled(type);
    for (const last of returnStatements(emitter)) emitter.emit(last);
    emitter.closeTailExit();
  }

  br(depth: number): void {
    this.emitter.charge(BR);
    emitBr(this.emitter, depth);
  }

  brIf(depth: number): void {
    this.emitter.charge(BR_IF);
    emitBrIf(this.emitter, depth);
  }

  brTable(depths: readonly number[]): void {
    this.emitter.charge(BR_TABLE);
    emitBrTable(this.emitter, depths);
  }

  return(): void {
    this.emitter.charge(RETURN);
    emitReturn(this.emitter);
  }

  unreachable(offset: number): void {
    const { emitter } = this;
    emitter.charge(UNREACHABLE);
    emitter.stack.settleEffects(ANY_EFFECT);
    emitter.emit(js.statement(js.call(emitter.use('unreachable', offset), [])));
    emitter.meter.endRegion();
  }

  call(index: number, type: FuncType, offset: number): void {
    this.emitter.charge(CALL);
    emitCall(this.emitter, index, type, offset, this.#resolve);
  }

  callIndirect(typeIndex: number, table: number, type: FuncType, offset: number): void {
    this.emitter.charge(CALL_INDIRECT);
    emitCallIndirect(this.emitter, typeIndex, table, type, offset, this.#resolve);
  }

  callRef(typeIndex: number, type: FuncType, offset: number): void {
    this.emitter.charge(CALL_REF);
    emitCallRef(this.emitter, typeIndex, type, offset);
  }

  brOnCast(depth: number, _from: RefType, to: RefType, onFail: boolean): void {
    this.emitter.charge(onFail ? BR_ON_CAST_FAIL : BR_ON_CAST);
    emitBrOnCast(this.emitter, depth, to, onFail);
  }

  brOnNull(depth: number): void {
    this.emitter.charge(BR_ON_NULL);
    emitBrOnNull(this.emitter, depth);
  }

  brOnNonNull(depth: number): void {
    this.emitter.charge(BR_ON_NON_NULL);
    emitBrOnNonNull(this.emitter, depth);
  }

  returnCall(index: number, type: FuncType, offset: number): void {
    this.emitter.charge(RETURN_CALL);
    emitReturnCall(this.emitter, index, type, offset, this.#resolve);
  }

  returnCallRef(typeIndex: number, type: FuncType, offset: number): void {
    this.emitter.charge(RETURN_CALL_REF);
    emitReturnCallRef(this.emitter, typeIndex, type, offset);
  }

  returnCallIndirect(typeIndex: number, table: number, type: FuncType, offset: number): void {
    this.emitter.charge(RETURN_CALL_INDIRECT);
    emitReturnCallIndirect(this.emitter, typeIndex, table, type, offset, this.#resolve);
  }

  tryTable(type: FuncType, catches: readonly CatchClause[]): void {
    this.emitter.charge(TRY_TABLE);
    enterTry(this.emitter, 'try_table', type, catches);
  }

  try(type: FuncType): void {
    this.emitter.charge(TRY);
    enterTry(this.emitter, 'try', type);
  }

  catch(tag: number, _type: FuncType, reachable: boolean): void {
    if (reachable) this.emitter.charge(CATCH);
    emitLegacyCatch(this.emitter, tag, reachable);
  }

  catchAll(reachable: boolean): void {
    if (reachable) this.emitter.charge(CATCH_ALL);
    emitLegacyCatch(this.emitter, undefined, reachable);
  }

  delegate(depth: number, reachable: boolean): void {
    if (reachable) this.emitter.charge(DELEGATE);
    emitDelegate(this.emitter, depth, reachable);
  }

  rethrow(depth: number, offset: number): void {
    this.emitter.charge(RETHROW);
    emitRethrow(this.emitter, depth, offset);
  }

  throw(tag: number, type: FuncType, offset: number): void {
    this.emitter.charge(THROW);
    emitThrow(this.emitter, tag, type, offset);
  }

  throwRef(offset: number): void {
    this.emitter.charge(THROW_REF);
    emitThrowRef(this.emitter, offset);
  }
}
