/**
 * A thread that emits parts of a module: decodes it once, then answers each request with a text and its marks.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { decodeModule } from '../compiler/binary/module.ts';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import { validateBodies } from '../compiler/validate.ts';
import { emitPart, type PartRequest } from './precompile-parts.ts';

const { bytes, limits, features } = workerData as Pick<ModuleInfo, 'bytes' | 'limits' | 'features'>;
const module = decodeModule(bytes, limits, features);
// Notes who calls whom by tail calls, which decides about their form.
validateBodies(module);
parentPort!.on('message', (request: PartRequest) => {
  const part = emitPart(module, request);
  parentPort!.postMessage(part, part.marks === undefined ? [] : [part.marks.buffer]);
});
