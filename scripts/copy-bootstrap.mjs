/** Part of the build: the Python texts of the sandbox's guest side stand in `dist/` where they stand in the source. */
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
cpSync(path('python/bootstrap'), path('dist/python/bootstrap'), {
  recursive: true,
  filter: (source) => !/\.\w+$/.test(source) || source.endsWith('.py'),
});
