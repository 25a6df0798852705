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
  threads: 'memories are plain ArrayBuffers of one thread; not built yet',
} as const satisfies Partial<Record<Feature, string>>;

/** Features whose types, flags and sections the decoder refuses. A feature with some of its instructions built is not among them. */
export const NOT_BUILT: ReadonlySet<Feature> = new Set<Feature>(['threads']);

export type UnsupportedFeature = keyof typeof REASONS;
export interface UnsupportedOpcode {
  readonly code: number | readonly [number, number];
  readonly name: string;
  readonly feature: UnsupportedFeature;
}

/** Consecutive sub-opcodes from `first` of `prefix.name` each; `_` stands for an unused number. */
type Run = readonly [first: number, prefix: string, names: string];

/** Read-modify-write: 32 and 64 bits whole, then the narrow ones. */
const atomics = (first: number, operation: string): Run[] => [
  [first, 'i32', `atomic.rmw.${operation}`],
  [first + 1, 'i64', `atomic.rmw.${operation}`],
  [first + 2, 'i32', `atomic.rmw8.${operation}_u atomic.rmw16.${operation}_u`],
  [first + 4, 'i64', `atomic.rmw8.${operation}_u atomic.rmw16.${operation}_u atomic.rmw32.${operation}_u`],
];

// biome-ignore format: a table
const THREADS: readonly Run[] = [
  [0x00, 'memory', 'atomic.notify atomic.wait32 atomic.wait64'],
  [0x03, '',       'atomic.fence'],
  [0x10, 'i32',    'atomic.load'],
  [0x11, 'i64',    'atomic.load'],
  [0x12, 'i32',    'atomic.load8_u atomic.load16_u'],
  [0x14, 'i64',    'atomic.load8_u atomic.load16_u atomic.load32_u'],
  [0x17, 'i32',    'atomic.store'],
  [0x18, 'i64',    'atomic.store'],
  [0x19, 'i32',    'atomic.store8 atomic.store16'],
  [0x1b, 'i64',    'atomic.store8 atomic.store16 atomic.store32'],
  ...atomics(0x1e, 'add'), ...atomics(0x25, 'sub'), ...atomics(0x2c, 'and'), ...atomics(0x33, 'or'),
  ...atomics(0x3a, 'xor'), ...atomics(0x41, 'xchg'), ...atomics(0x48, 'cmpxchg'),
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
export const UNSUPPORTED: readonly UnsupportedOpcode[] = [...expand('threads', 0xfe, THREADS)];

const byCode = new Map(UNSUPPORTED.map((row) => [String(row.code), row]));

/** What a byte, or a prefix byte and a sub-opcode, would be if we compiled it; undefined: no instruction at all. */
export function unsupportedOpcode(byte: number, sub?: number): UnsupportedOpcode | undefined {
  return byCode.get(sub === undefined ? String(byte) : `${byte},${sub}`);
}
