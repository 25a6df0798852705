/** `npm run spectest:fetch`: puts the official suite, at the commit that it is tested against, into `spectest/testsuite`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spectestHome } from './home.ts';

const REPOSITORY = 'https://github.com/WebAssembly/testsuite';
const COMMIT = '193e551ff22663995b1ac95dc62344133669e14b';

const folder = join(spectestHome(), 'testsuite');
const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { stdio: 'inherit' });

mkdirSync(folder, { recursive: true });
try {
  git('init', '--quiet');
  git('fetch', '--quiet', '--depth', '1', REPOSITORY, COMMIT);
  git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
  console.log(`${folder} holds ${COMMIT}`);
} catch (error) {
  console.error(`spectest: ${REPOSITORY} could not be fetched: ${(error as Error).message}`);
  process.exitCode = 1;
}
