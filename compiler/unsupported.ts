/**
 * Every instruction of WebAssembly 3.0 and of the proposals beside it that Sandglass does not compile: refused by name
 * and proposal (`gc is not supported: struct.new`), never misread. One reason per feature.
 *
 * When a feature is built, its names move from here to a table under opcodes/. Not here: types, sections and limits
 * that belong to such a feature (the decoder refuses those).
 */
import type { Feature } from './features.ts';

/** Why a feature's instructions are not compiled. */
export const REASONS = {
  gc: 'structs and arrays become generated classes; not built yet',
} as const satisfies Partial<Record<Feature, string>>;

/** Features whose types, flags and sections the decoder refuses. A feature with some of its instructions built is not among them. */
export const NOT_BUILT: ReadonlySet<Feature> = new Set<Feature>();

export type UnsupportedFeature = keyof typeof REASONS;
export interface UnsupportedOpcode {
  readonly code: number | readonly [number, number];
  readonly name: string;
  readonly feature: UnsupportedFeature;
}

/** Consecutive sub-opcodes from `first` of `prefix.name` each; `_` stands for an unused number. */
type Run = readonly [first: number, prefix: string, names: string];

// `ref.test_null` is written `ref.test (ref null …)`; the binary format has an opcode for each.
// biome-ignore format: a table
const GC: readonly Run[] = [
  [0x00, 'struct', 'new new_default get get_s get_u set'],
  [0x06, 'array',  'new new_default new_fixed new_data new_elem get get_s get_u set len fill copy init_data init_elem'],
  [0x14, 'ref',    'test test_null cast cast_null'],
  [0x18, '',       'br_on_cast br_on_cast_fail'],
  [0x1a, 'any',    'convert_extern'],
  [0x1b, 'extern', 'convert_any'],
  [0x1c, 'ref',    'i31'],
  [0x1d, 'i31',    'get_s get_u'],
];

function expand(
  feature: UnsupportedFeature,
  byte: number | undefined,
  runs: readonly Run[],
): UnsupportedOpcode[] {
  return runs.flatMap(([first, prefix, names]) =>
    names.split(' ').flatMap((name, i) => {
      if (name === '_') return [];
      const code = byte === undefined ? first + i : ([byte, first + i] as const);
      return [{ code, name: prefix === '' ? name : `${prefix}.${name}`, feature }];
    }),
  );
}

/** Every instruction that we know and do not compile. */
export const UNSUPPORTED: readonly UnsupportedOpcode[] = [
  ...expand('gc', undefined, [[0xd3, 'ref', 'eq']]),
  ...expand('gc', 0xfb, GC),
];

const byCode = new Map(UNSUPPORTED.map((row) => [String(row.code), row]));

/** What a byte, or a prefix byte and a sub-opcode, would be if we compiled it; undefined: no instruction at all. */
export function unsupportedOpcode(byte: number, sub?: number): UnsupportedOpcode | undefined {
  return byCode.get(sub === undefined ? String(byte) : `${byte},${sub}`);
}
