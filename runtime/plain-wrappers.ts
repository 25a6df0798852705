/**
 * The functions at the border with the host for any signature, without text of their own: what a precompiled file falls
 * back on where a function of another module brings a type that the file does not know. The same conversions as the
 * generated ones (compiler/emit/wrappers.ts), by loops.
 */
import type { Code } from './abi.ts';
import { callFromHost, exhaustedAtBoundary, incoming, resultList } from './boundary.ts';
import type { ExportWrapper } from './code.ts';
import type { HostEnvironment } from './environment.ts';
import { R, RD, RL, RR, S } from './registers.ts';
import { cellsOf, type FuncType, type ValueType } from './types.ts';
import { fromHost, toHost } from './values.ts';
import type { Vector } from './vector.ts';

export function plainExportWrapper({ params, results }: FuncType): ExportWrapper {
  return (reference) => {
    const enter = (...given: unknown[]) => {
      const list = callFromHost(reference, (type, i) => fromHost(given[i], type), toHost);
      return results.length < 2 ? list[0] : list;
    };
    return Object.defineProperty(enter, 'length', { value: params.length });
  };
}

export function plainImportWrapper({ params, results }: FuncType): Code {
  return (environment: unknown, ...passedArgs: unknown[]) => {
    const { S: store, fn } = environment as HostEnvironment;
    const { sp, rp, depth } = S;
    if (sp + 2 * (params.length + results.length) > S.limit) exhaustedAtBoundary();
    if (S.fuel < 0) store.account.refuel();
    try {
      const answer = fn(...argumentsOf(params, passedArgs, sp));
      return leave(results, converted(answer, results), sp, rp);
    } catch (error) {
      S.sp = sp;
      S.rp = rp;
      S.depth = depth;
      throw incoming(error);
    }
  };
}

function argumentsOf(types: readonly ValueType[], passedArgs: readonly unknown[], sp: number): unknown[] {
  let cell = sp;
  let next = 0;
  return types.map((type) => {
    const at = cell;
    cell += cellsOf(type);
    if (type === 'i64') return R[at];
    return toHost(type === 'v128' ? RL.slice(2 * at, 2 * at + 4) : passedArgs[next++], type);
  });
}

function converted(answer: unknown, types: readonly ValueType[]): unknown[] {
  if (types.length === 0) return [];
  const list = types.length === 1 ? [answer] : resultList(answer, types.length);
  return types.map((type, i) => fromHost(list[i], type));
}

/** Leaves results where callers look for them; answers the one that is returned. */
function leave(types: readonly ValueType[], values: readonly unknown[], sp: number, rp: number): unknown {
  let cell = sp;
  let references = rp;
  let returned: unknown;
  types.forEach((type, i) => {
    if (i === 0 && cellsOf(type) === 0) {
      returned = values[0];
      return;
    }
    if (type === 'v128') RL.set(values[i] as Vector, 2 * cell);
    else if (type === 'i64') R[cell] = values[i] as bigint;
    else if (type === 'i32') RL[2 * cell] = values[i] as number;
    else if (type === 'f32' || type === 'f64') RD[cell] = values[i] as number;
    else RR[references++] = values[i];
    cell += cellsOf(type) || 1;
  });
  return returned;
}
