/**
 * Global set-up of the tests: brings `dist/` up to date, so that the tests of the command line never run yesterday's
 * program. The build is incremental: files that are as they should be are not written again. Not a test.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export default function setup(): void {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    console.error(`the build has errors; dist/ may be old or incomplete:\n${stdout}${stderr}`);
}
