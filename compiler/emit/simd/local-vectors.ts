/**
 * Locals that are vectors: reading and writing them, and how they begin.
 *
 *   local.get 3 · local.get 4 · f32x4.add · local.set 3     →     z0 = fround(n12 + n16), z1 = …; n12 = z0, n13 = z1, …;
 */
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import { readOf, TRAPS } from '../operand-stack.ts';
import type { Places } from '../places.ts';
import { cellVector, halvesOf, hasOneShape, naturalShape, type Vector, vectorOf } from './vector.ts';

export function getVectorLocal(emitter: FunctionEmitter, local: number): void {
  const vector = localVector(emitter, local);
  emitter.stack.push({
    node: js.NULL,
    type: 'v128',
    effects: 0,
    reads: readOf(local),
    operations: 0,
    isBoolean: false,
    constant: undefined,
    vector,
  });
}

function localVector({ places }: FunctionEmitter, local: number): Vector {
  const { vectors } = places;
  if (!vectors.isPlain) return cellVector(vectors.frameCells(places.localCellNumber(local)), [local]);
  const { shape, exact, clean, halves } = vectors.localShape(local);
  const lanes = vectors.localVariables(local);
  const isClean = clean || (shape === 'f32x4' && !exact);
  return { ...vectorOf(shape, lanes, isClean, [local]), quiet: true, halves };
}

export function setVectorLocal(emitter: FunctionEmitter, local: number): void {
  const { stack } = emitter;
  const value = stack.pop();
  stack.settleReaders(local);
  if (value.effects & TRAPS) stack.settleTraps();
  emitAll(emitter, toVectorLocal(emitter, local, value.vector!));
}

/** The assignments that write a local. */
export function toVectorLocal(emitter: FunctionEmitter, local: number, vector: Vector): js.Expression[] {
  const { places } = emitter;
  const { vectors } = places;
  noteWrite(emitter, local, vector);
  if (vectors.isPlain) return vectors.intoLocal(local, vector);
  return vectors.toCells(vectors.frameCells(places.localCellNumber(local)), vector);
}

/** What is computed has a shape; what is loaded, constant or moved has none of its own. */
function noteWrite({ votes, loops }: FunctionEmitter, local: number, vector: Vector): void {
  if (votes === undefined) return;
  const { origins, clean, quiet } = vector;
  if (origins.length > 0) votes.join(local, origins);
  else if (hasOneShape(vector)) votes.vote([local], naturalShape(vector), loops);
  if (!clean && !quiet) votes.noteUnclean(local);
  votes.noteHalves(local, halvesOf(vector));
}

/** One statement, which nothing can come between. */
export function emitAll(emitter: FunctionEmitter, expressions: readonly js.Expression[]): void {
  if (expressions.length > 0) emitter.emit(js.statement(js.sequence(expressions)));
}

/** The locals that are vectors in variables. */
function vectorsInVariables({ places, context }: FunctionEmitter): number[] {
  const locals: number[] = [];
  if (places.layout !== 'plain') return locals;
  for (let i = 0; i < context.locals.length; i++) if (context.locals[i] === 'v128') locals.push(i);
  return locals;
}

/** Names of the variables of locals, with what they begin with. */
export function vectorVariables(emitter: FunctionEmitter): [string, js.Expression | null][] {
  const { places, context } = emitter;
  return vectorsInVariables(emitter).flatMap((local) => {
    const start = local < context.type.params.length ? null : js.number(0);
    return places.vectors
      .localVariables(local)
      .map((lane) => [lane.text, start] as [string, js.Expression | null]);
  });
}

/** A local begins at zero, of whatever shape. */
export function zeroVector(places: Places, local: number): js.Statement[] {
  const { vectors } = places;
  if (vectors.isPlain) return vectors.localVariables(local).map((lane) => js.set(lane, js.number(0)));
  const first = places.localCellNumber(local);
  return [0, 1].map((n) => js.set(places.cell('i64', first + n), js.bigint(0n)));
}

/** Parameters leave the cells in which the caller wrote them. */
export function vectorParameters(emitter: FunctionEmitter): js.Statement[] {
  const { places, context } = emitter;
  return vectorsInVariables(emitter)
    .filter((local) => local < context.type.params.length)
    .map((local) => {
      const { vectors } = places;
      const from = cellVector(vectors.frameCells(places.localCellNumber(local)));
      return js.statement(js.sequence(vectors.intoLocal(local, from)));
    });
}
