/**
 * What of the official suite does not pass yet, and why: whole files by feature, single commands by file and line. This
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

/** Sandglass: what needs a proposal that it does not compile yet. */
export const SANDGLASS: Expectations = {
  files: [
    {
      reason: 'garbage collection',
      files: [
        'array*',
        'br_on_cast*',
        'extern',
        'i31',
        'ref_cast',
        'ref_eq',
        'ref_test',
        'struct',
        'type-rec',
        'type-subtyping',
      ],
    },
    {
      reason: 'typed function references',
      files: [
        'br_on_non_null',
        'br_on_null',
        'call_ref',
        'ref',
        'ref_as_non_null',
        'type-equivalence',
        'type-canon',
      ],
    },
    {
      reason: 'tail calls',
      files: ['return_call*'],
    },
    {
      reason: '64-bit memories and tables',
      files: [
        'address64',
        'align64',
        'binary_leb128_64',
        'bulk64',
        'call_indirect64',
        'endianness64',
        'float_memory64',
        'load64',
        'memory*64',
        'memory64-imports',
        'table*64',
        'table_copy_mixed',
      ],
    },
    {
      reason: 'annotations of the text format; the text parser is not ours',
      files: ['custom/*'],
    },
    {
      reason: 'threads',
      files: ['proposals/threads/*'],
    },
    {
      reason: 'custom page sizes',
      files: ['proposals/custom-page-sizes/custom*', 'proposals/custom-page-sizes/memory*'],
    },
    {
      reason: 'wide arithmetic',
      files: ['proposals/wide-arithmetic/*'],
    },
  ],
  commands: [
    { file: 'br_if', lines: [667], reason: 'typed function references' },
    {
      file: 'br_table',
      lines: [
        1019, 1020, 1027, 1034, 1041, 1049, 1057, 1253, 1254, 1255, 1256, 1257, 1258, 1259, 1260, 1261, 1262,
        1263, 1264,
      ],
      reason: 'typed function references',
    },
    {
      file: 'elem',
      lines: [87, 315, 448, 453, 465, 470, 482, 487, 499, 504, 516, 524, 539, 544, 556, 561, 573, 578],
      reason: 'typed function references',
    },
    { file: 'func', lines: [659], reason: 'typed function references' },
    {
      file: 'linking',
      lines: [
        100, 101, 102, 105, 106, 107, 115, 116, 117, 118, 119, 120, 121, 122, 126, 127, 128, 137, 141, 145,
        150, 154, 158, 163, 167, 171, 175, 181, 185, 189, 198, 202, 206, 210, 215, 219, 223, 227, 232, 236,
        240, 244, 253, 257, 261, 429, 437, 441, 450, 454, 463,
      ],
      reason: 'typed function references',
    },
    { file: 'local_init', lines: [3, 25, 29, 39, 52, 66], reason: 'typed function references' },
    { file: 'local_tee', lines: [612], reason: 'typed function references' },
    {
      file: 'ref_is_null',
      lines: [11, 14, 20, 22, 27, 39, 46, 54, 58, 60, 64, 66, 67, 68, 71],
      reason: 'typed function references',
    },
    { file: 'ref_null', lines: [1, 23], reason: 'garbage collection' },
    { file: 'select', lines: [383], reason: 'typed function references' },
    { file: 'table-sub', lines: [1], reason: 'typed function references' },
    {
      file: 'table',
      lines: [14, 58, 62, 66, 70, 74, 78, 86, 94, 101, 102, 103, 107, 108, 109, 114, 115, 116, 119, 127, 135],
      reason: 'typed function references',
    },
    { file: 'table_init', lines: [2272], reason: 'garbage collection' },
    { file: 'tag', lines: [30, 40, 48, 59], reason: 'garbage collection' },
    { file: 'try_table', lines: [236, 245, 334, 335], reason: 'tail calls' },
    { file: 'try_table', lines: [420, 470, 483], reason: 'typed function references' },
    { file: 'unreached-invalid', lines: [697, 763, 773], reason: 'typed function references' },
    { file: 'unreached-valid', lines: [42, 58, 82], reason: 'typed function references' },
    { file: 'legacy/try_catch', lines: [152, 162, 219, 220], reason: 'tail calls' },
    { file: 'legacy/try_delegate', lines: [120, 135, 213, 214], reason: 'tail calls' },
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
    { reason: 'annotations of the text format; the text parser is not ours', files: ['custom/*'] },
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
