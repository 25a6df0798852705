/**
 * What of the official suite does not pass, and why: whole files by feature, single commands by file and line. This
 * is the only such list.
 *
 * What stands here counts as skipped, and fails the run once it passes. A listed module takes along the commands that
 * call it; a listed field of a module is cut out of it, and the rest counts. `*` in a file's name stands for anything.
 */

export interface Expectations {
  /** Files of which at least one command fails. */
  readonly files: readonly { readonly reason: string; readonly files: readonly string[] }[];
  readonly commands: readonly ListedCommands[];
}
export interface ListedCommands {
  readonly file: string;
  /** Where the commands begin; or fields of a module, which is then run without them. */
  readonly lines: readonly number[];
  readonly reason: string;
}

/** Sandglass. */
export const SANDGLASS: Expectations = {
  files: [],
  commands: [
    {
      file: 'custom/branch_hint',
      lines: [85],
      reason: 'a custom section that makes no sense does not make a module invalid: branch hints are ignored',
    },
  ],
};

/** Node's own WebAssembly: what it does not have, or what the JavaScript API cannot show. */
export const NATIVE: Expectations = {
  files: [
    {
      reason: 'vectors cannot cross the JavaScript API',
      files: [
        'simd_a*',
        'simd_b*',
        'simd_c*',
        'simd_f*',
        'simd_i*',
        'simd_la*',
        'simd_lo*',
        'simd_s*',
        'relaxed_*',
        'i16x8_relaxed_*',
        'i8x16_relaxed_*',
      ],
    },
    {
      reason: 'threads: older than several memories and tables; and the runner has no shared memory',
      files: ['proposals/threads/imports', 'proposals/threads/memory'],
    },
    {
      reason: 'custom page sizes: not in V8',
      files: ['proposals/custom-page-sizes/custom*', 'proposals/custom-page-sizes/memory*'],
    },
    { reason: 'wide arithmetic: not in V8', files: ['proposals/wide-arithmetic/*'] },
  ],
  commands: [
    {
      file: 'custom/branch_hint',
      lines: [85],
      reason: 'a custom section that makes no sense does not make a module invalid: branch hints are ignored',
    },
    { file: 'memory64', lines: [8, 9], reason: "over V8's limit of pages" },
    {
      file: 'ref_null',
      lines: [18, 67, 68, 69, 70, 71, 72],
      reason: 'exnref cannot cross the JavaScript API',
    },
    { file: 'table', lines: [9], reason: "over V8's limit of elements" },
    { file: 'table64', lines: [9], reason: "over V8's limit of elements" },
    { file: 'table64', lines: [13], reason: 'the host module has no 64-bit table yet' },
    {
      file: 'type-subtyping',
      lines: [971, 972, 973, 974, 975, 976],
      reason: 'the adapter cannot import functions of declared subtypes',
    },
  ],
};

/** Why a whole file is not due; undefined: it is. */
export function reasonNotDue({ files }: Expectations, file: string): string | undefined {
  return files.find((row) => row.files.some((pattern) => globMatches(`${pattern}.wast`, file)))?.reason;
}

/** Line → reason, of the commands of a file that are not due. */
export function linesNotDue({ commands }: Expectations, file: string): ReadonlyMap<number, string> {
  const rows = commands.filter((row) => `${row.file}.wast` === file);
  return new Map(rows.flatMap(({ lines, reason }) => lines.map((line) => [line, reason] as const)));
}

export function globMatches(glob: string, text: string): boolean {
  const pattern = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(text);
}
