/**
 * Runs a Python program under `sandglass run` in a child process while V8 tells what it optimises (`--trace-opt`,
 * `--trace-deopt`) and where the time goes (`--cpu-prof`). All by the names of generated functions: `f12_mix$3`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../lib/main.js', import.meta.url));

/** V8's compilers by their names in its traces; `none` is bytecode and the baseline tier. */
export type Tier = 'none' | 'MAGLEV' | 'TURBOFAN';

/** What became of a function. */
export interface Fate {
  /** Of its code at the end of the run: as it is called, and as a running loop was replaced. */
  called: Tier;
  replaced: Tier;
  /** How often each compiler finished with it. */
  readonly compiled: { MAGLEV: number; TURBOFAN: number };
  /** Why its code was thrown away, time after time. */
  readonly deoptimised: string[];
  /** When that happened last, in seconds after the start. */
  lastDeoptimised: number;
}

export interface TracedRun {
  readonly fates: ReadonlyMap<string, Fate>;
  /** Milliseconds spent in functions themselves; without waiting. */
  readonly times: ReadonlyMap<string, number>;
}

/** `[completed compiling 0x… <JSFunction f3283$4 (sfi = 0x…)> (target TURBOFAN_JS) OSR - took …]` */
const COMPILED =
  /^\[completed compiling 0x[0-9a-f]+ <JSFunction (?<name>f\d+[\w$]*) .*\(target (?<tier>MAGLEV|TURBOFAN)\w*\)(?<osr> OSR)?/;
/** `[bailout (kind: deopt-eager, reason: wrong map): begin. deoptimizing 0x… <JSFunction f12 (sfi = 0x…)>, 0x… <Code MAGLEV>, …` */
const BAILOUT =
  /^\[bailout \(kind: deopt-eager, reason: (?<reason>.*)\): begin\. deoptimizing 0x[0-9a-f]+ <JSFunction (?<name>f\d+[\w$]*) .*<Code (?<tier>MAGLEV|TURBOFAN)/;
/** `[marking dependent code 0x… <Code TURBOFAN> (0x… <SharedFunctionInfo f12>) (opt id 5) for deoptimization, reason: …]` */
const INVALIDATED =
  /^\[marking dependent code 0x[0-9a-f]+ <Code (?<tier>MAGLEV|TURBOFAN)\w*> \(0x[0-9a-f]+ <SharedFunctionInfo (?<name>f\d+[\w$]*)>.*reason: (?<reason>.*)\]/;
/** Ways from one piece of optimised code to another; nothing is thrown away. */
const PASSAGES = ['prepare for on stack replacement (OSR)', "exit from OSR'd inner loop"];

export async function tracedRun(file: string, program: string): Promise<TracedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-giant-'));
  try {
    const fates = new Map<string, Fate>();
    const profiling = ['--cpu-prof', `--cpu-prof-dir=${folder}`];
    const args = ['--trace-opt', '--trace-deopt', ...profiling, COMMAND, 'run', file, '-c', program];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    const started = performance.now();
    for await (const line of createInterface({ input: child.stdout }))
      note(fates, line, (performance.now() - started) / 1000);
    const status = await ended;
    if (status !== 0) throw new Error(`${file}: the traced program ended with exit status ${status}`);
    return { fates, times: timesIn(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fateOf(fates: Map<string, Fate>, name: string): Fate {
  let fate = fates.get(name);
  if (fate === undefined) {
    const compiled = { MAGLEV: 0, TURBOFAN: 0 };
    fate = { called: 'none', replaced: 'none', compiled, deoptimised: [], lastDeoptimised: 0 };
    fates.set(name, fate);
  }
  return fate;
}

/** One line of V8's trace, or of anything else. */
function note(fates: Map<string, Fate>, line: string, seconds: number): void {
  const compiled = COMPILED.exec(line)?.groups;
  if (compiled !== undefined) {
    const tier = compiled.tier as 'MAGLEV' | 'TURBOFAN';
    const fate = fateOf(fates, compiled.name!);
    fate[compiled.osr === undefined ? 'called' : 'replaced'] = tier;
    fate.compiled[tier]++;
    return;
  }
  const lost = (BAILOUT.exec(line) ?? INVALIDATED.exec(line))?.groups;
  if (lost === undefined || PASSAGES.includes(lost.reason!)) return;
  const fate = fateOf(fates, lost.name!);
  if (fate.called === lost.tier) fate.called = 'none';
  else if (fate.replaced === lost.tier) fate.replaced = 'none';
  fate.deoptimised.push(lost.reason!);
  fate.lastDeoptimised = seconds;
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** What V8's profiler calls time in which nothing runs. */
const IDLE = ['(idle)', '(program)', '(root)'];

/** Over all threads: a profile each. */
function timesIn(folder: string): Map<string, number> {
  const times = new Map<string, number>();
  for (const file of readdirSync(folder)) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile;
    const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
    samples.forEach((id, i) => {
      const name = names.get(id)!;
      if (IDLE.includes(name)) return;
      times.set(name, (times.get(name) ?? 0) + timeDeltas[i]! / 1000);
    });
  }
  return times;
}
