/**
 * The last step of `npm run build`: the bundler writes plain files, but the command must be executable, or `npx` finds
 * it and cannot start it.
 */
import { chmodSync } from 'node:fs';

// The unbundled one is where the command was before: npx keeps a link to it for a checkout that is brought up to date.
for (const file of ['dist/lib/main.js', 'dist/src/cli/main.js']) {
  chmodSync(new URL(`../${file}`, import.meta.url), 0o755);
}
