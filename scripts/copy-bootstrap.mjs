/**
 * A step of `npm run build`, after the bundles are made: the Python texts of the sandbox's guest side, beside the file that
 * reads them, wherever it comes to lie (`python/bootstrap-source.ts`).
 */
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
for (const folder of ['dist/python', 'dist/lib']) {
  cpSync(path('python/bootstrap'), path(`${folder}/bootstrap`), { recursive: true });
}
