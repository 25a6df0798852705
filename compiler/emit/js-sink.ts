/**
 * The sink that turns a function into JavaScript: receives the reader's events, charges each instruction, and hands it
 * to the file that knows it.
 */
import type { FuncType } from '../../runtime/types.ts';
import type { CatchClause, FunctionContext, Immediate, Sink } from '../function/sink.ts';
import type { Opcode } from '../opcodes.ts';
import { emitCall, emitCallIndirect, type Resolve } from './calls.ts';
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

/** Instructions with effects that never trap. */
const QUIET: ReadonlySet<string> = new Set(['local.set', 'local.tee', 'global.get', 'global.set']);

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
  }

  instruction(row: Opcode, immediate: Immediate, offset: number): void {
    this.emitter.charge(row.name);
    if (row.effect !== 'pure' && !QUIET.has(row.name)) this.emitter.meter.noteTrap();
    emitInstruction(this.emitter, row, immediate, offset);
  }

  block(type: FuncType): void {
    this.emitter.charge('block');
    enter(this.emitter, 'block', type);
  }

  loop(type: FuncType): void {
    this.emitter.charge('loop');
    enter(this.emitter, 'loop', type);
  }

  if(type: FuncType): void {
    this.emitter.charge('if');
    enterIf(this.emitter, type);
  }

  else(reachable: boolean): void {
    if (reachable) this.emitter.charge('else');
    emitElse(this.emitter, reachable);
  }

  end(reachable: boolean): void {
    const { emitter } = this;
    const { kind } = emitter.frame;
    if (kind === 'function') {
      this.#finish(reachable);
      return;
    }
    // A false `if` without `else` reaches its `end` too. Where nothing jumps over it, it is charged behind the join.
    const joined = kind === 'if' && emitter.frame.jumps === 0;
    if (reachable && !joined) emitter.charge('end');
    if (kind === 'if' && !joined) {
      emitElse(emitter, reachable);
      emitter.charge('end');
      leave(emitter, true);
      return;
    }
    if (kind === 'try_table') leaveTryTable(emitter, reachable);
    else if (kind === 'try' || kind === 'catch' || kind === 'catch_all') leaveLegacyTry(emitter, reachable);
    else leave(emitter, reachable);
    if (joined) emitter.charge('end');
  }

  #finish(reachable: boolean): void {
    const { emitter } = this;
    const { frame, places } = emitter;
    if (places.layout === 'plain') {
      if (reachable) {
        emitter.charge('end');
        emitter.stack.settleEffects(ANY_EFFECT);
        for (const statement of returnStatements(emitter)) emitter.emit(statement, 4);
      }
      climb(frame, false);
      return;
    }
    if (reachable) {
      emitter.charge('end');
      fallOut(emitter, frame);
    }
    splitFrame(emitter, frame, reachable);
    const { statement, weight, nesting } = closeBlock(frame);
    frame.list = new StatementList();
    emitter.emit(statement, weight, nesting);
    emitter.stack.truncate(0);
    for (const type of frame.type.results) emitter.stack.pushSettled(type);
    for (const last of returnStatements(emitter)) emitter.emit(last, 4);
  }

  br(depth: number): void {
    this.emitter.charge('br');
    emitBr(this.emitter, depth);
  }

  brIf(depth: number): void {
    this.emitter.charge('br_if');
    emitBrIf(this.emitter, depth);
  }

  brTable(depths: readonly number[]): void {
    this.emitter.charge('br_table');
    emitBrTable(this.emitter, depths);
  }

  return(): void {
    this.emitter.charge('return');
    emitReturn(this.emitter);
  }

  unreachable(offset: number): void {
    const { emitter } = this;
    emitter.charge('unreachable');
    emitter.stack.settleEffects(ANY_EFFECT);
    emitter.emit(js.statement(js.call(emitter.use('unreachable', offset), [])), 4);
    emitter.meter.endRegion();
  }

  call(index: number, type: FuncType, offset: number): void {
    this.emitter.charge('call');
    emitCall(this.emitter, index, type, offset, this.#resolve);
  }

  callIndirect(typeIndex: number, table: number, type: FuncType, offset: number): void {
    this.emitter.charge('call_indirect');
    emitCallIndirect(this.emitter, typeIndex, table, type, offset, this.#resolve);
  }

  tryTable(type: FuncType, catches: readonly CatchClause[]): void {
    this.emitter.charge('try_table');
    enterTry(this.emitter, 'try_table', type, catches);
  }

  try(type: FuncType): void {
    this.emitter.charge('try');
    enterTry(this.emitter, 'try', type);
  }

  catch(tag: number, _type: FuncType, reachable: boolean): void {
    if (reachable) this.emitter.charge('catch');
    emitLegacyCatch(this.emitter, tag, reachable);
  }

  catchAll(reachable: boolean): void {
    if (reachable) this.emitter.charge('catch_all');
    emitLegacyCatch(this.emitter, undefined, reachable);
  }

  delegate(depth: number, reachable: boolean): void {
    if (reachable) this.emitter.charge('delegate');
    emitDelegate(this.emitter, depth, reachable);
  }

  rethrow(depth: number, offset: number): void {
    this.emitter.charge('rethrow');
    emitRethrow(this.emitter, depth, offset);
  }

  throw(tag: number, type: FuncType, offset: number): void {
    this.emitter.charge('throw');
    emitThrow(this.emitter, tag, type, offset);
  }

  throwRef(offset: number): void {
    this.emitter.charge('throw_ref');
    emitThrowRef(this.emitter, offset);
  }
}
