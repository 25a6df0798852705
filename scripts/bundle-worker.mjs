/**
 * A step of `npm run build`: the thread that runs programs becomes one file, with all that it imports of ours. Node takes
 * 70 to 80 ms to find and read some hundred modules one by one.
 *
 * In place, so that it cannot go stale: the compiler writes `run-worker.js` anew each time, and it works unbundled too.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const file = fileURLToPath(new URL('../dist/src/cli/run-worker.js', import.meta.url));

await build({
  entryPoints: [file],
  outfile: file,
  allowOverwrite: true,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});
