/**
 * binaryen's wasm2js at -O3: translates ahead of time. The translation is made once, before anything is timed, and kept
 * in `.cache/bench/`; one of CPython or Ruby takes minutes and is made only where `SANDGLASS_BENCH_CONVERT` asks for it.
 *
 * A 64-bit argument of an imported function arrives as two 32-bit halves: `fd_seek(4, low, high, 0, p)`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeModule } from '../../compiler/binary/module.ts';
import { DEFAULT_LIMITS } from '../../runtime/limits.ts';
import { funcTypeAt } from '../../runtime/types.ts';
import { PROJECT } from '../home.ts';
import { howToInstall, packageFile, packageVersion } from '../packages.ts';
import type { Engine, ImportObject, Instance } from './engine.ts';

const TOOL = 'bin/wasm2js';
const FLAGS = ['-O3', '--all-features'];
const LARGE = 1 << 20;

type HostFunction = (...args: unknown[]) => unknown;
interface WideImport {
  readonly module: string;
  readonly name: string;
  /** Of each parameter: is it an i64? */
  readonly wide: readonly boolean[];
}
/** What a translated file exports, as `finished` writes it. */
interface Translation {
  readonly IMPORTS: readonly WideImport[];
  asmFunc(imports: Record<string, Record<string, HostFunction>>): Instance['exports'];
}

export const wasm2js: Engine = {
  name: 'wasm2js',
  summary: 'binaryen wasm2js -O3, translated beforehand',
  package: 'binaryen',
  obstacle: (file) => {
    if (packageFile('binaryen', TOOL) === undefined) return howToInstall('binaryen');
    if (statSync(file).size < LARGE || existsSync(translationOf(file)) || process.env.SANDGLASS_BENCH_CONVERT)
      return undefined;
    return 'translating it takes minutes, once: --convert';
  },
  prepare: async (file) => {
    const path = translationOf(file);
    if (!existsSync(path)) translate(file, path);
  },
  load: async (file) => {
    const { IMPORTS, asmFunc } = (await import(pathToFileURL(translationOf(file)).href)) as Translation;
    return { instantiate: (imports) => ({ exports: asmFunc(halved(IMPORTS, imports)) }) };
  },
};

/** Where the translation lies, or will lie. */
export function translationOf(file: string): string {
  const hash = createHash('sha256').update(readFileSync(file));
  hash.update(`${packageVersion('binaryen')} ${FLAGS.join(' ')}`);
  return join(PROJECT, '.cache/bench', `${hash.digest('hex').slice(0, 24)}.mjs`);
}

function translate(file: string, path: string): void {
  const tool = packageFile('binaryen', TOOL)!;
  const draft = `${path}.part`;
  const args = ['--max-old-space-size=8000', tool, file, ...FLAGS, '-o', draft];
  mkdirSync(join(path, '..'), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`wasm2js: ${stderr.trim().split('\n').at(-1)}`);
  writeFileSync(path, finished(readFileSync(draft, 'utf8'), wideImports(file)));
  rmSync(draft);
}

/** The module's function is exported in place of one instance that is made when the file loads. */
function finished(text: string, imports: readonly WideImport[]): string {
  const tail = text.lastIndexOf('\nvar retasmFunc = asmFunc(');
  if (tail < 0) throw new Error('wasm2js: its output has another form than expected');
  const body = text.slice(0, tail).replace(/^import .*\n/gm, '');
  return `${body}\nexport const IMPORTS = ${JSON.stringify(imports)};\nexport { asmFunc };\n`;
}

function wideImports(file: string): WideImport[] {
  const info = decodeModule(readFileSync(file), DEFAULT_LIMITS);
  return info.imports.flatMap(({ module, name, type }) => {
    if (type.kind !== 'func') return [];
    const { params } = funcTypeAt(info.types, type.typeIndex);
    return { module, name, wide: params.map((param) => param === 'i64') };
  });
}

function halved(imports: readonly WideImport[], given: ImportObject) {
  const adapted: Record<string, Record<string, HostFunction>> = {};
  for (const { module, name, wide } of imports) {
    adapted[module] ??= {};
    adapted[module][name] = joining(given[module]![name] as HostFunction, wide);
  }
  return adapted;
}

function joining(host: HostFunction, wide: readonly boolean[]): HostFunction {
  if (!wide.includes(true)) return host;
  return (...halves) => {
    let at = 0;
    const next = () => halves[at++] as number;
    return host(...wide.map((isWide) => (isWide ? BigInt(next() >>> 0) | (BigInt(next()) << 32n) : next())));
  };
}
