/**
 * Where the runner's own things are on disk: its parser, the suite, nothing else. The sources run from `spectest/`, the
 * built files from `dist/spectest/`, and both mean the same folder.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder `spectest/` of the project. */
export function spectestHome(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'spectest', 'package.json'))) folder = dirname(folder);
  return join(folder, 'spectest');
}

/** `SPECTEST_DIR`, else the clone that `npm run spectest:fetch` makes; undefined: neither is there. */
export function suiteFolder(environment: NodeJS.ProcessEnv): string | undefined {
  const folder = environment.SPECTEST_DIR || join(spectestHome(), 'testsuite');
  return existsSync(folder) ? folder : undefined;
}
