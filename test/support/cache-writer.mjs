/**
 * Writes one entry of a cache over and over, to be killed: see test/cache-safety.test.ts. Plain JavaScript on `dist/`.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Runtime } from '../../dist/src/index.js';

const [, , cache, file] = process.argv;
const bytes = readFileSync(file);

for (let round = 0; ; round++) {
  const runtime = new Runtime({ cache });
  const module = runtime.compileSync(bytes);
  const { exports } = runtime.instantiateSync(module);
  exports.sum(10);
  exports.hop(10);
  if (round === 0) process.stdout.write('writing\n');
  // Not there any more: it is written again.
  for (const name of readdirSync(cache))
    if (name.endsWith('.sgc')) rmSync(join(cache, name), { force: true });
  await module.saveCache();
}
