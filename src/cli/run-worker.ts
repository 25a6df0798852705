/**
 * The worker's half of `sandglass run`: loads, compiles, instantiates and runs the module, and posts one Outcome. The
 * program's input and output go straight to the process's file descriptors from here; the event loop is not involved.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { AbortError, ExitError, TimeoutError } from '../../runtime/errors.ts';
import { Wasi } from '../../wasi/index.ts';
import { type Instance, type Module, Runtime } from '../index.ts';
import { readSource } from '../source-files.ts';
import { readSourcesWith } from '../source-lines.ts';
import { CliError, conclude, type Outcome, outcomeOf, STATUS } from './exit-status.ts';
import { findSourceMap, loadModule, naming } from './load.ts';
import { importsFor, invokedType, isCommand } from './program.ts';
import { isRuby, runRuby } from './ruby.ts';
import type { RunRequest, WorkerMessage } from './run.ts';
import { parseArguments, resultLines } from './typed-arguments.ts';
import { takeRequest } from './worker.ts';

const request = await takeRequest<RunRequest>();
const started = performance.now();
/** When the module was ready to be called. */
let loaded: number | undefined;

function makeRuntime(): Runtime {
  return new Runtime({
    features: request.features,
    sourceMaps: request.sourceMaps,
    profileFuel: request.profileFuel !== undefined,
    ...(request.fuel !== undefined && { fuel: request.fuel }),
    ...(request.cache !== undefined && {
      cache: request.cache,
      cacheMode: request.cacheMode,
      onCacheWarning: (message) => void conclude(outcomeOf(new CliError(message))),
    }),
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

function runProgram(instance: Instance, module: Module, wasi: Wasi): number {
  if (isRuby(module.info)) {
    wasi.initialize(instance);
    return runRuby(instance.exports, request.args);
  }
  if (!isCommand(module.info)) {
    throw new CliError(`${request.file}: exports no function "_start"; call another one with --invoke`);
  }
  return wasi.start(instance);
}

function runFunction(instance: Instance, module: Module, wasi: Wasi, name: string): number {
  const type = invokedType(request.file, module.info, name);
  const args = parseArguments(name, type, request.args);
  // A library prepares itself before anything else of it may be called.
  if (!isCommand(module.info)) wasi.initialize(instance);
  const lines = resultLines(instance.invoke(name, args), type);
  if (lines.length > 0) writeSync(1, `${lines.join('\n')}\n`);
  return 0;
}

function statsLines(runtime: Runtime, module: Module | undefined): string[] {
  const { functions, compiled, generated, groups, bytes } = module?.stats ?? {
    functions: 0,
    compiled: 0,
    generated: 0,
    groups: 0,
    bytes: 0,
  };
  const since = (time: number) => `${Math.round(time - started)} ms`;
  return [
    `functions ${functions}, compiled ${compiled}, groups ${groups}, bytes of text ${bytes}`,
    ...(request.cache === undefined
      ? []
      : [`generated ${generated}, from the cache ${compiled - generated}`]),
    `fuel consumed ${runtime.fuel.consumed}`,
    ...(loaded === undefined ? [] : [`ready to start after ${since(loaded)}`]),
    `time ${since(performance.now())}`,
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
    const compiled = naming(file, () => runtime.compileSync(bytes, { copy: false }));
    module = compiled;
    findSourceMap(file, compiled);
    const wasi = makeWasi();
    const instance = naming(file, () => runtime.instantiateSync(compiled, importsFor(compiled.info, wasi)));
    loaded = performance.now();
    const status =
      invoke === undefined
        ? runProgram(instance, compiled, wasi)
        : runFunction(instance, compiled, wasi, invoke);
    outcome = { status, lines: [] };
  } catch (error) {
    outcome = outcomeOf(whyInterrupted(error), request.trace);
  }
  if (request.stats) conclude({ status: 0, lines: statsLines(runtime, module) });
  return request.profileFuel === undefined ? outcome : writeProfile(runtime, request.profileFuel, outcome);
}

/** Whatever became of the run; that the profile cannot be written counts if all else went well. */
function writeProfile(runtime: Runtime, file: string, outcome: Outcome): Outcome {
  try {
    writeFileSync(file, JSON.stringify(runtime.fuelProfile()));
    return outcome;
  } catch (error) {
    const failed = outcomeOf(error);
    return { status: outcome.status || failed.status, lines: [...outcome.lines, ...failed.lines] };
  }
}

const post = (message: WorkerMessage) => parentPort!.postMessage(message);

if (request.sourceMaps) readSourcesWith(readSource);
try {
  const runtime = makeRuntime();
  post({ interruptWord: runtime.interruptWord });
  post({ outcome: await run(runtime) });
  // The cache is written when the outcome is known: no time limit is running any more.
  runtime.close();
} catch (error) {
  post({ outcome: outcomeOf(error) });
}
