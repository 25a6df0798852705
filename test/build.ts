/**
 * Global set-up of the tests: builds `dist/` if a source file is newer than the last build, so that the tests of the
 * command line never run yesterday's program. Not a test.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = join(ROOT, 'dist/.built');
const SOURCES = ['src', 'compiler', 'runtime', 'wasi', 'spectest'];

function newestSource(): number {
  const files = SOURCES.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => join(ROOT, folder, path)),
  );
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

export default function setup(): void {
  const started = Date.now();
  if (existsSync(STAMP) && statSync(STAMP).mtimeMs > newestSource()) return;
  const build = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (build.status !== 0) {
    console.error(
      `the build failed; the command line is tested as last built:\n${build.stdout}${build.stderr}`,
    );
    return;
  }
  writeFileSync(STAMP, `${started}\n`);
}
