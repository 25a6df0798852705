/**
 * The architecture as tests: which folder may import which (DESIGN: imports go down only), no cycles, one home for each
 * third-party package, no Node API in the compiler and the runtime, code made from text in one file only, no giant
 * files. It reads source text with regular expressions; the formatter keeps imports in the shape they expect.
 * Test files (`*.test.ts`) and `test/` may import anything and are not examined, but for their size.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 500;

/** Each layer and the layers below it that it may import; itself is understood. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  compiler: ['runtime'],
  wasi: ['runtime'],
  python: ['wasi', 'runtime'],
  src: ['python', 'wasi', 'compiler', 'runtime'],
  spectest: ['src', 'wasi', 'compiler', 'runtime'],
  bench: ['src', 'python', 'wasi', 'compiler', 'runtime'],
};

/** Where a third-party package may be imported; any other package nowhere. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  '@jridgewell/gen-mapping': ['compiler/emit/'],
  '@jridgewell/trace-mapping': ['compiler/binary/', 'compiler/emit/'],
  commander: ['src/cli/', 'bench/'],
  'cli-progress': ['src/cli/'],
  esbuild: ['src/bundle.ts', 'bench/sizes.ts'],
  unplugin: ['src/plugin.ts'],
  '@bytecodealliance/jco-transpile': ['src/cli/', 'spectest/'],
  benchmark: ['bench/'],
  tar: ['python/archive.ts'],
};

/** Layers that run on any JavaScript engine. */
const PURE = ['runtime', 'compiler'];

/** The one file where text becomes code. */
const CODE_MAKER = 'src/jit.ts';
/** How code is made, in any JavaScript engine and with Node's `vm` (a type does no harm). */
const CODE = [
  /\bnew\s+Function\b/,
  /(?<!\.)\beval\s*\(/,
  /(?<![.\w])Function\s*\(/,
  /(?<!typeof import\()'node:vm'(?!:)/,
];

interface Import {
  readonly specifier: string;
  /** Erased by the build: `import type`. */
  readonly typeOnly: boolean;
}
interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly layer: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

function typescriptFiles(folder: string): string[] {
  const absolute = join(ROOT, folder);
  if (!existsSync(absolute)) return [];
  const skipped = (path: string) => /(^|[\\/])(node_modules|testsuite)[\\/]/.test(path);
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !skipped(path))
    .map((path) => relative(ROOT, join(absolute, path)).replaceAll('\\', '/'));
}

const STATIC_IMPORT =
  /^(?:import|export)\b(?<clause>[^;'"]*?)\bfrom\s*'(?<from>[^']+)'|^import\s*'(?<bare>[^']+)'/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"](?<from>[^'"]+)['"]/g;

function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const { groups } of text.matchAll(STATIC_IMPORT)) {
    const typeOnly = groups?.clause?.trimStart().startsWith('type ') ?? false;
    found.push({ specifier: (groups?.from ?? groups?.bare)!, typeOnly });
  }
  for (const { groups } of text.matchAll(DYNAMIC_IMPORT)) {
    found.push({ specifier: groups!.from!, typeOnly: false });
  }
  return found;
}

function sourceFile(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, layer: path.split('/')[0]!, text, imports: importsOf(text) };
}

const FILES = Object.keys(LAYERS)
  .flatMap(typescriptFiles)
  .filter((path) => !path.endsWith('.test.ts') && !path.endsWith('.d.ts'))
  .map(sourceFile);

const isRelative = (specifier: string) => specifier.startsWith('.');
const isNode = (specifier: string) => specifier.startsWith('node:');
const target = (file: SourceFile, specifier: string) =>
  posix.normalize(posix.join(dirname(file.path), specifier));

/** `package` or `@scope/package` of an import such as `package/part`. */
function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Every import that breaks a rule, as `file → specifier`, so that a failure names the line to change. */
function offences(breaks: (file: SourceFile, specifier: string) => boolean): string[] {
  return FILES.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => breaks(file, specifier))
      .map(({ specifier }) => `${file.path} → ${specifier}`),
  );
}

/** Paths of value imports that lead back to their start, one per cycle found. */
function cycles(): string[] {
  const byPath = new Map(FILES.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const found: string[] = [];
  function visit(path: string, trail: readonly string[]): void {
    const seen = trail.indexOf(path);
    if (seen >= 0) found.push([...trail.slice(seen), path].join(' → '));
    const file = byPath.get(path);
    if (seen >= 0 || file === undefined || finished.has(path)) return;
    for (const { specifier, typeOnly } of file.imports) {
      if (isRelative(specifier) && !typeOnly) visit(target(file, specifier), [...trail, path]);
    }
    finished.add(path);
  }
  for (const { path } of FILES) visit(path, []);
  return found;
}

/** Lines of code, without those that are comments: a sentence about `new Function` is not a use of it. */
function codeLines(text: string): string[] {
  return text.split('\n').filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line));
}

/** All files that a file's value imports lead to. */
function reached(from: string, found = new Set<string>()): Set<string> {
  if (found.has(from)) return found;
  found.add(from);
  const file = FILES.find(({ path }) => path === from)!;
  for (const { specifier, typeOnly } of file.imports) {
    if (typeOnly) continue;
    if (isRelative(specifier)) reached(target(file, specifier), found);
    else found.add(specifier);
  }
  return found;
}

describe('layers', () => {
  test('sandglass/runtime reaches no compiler, no package, no Node API, and nothing that makes code of text', () => {
    const all = [...reached('src/runtime.ts')];
    expect(all).toContain('runtime/precompiled.ts');
    const unwanted = all.filter((path) => !/^(runtime|src)\//.test(path) || path === CODE_MAKER);
    expect(unwanted).toEqual([]);
  });

  test('the thread that reads the command line does not load the library before it is needed', () => {
    const eager =
      /^import (?!type )[^;]*from '(?:\.\.\/index|\.\.\/precompile|(?:\.\.\/)+wasi\/index)\.ts';/m;
    // What these import is loaded by the other thread.
    const worker = /-worker\.ts$|bench-engines\.ts$/;
    const files = FILES.filter(({ path }) => path.startsWith('src/cli/') && !worker.test(path));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter(({ text }) => eager.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('the rules have files to look at', () => {
    expect(FILES.length).toBeGreaterThan(5);
    expect(FILES.flatMap((file) => file.imports).length).toBeGreaterThan(5);
  });

  test('imports go down only', () => {
    const upward = offences((file, specifier) => {
      if (!isRelative(specifier)) return false;
      const layer = target(file, specifier).split('/')[0]!;
      return layer !== file.layer && !LAYERS[file.layer]!.includes(layer);
    });
    expect(upward).toEqual([]);
  });

  test('relative imports name a file that exists, with its extension', () => {
    const missing = offences(
      (file, specifier) => isRelative(specifier) && !existsSync(join(ROOT, target(file, specifier))),
    );
    expect(missing).toEqual([]);
  });

  test('no import cycles', () => {
    expect(cycles()).toEqual([]);
  });

  test('third-party packages have one home each', () => {
    const homeless = offences((file, specifier) => {
      if (isRelative(specifier) || isNode(specifier)) return false;
      const homes = HOMES[packageName(specifier)] ?? [];
      return !homes.some((home) => file.path.startsWith(home));
    });
    expect(homeless).toEqual([]);
  });

  test('no Node API in compiler/ and runtime/', () => {
    expect(offences((file, specifier) => PURE.includes(file.layer) && isNode(specifier))).toEqual([]);
  });

  test(`text becomes code only in ${CODE_MAKER}`, () => {
    const makers = FILES.filter(({ path }) => path !== CODE_MAKER).flatMap(({ path, text }) =>
      codeLines(text)
        .filter((line) => CODE.some((pattern) => pattern.test(line)))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(makers).toEqual([]);
  });

  test(`no file has more than ${MAX_LINES} lines`, () => {
    const everything = [...Object.keys(LAYERS), 'test', 'examples'].flatMap(typescriptFiles);
    const giants = everything
      .map((path) => ({ path, lines: readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ path, lines }) => `${path}: ${lines} lines`);
    expect(giants).toEqual([]);
  });
});
