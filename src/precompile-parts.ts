/**
 * The texts of a module's parts, by several threads where that is worth it. A thread decodes the module for itself: that takes
 * a twentieth of the time that emitting takes, and nothing has to be sent but bytes and text.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import type { EmitOptions } from '../compiler/emit/function-emitter.ts';
import { packMarks } from '../compiler/emit/marks.ts';
import { OUTLINE, OUTLINE_INTERPRETED } from '../compiler/emit/outline.ts';
import { partText } from '../compiler/emit/precompiled.ts';
import type { Position } from '../compiler/emit/print.ts';
import { type MarkedText, minifiedExpression } from './bundle.ts';
import type { PrecompileOptions } from './precompile.ts';

/** A range of defined functions, and the code that is wanted. */
export interface PartRequest
  extends Pick<EmitOptions, 'costs' | 'checkEveryRegion' | 'countDepth' | 'countAllocation' | 'target'> {
  readonly from: number;
  readonly to: number;
  /** Whether the module's names are part of the functions' names. */
  readonly named: boolean;
  /** Whether it is noted where instructions land. */
  readonly marked: boolean;
}

/** Modules with less code than this are done before a thread has started. */
const THREADED_BYTES = 1024 * 1024;

export async function partTexts(
  module: ModuleInfo,
  requests: readonly PartRequest[],
  options: PrecompileOptions,
): Promise<readonly MarkedText[]> {
  const total = requests.reduce((sum, request) => sum + bytesOf(module, request), 0);
  const wanted = options.threads ?? (total < THREADED_BYTES ? 1 : availableParallelism());
  const threads = Math.min(wanted, requests.length);
  let done = 0;
  const finished = async (request: PartRequest, part: MarkedText): Promise<MarkedText> => {
    done += bytesOf(module, request);
    options.onProgress?.(done, total);
    // The part stays an expression in parentheses, so that it is parsed once.
    return options.minify ? minifiedExpression(part) : part;
  };
  if (threads <= 1) {
    const texts: MarkedText[] = [];
    for (const request of requests) texts.push(await finished(request, emitPart(module, request)));
    return texts;
  }
  return inThreads(module, requests, threads, finished);
}

function bytesOf({ bodies }: ModuleInfo, { from, to }: PartRequest): number {
  return from === to ? 0 : bodies[to - 1]!.end - bodies[from]!.start;
}

/** The text is the same whether it is marked or not. */
export function emitPart(
  module: ModuleInfo,
  { from, to, named, marked, ...options }: PartRequest,
): MarkedText {
  const known = named ? module : nameless(module);
  const positions: Position[] | undefined = marked ? [] : undefined;
  const text = partText(
    known,
    from,
    to,
    {
      ...options,
      recordOffsets: marked,
      outline: options.target === 'jitless' ? OUTLINE_INTERPRETED : OUTLINE,
    },
    { ...(positions && { positions }) },
  );
  return { text, marks: positions && packMarks(positions) };
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
  finished: (request: PartRequest, part: MarkedText) => Promise<MarkedText>,
): Promise<readonly MarkedText[]> {
  const texts = new Array<MarkedText>(requests.length);
  let next = 0;
  const serve = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      let current = -1;
      const ask = () => {
        if (next === requests.length) return resolve();
        current = next++;
        worker.postMessage(requests[current]);
      };
      worker.on('message', (part: MarkedText) => {
        finished(requests[current]!, part).then((done) => {
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
