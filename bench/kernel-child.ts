/**
 * The process that measures one C program: a fresh V8, in which every engine has an instance of its own. It is told what
 * to do by one message (`KernelTask`) and answers with messages: progress, in the end the cells.
 */
import { join } from 'node:path';
import type { EngineName } from './engines/engine.ts';
import { engineNamed } from './engines.ts';
import { PROGRAMS } from './home.ts';
import { type Cell, reasonOf, textOf } from './results.ts';
import { type Contender, measure, type Settings } from './rounds.ts';

export interface KernelTask extends Settings {
  readonly program: string;
  readonly n: number;
  readonly engines: readonly EngineName[];
}
export type KernelMessage = { readonly progress: string } | { readonly cells: readonly Cell[] };

type Run = (n: number) => unknown;

async function contender(name: EngineName, { program, n }: KernelTask): Promise<Contender> {
  const loaded = await engineNamed(name).load(join(PROGRAMS, `${program}.wasm`));
  const run = loaded.instantiate({}).exports.run as Run;
  return { engine: name, call: () => textOf(run(n)), ...(loaded.fuel && { fuel: loaded.fuel }) };
}

async function perform(task: KernelTask): Promise<void> {
  const contenders: Contender[] = [];
  const failed: Cell[] = [];
  for (const engine of task.engines) {
    send({ progress: `loading ${engine}` });
    try {
      contenders.push(await contender(engine, task));
    } catch (error) {
      failed.push({ engine, outcome: 'fails', reason: reasonOf(error), times: [] });
    }
  }
  const cells = await measure(contenders, task, (what) => send({ progress: what }));
  send({ cells: [...cells, ...failed] });
}

const send = (message: KernelMessage) => process.send!(message);

process.once('message', (task: KernelTask) => {
  void perform(task).finally(() => process.disconnect());
});
