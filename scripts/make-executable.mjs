/**
 * The last step of `npm run build`: the bundler writes plain files, but the command must be executable, or `npx` finds
 * it and cannot start it.
 */
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/lib/main.js', import.meta.url), 0o755);
