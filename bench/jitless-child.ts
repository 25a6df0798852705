/** One C program under one engine, in a process under `--jitless`: prints the result and the best processor time. */
import { readFileSync } from 'node:fs';
import type { WebAssemblyApi } from './engines/engine.ts';
import { importPackage } from './packages.ts';

export type JitlessEngine = 'unmetered' | 'metered' | 'polywasm' | 'wasm2js';

type Run = (n: number) => unknown;
interface Instance {
  readonly exports: { readonly run: Run };
}
interface Task {
  readonly engine: JitlessEngine;
  readonly file: string;
  readonly n: number;
}

const ROUNDS = 3;

async function runOf({ engine, file }: Task): Promise<Run> {
  if (engine === 'polywasm') {
    const { WebAssembly } = await importPackage<{ WebAssembly: WebAssemblyApi }>('polywasm', 'index.js');
    const module = new WebAssembly.Module(new Uint8Array(readFileSync(file)));
    return new WebAssembly.Instance(module, {}).exports.run as Run;
  }
  if (engine === 'wasm2js') {
    const { asmFunc } = (await import(file)) as { asmFunc(imports: object): { run: Run } };
    return asmFunc({}).run;
  }
  const { instantiate } = (await import(file)) as { instantiate(): Promise<Instance> };
  return (await instantiate()).exports.run;
}

if ('WebAssembly' in globalThis) throw new Error('start with --jitless');
const task = JSON.parse(process.argv[2]!) as Task;
const run = await runOf(task);
run(1);
let best = Number.POSITIVE_INFINITY;
let result: unknown;
for (let round = 0; round < ROUNDS; round++) {
  const before = process.cpuUsage().user;
  result = run(task.n);
  best = Math.min(best, process.cpuUsage().user - before);
}
console.log(`${result} ${best / 1000}`);
