/**
 * Garbage-collected objects: structs, arrays, i31, casts. Those whose JavaScript depends on a type's fields have no template: the
 * emitter knows (emit/objects.ts, emit/references.ts).
 *
 * `ref.test_null` is written `ref.test (ref null …)`; the binary format has an opcode for each, as for `ref.cast`.
 */
import { rows } from './row.ts';

// biome-ignore format: a table
const STRUCTS = rows('gc', [
  [[0xfb, 0], 'struct.new',         'type',       'custom', 'pure'],
  [[0xfb, 1], 'struct.new_default', 'type',       'custom', 'pure'],
  [[0xfb, 2], 'struct.get',         'type field', 'custom', 'load'],
  [[0xfb, 3], 'struct.get_s',       'type field', 'custom', 'load'],
  [[0xfb, 4], 'struct.get_u',       'type field', 'custom', 'load'],
  [[0xfb, 5], 'struct.set',         'type field', 'custom', 'store'],
]);

// biome-ignore format: a table
const ARRAYS = rows('gc', [
  [[0xfb, 6],  'array.new',         'type',         'custom',          'call'],
  [[0xfb, 7],  'array.new_default', 'type',         'custom',          'call'],
  [[0xfb, 8],  'array.new_fixed',   'type count',   'custom',          'call'],
  [[0xfb, 9],  'array.new_data',    'type data',    'custom',          'call'],
  [[0xfb, 10], 'array.new_elem',    'type element', 'custom',          'call'],
  [[0xfb, 11], 'array.get',         'type',         'custom',          'load'],
  [[0xfb, 12], 'array.get_s',       'type',         'custom',          'load'],
  [[0xfb, 13], 'array.get_u',       'type',         'custom',          'load'],
  [[0xfb, 14], 'array.set',         'type',         'custom',          'store'],
  [[0xfb, 15], 'array.len',         'none',         'arrayref -> i32', 'trap', 'a.a.length'],
  [[0xfb, 16], 'array.fill',        'type',         'custom',          'call'],
  [[0xfb, 17], 'array.copy',        'type type',    'custom',          'call'],
  [[0xfb, 18], 'array.init_data',   'type data',    'custom',          'call'],
  [[0xfb, 19], 'array.init_elem',   'type element', 'custom',          'call'],
]);

// biome-ignore format: a table
const REFERENCES = rows('gc', [
  [0xd3,       'ref.eq',             'none',     'eqref eqref -> i32', 'pure', 'a === b'],
  [[0xfb, 20], 'ref.test',           'heaptype', 'custom',             'pure'],
  [[0xfb, 21], 'ref.test_null',      'heaptype', 'custom',             'pure'],
  [[0xfb, 22], 'ref.cast',           'heaptype', 'custom',             'trap'],
  [[0xfb, 23], 'ref.cast_null',      'heaptype', 'custom',             'trap'],
  [[0xfb, 24], 'br_on_cast',         'cast',     'custom',             'control'],
  [[0xfb, 25], 'br_on_cast_fail',    'cast',     'custom',             'control'],
  [[0xfb, 26], 'any.convert_extern', 'none',     'custom',             'pure', 'any_convert_extern(a)'],
  [[0xfb, 27], 'extern.convert_any', 'none',     'custom',             'pure', 'extern_convert_any(a)'],
  [[0xfb, 28], 'ref.i31',            'none',     'i32 -> i31',         'pure', 'a << 1 >> 1'],
  [[0xfb, 29], 'i31.get_s',          'none',     'i31ref -> i32',      'trap', 'a === null ? null_i31() : a'],
  [[0xfb, 30], 'i31.get_u',          'none',     'i31ref -> i32',      'trap', '(a === null ? null_i31() : a) & 2147483647'],
]);

export const GC = [...STRUCTS, ...ARRAYS, ...REFERENCES];
