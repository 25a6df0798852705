/**
 * Atomic accesses, waiting and waking, for shared memories and those of one thread. All are helpers (see
 * runtime/helpers/atomics.ts): what V8 has for them are calls anyway, and a `call` reads the memory's view again, so that
 * whoever synchronises with another thread sees what that thread has made of the memory's size.
 *
 * The binary format numbers the widths of each operation in one order, in which they stand here.
 */
import { type Row, rows } from './row.ts';

/** Type, bits in the name, and whether they are fewer than the type's. */
const WIDTHS = [
  ['i32', ''],
  ['i64', ''],
  ['i32', '8'],
  ['i32', '16'],
  ['i64', '8'],
  ['i64', '16'],
  ['i64', '32'],
] as const;
const OPERATIONS = ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg'] as const;

const FIRST_LOAD = 0x10;
const FIRST_STORE = 0x17;
const FIRST_MODIFICATION = 0x1e;

/** `i32.atomic.rmw8.add_u` becomes `i32_atomic_rmw8_add_u(E, i, ea, b)`. */
function access(sub: number, name: string, signature: string, operands: string): Row {
  const helper = name.replaceAll('.', '_');
  return [[0xfe, sub], name, 'memarg atomic', signature, 'call', `${helper}(E, i, ${operands})`];
}

const LOADS = WIDTHS.map(([type, bits], n) =>
  access(FIRST_LOAD + n, `${type}.atomic.load${bits}${unsigned(bits)}`, `i32 -> ${type}`, 'ea'),
);
const STORES = WIDTHS.map(([type, bits], n) =>
  access(FIRST_STORE + n, `${type}.atomic.store${bits}`, `i32 ${type} ->`, 'ea, b'),
);
const MODIFICATIONS = OPERATIONS.flatMap((operation, k) =>
  WIDTHS.map(([type, bits], n) => {
    const name = `${type}.atomic.rmw${bits}.${operation}${unsigned(bits)}`;
    const sub = FIRST_MODIFICATION + k * WIDTHS.length + n;
    return operation === 'cmpxchg'
      ? access(sub, name, `i32 ${type} ${type} -> ${type}`, 'ea, b, c')
      : access(sub, name, `i32 ${type} -> ${type}`, 'ea, b');
  }),
);

function unsigned(bits: string): string {
  return bits === '' ? '' : '_u';
}

export const THREADS = rows('threads', [
  access(0x00, 'memory.atomic.notify', 'i32 i32 -> i32', 'ea, b'),
  access(0x01, 'memory.atomic.wait32', 'i32 i32 i64 -> i32', 'ea, b, c'),
  access(0x02, 'memory.atomic.wait64', 'i32 i64 i64 -> i32', 'ea, b, c'),
  [[0xfe, 3], 'atomic.fence', 'zero', '->', 'call', 'atomic_fence()'],
  ...LOADS,
  ...STORES,
  ...MODIFICATIONS,
]);
