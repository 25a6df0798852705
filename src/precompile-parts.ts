/**
 * The texts of a module's parts, by several threads where that is worth it. A thread decodes the module for itself: that takes
 * a twentieth of the time that emitting takes, and nothing has to be sent but bytes and text.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import type { EmitOptions } from '../compiler/emit/function-emitter.ts';
import { OUTLINE } from '../compiler/emit/outline.ts';
import { partText } from '../compiler/emit/precompiled.ts';
import type { Position } from '../compiler/emit/print.ts';
import { minified } from './bundle.ts';
import type { PrecompileOptions } from './precompile.ts';

/** A range of defined functions, and the code that is wanted. */
export interface PartRequest
  extends Pick<EmitOptions, 'costs' | 'checkEveryRegion' | 'countDepth' | 'countAllocation' | 'target'> {
  readonly from: number;
  readonly to: number;
  /** Whether the module's names are part of the functions' names. */
  readonly named: boolean;
}

/** Modules with less code than this are done before a thread has started. */
const THREADED_BYTES = 1024 * 1024;

export async function partTexts(
  module: ModuleInfo,
  requests: readonly PartRequest[],
  options: PrecompileOptions,
): Promise<readonly string[]> {
  const total = requests.reduce((sum, request) => sum + bytesOf(module, request), 0);
  const wanted = options.threads ?? (total < THREADED_BYTES ? 1 : availableParallelism());
  const threads = Math.min(wanted, requests.length);
  let done = 0;
  const finished = async (request: PartRequest, text: string): Promise<string> => {
    done += bytesOf(module, request);
    options.onProgress?.(done, total);
    if (!options.minify) return text;
    // The part stays an expression in parentheses, so that it is parsed once.
    return (await minified(`part = ${text}`)).replace(/^part=/, '').replace(/;\s*$/, '');
  };
  if (threads <= 1) {
    const texts: string[] = [];
    for (const request of requests) texts.push(await finished(request, emitPart(module, request)));
    return texts;
  }
  return inThreads(module, requests, threads, finished);
}

function bytesOf({ bodies }: ModuleInfo, { from, to }: PartRequest): number {
  return from === to ? 0 : bodies[to - 1]!.end - bodies[from]!.start;
}

/** With `positions`, notes where instructions land in the text, which is the same without. */
export function emitPart(
  module: ModuleInfo,
  { from, to, named, ...options }: PartRequest,
  positions?: Position[],
): string {
  const known = named ? module : nameless(module);
  const recordOffsets = positions !== undefined;
  return partText(
    known,
    from,
    to,
    { ...options, recordOffsets, outline: OUTLINE },
    { ...(positions && { positions }) },
  );
}

const withoutNames = new WeakMap<ModuleInfo, ModuleInfo>();

function nameless(module: ModuleInfo): ModuleInfo {
  let made = withoutNames.get(module);
  if (made === undefined) {
    made = { ...module, functionNames: new Map() };
    withoutNames.set(module, made);
  }
  return made;
}

/** Every thread takes the next request when it has done one. */
async function inThreads(
  { bytes, features, limits }: ModuleInfo,
  requests: readonly PartRequest[],
  threads: number,
  finished: (request: PartRequest, text: string) => Promise<string>,
): Promise<readonly string[]> {
  const texts: string[] = new Array<string>(requests.length);
  let next = 0;
  const serve = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      let current = -1;
      const ask = () => {
        if (next === requests.length) return resolve();
        current = next++;
        worker.postMessage(requests[current]);
      };
      worker.on('message', (text: string) => {
        finished(requests[current]!, text).then((done) => {
          texts[current] = done;
          ask();
        }, reject);
      });
      worker.once('error', reject);
      ask();
    });
  const script = new URL('./precompile-worker.js', import.meta.url);
  const workers = Array.from(
    { length: threads },
    () =>
      new Worker(script, { workerData: { bytes, features, limits }, resourceLimits: { stackSizeMb: 16 } }),
  );
  try {
    await Promise.all(workers.map(serve));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return texts;
}
