/**
 * What a run of the suite finds out: a row per program, a cell per engine. This is also the form of `--json`.
 */
import type { EngineName } from './engines/engine.ts';

/** `startup` holds times of whole starts; all other sections hold times of one run of a program that is warm. */
export type Section =
  | 'kernels'
  | 'programs'
  | 'simd'
  | 'scalar'
  | 'cpython'
  | 'cpython314'
  | 'ruby'
  | 'startup';

export const SECTIONS: Readonly<Record<Section, string>> = {
  kernels: 'C kernels',
  programs: 'More C programs',
  simd: 'SIMD kernels',
  scalar: 'SIMD kernels, without SIMD',
  cpython: 'CPython 3.12',
  cpython314: 'CPython 3.14, in the interpreter of the Python sandbox',
  ruby: 'Ruby 3.4',
  startup: 'Start-up of CPython',
};

export interface Cell {
  readonly engine: EngineName;
  /**
   * `wrong`: another result than native's; `fails`: none. `cut`: fewer rounds than the
   * others. None of them counts in means. `absent`: it did not take part.
   */
  readonly outcome: 'ok' | 'wrong' | 'fails' | 'cut' | 'absent';
  /** Of what is not `ok`. */
  readonly reason?: string;
  /** Milliseconds, one per round; the warm-up call is not among them. */
  readonly times: readonly number[];
  readonly result?: string;
  /** Of one run, where the engine counts. A string: JSON knows no 64-bit integers. */
  readonly fuel?: string;
}

export interface Row {
  readonly id: string;
  readonly section: Section;
  readonly tags: readonly string[];
  readonly cells: readonly Cell[];
}

export interface Report {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  readonly date: string;
  readonly rounds: number;
  /** Of the system in the minute before the run: what else kept the machine busy. */
  readonly loadBefore: number;
  readonly cores: number;
  /** Of the packages that took part. */
  readonly versions: Readonly<Record<string, string>>;
  readonly engines: readonly EngineName[];
  readonly rows: readonly Row[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

export function cellOf(row: Row, engine: EngineName): Cell | undefined {
  return row.cells.find((cell) => cell.engine === engine);
}

/** Results as text, so that they survive JSON and compare bit for bit, but for the bits of a NaN. */
export function textOf(result: unknown): string {
  return Object.is(result, -0) ? '-0' : String(result);
}

/** In one line, for tables and reports. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split('\n', 1)[0]!.slice(0, 300);
}
