/**
 * Which tier of V8 the parts of CPython's evaluation loop reach: the function itself and the regions that were split
 * off. A part that takes time and stays below the top tier is a fault of ours: too long, or deoptimised again and again.
 *
 * A part that V8 inlines has no fate of its own and counts as below; regions are too long for that.
 */
import { basename } from 'node:path';
import { functionIndexOf } from '../../compiler/emit/module.ts';
import type { Module } from '../../src/index.ts';
import { emit, load } from './emitted.ts';
import { type Fate, type Tier, type TracedRun, tracedRun } from './traced-run.ts';

/** Integer loops, calls, strings, dicts and lists, for some seconds. */
const PROGRAM = `
import json, time
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
end = time.time() + 8
while time.time() < end:
    s = 0
    for i in range(20000): s += i * i & 0xff
    fib(15)
    d = {str(i): [i] for i in range(500)}
    json.loads(json.dumps(d))
`;

/** The evaluation loop's name in CPython; builds without names are told by where the time goes. */
const EVALUATION_LOOP = '_PyEval_EvalFrameDefault';
/** Shares of the loop's time: from here on a part must reach the top tier … */
const HOT = 0.01;
/** … and is listed. */
const LISTED = 0.002;
/** More often than this is again and again. */
const DEOPTIMISATIONS = 3;

interface PartFate {
  readonly name: string;
  readonly time: number;
  readonly fate: Fate | undefined;
}

/** Prints a report; whether all hot parts end in the top tier. */
export async function reportTiers(file: string): Promise<boolean> {
  const module = load(file, 'metered');
  const run = await tracedRun(file, PROGRAM);
  const index = evaluationLoop(module, run);
  const parts = emit(module, index).parts.map(({ name }) => {
    return { name, time: run.times.get(name) ?? 0, fate: run.fates.get(name) };
  });
  parts.sort((a, b) => b.time - a.time);
  const loop = sum(parts);
  const low = parts.filter((part) => part.time >= HOT * loop && tierOf(part) !== 'TURBOFAN');
  console.log(
    [
      `${basename(file)}: the evaluation loop is function ${index}, ${parts.length} parts`,
      `  ${Math.round(loop)} ms of ${Math.round(total(run))} ms; by the tier that a part ends in: ${shares(parts, loop)}; compiled by Maglev + TurboFan:`,
      ...parts.filter(({ time }) => time >= LISTED * loop).map((part) => partText(part, loop)),
      `  hot (${HOT * 100} % and more) and below the top tier: ${names(low)}`,
      `  seen running, never optimised: ${names(parts.filter(({ time, fate }) => time > 0 && !fate?.compiled.TURBOFAN))}`,
      `  deoptimised more than ${DEOPTIMISATIONS} times: ${names(parts.filter(oftenDeoptimised))}`,
      `  never seen running: ${parts.filter(({ time }) => time === 0).length}`,
    ].join('\n'),
  );
  return low.length === 0;
}

/** By name, or the function that most of the time is spent in. */
function evaluationLoop({ info }: Module, { times }: TracedRun): number {
  for (const [index, name] of info.functionNames) if (name === EVALUATION_LOOP) return index;
  const byFunction = new Map<number, number>();
  for (const [name, time] of times) {
    const index = functionIndexOf(name.split('$', 1)[0]!);
    if (index !== undefined) byFunction.set(index, (byFunction.get(index) ?? 0) + time);
  }
  const [hottest] = [...byFunction].sort((a, b) => b[1] - a[1]);
  if (hottest === undefined) throw new Error('the profile shows no function of the module');
  return hottest[0];
}

const sum = (parts: readonly PartFate[]) => parts.reduce((total, { time }) => total + time, 0);
const total = ({ times }: TracedRun) => [...times.values()].reduce((a, b) => a + b, 0);
const TIERS: readonly Tier[] = ['TURBOFAN', 'MAGLEV', 'none'];
/** The higher one of its two. */
const tierOf = ({ fate }: PartFate): Tier =>
  TIERS.find((tier) => tier === fate?.called || tier === fate?.replaced) ?? 'none';
const oftenDeoptimised = ({ fate }: PartFate) => (fate?.deoptimised.length ?? 0) > DEOPTIMISATIONS;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function shares(parts: readonly PartFate[], loop: number): string {
  return TIERS.map(
    (tier) => `${tier} ${percent(sum(parts.filter((part) => tierOf(part) === tier)) / loop)}`,
  ).join(', ');
}

function names(parts: readonly PartFate[]): string {
  return parts.length === 0 ? 'none' : `${parts.length}: ${parts.map(({ name }) => name).join(' ')}`;
}

function partText(part: PartFate, loop: number): string {
  const { name, time, fate } = part;
  const { MAGLEV, TURBOFAN } = fate?.compiled ?? { MAGLEV: 0, TURBOFAN: 0 };
  return `    ${name}: ${percent(time / loop)}, ${tierOf(part)}, compiled ${MAGLEV} + ${TURBOFAN} times${lossText(fate)}`;
}

function lossText(fate: Fate | undefined): string {
  if (fate === undefined || fate.deoptimised.length === 0) return '';
  const { deoptimised, lastDeoptimised } = fate;
  const last = `the last after ${lastDeoptimised.toFixed(1)} s`;
  return `, deoptimised ${deoptimised.length} times, ${last} (${[...new Set(deoptimised)].join(', ')})`;
}
