/**
 * The worker's half of `sandglass run`: loads, compiles, instantiates and runs the module, and posts one Outcome. The
 * program's input and output go straight to the process's file descriptors from here; the event loop is not involved.
 */
import { writeSync } from 'node:fs';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { AbortError, ExitError, quoteName, TimeoutError } from '../../runtime/errors.ts';
import { type FuncType, funcTypeAt } from '../../runtime/types.ts';
import { Wasi } from '../../wasi/index.ts';
import { type Instance, type Module, Runtime } from '../index.ts';
import { CliError, conclude, type Outcome, outcomeOf, STATUS } from './exit-status.ts';
import { loadModule, naming } from './load.ts';
import { isRuby, rubyImports, runRuby } from './ruby.ts';
import type { RunRequest, WorkerMessage } from './run.ts';
import { parseArguments, resultLines } from './typed-arguments.ts';

/** 64 MB of frames, to match the stack. */
const REGISTER_CELLS = 1 << 23;

const request = workerData as RunRequest;
const started = performance.now();

function makeRuntime(): Runtime {
  return new Runtime({
    registerCells: REGISTER_CELLS,
    ...(request.fuel !== undefined && { fuel: request.fuel }),
    ...(request.maxMemory !== undefined && { limits: { memoryPages: request.maxMemory } }),
  });
}

function makeWasi(): Wasi {
  return new Wasi({
    args: [basename(request.file), ...request.args],
    env: request.env,
    preopens: request.dirs,
    // Where the system does not end the process itself.
    onBrokenPipe: () => {
      throw new ExitError(STATUS.brokenPipe);
    },
  });
}

/** The type of an exported function; undefined if there is none of that name. */
function exportedType({ info }: Module, name: string): FuncType | undefined {
  const found = info.exports.find((each) => each.name === name && each.kind === 'func');
  return found && funcTypeAt(info.types, info.functions[found.index]!);
}

function runProgram(instance: Instance, module: Module, wasi: Wasi): number {
  if (isRuby(module.info)) {
    wasi.initialize(instance);
    return runRuby(instance.exports, request.args);
  }
  if (exportedType(module, '_start') === undefined) {
    throw new CliError(`${request.file}: exports no function "_start"; call another one with --invoke`);
  }
  return wasi.start(instance);
}

function runFunction(instance: Instance, module: Module, wasi: Wasi, name: string): number {
  const type = exportedType(module, name);
  if (type === undefined) throw new CliError(`${request.file}: exports no function ${quoteName(name)}`);
  const args = parseArguments(name, type, request.args);
  // A library prepares itself before anything else of it may be called.
  if (exportedType(module, '_start') === undefined) wasi.initialize(instance);
  const lines = resultLines(instance.invoke(name, args), type);
  if (lines.length > 0) writeSync(1, `${lines.join('\n')}\n`);
  return 0;
}

function statsLines(runtime: Runtime, module: Module | undefined): string[] {
  const { functions, compiled, groups, bytes } = module?.stats ?? {
    functions: 0,
    compiled: 0,
    groups: 0,
    bytes: 0,
  };
  return [
    `functions ${functions}, compiled ${compiled}, groups ${groups}, bytes of text ${bytes}`,
    `fuel consumed ${runtime.fuel.consumed}`,
    `time ${Math.round(performance.now() - started)} ms`,
  ].map((line) => `sandglass: ${line}`);
}

/** The main thread interrupts when the time is up; nobody else does. */
function whyInterrupted(error: unknown): unknown {
  return error instanceof AbortError && request.timeout !== undefined
    ? new TimeoutError(request.timeout)
    : error;
}

async function run(runtime: Runtime): Promise<Outcome> {
  let module: Module | undefined;
  let outcome: Outcome;
  try {
    const { file, invoke } = request;
    const bytes = await loadModule(file);
    const compiled = naming(file, () => runtime.compileSync(bytes));
    module = compiled;
    const wasi = makeWasi();
    const imports = { ...wasi.imports, ...(isRuby(compiled.info) && rubyImports(compiled.info)) };
    const instance = naming(file, () => runtime.instantiateSync(compiled, imports));
    const status =
      invoke === undefined
        ? runProgram(instance, compiled, wasi)
        : runFunction(instance, compiled, wasi, invoke);
    outcome = { status, lines: [] };
  } catch (error) {
    outcome = outcomeOf(whyInterrupted(error), request.trace);
  }
  if (request.stats) conclude({ status: 0, lines: statsLines(runtime, module) });
  return outcome;
}

const post = (message: WorkerMessage) => parentPort!.postMessage(message);

const runtime = makeRuntime();
post({ interruptWord: runtime.interruptWord });
post({ outcome: await run(runtime) });
