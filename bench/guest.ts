/**
 * The process that runs CPython or Ruby under one engine: `node guest.js '{"engine": …}'`. Started by the measuring
 * process, for one of three purposes:
 *
 *  - `once`: a whole start; the guest has the process's own stdin and stdout.
 *  - `session`: the guest is a program in a loop that reads a line, does its work once, and prints the result. Each
 *    line of the result goes out with the fuel consumed so far: `121393 48210000`.
 *  - `repeat`: five instances of one compiled module, one after the other; a line of milliseconds for each.
 *
 * WASI is the same for all engines: ours. Language runtimes need a deep stack, which a worker can have.
 */
import { readFileSync, readSync, writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { ExitError } from '../runtime/errors.ts';
import { DEFAULT_LIMITS } from '../runtime/limits.ts';
import { Wasi, type WasiOptions } from '../wasi/index.ts';
import type { EngineName, Loaded } from './engines/engine.ts';
import { engineNamed } from './engines.ts';
import { answerLines } from './interpreter.ts';
import type { Language } from './runtimes.ts';

export interface GuestTask {
  readonly engine: EngineName;
  readonly file: string;
  readonly language: Language['language'];
  /** After the program's name. */
  readonly args: readonly string[];
  readonly purpose: 'once' | 'session' | 'repeat';
  /** In a worker with a stack of 64 MB, or in the main thread with what it has. */
  readonly deep: boolean;
}

const STACK_MB = 64;
const INSTANCES = 5;

async function perform(task: GuestTask): Promise<number> {
  const loaded = await engineNamed(task.engine).load(task.file);
  if (task.purpose === 'once') return start(task, loaded, {});
  if (task.language === 'interpreter') return answerLines(task.file, task.args, loaded);
  if (task.purpose === 'session') return start(task, loaded, session(loaded));
  return repeat(task, loaded);
}

/** Blocking reads and writes, each line with what the account says at that moment. */
function session({ fuel }: Loaded): WasiOptions {
  let line = '';
  return {
    stdin: (max) => {
      const bytes = new Uint8Array(max);
      return bytes.subarray(0, readSync(0, bytes));
    },
    stdout: (chunk) => {
      line += Buffer.from(chunk).toString();
      if (!line.endsWith('\n')) return;
      writeSync(1, `${line.trim()} ${fuel?.() ?? ''}\n`);
      line = '';
    },
  };
}

async function repeat(task: GuestTask, loaded: Loaded): Promise<number> {
  for (let i = 0; i < INSTANCES; i++) {
    let output = '';
    const started = performance.now();
    await start(task, loaded, { stdout: (chunk) => (output += Buffer.from(chunk).toString()) });
    writeSync(1, `${performance.now() - started} ${output.trim()}\n`);
  }
  return 0;
}

async function start(task: GuestTask, loaded: Loaded, streams: WasiOptions): Promise<number> {
  const { language, file, args } = task;
  const env = { PYTHONHASHSEED: '0' };
  if (language === 'python') {
    const wasi = new Wasi({ args: ['python.wasm', ...args], env, ...streams });
    return wasi.start(loaded.instantiate(wasi.imports));
  }
  return startRuby(file, args, loaded, new Wasi({ args: ['ruby.wasm'], ...streams }));
}

/** Ruby is a library that a host drives; `sandglass run` has such a host. */
async function startRuby(file: string, args: readonly string[], loaded: Loaded, wasi: Wasi): Promise<number> {
  const { rubyImports, runRuby } = await import('../src/cli/ruby.ts');
  const { decodeModule } = await import('../compiler/binary/module.ts');
  const bridge = rubyImports(decodeModule(readFileSync(file), DEFAULT_LIMITS));
  const instance = loaded.instantiate({ ...wasi.imports, ...bridge });
  wasi.initialize(instance);
  try {
    return runRuby(instance.exports, args);
  } catch (error) {
    if (error instanceof ExitError) return error.code;
    throw error;
  }
}

/** A process whose worker fails says so in one line on stderr, where the measuring process looks for it. */
function inWorker(task: GuestTask): void {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: task,
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  worker.on('error', (error) => {
    console.error(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  });
  worker.on('exit', (status) => {
    process.exitCode ??= status;
  });
}

if (isMainThread) {
  const task = JSON.parse(process.argv[2]!) as GuestTask;
  if (task.deep) inWorker(task);
  else process.exitCode = await perform(task);
} else {
  process.exit(await perform(workerData as GuestTask));
}
